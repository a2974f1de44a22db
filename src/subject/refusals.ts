import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Graph, GraphNode } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { nodeText } from '../graph/nodeText';
import { operatorName } from '../graph/operatorName';
import { operatorOf } from '../graph/operators';
import { isQuantised } from '../graph/quantisation';
import { findHead } from './head';
import { setting } from '../report/wording/settings';

const longestDomain = 80;

/** ONNX's own operators, its classical learners, and what onnxruntime adds. */
const knownDomains = /^(|ai\.onnx\.ml|com\.microsoft(\..*)?)$/;

/** Models that no gradient trains, or that have no single loss. */
const modelKinds = {
  chance: {
    what: 'draws random numbers, so that the loss is never the same',
    remedy: 'export the model without it, as for inference',
  },
  tree: {
    what: 'is made of decision trees, and a tree has no derivative',
    remedy: 'analyse a network or a linear model',
  },
  'support vectors': {
    what: 'is a support vector machine, which no gradient of a loss trains',
    remedy: 'analyse a network or a linear model',
  },
} as const;

function isModelKind(reason: string): reason is keyof typeof modelKinds {
  return Object.hasOwn(modelKinds, reason);
}

/**
 * Refuses what no product of curvature exists for, before anything is run.
 * @param evaluation analyse normalisation and dropout of an export in training mode as in evaluation mode
 * @throws FailureError naming the first such node
 */
export function refuseUndifferentiable(graph: Graph, nodes: readonly GraphNode[], evaluation: boolean): void {
  for (const node of nodes) {
    const failure = stepOrUnknown(node) ?? withoutOneLoss(graph, node, evaluation);
    if (failure !== null) throw failure;
  }
}

/**
 * Refuses of these what has no loss that its runs tell, either.
 * @throws FailureError naming the first such node
 */
export function refuseWithoutLoss(graph: Graph, nodes: readonly GraphNode[], evaluation: boolean): void {
  for (const node of nodes) {
    const failure = withoutOneLoss(graph, node, evaluation);
    if (failure !== null) throw failure;
  }
}

/** What can be run, and not differentiated. */
function stepOrUnknown(node: GraphNode): FailureError | null {
  if (isQuantised(node)) {
    return requireDifferentiable(
      node,
      'computes with quantised numbers',
      'analyse the float model that it was made from',
    );
  }
  if (!knownDomains.test(node.domain)) {
    return requireDifferentiable(
      node,
      `belongs to the domain "${printable(node.domain.slice(0, longestDomain))}", whose operators are not known here`,
      "export the model with ONNX's own operators",
    );
  }
  if (operatorName(node) === 'Constant') {
    return requireDifferentiable(
      node,
      `holds ${printable(valueText(node))}, which is not read here`,
      'export the model with float32 weights',
    );
  }
  return null;
}

/** What has no single loss, or one that is put elsewhere; of control flow nothing is known of what it holds. */
function withoutOneLoss(graph: Graph, node: GraphNode, evaluation: boolean): FailureError | null {
  const { refused: reason, training } = operatorOf(node);
  if (reason === 'control flow') {
    return requireDifferentiable(
      node,
      'decides while it runs what is computed (dynamic control flow)',
      'export the model without it, for one fixed path',
    );
  }
  if (reason !== undefined && isModelKind(reason))
    return requireDifferentiable(node, modelKinds[reason].what, modelKinds[reason].remedy);
  if (reason === 'loss') {
    return requireDifferentiable(
      node,
      'computes a loss inside the model, where the loss is put on the outputs here',
      `choose the outputs that it is computed from, ${setting('output', printable(logitsOf(graph, node)))}`,
    );
  }
  if (evaluation) return null;
  if (training === 'normalises by the batch' && normalisesBatch(graph, node)) {
    return new FailureError(
      'TrainingMode',
      `${nodeText(node)} is in training mode, where every sample's loss depends on the whole batch; export the model after model.eval(), or ask for ${setting('evaluation')} to analyse it with its running statistics.`,
    );
  }
  if (training === 'drops at random' && dropsAtRandom(graph, node)) {
    return new FailureError(
      'TrainingMode',
      `${nodeText(node)} is in training mode, where it drops units at random and the loss is never the same; export the model after model.eval(), or ask for ${setting('evaluation')} to analyse it without dropping any.`,
    );
  }
  return null;
}

/**
 * Refuses a model that takes one sample alone: inputs of one fixed axis, which a product sums over or the output does not keep.
 * @throws FailureError UnsupportedStructure
 */
export function refuseUnbatched(graph: Graph, nodes: readonly GraphNode[], output: string): void {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const inputs = graph.inputs.filter(({ name }) => read.has(name));
  const [sole] = inputs;
  const size = sole?.dims?.[0];
  if (sole === undefined || typeof size !== 'number' || size < 2) return;
  if (!inputs.every(({ dims }) => dims?.length === 1)) return;
  const kept = graph.outputs.find(({ name }) => name === output)?.dims?.[0] ?? null;
  const isSummed = nodes.some((node) => operatorName(node) === 'MatMul' && node.inputs[0] === sole.name);
  if (!isSummed && (typeof kept !== 'number' || kept === size)) return;
  throw new FailureError(
    'UnsupportedStructure',
    `The model takes one sample at a time: no axis of its input "${printable(sole.name)}", of shape [${size}], counts samples; export it with a leading batch axis, as for an input of shape [1, ${size}].`,
  );
}

/** The logits that a loss inside the model is computed from. */
function logitsOf(graph: Graph, { inputs: [scores = ''] }: GraphNode): string {
  return findHead(graph, scores).logits;
}

function valueText(node: GraphNode): string {
  const value = node.attributes.get('value');
  return value?.kind === 'unsupported' ? value.value : 'a constant';
}

function requireDifferentiable(node: GraphNode, what: string, remedy: string): FailureError {
  return new FailureError('UnsupportedOperator', `${nodeText(node)} ${what}; ${remedy}.`);
}

/** Before operator set 14 the number of outputs tells, since then an attribute. */
function normalisesBatch(graph: Graph, node: GraphNode): boolean {
  if ((graph.opsets.get('') ?? 0) >= 14) return (attributeOf(node, 'training_mode', 'int') ?? 0) !== 0;
  return node.outputs.slice(1).some((output) => output !== '');
}

/** From operator set 12 on an input tells; in those before it that are read there was no training. */
function dropsAtRandom(graph: Graph, node: GraphNode): boolean {
  const training = node.inputs[2] ?? '';
  return training !== '' && graph.initialisers.get(training)?.data.some(Boolean) !== false;
}
