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

/** ONNX's numbers of the types that a perceptron casts to (TensorProto.DataType). */
const castTypes: ReadonlyMap<number, ElementType> = new Map([
  [1, 'float32'],
  [6, 'int32'],
  [7, 'int64'],
  [10, 'float16'],
  [11, 'float64'],
  [16, 'bfloat16'],
]);

/** The type that a Cast makes; 'other' for those that no perceptron casts to. */
export function castType(node: GraphNode): ElementType {
  return castTypes.get(attribute(node, 'to', 'int') ?? 0) ?? 'other';
}
