import { sameOrder, throughViews } from '../graph/flow';
import type { Graph, GraphNode } from '../graph/graph';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';
import type { InputSpec } from '../samples/samples';

/** The graph inputs that nodes read, as samples have to fit them. */
export function inputsOf({ inputs }: Graph, nodes: readonly GraphNode[]): readonly InputSpec[] {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  return inputs
    .filter(({ name }) => read.has(name))
    .map(({ name, type, dims }) => ({
      name,
      type,
      dims: (dims ?? []).slice(1).map((size) => (typeof size === 'number' ? size : null)),
    }));
}

/** Rows of the table that an integer input indexes, by input. */
export function indexedRows(
  graph: Graph,
  nodes: readonly GraphNode[],
  madeBy: ReadonlyMap<string, GraphNode>,
): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const node of nodes) {
    for (const [index, count] of indicesOf(graph, node))
      rows.set(throughViews(madeBy, index, sameOrder), count);
  }
  return rows;
}

/** What a node takes rows of a table by, and how many rows there are: by index, or a one-hot row by comparing with 0, 1, 2, … */
function indicesOf(
  { initialisers }: Graph,
  node: GraphNode,
): readonly (readonly [index: string, rows: number])[] {
  const name = (position: number): string => node.inputs[position] ?? '';
  const { tables = [] } = operatorOf(node);
  const indexed = tables.flatMap(([table, index]) => {
    const rows = initialisers.get(name(table))?.dims[0];
    return rows === undefined ? [] : [[name(index), rows] as const];
  });
  const counted = initialisers.get(name(1))?.data;
  if (operatorName(node) !== 'Equal' || counted === undefined || counted.length < 2) return indexed;
  const isCount = Array.from<number | bigint, number>(counted, Number).every((value, at) => value === at);
  return isCount ? [[name(0), counted.length]] : [];
}
