import type { GraphBuilder } from './graphBuilder';

/** Where ONNX wants the gates that PyTorch keeps in its order: i f g o as i o f g, and r z n as z r n. */
export const torchGates = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2], RNN: [0] } as const;

export type RecurrentCell = keyof typeof torchGates;

/** The rows of a weight or bias of PyTorch, its gates in ONNX's order. @param scope the layer that it is of */
export function inOnnxOrder(
  graph: GraphBuilder,
  tensor: string,
  { cell, hidden, scope }: { readonly cell: RecurrentCell; readonly hidden: number; readonly scope: string },
): string {
  const order = torchGates[cell];
  if (order.length === 1) return tensor;
  const sizes = graph.integers(order.map(() => hidden));
  const parts = graph.addNode('Split', [tensor, sizes], order.length, { axis: 0 }, scope);
  const ordered = order.map((gate) => parts[gate] ?? '');
  return graph.add('Concat', ordered, { axis: 0 }, scope);
}

/** The tensors of both directions, or of the only one, behind each other on an axis in front. */
export function inDirections(graph: GraphBuilder, tensors: readonly string[], scope: string): string {
  const all = tensors.map((each) => graph.add('Unsqueeze', [each, graph.integers([0])], {}, scope));
  return all.length === 1 ? (all[0] ?? '') : graph.add('Concat', all, { axis: 0 }, scope);
}

/** The states of all steps of both directions side by side, as the next layer takes them. */
export function sideBySide(graph: GraphBuilder, states: string, width: number, scope: string): string {
  const ordered = graph.add('Transpose', [states], { perm: [0, 2, 1, 3] }, scope);
  return graph.add('Reshape', [ordered, graph.integers([0, 0, width])], {}, scope);
}
