import type { GraphNode } from './graph';

interface AttributeValues {
  readonly int: number;
  readonly float: number;
  readonly string: string;
  readonly ints: readonly number[];
  readonly floats: readonly number[];
}

/** The value of a node's attribute, or null where it has none of that name and kind. */
export function attributeOf<K extends keyof AttributeValues>(
  node: GraphNode,
  name: string,
  kind: K,
): AttributeValues[K] | null {
  const attribute = node.attributes.get(name);
  return attribute?.kind === kind ? (attribute.value as AttributeValues[K]) : null;
}
