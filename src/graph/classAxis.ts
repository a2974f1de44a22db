import type { Graph, GraphNode } from './graph';
import { producers } from './head';
import { attributeOf } from './nodeAttributes';
import { operatorName } from './operatorName';

/** Operators that leave every axis where it is, with the operands that may be followed. */
const keeping: ReadonlySet<string> = new Set([
  ...['Identity', 'Cast', 'Dropout', 'Clip', 'Neg', 'Relu', 'LeakyRelu', 'PRelu', 'Elu', 'Selu', 'Tanh'],
  ...['Sigmoid', 'HardSigmoid', 'Softplus', 'Gelu', 'Exp', 'Log', 'Sqrt', 'Add', 'Sub', 'Mul', 'Div', 'Sum'],
  ...['BatchNormalization', 'InstanceNormalization', 'LayerNormalization', 'Resize', 'Upsample', 'Pad'],
  ...['MaxPool', 'AveragePool'],
]);

/** Operators that make features along the last axis, and along axis 1. */
const ofLastAxis: ReadonlySet<string> = new Set(['MatMul', 'Gemm', 'com.microsoft::FusedMatMul']);
const ofFirstAxis: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'com.microsoft::FusedConv']);

/** Softmax over that axis; "joint" where it is over several at once, null where it is no softmax. */
export function softmaxAxis({ opsets }: Graph, node: GraphNode, rank: number): number | 'joint' | null {
  switch (operatorName(node)) {
    case 'Softmax':
    case 'LogSoftmax': {
      const separate = (opsets.get('') ?? 0) >= 13;
      const given = attributeOf(node, 'axis', 'int') ?? (separate ? -1 : 1);
      const axis = given < 0 ? given + rank : given;
      // Before operator set 13 everything from the axis on was one row.
      return separate || axis === rank - 1 ? axis : 'joint';
    }
    case 'SoftmaxCrossEntropyLoss':
      return 1;
    default:
      return null;
  }
}

/**
 * The axis along which a tensor counts classes, or features, as the operator that makes it says: a product of matrices
 * makes them along the last axis, a convolution along axis 1, whatever is transposed afterwards.
 * @param rank of the tensor @returns null where the graph does not tell
 */
export function classAxis(graph: Graph, tensor: string, rank: number): number | null {
  const madeBy = producers(graph);
  // From the axes of the tensor that is looked at to those of the one that was asked about.
  let order = Array.from({ length: rank }, (_, axis) => axis);
  let name = tensor;
  for (let node = madeBy.get(name); node !== undefined; node = madeBy.get(name)) {
    const operator = operatorName(node);
    if (ofLastAxis.has(operator)) return order.at(-1) ?? null;
    if (ofFirstAxis.has(operator)) return order[1] ?? null;
    if (operator === 'Transpose') {
      const perm = attributeOf(node, 'perm', 'ints') ?? order.map((_, axis) => rank - 1 - axis);
      const before = order;
      order = Array.from({ length: rank }, (_, axis) => before[perm.indexOf(axis)] ?? axis);
    } else if (!keeping.has(operator)) return null;
    const moving = node.inputs.find((input) => input !== '' && !graph.initialisers.has(input));
    if (moving === undefined) return null;
    name = moving;
  }
  return null;
}

/** Whether a tensor is a softmax that is only transposed afterwards: probabilities, where logits are wanted. */
export function isTransposedSoftmax(graph: Graph, tensor: string, rank: number): boolean {
  const madeBy = producers(graph);
  let node = madeBy.get(tensor);
  while (node !== undefined && ['Transpose', 'Identity', 'Log'].includes(operatorName(node)))
    node = madeBy.get(node.inputs[0] ?? '');
  return node !== undefined && softmaxAxis(graph, node, rank) !== null;
}
