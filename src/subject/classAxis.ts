import { producers } from '../graph/flow';
import type { Graph, GraphNode } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';

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
    const { features, keeps } = operatorOf(node);
    if (features !== undefined) return (features === 'last' ? order.at(-1) : order[1]) ?? null;
    if (operatorName(node) === 'Transpose') {
      const perm = attributeOf(node, 'perm', 'ints') ?? order.map((_, axis) => rank - 1 - axis);
      const before = order;
      order = Array.from({ length: rank }, (_, axis) => before[perm.indexOf(axis)] ?? axis);
    } else if (keeps !== 'sizes' && keeps !== 'axes') return null;
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
