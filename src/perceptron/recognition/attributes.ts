import { elementTypeOf } from '../../formats/onnx/elementTypes';
import type { TensorProto_DataType as DataType } from '../../formats/onnx/onnx_pb';
import type { ElementType, GraphNode } from '../../graph/graph';
import { contradiction } from './obstacle';

interface AttributeValues {
  readonly int: number;
  readonly float: number;
  readonly string: string;
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  readonly strings: readonly string[];
}

/** The attribute's value, or null where the node has none of that name; of another kind: a damaged file. */
export function attribute<K extends keyof AttributeValues>(
  node: GraphNode,
  name: string,
  kind: K,
): AttributeValues[K] | null {
  const found = node.attributes.get(name);
  if (found === undefined) return null;
  if (found.kind !== kind)
    throw contradiction(node, `has an attribute ${name} that is not of the kind ${kind}`);
  return found.value as AttributeValues[K];
}

/** The type that a Cast makes. */
export function castType(node: GraphNode): ElementType {
  return elementTypeOf((attribute(node, 'to', 'int') ?? 0));
}
