import { ancestors, producers, sameOrder, throughViews } from '../graph/flow';
import type { Graph, GraphNode, TensorSpec } from '../graph/graph';
import { operatorName } from '../graph/operatorName';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import { findHead, type Head } from './head';
import { findParameters } from './parameters';
import { setting } from '../report/wording/settings';

/** Outputs that a question lists, at most. */
const mostListed = 8;

/**
 * The tensor to analyse: the one asked for; else the output that is named logits, the only one that a loss can be put on, or
 * of several that show the same logits the one with their head.
 * @throws FailureError UsageError where there is no such tensor, or several that a loss can be put on; NoParameters where
 * there is no output
 */
export function chooseOutput(graph: Graph, requested: string | null): string {
  const madeBy = producers(graph);
  // scikit-learn's tables of probabilities: the tensor that they are made from.
  const tensorOf = (name: string): string => {
    const node = madeBy.get(name);
    return node !== undefined && operatorName(node) === 'ai.onnx.ml::ZipMap' ? (node.inputs[0] ?? '') : name;
  };
  if (requested !== null) {
    const isThere = graph.outputs.some(({ name }) => name === requested) || madeBy.has(requested);
    if (isThere && requested !== '') return tensorOf(requested);
    throw new FailureError(
      'UsageError',
      `The model has no output "${printable(requested)}"; it has ${listed(graph.outputs)}: name one with ${setting('output')}, or any tensor inside the model.`,
    );
  }
  const candidates = candidatesOf(graph, madeBy);
  const [first] = candidates;
  if (first === undefined)
    throw new FailureError('NoParameters', 'The model has no outputs, so there is nothing to put a loss on.');
  const named = candidates.filter(({ name }) => /logits/i.test(name));
  if (named.length === 1 && named[0] !== undefined) return named[0].name;
  const headsOf = (outputs: readonly TensorSpec[]) =>
    outputs.map(({ name }) => ({ tensor: tensorOf(name), ...findHead(graph, tensorOf(name)) }));
  const isOne = (heads: readonly Head[]): boolean => new Set(heads.map(({ logits }) => logits)).size === 1;
  const all = headsOf(candidates);
  const learned = isOne(all) ? candidates : behindWeights(graph, candidates);
  const heads = headsOf(learned);
  if (!isOne(heads)) {
    throw new FailureError(
      'UsageError',
      `The model has several outputs that a loss can be put on (${listed(learned)}); choose one with ${setting('output')}.`,
    );
  }
  return (heads.find(({ kind }) => kind !== 'none') ?? heads[0])?.tensor ?? first.name;
}

/** The outputs that a loss can be put on: floats that nodes make of more than a copy of an input, else tables, else whatever there is. */
function candidatesOf(graph: Graph, madeBy: ReadonlyMap<string, GraphNode>): readonly TensorSpec[] {
  const made = graph.outputs.filter(({ name }) => madeBy.has(throughViews(madeBy, name, sameOrder)));
  const floats = made.filter(({ type }) => /^b?float/.test(type));
  if (floats.length > 0) return floats;
  const tables = made.filter(({ type }) => type === 'other');
  if (tables.length > 0) return tables;
  return made.length > 0 ? made : graph.outputs;
}

/** Those that depend on a weight, where any does. */
function behindWeights(graph: Graph, outputs: readonly TensorSpec[]): readonly TensorSpec[] {
  const learned = outputs.filter(({ name }) => findParameters(graph, ancestors(graph, name)).length > 0);
  return learned.length > 0 ? learned : outputs;
}

function listed(outputs: readonly TensorSpec[]): string {
  const shown = outputs.slice(0, mostListed).map(({ name }) => `"${printable(name)}"`);
  return outputs.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}
