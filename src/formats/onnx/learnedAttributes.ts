import type { Graph, GraphNode, Tensor } from '../../graph/graph';
import { attributeOf } from '../../graph/nodeAttributes';
import { classical } from '../../graph/operatorName';

const learners = new Set(['LinearClassifier', 'LinearRegressor']);

/**
 * Makes initialisers and further inputs of the weights that linear models hold in attributes: W [outputs, inputs] and b
 * [outputs]. A classifier of two classes whose rows are each other's negatives has one row of them, p = σ(z) of the second
 * class. Attributes that do not fit each other stay as they are.
 */
export function withLearnedInputs(graph: Graph): Graph {
  const initialisers = new Map(graph.initialisers);
  const nodes = graph.nodes.map((node) => {
    if (node.domain !== classical || !learners.has(node.operator) || node.inputs.length !== 1) return node;
    const tensors = learnedTensors(node);
    const names = tensors.map(([part]) => `${node.name}.${part}`);
    if (names.some((name) => initialisers.has(name))) return node;
    tensors.forEach(([, tensor], i) => initialisers.set(names[i] ?? '', tensor));
    return { ...node, inputs: [...node.inputs, ...names] };
  });
  return { ...graph, nodes, initialisers };
}

function learnedTensors(node: GraphNode): readonly (readonly [string, Tensor])[] {
  const weights = attributeOf(node, 'coefficients', 'floats') ?? [];
  const biases = attributeOf(node, 'intercepts', 'floats') ?? [];
  const outputs = biases.length > 0 ? biases.length : outputsOf(node);
  const inputs = weights.length / outputs;
  if (weights.length === 0 || !Number.isInteger(inputs)) return [];
  const first = isMirrored(node, weights, biases, inputs) ? 1 : 0;
  const rows = outputs - first;
  const tensor = (numbers: readonly number[], dims: readonly number[]): Tensor => ({
    type: 'float32',
    dims,
    data: Float32Array.from(numbers),
  });
  return [
    ['coefficients', tensor(weights.slice(first * inputs), [rows, inputs])],
    ...(biases.length > 0 ? [['intercepts', tensor(biases.slice(first), [rows])] as const] : []),
  ];
}

function outputsOf(node: GraphNode): number {
  if (node.operator === 'LinearRegressor') return attributeOf(node, 'targets', 'int') ?? 1;
  const labels =
    attributeOf(node, 'classlabels_ints', 'ints') ?? attributeOf(node, 'classlabels_strings', 'strings');
  return labels?.length ?? 1;
}

function isMirrored(
  node: GraphNode,
  weights: readonly number[],
  biases: readonly number[],
  inputs: number,
): boolean {
  return (
    node.operator === 'LinearClassifier' &&
    attributeOf(node, 'post_transform', 'string') === 'LOGISTIC' &&
    weights.length === 2 * inputs &&
    weights.every((weight, i) => i >= inputs || weight === -weights[i + inputs]!) &&
    (biases.length === 0 || biases[0] === -biases[1]!)
  );
}
