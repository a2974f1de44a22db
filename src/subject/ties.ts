import { producers, sameNumbers, throughViews } from '../graph/flow';
import type { Graph, GraphNode, Tensor } from '../graph/graph';
import { operatorOf } from '../graph/operators';
import { isUniform } from './fixedTables';
import { modulesOf } from './layerNames';
import type { Parameter } from './parameters';

const floats = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** A name that PyTorch gives to a parameter, or to one that it transposed: never to what a node makes. */
const initialiserName = /^(?:\w+(?:\.\w+)+|onnx::\w+)$/;

/** A graph with what was merged apart. */
export interface Separated {
  readonly graph: Graph;
  /** Tensors of equal numbers that were taken as merged, and given to every user. */
  readonly split: readonly string[];
}

/**
 * Gives what exporters merged a copy of its own: equal constants become one tensor, but that they are equal says nothing
 * of their being tied. PyTorch hands the one on by Identity nodes under the names of the others, whatever their numbers (the
 * layers of a fresh nn.TransformerEncoder are copies); a module that is used twice uses its tensors directly. A tensor of
 * equal numbers, such as a bias of zeros, counts as merged where a node of another module than it is named after uses it, or
 * one with other weights.
 */
export function separateMerged(graph: Graph): Separated {
  const initialisers = new Map(graph.initialisers);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const uniform = new Set(
    [...graph.initialisers].flatMap(([name, tensor]) => (isUniform(tensor) ? [name] : [])),
  );
  const used = new Map<string, Weights>();
  const split = new Set<string>();
  const users = firstUsers(graph);
  const madeBy = producers(graph);
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const [source = '', output = ''] = [...node.inputs.slice(0, 1), ...node.outputs.slice(0, 1)];
    const tensor = initialisers.get(source);
    if (node.operator === 'Identity' && tensor !== undefined && !outputs.has(output)) {
      const isRenamed =
        floats.has(tensor.type) && [source, output].every((name) => initialiserName.test(name));
      const isShared = output.startsWith('onnx::') && isSameModule(users.get(source), users.get(output));
      if ((uniform.has(source) || isRenamed) && !isShared) {
        initialisers.set(output, tensor);
        if (uniform.has(source)) uniform.add(output);
        return [];
      }
    }
    const own = new Map<string, string>();
    for (const name of new Set(node.inputs)) {
      const merged = initialisers.get(name);
      if (merged === undefined || !uniform.has(name)) continue;
      const beside = weightsBeside(graph, node, name, madeBy);
      const first = used.get(name);
      if (first === undefined) used.set(name, beside);
      else if (isOfAnotherModule(node, name, beside, first)) {
        const copy = freshName(name, initialisers);
        initialisers.set(copy, merged);
        own.set(name, copy);
        split.add(name);
      }
    }
    return [{ ...node, inputs: node.inputs.map((name) => own.get(name) ?? name) }];
  });
  return { graph: { ...graph, nodes, initialisers }, split: [...split] };
}

/** Whether a later use of a tensor is another module's: by the path of its node, or since it goes with other weights than the first. */
function isOfAnotherModule(node: GraphNode, name: string, beside: Weights, first: Weights): boolean {
  if (modulesOf(node.name) !== null && /^\w+(?:\.\w+)*$/.test(name)) return !isOfModule(node, name);
  return beside.size > 0 && first.size > 0 && [...beside].every((other) => !first.has(other));
}

type Weights = ReadonlySet<string>;

/** The weights that a node uses beside a tensor, those of a product that the tensor is added to included. */
function weightsBeside(
  { initialisers }: Graph,
  node: GraphNode,
  name: string,
  madeBy: ReadonlyMap<string, GraphNode>,
): Weights {
  const before = node.inputs.flatMap((input) => madeBy.get(throughViews(madeBy, input, sameNumbers)) ?? []);
  const nodes = [node, ...before.filter((each) => operatorOf(each).constant === 'factor')];
  const inputs = nodes.flatMap((each) => each.inputs);
  return new Set(inputs.filter((input) => input !== name && initialisers.has(input)));
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

function freshName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let count = 2;
  while (taken.has(`${name} (${count})`)) count += 1;
  return `${name} (${count})`;
}

/** A tensor that holds the numbers of a parameter. */
export interface Copy {
  readonly of: string;
  readonly transposed: boolean;
}

/**
 * Parameters that hold the numbers of another one, by name: exporters store such a copy of a tied weight transposed, and of a
 * weight that is computed with in another shape under a name of their own. The same numbers in the same shape under names
 * of modules prove nothing: layers that were cloned begin with them.
 */
export function findCopies(parameters: readonly Parameter[]): ReadonlyMap<string, Copy> {
  const copies = new Map<string, Copy>();
  parameters.forEach((parameter, i) => {
    const { name, tensor } = parameter;
    if (isUniform(tensor) || tensor.data.length < 2) return;
    const transposed = parameters
      .slice(0, i)
      .find((other) => !copies.has(other.name) && isTranspose(other.tensor, tensor));
    const reshaped = name.startsWith('onnx::')
      ? parameters.find((other) => !other.name.startsWith('onnx::') && isReshaped(other.tensor, tensor))
      : undefined;
    const base = reshaped ?? transposed;
    if (base !== undefined) copies.set(name, { of: base.name, transposed: reshaped === undefined });
  });
  return copies;
}

function isReshaped(a: Tensor, b: Tensor): boolean {
  return a.data.length === b.data.length && a.data.every((value, i) => value === b.data[i]);
}

function isTranspose(a: Tensor, b: Tensor): boolean {
  const [rows = 0, columns = 0] = a.dims;
  if (a.dims.length !== 2 || b.dims[0] !== columns || b.dims[1] !== rows || b.dims.length !== 2) return false;
  return a.data.every(
    (value: number | bigint, i: number) => value === b.data[(i % columns) * rows + Math.floor(i / columns)],
  );
}
