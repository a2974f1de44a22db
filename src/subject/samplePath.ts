import type { Dimension, Graph, GraphNode } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';

/** What numbers went through before they meet a parameter. */
export interface Path {
  /** Whether it was more than what normalises data: a reduction, a product, a squashing function, two of them combined. */
  readonly isNonlinear: boolean;
  /** The dimensions where they are known, null each where only their number is; null: not even that. */
  readonly dims: readonly (number | null)[] | null;
}

export const unknownPath: Path = { isNonlinear: false, dims: null };

export function inputPath(dims: readonly Dimension[] | null): Path {
  return { isNonlinear: false, dims: dims?.map((dim) => (typeof dim === 'number' ? dim : null)) ?? null };
}

interface Input {
  readonly samples: boolean;
  readonly path: Path;
}

/** The path of what a node makes. */
export function extend(graph: Graph, node: GraphNode, inputs: readonly Input[]): Path {
  const operator = operatorName(node);
  const varying = inputs.filter(({ samples }) => samples);
  const isCombined = varying.length > 1 && operator !== 'Concat';
  const { nonlinear = false, keeps } = operatorOf(node);
  // No statistic of the data goes through such, and no normalisation of them by fixed numbers is made of such.
  const isNonlinear = nonlinear || isCombined || inputs.some(({ path }) => path.isNonlinear);
  const from = (varying[0] ?? inputs[0])?.path.dims ?? null;
  if (operator === 'Unsqueeze') return { isNonlinear, dims: unsqueezed(graph, node, from) };
  return { isNonlinear, dims: keeps === 'sizes' ? from : null };
}

function unsqueezed({ initialisers }: Graph, node: GraphNode, dims: Path['dims']): Path['dims'] {
  const given = initialisers.get(node.inputs[1] ?? '')?.data;
  const axes =
    given === undefined
      ? attributeOf(node, 'axes', 'ints')
      : Array.from<number | bigint, number>(given, Number);
  if (dims === null || axes === null) return null;
  const rank = dims.length + axes.length;
  const made = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = [...dims];
  return Array.from({ length: rank }, (_, axis) => (made.has(axis) ? 1 : (rest.shift() ?? null)));
}

/** A last axis of one feature is spread by a vector only where there is no picture: that may be grey, and its mean coloured. */
const mostAxesOfFeatures = 3;

/** Whether a constant of these dimensions makes more numbers of the samples than there are. */
export function spreads(constant: readonly number[], { dims }: Path): boolean {
  if (dims === null) return false;
  const isTable = constant.filter((dim) => dim > 1).length > 1;
  return constant.some((dim, axis) => {
    const fromEnd = constant.length - axis;
    const own = fromEnd > dims.length ? 1 : (dims[dims.length - fromEnd] ?? null);
    if (dim === 1 || own !== 1) return false;
    return isTable || (fromEnd === 1 && dims.length <= mostAxesOfFeatures);
  });
}
