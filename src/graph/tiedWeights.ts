import type { Graph, GraphNode, Tensor } from './graph';
import type { Parameter } from './parameters';

const floats = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** A name that PyTorch gives to a parameter, or to one that it transposed: never to what a node makes. */
const initialiserName = /^(?:\w+(?:\.\w+)+|onnx::\w+)$/;

/**
 * Gives what exporters merged a copy of its own: equal constants become one tensor, but that they are equal says nothing
 * of their being tied. PyTorch hands the one on by Identity nodes under the names of the others, whatever their numbers (the
 * layers of a fresh nn.TransformerEncoder are copies); a module that is used twice uses its tensors directly. Where an Identity
 * makes another kind of name, or there is none, a tensor whose numbers are all equal is taken as merged, unless the nodes
 * that use it lie in the module that it is named after.
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
    if (node.operator === 'Identity' && tensor !== undefined && !outputs.has(output)) {
      const isRenamed =
        floats.has(tensor.type) && [source, output].every((name) => initialiserName.test(name));
      if (merged.has(source) || isRenamed) {
        initialisers.set(output, tensor);
        if (merged.has(source)) merged.add(output);
        return [];
      }
    }
    const inputs = node.inputs.map((name) => {
      const isOwn = !merged.has(name) || !used.has(name) || isOfModule(node, name);
      const own = isOwn ? name : freshName(name, initialisers);
      const shared = initialisers.get(name);
      if (own !== name && shared !== undefined) initialisers.set(own, shared);
      if (merged.has(name)) used.add(name);
      return own;
    });
    return [{ ...node, inputs }];
  });
  return { ...graph, nodes, initialisers };
}

/** Whether a node lies in the module that a tensor is named after: "/n_1/Mul" is the second use of "n.weight". */
function isOfModule({ name: nodeName }: GraphNode, name: string): boolean {
  if (!nodeName.startsWith('/') || !/^\w+(?:\.\w+)*$/.test(name)) return false;
  const module = name.split('.').slice(0, -1);
  const parts = nodeName.split('/').slice(1, -1);
  // A part that repeats its parent's name says it all.
  const own = parts.filter((part, i) => !(parts[i + 1] ?? '').startsWith(`${part.replace(/_\d+$/, '')}.`));
  const scope = own.flatMap((part) => part.split('.'));
  const isNamed = (part: string | undefined, at: number): boolean => {
    const wanted = module[at] ?? '';
    return (
      part === wanted || (part?.startsWith(`${wanted}_`) === true && /^_\d+$/.test(part.slice(wanted.length)))
    );
  };
  return scope.length === module.length && scope.every(isNamed);
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
