import type { Graph, GraphNode, Tensor } from './graph';
import type { Parameter } from './parameters';

const floats = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/**
 * Gives every node its own copy of a float initialiser whose numbers are all equal: exporters merge equal constants, so
 * the scales of all fresh normalisations become one tensor, handed on by Identity nodes; that they are equal says nothing
 * of their being tied.
 */
export function separateMerged(graph: Graph): Graph {
  const initialisers = new Map(graph.initialisers);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const merged = new Set(
    [...graph.initialisers].flatMap(([name, tensor]) => (isUniform(tensor) ? [name] : [])),
  );
  const used = new Set<string>();
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const [source = '', output = ''] = [...node.inputs.slice(0, 1), ...node.outputs.slice(0, 1)];
    const tensor = initialisers.get(source);
    if (node.operator === 'Identity' && tensor !== undefined && merged.has(source) && !outputs.has(output)) {
      initialisers.set(output, tensor);
      merged.add(output);
      return [];
    }
    const inputs = node.inputs.map((name) => {
      const own = merged.has(name) && used.has(name) ? freshName(name, initialisers) : name;
      const shared = initialisers.get(name);
      if (own !== name && shared !== undefined) initialisers.set(own, shared);
      if (merged.has(name)) used.add(name);
      return own;
    });
    return [{ ...node, inputs }];
  });
  return { ...graph, nodes, initialisers };
}

function isUniform({ type, data }: Tensor): boolean {
  const [first] = data;
  return floats.has(type) && data.length > 1 && data.every((value: number | bigint) => value === first);
}

function freshName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let count = 2;
  while (taken.has(`${name} (${count})`)) count += 1;
  return `${name} (${count})`;
}

/**
 * Parameters that hold the numbers of an earlier one transposed, by name with that one's name: exporters store such a copy
 * of a tied weight. The same numbers in the same shape prove nothing: layers that were cloned begin with them.
 */
export function findTransposedCopies(parameters: readonly Parameter[]): ReadonlyMap<string, string> {
  const copies = new Map<string, string>();
  parameters.forEach((parameter, i) => {
    if (parameter.tensor.dims.length !== 2 || isUniform(parameter.tensor)) return;
    const base = parameters
      .slice(0, i)
      .find((other) => !copies.has(other.name) && isTranspose(other.tensor, parameter.tensor));
    if (base !== undefined) copies.set(parameter.name, base.name);
  });
  return copies;
}

function isTranspose(a: Tensor, b: Tensor): boolean {
  const [rows = 0, columns = 0] = a.dims;
  if (a.dims.length !== 2 || b.dims[0] !== columns || b.dims[1] !== rows || a.data.length < 2) return false;
  return a.data.every(
    (value: number | bigint, i: number) => value === b.data[(i % columns) * rows + Math.floor(i / columns)],
  );
}
