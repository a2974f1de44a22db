import type { Dimension, Graph, GraphNode } from './graph';
import { attributeOf } from './nodeAttributes';
import { operatorName } from './operatorName';

/** What numbers went through before they meet a parameter. */
export interface Path {
  /** Whether it was more than what normalises data: a reduction, a product, a squashing function, two of them combined. */
  readonly bent: boolean;
  /** The dimensions where they are known, null each where only their number is; null: not even that. */
  readonly dims: readonly (number | null)[] | null;
}

export const unknownPath: Path = { bent: false, dims: null };

export function inputPath(dims: readonly Dimension[] | null): Path {
  return { bent: false, dims: dims?.map((dim) => (typeof dim === 'number' ? dim : null)) ?? null };
}

/** No statistic of the data goes through these, and no normalisation of them by fixed numbers is made of these. */
const bending = new Set(
  (
    'Sigmoid Tanh Softmax LogSoftmax Softplus HardSigmoid Exp Relu LeakyRelu Elu Selu Gelu Erf Sin Cos MatMul Gemm Einsum ' +
    'ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare GlobalAveragePool LpNormalization ' +
    'InstanceNormalization LayerNormalization MeanVarianceNormalization'
  ).split(' '),
);
const keepingDims = new Set('Identity Cast Dropout Add Sub Mul Div Log Sqrt Abs Neg Clip Pow'.split(' '));

interface Input {
  readonly samples: boolean;
  readonly path: Path;
}

/** The path of what a node makes. */
export function extended(graph: Graph, node: GraphNode, inputs: readonly Input[]): Path {
  const operator = operatorName(node);
  const varying = inputs.filter(({ samples }) => samples);
  const isCombined = varying.length > 1 && operator !== 'Concat';
  const bent = bending.has(operator) || isCombined || inputs.some(({ path }) => path.bent);
  const from = (varying[0] ?? inputs[0])?.path.dims ?? null;
  if (operator === 'Unsqueeze') return { bent, dims: unsqueezed(graph, node, from) };
  return { bent, dims: keepingDims.has(operator) ? from : null };
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
