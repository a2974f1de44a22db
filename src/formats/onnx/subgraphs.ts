import { decodeSubgraph } from './decode';
import type { GraphProto, NodeProto, TensorProto } from '../../runtime/onnx/onnx_pb';

/** What the subgraphs of a node (the branches of an If, the body of a Loop or Scan) take from outside themselves. */
export interface SubgraphUse {
  /** Tensors of the enclosing graph that they read. */
  readonly captured: readonly string[];
  /** All tensors that they hold, because their data may lie in external files. */
  readonly tensors: readonly TensorProto[];
}

const none: SubgraphUse = { captured: [], tensors: [] };

/**
 * Reads the subgraphs of a node, and theirs, with a list of what is still to do instead of recursion.
 * @throws FailureError DamagedModel
 */
export function subgraphUse(node: NodeProto, file: string): SubgraphUse {
  const pending = subgraphsOf(node);
  if (pending.length === 0) return none;
  const read = new Set<string>();
  const defined = new Set<string>();
  const tensors: TensorProto[] = [];
  for (let bytes = pending.pop(); bytes !== undefined; bytes = pending.pop()) {
    const graph = decodeSubgraph(bytes, file);
    for (const name of namesDefined(graph)) defined.add(name);
    for (const output of graph.output) read.add(output.name);
    for (const tensor of graph.initializer) tensors.push(tensor);
    for (const inner of graph.node) {
      for (const name of inner.input) read.add(name);
      for (const name of inner.output) defined.add(name);
      for (const { t } of inner.attribute) if (t !== undefined) tensors.push(t);
      for (const subgraph of subgraphsOf(inner)) pending.push(subgraph);
    }
  }
  return { captured: [...read].filter((name) => !defined.has(name)), tensors };
}

function subgraphsOf(node: NodeProto): Uint8Array[] {
  return node.attribute.flatMap((attribute) =>
    attribute.g.length > 0 ? [attribute.g, ...attribute.graphs] : attribute.graphs,
  );
}

function namesDefined(graph: GraphProto): string[] {
  return [
    ...graph.input.map((input) => input.name),
    ...graph.initializer.map((tensor) => tensor.name),
    ...graph.sparseInitializer.map((sparse) => sparse.values?.name ?? ''),
  ];
}
