import { isNamedBy } from '../report/namePattern';
import type { FileParameters } from '../formats/model';
import { fixedTables, isBinaryMask, isFixedFilter, isUniform } from './fixedTables';
import type { Graph, GraphNode, Tensor } from '../graph/graph';
import { operatorName } from '../graph/operatorName';
import { operatorOf, type Operator } from '../graph/operators';
import { isAnonymous, isWeightName } from './layerNames';
import { extend, inputPath, spreads, unknownPath, type Path } from './samplePath';

/** An initialiser that training would move, with the node that first uses it as a weight. */
export interface Parameter {
  readonly name: string;
  readonly tensor: Tensor;
  readonly node: GraphNode;
  /** The position among the node's inputs. */
  readonly inputIndex: number;
}

/** What a user says of tensors by their names, or patterns such as `layers.0.*`, against what the graph tells. */
export interface ParameterChoice {
  readonly trained: readonly string[];
  readonly fixed: readonly string[];
}

/** Nothing is said: what the graph tells is taken. */
export const noChoice: ParameterChoice = { trained: [], fixed: [] };

/** The parameters of a tensor, and what a reader should be told of how they were told from other constants. */
export interface ParameterSurvey {
  readonly parameters: readonly Parameter[];
  /** Those that stand before the first weight, as a normalisation of the samples does, and no name says that they are learned. */
  readonly assumed: readonly string[];
  /** Float initialisers that meet the samples in arithmetic and were taken for fixed numbers. */
  readonly leftOut: readonly string[];
  /** Tensors that count, and that do not, only because somebody said so. */
  readonly said: ParameterChoice;
}

/** What is known of a tensor before anything is run. */
interface Status {
  /** Depends on the samples. */
  readonly samples: boolean;
  /** Depends on a parameter. */
  readonly learned: boolean;
  /** A constant made from these initialisers alone, which become parameters where it is used as a weight. */
  readonly pending: readonly string[];
  /** What the samples went through, or the constant, where no parameter was met yet. */
  readonly path: Path;
}

const nothing: Status = { samples: false, learned: false, pending: [], path: unknownPath };

const statistics =
  /(running|moving)_(mean|var|variance)|num_batches_tracked|inv_freq|position_ids|attn_mask|causal_mask|(^|[./])(x|y|input|output|target|data|pixel|image)_(mean|std|var)$/i;
const floats = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/**
 * The parameters of a tensor, in the order in which its forward pass first uses them, each once however often it is used:
 * float initialisers used as weights. Not among them: running statistics, scalars, shapes, tables that
 * no training made (fixedTables), and what normalises the samples before the first weight.
 * @param nodes those that make the tensor, in an order in which they can run
 */
export function findParameters(graph: Graph, nodes: readonly GraphNode[]): readonly Parameter[] {
  return surveyParameters(graph, nodes).parameters;
}

/**
 * As findParameters, with what was assumed, and what counts only as it was said.
 * @param declared those that the file itself calls so, and no others
 */
export function surveyParameters(
  graph: Graph,
  nodes: readonly GraphNode[],
  choice: ParameterChoice = noChoice,
  declared: FileParameters | null = null,
): ParameterSurvey {
  const found = survey(graph, nodes, choice, declared);
  if (choice.trained.length === 0 && choice.fixed.length === 0) return { ...found, said: noChoice };
  const namesOf = ({ parameters }: Pick<ParameterSurvey, 'parameters'>): string[] =>
    parameters.map(({ name }) => name);
  const [told, withoutWord] = [namesOf(found), namesOf(survey(graph, nodes, noChoice, declared))];
  return {
    ...found,
    said: {
      trained: told.filter((name) => !withoutWord.includes(name)),
      fixed: withoutWord.filter((name) => !told.includes(name)),
    },
  };
}

