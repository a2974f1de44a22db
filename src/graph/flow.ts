import type { Graph, GraphNode } from './graph';
import { operatorOf, type Operator } from './operators';

const known = new WeakMap<Graph['nodes'], ReadonlyMap<string, GraphNode>>();

/** The node that makes each tensor, found once for a graph. */
export function producers({ nodes }: Graph): ReadonlyMap<string, GraphNode> {
  const found =
    known.get(nodes) ?? new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  known.set(nodes, found);
  return found;
}

/** The nodes that a tensor is made from, in the graph's order. */
export function ancestors(graph: Graph, tensor: string): GraphNode[] {
  return ancestorsOf(graph, [tensor]);
}

/** The nodes that several tensors are made from, in the graph's order. */
export function ancestorsOf(graph: Graph, tensors: readonly string[]): GraphNode[] {
  const needed = new Set(tensors);
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return nodes.reverse();
}

/** The numbers of a tensor in their order, in other shapes and types. */
export const sameOrder: readonly Operator['passes'][] = ['in order'];
/** And in another order. */
export const sameNumbers: readonly Operator['passes'][] = ['in order', 'moved'];

/** The tensor that a chain of operators which pass its numbers on begins with. */
export function throughViews(
  madeBy: ReadonlyMap<string, GraphNode>,
  tensor: string,
  passed: readonly Operator['passes'][],
): string {
  let name = tensor;
  for (
    let node = madeBy.get(name);
    node !== undefined && operatorOf(node).passes !== undefined && passed.includes(operatorOf(node).passes);
    node = madeBy.get(name)
  ) {
    name = node.inputs[0] ?? '';
  }
  return name;
}
