import { producers, sameNumbers, throughViews } from '../graph/flow';
import type { Graph, GraphNode } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';
import { sizeOf } from '../graph/static/value';
import { distinctNames, isAnonymous, scopeOf, stemOf } from './layerNames';
import type { Parameter } from './parameters';

/** A parameterised node with its weight and bias. */
export interface Layer {
  readonly name: string;
  /** The operator as a person names it. */
  readonly kind: string;
  /** The weight first. */
  readonly parameters: readonly Parameter[];
  readonly inputs: number;
  readonly outputs: number;
  /** The axes of its weight along which its outputs and its inputs lie; null where the weight has no such axes. */
  readonly axes: WeightAxes | null;
}

/** Inputs that share an axis with others, as those of a grouped convolution do, have none. */
export interface WeightAxes {
  readonly outputs: number;
  readonly inputs: number | null;
}

interface Group {
  readonly node: GraphNode;
  readonly stem: string | null;
  readonly parameters: Parameter[];
}

/** The inputs that a parameter is added to as a bias; none where it is used otherwise. */
function biased({ node, inputIndex }: Parameter): readonly string[] {
  const positions = operatorOf(node).biasOf?.[inputIndex] ?? [];
  return positions.map((position) => node.inputs[position] ?? '');
}

/**
 * The parameters by layer, in the order of the forward pass: those of one node, those that share the name of a module,
 * and a bias that is added to what a layer makes.
 * @param dimsOf the traced dimensions of a tensor
 */
export function groupLayers(
  graph: Graph,
  parameters: readonly Parameter[],
  dimsOf: (tensor: string) => readonly number[] | null,
): readonly Layer[] {
  const madeBy = producers(graph);
  const groups: Group[] = [];
  for (const parameter of parameters) {
    const stem = stemOf(parameter.name);
    const ofNode = groups.find(({ node }) => node === parameter.node);
    const group =
      (biased(parameter).length === 0 ? ofNode : undefined) ??
      groups.find((other) => stem !== null && other.stem === stem) ??
      biasedGroup(groups, parameter, madeBy) ??
      ofNode ??
      sameScope(groups, parameter, stem);
    if (group === undefined) groups.push({ node: parameter.node, stem, parameters: [parameter] });
    else group.parameters.push(parameter);
  }
  const names = distinctNames(groups.map((group, i) => nameOf(group) ?? `layer ${i + 1}`));
  return groups.map((group, i) => {
    const { inputs, outputs } = sizesOf(group, dimsOf);
    return {
      name: names[i] ?? '',
      kind: kindOf(group, madeBy),
      parameters: group.parameters,
      inputs,
      outputs,
      axes: axesOf(group, inputs, outputs),
    };
  });
}

/** Of matrices and convolutions; a square matrix that does not stand at its node as it is in the file tells nothing. */
function axesOf({ node, parameters }: Group, inputs: number, outputs: number): WeightAxes | null {
  const [weight] = parameters;
  const dims = weight?.tensor.dims ?? [];
  const { layer } = operatorOf(node);
  if (layer === 'Conv') return { outputs: 0, inputs: dims[1] === inputs ? 1 : null };
  if (layer !== 'Linear' || weight === undefined || dims.length !== 2) return null;
  if (dims[0] !== dims[1]) {
    const first = dims[0] === outputs ? 0 : 1;
    return dims[first] === outputs && dims[1 - first] === inputs
      ? { outputs: first, inputs: 1 - first }
      : null;
  }
  if (node.inputs[weight.inputIndex] !== weight.name) return null;
  const isTurned = operatorName(node) === 'Gemm' && attributeOf(node, 'transB', 'int') === 1;
  if (weight.inputIndex !== 1 || (operatorName(node) !== 'Gemm' && operatorName(node) !== 'MatMul'))
    return null;
  return isTurned ? { outputs: 0, inputs: 1 } : { outputs: 1, inputs: 0 };
}

/** The layer without a bias yet whose output the parameter is added to. */
function biasedGroup(
  groups: readonly Group[],
  parameter: Parameter,
  madeBy: ReadonlyMap<string, GraphNode>,
): Group | undefined {
  for (const tensor of biased(parameter)) {
    const producer = madeBy.get(throughViews(madeBy, tensor, sameNumbers));
    const found = groups.find(
      ({ node, parameters }) =>
        node === producer && operatorName(node) !== 'Gather' && parameters.length === 1,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** For names that tell nothing: what is added within the module of a layer without a bias yet. */
function sameScope(groups: readonly Group[], parameter: Parameter, stem: string | null): Group | undefined {
  const scope = scopeOf(parameter.node.name);
  if (biased(parameter).length === 0 || stem !== null || scope === null) return undefined;
  return groups.find(
    (group) => group.stem === null && group.parameters.length === 1 && scopeOf(group.node.name) === scope,
  );
}

function nameOf({ node, parameters }: Group): string | null {
  for (const { name } of parameters) {
    const stem = stemOf(name);
    if (stem !== null) return stem;
  }
  const scope = scopeOf(node.name);
  if (scope !== null) return scope;
  return parameters.find(({ name }) => !isAnonymous(name))?.name ?? null;
}

/** A scale of what was divided by a deviation belongs to a normalisation that is written out. */
function kindOf({ node, parameters: [weight] }: Group, madeBy: ReadonlyMap<string, GraphNode>): string {
  if (node.operator === 'Mul') {
    const normalises = node.inputs.some((name) => {
      const producer = madeBy.get(name);
      return producer?.operator === 'Div' && madeBy.get(producer.inputs[1] ?? '')?.operator === 'Sqrt';
    });
    if (normalises) return 'LayerNorm';
  }
  // A table that is added, such as one row for each position, is no bias.
  if (node.operator === 'Add' && isTable(weight)) return 'Embedding';
  return operatorOf(node).layer ?? node.operator;
}

function isTable(weight: Parameter | undefined): boolean {
  return (weight?.tensor.dims.filter((dim) => dim > 1).length ?? 0) > 1;
}

function sizesOf(
  { node, parameters }: Group,
  dimsOf: (tensor: string) => readonly number[] | null,
): { readonly inputs: number; readonly outputs: number } {
  const [weight] = parameters;
  const dims = weight?.tensor.dims ?? [];
  const size = sizeOf(dims);
  if (node.operator === 'Add' && isTable(weight))
    return { inputs: size / (dims.at(-1) ?? 1), outputs: dims.at(-1) ?? 1 };
  const { layer, recurrent, weights } = operatorOf(node);
  switch (layer) {
    case 'Linear': {
      if (weights !== undefined) return { inputs: dims[1] ?? 1, outputs: dims[0] ?? 1 };
      const outputs = dimsOf(node.outputs[0] ?? '')?.at(-1) ?? dims.at(-1) ?? 1;
      return { inputs: Math.max(1, Math.round(size / outputs)), outputs };
    }
    case 'Conv':
      return { inputs: (dims[1] ?? 1) * (attributeOf(node, 'group', 'int') ?? 1), outputs: dims[0] ?? 1 };
    case 'ConvTranspose':
      return { inputs: dims[0] ?? 1, outputs: (dims[1] ?? 1) * (attributeOf(node, 'group', 'int') ?? 1) };
    case 'Embedding':
      return { inputs: dims[0] ?? 1, outputs: size / (dims[0] ?? 1) };
    default:
      if (recurrent !== undefined) {
        const [directions = 1, , inputs = 1] = dimsOf(node.inputs[1] ?? '') ?? dims;
        return { inputs, outputs: directions * (attributeOf(node, 'hidden_size', 'int') ?? 1) };
      }
      return { inputs: size, outputs: size };
  }
}
