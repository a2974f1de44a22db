import type { GraphNode } from './graph';
import { operatorName } from './operatorName';

/**
 * What an operator means to whoever reads a graph without running it. What is absent does not hold. One row for each
 * operator: lowerings, parameters, layers, heads, axes and refusals read it here, and a lowering without a row does not
 * compile, nor a row of `lowered` without a lowering.
 */
export interface Operator {
  /** The numbers of the first input are those of the output: all in their order, all elsewhere, or some of them. */
  readonly passes?: 'in order' | 'moved' | 'some';
  /** Of the operands' axes the output has: all with their sizes, all, or the first, which counts the samples. */
  readonly keeps?: 'sizes' | 'axes' | 'first';
  /** Computes number by number of several operands, which are broadcast to each other. */
  readonly broadcasts?: true;
  /** More than what normalises data by fixed numbers: it bends them, sums them up, or combines them by weights. */
  readonly nonlinear?: true;
  /** Inputs that are weights whatever feeds the node. */
  readonly weights?: readonly number[];
  /**
   * What a constant operand is: of a product a weight, of a combination a bias, a scale or a token where the other
   * operand depends on parameters.
   */
  readonly constant?: 'factor' | 'combined';
  /** What a person calls a layer of it. */
  readonly layer?: string;
  /** By the position of a bias: the inputs that it may be added to. */
  readonly biasOf?: Readonly<Record<number, readonly number[]>>;
  /** The axis along which it makes features: the last, or axis 1. */
  readonly features?: 'last' | 'channel';
  /** Inputs that hold a table, and those that hold the indices of its rows. */
  readonly tables?: readonly (readonly [table: number, index: number])[];
  /** Gives numbers of a part of the line, as no class scores are. */
  readonly bounded?: true;
  /** What it makes of logits at the end of a network. */
  readonly head?: 'softmax' | 'sigmoid';
  /** What it does otherwise while a model trains; its outputs beyond the first belong to that. */
  readonly training?: 'normalises by the batch' | 'drops at random';
  /** Goes step by step along a sequence. `bias`: the input with both biases; `states`: those that it begins with. */
  readonly recurrent?: { readonly bias: number; readonly states: readonly number[] };
  /** The input, or in older operator sets the attribute, whose integers say how large the output is at least. */
  readonly sizedBy?: readonly [input: number, attribute: string];
  /** Reads no numbers of its input, but its shape. */
  readonly ofShape?: true;
  /** Why nothing is differentiated through it. */
  readonly refused?: 'step' | 'loss' | 'control flow' | 'chance' | 'tree' | 'support vectors';
}

/** The same row for several operators. */
function each<const Name extends string>(
  names: readonly Name[],
  row: Operator,
): Readonly<Record<Name, Operator>> {
  return Object.fromEntries(names.map((name) => [name, row])) as Record<Name, Operator>;
}

const bias = { broadcasts: true, keeps: 'sizes', constant: 'combined' } as const;
const gate = { keeps: 'sizes', nonlinear: true } as const;
const ofOwnStatistics = { keeps: 'sizes', nonlinear: true } as const;
const product = { nonlinear: true, constant: 'factor', layer: 'Linear' } as const;
const recurrent = { nonlinear: true, recurrent: { bias: 3, states: [5, 6] } } as const;

const arithmetic = {
  Add: { ...bias, layer: 'Bias', biasOf: { 0: [1], 1: [0] } },
  Sub: { ...bias, layer: 'Bias' },
  Mul: { ...bias, layer: 'Scale' },
  Div: { ...bias, layer: 'Scale' },
  // A learned threshold, exponent or token is a parameter as a bias is.
  ...each(['Sum', 'Max', 'Min', 'Pow', 'Where'], bias),
  ...each(['Mean', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Xor'], {
    broadcasts: true,
    keeps: 'sizes',
  }),
  ...each(['Neg', 'Abs', 'Reciprocal', 'Sqrt', 'Log', 'Not', 'Tan'], { keeps: 'sizes' }),
  ...each(['Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'], { keeps: 'sizes' }),
  ...each(['Clip', 'Asin', 'Acos', 'Atan'], { keeps: 'sizes', bounded: true }),
  ...each(['Exp', 'Erf', 'Sin', 'Cos'], { ...gate, bounded: true }),
} as const satisfies Readonly<Record<string, Operator>>;

