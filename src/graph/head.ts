import type { ElementType, Graph, GraphNode } from './graph';
import { attributeOf } from './nodeAttributes';
import { classical, operatorName } from './operatorName';

/** What the graph makes of its logits. */
export type HeadKind = 'softmax' | 'sigmoid' | 'none';

export interface Head {
  readonly kind: HeadKind;
  /** The tensor before the head, or the output itself where there is none. */
  readonly logits: string;
  /**
   * Where one operator computes logits and head, so that no tensor holds the logits: how many there are. `logits` is then what
   * the operator gives, of a single logit the probabilities of both classes.
   */
  readonly inside?: number;
}

const views = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Expand',
  `${classical}::ZipMap`,
]);

/** The node that makes each tensor. */
export function producers(graph: Graph): ReadonlyMap<string, GraphNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
}

/** The nodes that a tensor is made from, in the graph's order. */
export function ancestors(graph: Graph, tensor: string): GraphNode[] {
  const needed = new Set([tensor]);
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return nodes.reverse();
}

/** Softmax, LogSoftmax or Sigmoid at the end of an output, also written out, with the logits before it. */
export function findHead(graph: Graph, output: string): Head {
  const madeBy = producers(graph);
  const end = throughViews(madeBy, output);
  const last = madeBy.get(end);
  if (last === undefined) return { kind: 'none', logits: output };
  const [first = ''] = last.inputs;
  switch (operatorName(last)) {
    case 'Softmax':
    case 'LogSoftmax':
      // Over the samples it makes no probabilities of classes.
      if (attributeOf(last, 'axis', 'int') === 0) return { kind: 'none', logits: output };
      return { kind: 'softmax', logits: first };
    // Its second output is the logarithm of the probabilities.
    case 'SoftmaxCrossEntropyLoss':
      return end === last.outputs[1] ? { kind: 'softmax', logits: first } : { kind: 'none', logits: output };
    case 'Sigmoid':
      return { kind: 'sigmoid', logits: first };
    case 'Log': {
      const inner = findHead(graph, first);
      return inner.kind === 'softmax' ? inner : { kind: 'none', logits: output };
    }
    case 'Div': {
      const logits = decomposedSoftmax(madeBy, last);
      return logits === null ? { kind: 'none', logits: output } : { kind: 'softmax', logits };
    }
    case 'Concat': {
      const logits = logitOfPair(madeBy, last);
      return logits === null ? { kind: 'none', logits: output } : { kind: 'sigmoid', logits };
    }
    // The labels, by number and by name, of what the head is put on.
    case 'ArgMax':
      return findHead(graph, first);
    case `${classical}::ArrayFeatureExtractor`:
      return findHead(graph, last.inputs[1] ?? '');
    case `${classical}::Normalizer`: {
      // Probabilities sum to 1; sigmoids that are made to do so keep a loss of their own.
      const inner = findHead(graph, first);
      const keeps = inner.kind !== 'none' && attributeOf(last, 'norm', 'string') === 'L1';
      return keeps ? inner : { kind: 'none', logits: output };
    }
    case `${classical}::LinearClassifier`:
      return headOfClassifier(graph, last);
    default:
      return { kind: 'none', logits: output };
  }
}

/** Labels and scores come from one node; its weights are those that the reader made of its attributes. */
function headOfClassifier({ initialisers }: Graph, node: GraphNode): Head {
  const [, logits = ''] = node.outputs;
  const transform = attributeOf(node, 'post_transform', 'string') ?? 'NONE';
  const kind = transform === 'SOFTMAX' ? 'softmax' : transform === 'LOGISTIC' ? 'sigmoid' : 'none';
  const inside = initialisers.get(node.inputs[1] ?? '')?.dims[0];
  // Two scores of one row in a softmax are two logits that no two rows make.
  if (kind === 'none' || inside === undefined || (kind === 'softmax' && inside === 1))
    return { kind: 'none', logits };
  return { kind, logits, inside };
}

