import type { Graph, GraphNode, Tensor } from '../graph/graph';
import { modulesOf } from './layerNames';
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
  const users = firstUsers(graph);
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const [source = '', output = ''] = [...node.inputs.slice(0, 1), ...node.outputs.slice(0, 1)];
    const tensor = initialisers.get(source);
    if (node.operator === 'Identity' && tensor !== undefined && !outputs.has(output)) {
      const isRenamed =
        floats.has(tensor.type) && [source, output].every((name) => initialiserName.test(name));
      const isShared = output.startsWith('onnx::') && isSameModule(users.get(source), users.get(output));
      if ((merged.has(source) || isRenamed) && !isShared) {
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

/** The node that first computes with each tensor. */
function firstUsers({ nodes }: Graph): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const { name, operator, inputs } of nodes) {
    if (operator === 'Identity') continue;
    for (const input of inputs) if (!users.has(input)) users.set(input, name);
  }
  return users;
}

/** Whether a node lies in the module that a tensor is named after, or in one around it: "/n_1/Mul" is the second use of "n.weight". */
function isOfModule({ name: nodeName }: GraphNode, name: string): boolean {
  const scope = modulesOf(nodeName);
  if (scope === null || !/^\w+(?:\.\w+)*$/.test(name)) return false;
  const module = name.split('.').slice(0, -1);
  return scope.length <= module.length && scope.every((part, at) => isUseOf(part, module[at]));
}

/** Whether the second of two nodes lies in a later use of the first's module. */
function isSameModule(first: string | undefined, second: string | undefined): boolean {
  const earlier = modulesOf(first ?? '');
  const later = modulesOf(second ?? '');
  if (earlier === null || later === null || earlier.length === 0) return false;
  return later.length === earlier.length && later.every((part, at) => isUseOf(part, earlier[at]));
}

/** PyTorch numbers the later uses of a module: "fc_1" is one of "fc". */
function isUseOf(part: string, module: string | undefined): boolean {
  if (module === undefined || !part.startsWith(module)) return false;
  return /^(?:_\d+)?$/.test(part.slice(module.length));
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
