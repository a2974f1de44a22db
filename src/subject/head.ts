import { producers, sameOrder, throughViews } from '../graph/flow';
import type { Graph, GraphNode } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';

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
  /** Whether the output holds the logarithms of the head's probabilities. */
  readonly isLogarithm?: true;
  /** The operator after which the output, which has no head, is bounded. */
  readonly bounded?: string;
}

/** Softmax, LogSoftmax or Sigmoid at the end of an output, also written out, with the logits before it. */
export function findHead(graph: Graph, output: string): Head {
  const madeBy = producers(graph);
  const end = throughViews(madeBy, output, sameOrder);
  const last = madeBy.get(end);
  const none: Head = { kind: 'none', logits: output };
  if (last === undefined) return none;
  const [first = ''] = last.inputs;
  const { head, refused, bounded = false } = operatorOf(last);
  // The second output of a loss is the logarithm of the probabilities.
  const isScores = refused !== 'loss' || end === last.outputs[1];
  // A softmax over the samples makes no probabilities of classes.
  const isHead = isScores && attributeOf(last, 'axis', 'int') !== 0;
  if (head !== undefined && isHead) {
    const isLogarithm = refused === 'loss' || operatorName(last) === 'LogSoftmax';
    return { kind: head, logits: first, ...(isLogarithm && { isLogarithm }) };
  }
  if (head !== undefined) return none;
  if (bounded) return { ...none, bounded: last.operator };
  switch (operatorName(last)) {
    case 'Log': {
      const inner = findHead(graph, first);
      return inner.kind === 'softmax' ? { ...inner, isLogarithm: true } : none;
    }
    case 'Div': {
      const logits = decomposedSoftmax(madeBy, last);
      return logits === null ? none : { kind: 'softmax', logits };
    }
    case 'Concat': {
      const logits = logitOfPair(madeBy, last);
      return logits === null ? none : { kind: 'sigmoid', logits };
    }
    // The labels, by number and by name, of what the head is put on.
    case 'ArgMax':
      return findHead(graph, first);
    case 'ai.onnx.ml::ArrayFeatureExtractor':
      return findHead(graph, last.inputs[1] ?? '');
    case 'ai.onnx.ml::Normalizer': {
      // Probabilities sum to 1; sigmoids that are made to do so keep a loss of their own.
      const inner = findHead(graph, first);
      return inner.kind !== 'none' && attributeOf(last, 'norm', 'string') === 'L1' ? inner : none;
    }
    case 'ai.onnx.ml::LinearClassifier':
      return headOfClassifier(graph, last);
    default:
      return none;
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
  const [complement = '', probability = ''] = inputs.map((input) => sameTensor(madeBy, input));
  const difference = madeBy.get(complement);
  const sigmoid = madeBy.get(probability);
  const isPair =
    inputs.length === 2 &&
    difference !== undefined &&
    sigmoid !== undefined &&
    operatorName(difference) === 'Sub' &&
    operatorName(sigmoid) === 'Sigmoid' &&
    sameTensor(madeBy, difference.inputs[1] ?? '') === probability;
  return isPair ? (sigmoid.inputs[0] ?? null) : null;
}

/** exp(z − max z) / Σ exp(z − max z), with views between. */
function decomposedSoftmax(madeBy: ReadonlyMap<string, GraphNode>, division: GraphNode): string | null {
  const producer = (tensor: string | undefined): GraphNode | undefined =>
    madeBy.get(throughViews(madeBy, tensor ?? '', sameOrder));
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
  const isSame = sameTensor(madeBy, largest?.inputs[0] ?? '') === sameTensor(madeBy, logits);
  return isOperator(largest, 'ReduceMax') && isSame ? logits : null;
}

/** The tensor under its first name, before operators that change nothing of it. */
export function sameTensor(madeBy: ReadonlyMap<string, GraphNode>, tensor: string): string {
  const node = madeBy.get(tensor);
  return node !== undefined && operatorName(node) === 'Identity'
    ? sameTensor(madeBy, node.inputs[0] ?? '')
    : tensor;
}
