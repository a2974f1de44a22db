import { producers, sameOrder, throughViews } from '../graph/flow';
import type { Graph, GraphNode } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';
import type { IndexedTable, InputSpec } from '../samples/samples';

/** The graph inputs that nodes read, as samples have to fit them. */
export function inputsOf(graph: Graph, nodes: readonly GraphNode[]): readonly InputSpec[] {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const tables = indexedTables(graph, nodes);
  return graph.inputs
    .filter(({ name }) => read.has(name))
    .map(({ name, type, dims }) => {
      const indexes = tables.get(name);
      return {
        name,
        type,
        dims: (dims ?? []).slice(1).map((size) => (typeof size === 'number' ? size : null)),
        ...(indexes !== undefined && { indexes }),
      };
    });
}

/** The smallest table that each integer input indexes. */
function indexedTables(graph: Graph, nodes: readonly GraphNode[]): ReadonlyMap<string, IndexedTable> {
  const madeBy = producers(graph);
  const tables = new Map<string, IndexedTable>();
  for (const node of nodes) {
    for (const [index, table] of indicesOf(graph, node)) {
      const input = throughViews(madeBy, index, sameOrder);
      if (table.rows < (tables.get(input)?.rows ?? Infinity)) tables.set(input, table);
    }
  }
  return tables;
}

/** What a node takes rows of a table by, and the table: by index, or a one-hot row by comparing with 0, 1, 2, … */
function indicesOf(
  { initialisers }: Graph,
  node: GraphNode,
): readonly (readonly [index: string, table: IndexedTable])[] {
  const name = (position: number): string => node.inputs[position] ?? '';
  const { tables = [] } = operatorOf(node);
  const axis = attributeOf(node, 'axis', 'int') ?? 0;
  const indexed = tables.flatMap(([table, index]) => {
    const rows = initialisers.get(name(table))?.dims.at(axis);
    return rows === undefined ? [] : [[name(index), { rows, isBound: true }] as const];
  });
  const counted = initialisers.get(name(1))?.data;
  if (operatorName(node) !== 'Equal' || counted === undefined || counted.length < 2) return indexed;
  const isCount = Array.from<number | bigint, number>(counted, Number).every((value, at) => value === at);
  return isCount ? [[name(0), { rows: counted.length, isBound: false }]] : [];
}
