import { producers, sameOrder, throughViews } from '../graph/flow';
import type { Graph, GraphNode } from '../graph/graph';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';

/** What the graph makes of its logits. */
export type HeadKind = 'softmax' | 'sigmoid' | 'none';

export interface Head {
  readonly kind: HeadKind;
  /** The tensor before the head, or the output itself where there is none. */
  readonly logits: string;
}

/** Softmax, LogSoftmax or Sigmoid at the end of an output, also written out, with the logits before it. */
export function findHead(graph: Graph, output: string): Head {
  const madeBy = producers(graph);
  const end = throughViews(madeBy, output, sameOrder);
  const last = madeBy.get(end);
  const none: Head = { kind: 'none', logits: output };
  if (last === undefined) return none;
  const [first = ''] = last.inputs;
  const { head, refused } = operatorOf(last);
  // The second output of a loss is the logarithm of the probabilities.
  const isScores = refused !== 'loss' || end === last.outputs[1];
  if (head !== undefined) return isScores ? { kind: head, logits: first } : none;
  switch (operatorName(last)) {
    case 'Log': {
      const inner = findHead(graph, first);
      return inner.kind === 'softmax' ? inner : none;
    }
    case 'Div': {
      const logits = decomposedSoftmax(madeBy, last);
      return logits === null ? none : { kind: 'softmax', logits };
    }
    default:
      return none;
  }
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
  return isOperator(largest, 'ReduceMax') && largest?.inputs[0] === logits ? logits : null;
}
