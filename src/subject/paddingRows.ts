import type { Graph, GraphNode, Tensor } from '../graph/graph';
import { operatorOf } from '../graph/operators';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { PaddingRows } from '../report/request';
import type { Parameter } from './parameters';

/**
 * The graph with lookups that put out the padding row of a table as it is, but train it no more, as PyTorch's padding_idx
 * has it: the row is a constant, and a mask leaves out what the table holds there. Another use of the table, as of one that
 * is tied to the last layer, trains all of its rows.
 * @param graph with its parameters found already: what is added here would be met as others
 * @throws FailureError UsageError where a table has no such row, or is none
 */
export function withPaddingRows(
  graph: Graph,
  parameters: readonly Parameter[],
  rows: PaddingRows,
): { readonly graph: Graph; readonly parameters: readonly Parameter[] } {
  const initialisers = new Map(graph.initialisers);
  const added: GraphNode[] = [];
  const padded = new Map<string, string>();
  for (const [name, row] of Object.entries(rows)) {
    const table = tableOf(graph, name, row);
    if (!parameters.some((parameter) => parameter.name === name)) continue;
    const [mask, constant, kept, output] = ['mask', 'row', 'kept', 'padded'].map(
      (part) => `${name}/padding/${part}`,
    ) as [string, string, string, string];
    const [count = 0, width = 1] = table.dims;
    const data = Float64Array.from(table.data, Number);
    initialisers.set(mask, {
      type: table.type,
      dims: [count, 1],
      data: Float64Array.from({ length: count }, (_, at) => Number(at !== row)),
    });
    initialisers.set(constant, {
      ...{ type: table.type, dims: table.dims },
      data: data.map((value, at) => (Math.floor(at / width) === row ? value : 0)),
    });
    const node = (operator: string, inputs: readonly string[], made: string): GraphNode => ({
      ...{ name: made, operator, domain: '', inputs, outputs: [made], attributes: new Map() },
    });
    added.push(node('Mul', [name, mask], kept), node('Add', [kept, constant], output));
    padded.set(name, output);
  }
  if (padded.size === 0) return { graph, parameters };
  const changed = new Map(graph.nodes.map((node) => [node, withLookups(node, padded)]));
  return {
    graph: { ...graph, initialisers, nodes: [...added, ...changed.values()] },
    parameters: parameters.map((each) => ({ ...each, node: changed.get(each.node) ?? each.node })),
  };
}

/** A node that looks rows up looks them up in the padded tables. */
function withLookups(node: GraphNode, padded: ReadonlyMap<string, string>): GraphNode {
  const tables = operatorOf(node).tables?.map(([table]) => table) ?? [];
  if (!tables.some((table) => padded.has(node.inputs[table] ?? ''))) return node;
  const inputs = node.inputs.map((name, at) => (tables.includes(at) ? (padded.get(name) ?? name) : name));
  return { ...node, inputs };
}

function tableOf({ initialisers, nodes }: Graph, name: string, row: number): Tensor {
  const table = initialisers.get(name);
  const isLookedUp = nodes.some((node) => operatorOf(node).tables?.some(([at]) => node.inputs[at] === name));
  if (table?.dims.length !== 2 || !/^b?float/.test(table.type) || !isLookedUp) {
    throw new FailureError(
      'UsageError',
      `The model looks up no rows in a table "${printable(name)}", of which a padding row is said; name the tensor of the embedding, as the file spells it.`,
    );
  }
  if (row < (table.dims[0] ?? 0)) return table;
  throw new FailureError(
    'UsageError',
    `The table "${printable(name)}" has ${String(table.dims[0])} rows, and row ${String(row)} is said to be that of the padding; correct it.`,
  );
}
