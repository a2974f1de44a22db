import { fixedTables, isBinaryMask } from './fixedTables';
import type { Graph, GraphNode, Tensor } from './graph';
import { operatorName } from './operatorName';

/** An initialiser that training would move, with the node that first uses it as a weight. */
export interface Parameter {
  readonly name: string;
  readonly tensor: Tensor;
  readonly node: GraphNode;
  /** The position among the node's inputs. */
  readonly inputIndex: number;
}

/** What is known of a tensor before anything is run. */
interface Status {
  /** Depends on the samples. */
  readonly samples: boolean;
  /** Depends on a parameter. */
  readonly learned: boolean;
  /** A constant made from these initialisers alone, which become parameters where it is used as a weight. */
  readonly pending: readonly string[];
}

const nothing: Status = { samples: false, learned: false, pending: [] };

/** Inputs that are weights whatever feeds the node. */
const weightInputs: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({
    Conv: [1, 2],
    ConvTranspose: [1, 2],
    BatchNormalization: [1, 2],
    InstanceNormalization: [1, 2],
    GroupNormalization: [1, 2],
    LayerNormalization: [1, 2],
    RMSNormalization: [1],
    SimplifiedLayerNormalization: [1],
    PRelu: [1],
    'com.microsoft::FusedConv': [1, 2],
    'com.microsoft::Attention': [1, 2, 5],
    'com.microsoft::MultiHeadAttention': [3, 5],
    'com.microsoft::EmbedLayerNormalization': [2, 3, 4, 5, 6],
    'com.microsoft::SkipLayerNormalization': [2, 3, 4],
    'com.microsoft::SkipSimplifiedLayerNormalization': [2, 3],
  }),
);
/** Products, whose constant operand is a weight. */
const products = new Set([
  'MatMul',
  'Gemm',
  'Einsum',
  'com.microsoft::FusedMatMul',
  'com.microsoft::FusedGemm',
]);
/** A constant operand is a bias, a scale or a learned token where the other operand depends on parameters. */
const combinations = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Sum',
  'Concat',
  'com.microsoft::BiasGelu',
  'com.microsoft::FastGelu',
]);
/** Of these the first input passes through as it is. */
const views = new Set(
  'Identity Reshape Transpose Squeeze Unsqueeze Flatten Cast Expand Tile Slice Split Gather Pad Dropout'.split(
    ' ',
  ),
);
const statistics =
  /(running|moving)_(mean|var|variance)|num_batches_tracked|inv_freq|position_ids|attn_mask|causal_mask|(^|[./])(x|y|input|output|target|data|pixel|image)_(mean|std|var)$/i;
const floats = new Set(['float32', 'float64', 'float16', 'bfloat16']);
const namedWeight = /(weight|bias|gamma|beta|kernel)(:\d+)?$/i;

/**
 * The parameters of a tensor, in the order in which its forward pass first uses them, each once however often it is used:
 * float initialisers used as weights. Not among them: running statistics, scalars, shapes, tables that
 * no training made (fixedTables), and what normalises the samples before the first weight.
 * @param nodes those that make the tensor, in an order in which they can run
 */
export function findParameters(graph: Graph, nodes: readonly GraphNode[]): readonly Parameter[] {
  const statuses = new Map<string, Status>(
    graph.inputs.map(({ name }) => [name, { ...nothing, samples: true }]),
  );
  const fixed = fixedTables(graph.initialisers);
  for (const [name, tensor] of graph.initialisers) {
    const learned = mayBeLearned(name, tensor) && !fixed.has(name) && !isOfSpectralNorm(name, graph);
    statuses.set(name, { ...nothing, pending: learned ? [name] : [] });
  }
  const found = new Map<string, Parameter>();
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => statuses.get(name) ?? nothing);
    for (const [inputIndex, strict] of weightsOf(node, inputs, graph, found)) {
      for (const name of inputs[inputIndex]?.pending ?? []) {
        const tensor = graph.initialisers.get(name);
        if (tensor === undefined || found.has(name)) continue;
        if (combinations.has(operatorName(node)) && isBinaryMask(tensor)) continue;
        const alone = inputs[inputIndex]?.pending.length === 1;
        if (tensor.data.length > 1 || (strict && alone) || namedWeight.test(name)) {
          found.set(name, { name, tensor, node, inputIndex });
        }
      }
    }
    const status = statusOf(node, inputs, found);
    for (const output of node.outputs) statuses.set(output, status);
  }
  return [...found.values()];
}

function mayBeLearned(name: string, { type, data }: Tensor): boolean {
  return floats.has(type) && data.length > 0 && !statistics.test(name);
}

/** The vectors of the power iteration by which PyTorch's spectral_norm scales a weight: buffers beside it. */
function isOfSpectralNorm(name: string, { initialisers }: Graph): boolean {
  return /weight_[uv]$/.test(name) && initialisers.has(name.replace(/[uv]$/, 'orig'));
}

/** The inputs of a node that are weights, and whether a single number counts as one there. */
function weightsOf(
  node: GraphNode,
  inputs: readonly Status[],
  graph: Graph,
  found: ReadonlyMap<string, Parameter>,
): readonly (readonly [number, boolean])[] {
  const operator = operatorName(node);
  const own = weightInputs.get(operator);
  if (own !== undefined) return own.map((index) => [index, true] as const);
  const varies = inputs.some(({ samples, learned }) => samples || learned);
  const all = inputs.map((_, index) => index);
  if (products.has(operator)) return varies ? all.map((index) => [index, true] as const) : [];
  // An embedding: rows chosen by the samples.
  if (operator === 'Gather') return inputs[1]?.samples === true ? [[0, true]] : [];
  if (!combinations.has(operator)) return [];
  const learned = inputs.some((input) => input.learned || input.pending.some((name) => found.has(name)));
  if (!learned) return [];
  return all.map((index) => [index, operator === 'Add' && isSingleBias(graph, node, index)] as const);
}

/** A bias of one output has a dimension; a scalar constant has none. */
function isSingleBias(graph: Graph, node: GraphNode, index: number): boolean {
  const tensor = graph.initialisers.get(node.inputs[index] ?? '');
  if (tensor?.data.length !== 1 || tensor.dims.length === 0) return false;
  const other = graph.nodes.find(({ outputs }) => outputs.includes(node.inputs[1 - index] ?? ''));
  return other !== undefined && (products.has(operatorName(other)) || operatorName(other) === 'Conv');
}

function statusOf(node: GraphNode, inputs: readonly Status[], found: ReadonlyMap<string, Parameter>): Status {
  const operator = operatorName(node);
  if (operator === 'Shape' || operator === 'Size') return nothing;
  const isLearned = (input: Status): boolean =>
    input.learned || input.pending.some((name) => found.has(name));
  const samples = inputs.some((input) => input.samples);
  const learned = inputs.some(isLearned);
  const passing = views.has(operator) ? inputs.slice(0, 1) : inputs;
  return {
    samples,
    learned,
    pending: samples || learned ? [] : [...new Set(passing.flatMap(({ pending }) => pending))],
  };
}