const activations = {
  ...each(['Relu', 'LeakyRelu', 'ThresholdedRelu', 'Elu', 'Celu', 'Selu', 'Gelu', 'Swish', 'Mish'], gate),
  ...each(['HardSwish', 'Shrink'], gate),
  ...each(['HardSigmoid', 'Softplus', 'Softsign', 'Tanh'], { ...gate, bounded: true }),
  PRelu: { ...gate, weights: [1], layer: 'PReLU' },
  Sigmoid: { ...gate, head: 'sigmoid' },
  ...each(['Softmax', 'LogSoftmax'], { ...gate, head: 'softmax' }),
} as const satisfies Readonly<Record<string, Operator>>;

const shapes = {
  ...each(['Identity', 'Cast', 'CastLike'], { passes: 'in order', keeps: 'sizes' }),
  Dropout: { passes: 'in order', keeps: 'sizes', training: 'drops at random' },
  ...each(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'], { passes: 'in order' }),
  Expand: { passes: 'in order', sizedBy: [1, 'shape'] },
  ...each(['Transpose', 'DepthToSpace', 'SpaceToDepth'], { passes: 'moved' }),
  ...each(['Slice', 'Split', 'Trilu'], { passes: 'some', keeps: 'axes' }),
  Tile: { passes: 'some', keeps: 'axes', sizedBy: [1, 'repeats'] },
  Pad: { passes: 'some', keeps: 'axes', sizedBy: [1, 'pads'] },
  Concat: { constant: 'combined', layer: 'Token' },
  OneHot: { sizedBy: [1, 'depth'] },
  ConstantOfShape: { sizedBy: [0, 'shape'] },
  Resize: { keeps: 'axes', sizedBy: [3, 'sizes'] },
  Upsample: { keeps: 'axes' },
} as const satisfies Readonly<Record<string, Operator>>;

const indices = {
  Gather: { passes: 'some', layer: 'Embedding', tables: [[0, 1]] },
  ...each(['GatherElements', 'GatherND'], { passes: 'some' }),
  ...each(['TopK', 'ArgMax', 'ArgMin', 'ScatterND', 'ScatterElements', 'Scatter'], {}),
} as const satisfies Readonly<Record<string, Operator>>;

const convolution = { keeps: 'first', features: 'channel', weights: [1, 2] } as const;

const products = {
  ...each(['MatMul', 'Gemm'], { ...product, features: 'last' }),
  Einsum: product,
  Conv: { ...convolution, layer: 'Conv' },
  ConvTranspose: { ...convolution, layer: 'ConvTranspose' },
  Attention: { nonlinear: true },
  ...each(['RNN', 'GRU'], { ...recurrent, weights: [1, 2, 3] }),
  LSTM: { ...recurrent, weights: [1, 2, 3, 7] },
} as const satisfies Readonly<Record<string, Operator>>;

const reductions = {
  ...each(['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd'], { nonlinear: true }),
  ...each(['ReduceL1', 'ReduceL2', 'ReduceSumSquare', 'ReduceLogSum'], { nonlinear: true }),
  ReduceLogSumExp: { nonlinear: true },
  CumSum: {},
  ...each(['MaxPool', 'AveragePool', 'LpPool'], { keeps: 'axes' }),
  ...each(['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'], { keeps: 'axes', nonlinear: true }),
} as const satisfies Readonly<Record<string, Operator>>;

const normalisations = {
  BatchNormalization: {
    keeps: 'sizes',
    weights: [1, 2],
    layer: 'BatchNorm',
    training: 'normalises by the batch',
  },
  InstanceNormalization: { ...ofOwnStatistics, weights: [1, 2], layer: 'InstanceNorm' },
  GroupNormalization: { ...ofOwnStatistics, weights: [1, 2], layer: 'GroupNorm' },
  LayerNormalization: { ...ofOwnStatistics, weights: [1, 2], layer: 'LayerNorm' },
  ...each(['RMSNormalization', 'SimplifiedLayerNormalization'], {
    ...ofOwnStatistics,
    weights: [1],
    layer: 'RMSNorm',
  }),
  ...each(['MeanVarianceNormalization', 'LpNormalization', 'LRN'], ofOwnStatistics),
} as const satisfies Readonly<Record<string, Operator>>;

const biasedGate = { ...gate, constant: 'combined', layer: 'Bias', biasOf: { 1: [0] } } as const;

/** What onnxruntime's own optimisers and exporters write. */
const contributed = {
  ...each(['com.microsoft::Gelu', 'com.microsoft::QuickGelu'], gate),
  ...each(['com.microsoft::BiasGelu', 'com.microsoft::FastGelu'], biasedGate),
  ...each(['com.microsoft::FusedMatMul', 'com.microsoft::FusedGemm'], { ...product, features: 'last' }),
  'com.microsoft::FusedConv': { ...convolution, nonlinear: true, layer: 'Conv' },
  'com.microsoft::Attention': { nonlinear: true, weights: [1, 2, 5], layer: 'Attention' },
  'com.microsoft::MultiHeadAttention': { nonlinear: true, weights: [3, 5], layer: 'Bias' },
  'com.microsoft::EmbedLayerNormalization': {
    nonlinear: true,
    weights: [2, 3, 4, 5, 6],
    layer: 'Embedding',
    tables: [
      [2, 0],
      [3, 8],
      [4, 1],
    ],
  },
  'com.microsoft::SkipLayerNormalization': {
    ...ofOwnStatistics,
    weights: [2, 3, 4],
    layer: 'LayerNorm',
    biasOf: { 4: [0, 1] },
  },
  'com.microsoft::SkipSimplifiedLayerNormalization': {
    ...ofOwnStatistics,
    weights: [2, 3],
    layer: 'RMSNorm',
    biasOf: { 3: [0, 1] },
  },
} as const satisfies Readonly<Record<string, Operator>>;

const linearModel = { nonlinear: true, weights: [1, 2], layer: 'Linear' } as const;

/** What scikit-learn's exporter writes; the reader makes inputs of the weights of its linear models. */
const classical = {
  'ai.onnx.ml::Scaler': { keeps: 'sizes' },
  'ai.onnx.ml::Normalizer': { keeps: 'sizes', nonlinear: true },
  'ai.onnx.ml::LinearClassifier': linearModel,
  'ai.onnx.ml::LinearRegressor': linearModel,
} as const satisfies Readonly<Record<string, Operator>>;

/** Those with a lowering, by what operatorName calls them. */
const lowered = {
  ...arithmetic,
  ...activations,
  ...shapes,
  ...indices,
  ...products,
  ...reductions,
  ...normalisations,
  ...contributed,
  ...classical,
} as const;

/** An operator that has a lowering. */
export type LoweredOperator = keyof typeof lowered;

/** Those without one, of which something is known all the same. */
const others: Readonly<Record<string, Operator>> = {
  ...each(['Shape', 'Size'], { ofShape: true }),
  SoftmaxCrossEntropyLoss: { refused: 'loss', head: 'softmax' },
  NegativeLogLikelihoodLoss: { refused: 'loss' },
  ...each(['If', 'Loop', 'Scan'], { refused: 'control flow' }),
  ...each(['Sign', 'Round', 'Floor', 'Ceil'], { refused: 'step', keeps: 'sizes' }),
  ...each(['Mod', 'BitShift', 'IsNaN', 'IsInf', 'NonZero', 'Unique'], { refused: 'step' }),
  Hardmax: { refused: 'step' },
  ...each(['RandomNormal', 'RandomUniform', 'RandomNormalLike', 'RandomUniformLike'], { refused: 'chance' }),
  ...each(['Bernoulli', 'Multinomial'], { refused: 'chance' }),
  ...each(['ai.onnx.ml::TreeEnsemble', 'ai.onnx.ml::TreeEnsembleClassifier'], { refused: 'tree' }),
  'ai.onnx.ml::TreeEnsembleRegressor': { refused: 'tree' },
  ...each(['ai.onnx.ml::SVMClassifier', 'ai.onnx.ml::SVMRegressor'], { refused: 'support vectors' }),
};

const rows: ReadonlyMap<string, Operator> = new Map(Object.entries({ ...lowered, ...others }));
const unknownOperator: Operator = {};

/** What is known of a node's operator; of one that nobody knows nothing. */
export function operatorOf(node: Pick<GraphNode, 'domain' | 'operator'>): Operator {
  return rows.get(operatorName(node)) ?? unknownOperator;
}