/** The logit of [1 − p, p], as scikit-learn's exporter writes the probabilities of two classes. */
function logitOfPair(madeBy: ReadonlyMap<string, GraphNode>, { inputs }: GraphNode): string | null {
  const [complement = '', probability = ''] = inputs;
  const difference = madeBy.get(complement);
  const sigmoid = madeBy.get(probability);
  const isPair =
    inputs.length === 2 &&
    difference !== undefined &&
    sigmoid !== undefined &&
    operatorName(difference) === 'Sub' &&
    operatorName(sigmoid) === 'Sigmoid' &&
    difference.inputs[1] === probability;
  return isPair ? (sigmoid.inputs[0] ?? null) : null;
}

/** The tensor that a chain of operators which only change a tensor's shape or type begins with. */
export function throughViews(madeBy: ReadonlyMap<string, GraphNode>, tensor: string): string {
  let name = tensor;
  for (
    let node = madeBy.get(name);
    node !== undefined && views.has(operatorName(node));
    node = madeBy.get(name)
  ) {
    name = node.inputs[0] ?? '';
  }
  return name;
}

/** exp(z − max z) / Σ exp(z − max z), with views between. */
function decomposedSoftmax(madeBy: ReadonlyMap<string, GraphNode>, division: GraphNode): string | null {
  const producer = (tensor: string | undefined): GraphNode | undefined =>
    madeBy.get(throughViews(madeBy, tensor ?? ''));
  const isOperator = (node: GraphNode | undefined, name: string): boolean =>
    node !== undefined && operatorName(node) === name;
  const exponential = producer(division.inputs[0]);
  const sum = producer(division.inputs[1]);
  if (exponential === undefined || !isOperator(exponential, 'Exp') || !isOperator(sum, 'ReduceSum'))
    return null;
  if (producer(sum?.inputs[0]) !== exponential) return null;
  const argument = producer(exponential.inputs[0]);
  if (argument === undefined || !isOperator(argument, 'Sub')) return exponential.inputs[0] ?? null;
  const [logits = ''] = argument.inputs;
  let largest = producer(argument.inputs[1]);
  // JAX takes the largest of −∞ and the largest.
  if (largest !== undefined && isOperator(largest, 'Max')) {
    largest = largest.inputs.map(producer).find((node) => isOperator(node, 'ReduceMax'));
  }
  return isOperator(largest, 'ReduceMax') && largest?.inputs[0] === logits ? logits : null;
}

/**
 * The output to analyse: the one asked for, else the one that looks like logits: by its name, else the first with two
 * dimensions.
 * @returns null where the graph has no such output
 */
export function chooseOutput(graph: Graph, requested: string | null): string | null {
  const madeBy = producers(graph);
  if (requested !== null) {
    const known = madeBy.has(requested) || graph.outputs.some(({ name }) => name === requested);
    return known ? beforeTable(madeBy, requested) : null;
  }
  const named = graph.outputs.find(({ name }) => /logits/i.test(name));
  const twoDimensional = graph.outputs.find(({ dims, type }) => dims?.length === 2 && isFloat(type));
  // scikit-learn's classifiers give labels first, and a table of probabilities.
  const table = graph.outputs.some(({ type }) => isFloat(type))
    ? undefined
    : graph.outputs.find(({ type }) => type === 'other');
  const chosen = named ?? twoDimensional ?? table ?? graph.outputs[0];
  return chosen === undefined ? null : beforeTable(madeBy, chosen.name);
}

function isFloat(type: ElementType): boolean {
  return /^b?float/.test(type);
}

/** What a table of probabilities by class is made from: onnxruntime's binding cannot read tables. */
function beforeTable(madeBy: ReadonlyMap<string, GraphNode>, output: string): string {
  const node = madeBy.get(output);
  return node !== undefined && operatorName(node) === `${classical}::ZipMap`
    ? (node.inputs[0] ?? output)
    : output;
}