function survey(
  graph: Graph,
  nodes: readonly GraphNode[],
  choice: ParameterChoice,
  declared: FileParameters | null,
): Omit<ParameterSurvey, 'said'> {
  const isFixed = (name: string): boolean => choice.fixed.some((pattern) => isNamedBy(pattern, name));
  const isTrained = (name: string): boolean =>
    choice.trained.some((pattern) => isNamedBy(pattern, name)) ||
    (declared?.trained.has(name) === true && !isFixed(name));
  const statuses = new Map<string, Status>(
    graph.inputs.map(({ name, dims }) => [name, { ...nothing, samples: true, path: inputPath(dims) }]),
  );
  const named = new Set(
    [...graph.initialisers].flatMap(([name, tensor]) => (isNamedNumber(name, tensor) ? [name] : [])),
  );
  const ofModules = namesByModules(graph);
  const fixed = fixedTables(graph.initialisers, ofModules);
  for (const [name, tensor] of graph.initialisers) {
    const looksLearned = mayBeLearned(name, tensor) && !fixed.has(name) && !isOfSpectralNorm(name, graph);
    const learned = isTrained(name) || (declared === null && looksLearned && !isFixed(name));
    statuses.set(name, { ...nothing, pending: learned ? [name] : [] });
  }
  const found = new Map<string, Parameter>();
  const assumed = new Set<string>();
  const met = new Set<string>();
  const only = new Map<string, Parameter>();
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => statuses.get(name) ?? nothing);
    const meets = inputs.some(({ samples, learned }) => samples || learned);
    inputs.forEach(({ pending }, inputIndex) => {
      for (const name of pending) {
        const tensor = graph.initialisers.get(name);
        if (tensor === undefined || found.has(name) || !isTrained(name)) continue;
        // A step that only arranges it, such as a gate cut out of a recurrent weight, is not what it is a weight of.
        const isArranged = declared?.trained.has(name) === true && !meets;
        (isArranged ? only : found).set(name, { name, tensor, node, inputIndex });
      }
    });
    for (const { index, strict, certain } of weightsOf(node, inputs, graph, found)) {
      for (const name of inputs[index]?.pending ?? []) {
        const tensor = graph.initialisers.get(name);
        if (tensor === undefined || found.has(name)) continue;
        const { constant, features } = operatorOf(node);
        if (constant === 'combined' && isBinaryMask(tensor)) continue;
        if (features === 'channel' && index === 1 && isFixedFilter(tensor)) {
          met.add(name);
          continue;
        }
        if ((!certain || fills.has(operatorName(node))) && isAnonymous(name) && isUniform(tensor)) continue;
        const alone = inputs[index]?.pending.length === 1;
        const counts =
          tensor.data.length > 1 ||
          (strict && alone) ||
          (ofModules && (named.has(name) || (node.name.startsWith('/') && isStoredNumber(name, tensor))));
        if (!counts && !isWeightName(name)) continue;
        found.set(name, { name, tensor, node, inputIndex: index });
        if (!certain && !isWeightName(name)) assumed.add(name);
      }
    }
    for (const name of metBySamples(node, inputs)) {
      const several = (graph.initialisers.get(name)?.data.length ?? 0) > 1;
      if (several || named.has(name)) met.add(name);
    }
    const status = statusOf(graph, node, inputs, found);
    for (const output of node.outputs) statuses.set(output, status);
  }
  for (const [name, parameter] of only) if (!found.has(name)) found.set(name, parameter);
  return {
    parameters: [...found.values()],
    assumed: [...assumed],
    leftOut: [...met].filter((name) => !found.has(name)),
  };
}

/** Operators that exporters give whole tensors of one number, to fill or to limit. */
const fills = new Set(['Max', 'Min', 'Pow', 'Where']);

/** Constants that a node combines with what depends on the samples. */
function metBySamples(node: GraphNode, inputs: readonly Status[]): readonly string[] {
  if (operatorOf(node).constant === undefined) return [];
  return inputs.some(({ samples }) => samples) ? inputs.flatMap(({ pending }) => pending) : [];
}

/** What people call a single number that is learned, at the top of a model. */
const numberName = /(^|_)(scale|alpha|temperature|temp|tau|gate|weight|bias|gamma|beta)$/i;

/** A single number under a name that a person gave, not an exporter: a temperature, or the scale of a residual. */
function isNamedNumber(name: string, tensor: Tensor): boolean {
  return isStoredNumber(name, tensor) && (name.includes('.') || numberName.test(name));
}

/** A single number under a name as attributes of modules have. PyTorch gives such names to nothing else, and its nodes have paths. */
function isStoredNumber(name: string, { data, isConstantNode }: Tensor): boolean {
  if (data.length !== 1 || isConstantNode === true || isAnonymous(name)) return false;
  return /^\w+(\.\w+)*$/.test(name) && !/eps/i.test(name);
}

function mayBeLearned(name: string, { type, data }: Tensor): boolean {
  return floats.has(type) && data.length > 0 && !statistics.test(name);
}

/** Whether a file calls weights as PyTorch's modules do: whatever is trained in it has such a name, or had one. */
function namesByModules({ initialisers }: Graph): boolean {
  return [...initialisers.keys()].some((name) => /^\w+(\.\w+)*\.(weight|bias)$/.test(name));
}

