import { modelFeeds } from '../autodiff/feeds';
import type { Subject } from '../autodiff/preparedModel';
import { findSubject, lowerSubject } from '../autodiff/preparedModel';
import type { Model } from '../formats/model';
import type { TensorSpec } from '../graph/graph';
import { findHead } from '../graph/head';
import { nodeText } from '../graph/nodeText';
import { attributeOf } from '../graph/nodeAttributes';
import { operatorName } from '../graph/operatorName';
import { sizeOf } from '../graph/static/value';
import { traceModel } from '../graph/trace';
import { parameterCount, type Perceptron } from '../perceptron/perceptron';
import { recognisedSamples } from '../perceptron/meanings';
import { describeArchitecture, recognisePerceptron } from '../perceptron/recognise';
import type { Failure } from '../report/failure';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss, ModelFacts } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import { drawInputs } from '../samples/drawInputs';
import type { InputSpec } from '../samples/samples';
import { modelFacts } from './modelFacts';

/** A model that the closed form serves. */
export interface ReadPerceptron {
  readonly model: Model;
  readonly subject: Subject;
  readonly perceptron: Perceptron;
  readonly inputSpec: InputSpec;
  readonly facts: ModelFacts;
}

export type PerceptronReading =
  { readonly ok: true; readonly read: ReadPerceptron } | { readonly ok: false; readonly failure: Failure };

/** What of a request tells which part of a model is meant. */
export type SubjectRequest = Pick<AnalysisRequest, 'output' | 'evaluation' | 'trained' | 'fixed'>;

/**
 * The model as a perceptron, or what is in the way. It is run once, on two drawn samples, for the shapes of its tensors.
 * @param loss squared error is put on the output, others on what its head is made of
 */
export async function readPerceptron(
  model: Model,
  request: SubjectRequest,
  threads: number,
  loss: Loss = 'cross-entropy',
): Promise<PerceptronReading> {
  try {
    const output = request.output ?? (await onlyOutput(model, request, threads, loss));
    return { ok: true, read: await readOutput(model, { ...request, output }, threads, loss) };
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

async function readOutput(
  model: Model,
  { output, evaluation, trained, fixed }: SubjectRequest,
  threads: number,
  loss: Loss,
): Promise<ReadPerceptron> {
  const subject = findSubject(model, loss, output, evaluation, { trained, fixed });
  const { graph, nodes, target } = subject;
  const hopeless = nodes.find((node) => neverInPerceptrons.has(operatorName(node)));
  if (hopeless !== undefined) {
    throw new FailureError(
      'UnsupportedStructure',
      `${nodeText(hopeless)} is no part of a perceptron; the closed form takes chains of affine layers with elementwise activations.`,
    );
  }
  const needed = new Set(nodes.flatMap(({ inputs }) => inputs));
  const [spec, second] = graph.inputs.filter(({ name }) => needed.has(name));
  if (spec === undefined || second !== undefined) {
    throw new FailureError(
      'UnsupportedStructure',
      `The output "${printable(target)}" is made from ${spec === undefined ? 'no input' : 'several inputs'}, and that of a perceptron from one.`,
    );
  }
  const inputSpec = { name: spec.name, type: spec.type, dims: sampleDims(subject, spec) };
  const samples = drawInputs([inputSpec], recognisedSamples, 0);
  const feeds = modelFeeds(samples, [spec], 0, recognisedSamples);
  const trace = await traceModel(model, nodes, feeds, threads, target);
  const dims = samples.inputs.map((input) => [input.name, [recognisedSamples, ...input.dims]] as const);
  const recognition = recognisePerceptron(subject, lowerSubject(subject, new Map(dims), trace));
  if (!recognition.ok) {
    const { kind, message, detail } = recognition.failure;
    throw new FailureError(kind, message, detail);
  }
  const { perceptron } = recognition;
  const parameters = parameterCount(perceptron.layers);
  const facts = modelFacts(model, target, parameters, describeArchitecture(perceptron));
  return { model, subject, perceptron, inputSpec, facts };
}

/** What no chain of affine layers has: a graph with one of them need not be run to know that it is none. */
const neverInPerceptrons: ReadonlySet<string> = new Set([
  ...['LSTM', 'GRU', 'RNN', 'Attention', 'PRelu', 'BatchNormalization', 'LayerNormalization'],
  ...['InstanceNormalization', 'GroupNormalization', 'RMSNormalization', 'SimplifiedLayerNormalization'],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ConvTranspose', 'Resize'],
]);

/** The dimensions of one sample; a single one that the file leaves open follows from the weight of the first product. */
function sampleDims({ graph, nodes }: Subject, { dims }: TensorSpec): readonly (number | null)[] {
  const declared = (dims ?? [null, null]).slice(1).map((size) => (typeof size === 'number' ? size : null));
  if (!declared.includes(null)) return declared;
  const widths = nodes.flatMap((node) => {
    const weight = graph.initialisers.get(node.inputs[1] ?? '')?.dims ?? [];
    const isTurned = attributeOf(node, 'transB', 'int') === 1 || operatorName(node).includes('::Linear');
    const isProduct = /^(MatMul|Gemm|ai\.onnx\.ml::Linear\w+)$/.test(operatorName(node));
    return isProduct && weight.length > 0 ? [(isTurned ? weight[1] : weight[0]) ?? 1] : [];
  });
  const missing = (widths[0] ?? 0) / sizeOf(declared.map((size) => size ?? 1));
  const isOne =
    declared.filter((size) => size === null).length === 1 && Number.isInteger(missing) && missing > 0;
  return declared.map((size) => size ?? (isOne ? missing : null));
}

const mostCandidates = 20;

/**
 * The output of a model that has several with logits of their own, where nobody said which: null where there is no doubt.
 * @throws FailureError UsageError where several of them are perceptrons
 */
async function onlyOutput(
  model: Model,
  request: SubjectRequest,
  threads: number,
  loss: Loss,
): Promise<string | null> {
  const { graph } = model;
  const outputs = graph.outputs.filter(({ type }) => /^b?float/.test(type)).map(({ name }) => name);
  if (outputs.length < 2) return null;
  const heads = new Map(outputs.map((output) => [output, findHead(graph, output)]));
  const logits = new Set([...heads.values()].map((head) => head.logits));
  // Logits and their probabilities: the same loss, and the head is known from the second.
  if (logits.size === 1) return outputs.find((output) => heads.get(output)?.kind !== 'none') ?? null;
  if (outputs.length > mostCandidates) throw ambiguous(outputs);
  for (const output of outputs) {
    const found = await readOutput(model, { ...request, output }, threads, loss).catch((error: unknown) => {
      if (error instanceof FailureError) return null;
      throw error;
    });
    if (found !== null) throw ambiguous(outputs);
  }
  return null;
}

function ambiguous(outputs: readonly string[]): FailureError {
  const shown = outputs.slice(0, 8).map((name) => `"${printable(name)}"`);
  return new FailureError(
    'UsageError',
    `The model has several outputs that a loss can be put on (${shown.join(', ')}${outputs.length > shown.length ? ', …' : ''}); choose one with --output.`,
  );
}
