import type { Graph, GraphNode } from './graph';
import { operatorName } from './operatorName';

/** What the graph makes of its logits. */
export type HeadKind = 'softmax' | 'sigmoid' | 'none';

export interface Head {
  readonly kind: HeadKind;
  /** The tensor before the head, or the output itself where there is none. */
  readonly logits: string;
}

const views = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Expand', 'ZipMap']);

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
    default:
      return { kind: 'none', logits: output };
  }
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
  if (requested !== null) {
    const known = producers(graph).has(requested) || graph.outputs.some(({ name }) => name === requested);
    return known ? requested : null;
  }
  const named = graph.outputs.find(({ name }) => /logits/i.test(name));
  const twoDimensional = graph.outputs.find(({ dims, type }) => dims?.length === 2 && /^b?float/.test(type));
  return (named ?? twoDimensional ?? graph.outputs[0])?.name ?? null;
}