/** The vectors of the power iteration by which PyTorch's spectral_norm scales a weight: buffers beside it. */
function isOfSpectralNorm(name: string, { initialisers }: Graph): boolean {
  if (/(^|\.)parametrizations\.\w+\.\d+\._[uv]$/.test(name)) return true;
  return /weight_[uv]$/.test(name) && initialisers.has(name.replace(/[uv]$/, 'orig'));
}

interface WeightInput {
  readonly index: number;
  /** Whether a single number counts as a weight there. */
  readonly strict: boolean;
  /** Whether nothing but a weight stands there. */
  readonly certain: boolean;
}

/** The inputs of a node that are weights. */
function weightsOf(
  node: GraphNode,
  inputs: readonly Status[],
  graph: Graph,
  found: ReadonlyMap<string, Parameter>,
): readonly WeightInput[] {
  const operator = operatorOf(node);
  const weight = (index: number): WeightInput => ({ index, strict: true, certain: true });
  if (operator.weights !== undefined)
    return [...operator.weights.map(weight), ...initialStates(operator, inputs, graph)];
  const varies = inputs.some(({ samples, learned }) => samples || learned);
  if (operator.constant === 'factor') return varies ? inputs.map((_, index) => weight(index)) : [];
  // An embedding: rows chosen by the samples.
  const chosen = operator.tables?.filter(([, index]) => inputs[index]?.samples === true) ?? [];
  if (operator.constant === undefined) return chosen.map(([table]) => weight(table));
  const learned = inputs.some((input) => input.learned || input.pending.some((name) => found.has(name)));
  const strict = (index: number): boolean => operatorName(node) === 'Add' && isSingleBias(graph, node, index);
  if (learned) return inputs.map((_, index) => ({ index, strict: strict(index), certain: true }));
  return inputs.flatMap((_, index) =>
    isLearnedBeforeWeights(node, inputs, index, graph) ? [{ index, strict: false, certain: false }] : [],
  );
}

/** The states that a recurrent node begins with, where they are no zeros: learned, or not. */
function initialStates(
  { recurrent }: Operator,
  inputs: readonly Status[],
  graph: Graph,
): readonly WeightInput[] {
  return (recurrent?.states ?? []).flatMap((index) => {
    const pending = inputs[index]?.pending ?? [];
    const isZero = pending.every((name) => graph.initialisers.get(name)?.data.some(Boolean) !== true);
    return isZero ? [] : [{ index, strict: false, certain: false }];
  });
}

/**
 * Whether a constant that meets the samples before any weight is learned, and does not normalise them: it has a weight's
 * name; the samples were normalised by their own statistics, or bent, as in a normalisation that is written out; it was
 * bent itself, as a gate; it spreads the samples to more numbers, as centres and feature tokens do; or it is joined to
 * them, or a table that is added, as a token or positions.
 */
function isLearnedBeforeWeights(
  node: GraphNode,
  inputs: readonly Status[],
  index: number,
  graph: Graph,
): boolean {
  const constant = inputs[index];
  const samples = inputs.find((input) => input.samples);
  if (constant === undefined || samples === undefined) return false;
  return constant.pending.some((name) => {
    const dims = graph.initialisers.get(name)?.dims ?? [];
    const isTable = dims.filter((dim) => dim > 1).length > 1;
    return (
      isWeightName(name) ||
      samples.path.isNonlinear ||
      constant.path.isNonlinear ||
      operatorName(node) === 'Concat' ||
      (operatorName(node) === 'Add' && isTable) ||
      spreads(dims, samples.path)
    );
  });
}

/** A bias of one output has a dimension; a scalar constant has none. */
function isSingleBias(graph: Graph, node: GraphNode, index: number): boolean {
  const tensor = graph.initialisers.get(node.inputs[index] ?? '');
  if (tensor?.data.length !== 1 || tensor.dims.length === 0) return false;
  const other = graph.nodes.find(({ outputs }) => outputs.includes(node.inputs[1 - index] ?? ''));
  return other !== undefined && (operatorOf(other).constant === 'factor' || operatorName(other) === 'Conv');
}

function statusOf(
  graph: Graph,
  node: GraphNode,
  inputs: readonly Status[],
  found: ReadonlyMap<string, Parameter>,
): Status {
  const { ofShape = false, passes } = operatorOf(node);
  if (ofShape) return nothing;
  const isLearned = (input: Status): boolean =>
    input.learned || input.pending.some((name) => found.has(name));
  const samples = inputs.some((input) => input.samples);
  const learned = inputs.some(isLearned);
  const passing = passes === undefined ? inputs : inputs.slice(0, 1);
  return {
    samples,
    learned,
    pending: samples || learned ? [] : [...new Set(passing.flatMap(({ pending }) => pending))],
    path: extend(graph, node, inputs),
  };
}
