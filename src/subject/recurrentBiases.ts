import type { Graph, GraphNode, Tensor } from '../graph/graph';
import { operatorOf } from '../graph/operators';

/**
 * ONNX's recurrent nodes take two biases, one for what comes from the input and one for what comes from the hidden state, in
 * one tensor D × 2GH. Frameworks with one of them write zeros for the other, which nobody trained: that half is taken away.
 * Where both are zeros, they are as they were before any training, and both stay.
 */
export function withTrainedBiases(graph: Graph): Graph {
  const initialisers = new Map(graph.initialisers);
  for (const node of graph.nodes) {
    const { recurrent } = operatorOf(node);
    const name = node.inputs[recurrent?.bias ?? -1] ?? '';
    const tensor = initialisers.get(name);
    if (tensor === undefined) continue;
    const half = inputHalf(tensor);
    if (half === null || isUsedElsewhere(graph, node, name)) continue;
    initialisers.set(name, half);
  }
  return { ...graph, initialisers };
}

/** The first half of every direction, where all second halves are zeros and the first are not; else null. */
function inputHalf(tensor: Tensor): Tensor | null {
  const [directions = 0, both = 0] = tensor.dims;
  const own = both / 2;
  if (tensor.dims.length !== 2 || !Number.isInteger(own) || own === 0) return null;
  const isOfInput = (_: unknown, at: number): boolean => at % both < own;
  const isZero = (value: number | bigint): boolean => Number(value) === 0;
  const numbers: readonly (number | bigint)[] = Array.from<number | bigint>(tensor.data);
  const first = numbers.filter(isOfInput);
  if (first.every(isZero) || !numbers.every((value, at) => isOfInput(value, at) || isZero(value)))
    return null;
  const dims = [directions, own];
  return { ...tensor, dims, data: tensor.data.filter(isOfInput) };
}

function isUsedElsewhere({ nodes }: Graph, own: GraphNode, name: string): boolean {
  return nodes.some((node) => node !== own && node.inputs.includes(name));
}
