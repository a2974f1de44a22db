import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { GraphNode } from './graph';
import { nodeText } from './nodeText';

interface AttributeValues {
  readonly int: number;
  readonly float: number;
  readonly string: string;
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  readonly strings: readonly string[];
}

/**
 * The value of a node's attribute, or null where it has none of that name.
 * @throws FailureError DamagedModel where it is of another kind: what it says must not be taken for the default
 */
export function attributeOf<K extends keyof AttributeValues>(
  node: GraphNode,
  name: string,
  kind: K,
): AttributeValues[K] | null {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return null;
  if (attribute.kind === kind) return attribute.value as AttributeValues[K];
  const found = attribute.kind === 'unsupported' ? printable(attribute.value) : attribute.kind;
  throw new FailureError(
    'DamagedModel',
    `${nodeText(node)} has the attribute "${name}" as ${found} where ${kind} is due, so its meaning is unknown; export the model again.`,
  );
}
