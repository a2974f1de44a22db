import { lowerSubject } from '../autodiff/preparedModel';
import type { Graph, GraphNode, TensorSpec } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { nodeText } from '../graph/nodeText';
import { operatorName } from '../graph/operatorName';
import { sizeOf } from '../graph/static/value';
import { lossInput, type LossInput } from '../loss/lossInput';
import { parameterCount, type Perceptron } from '../perceptron/perceptron';
import { recognisedSamples } from '../perceptron/meanings';
import { describeArchitecture, recognisePerceptron } from '../perceptron/recognise';
import type { Failure } from '../report/failure';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss, ModelFacts } from '../report/report';
import { drawInputs } from '../samples/drawInputs';
import type { InputSpec } from '../samples/samples';
import { nodesOf, type Subject } from '../subject/subject';
import type { AnalysedModel } from './analysedModel';
import { modelFacts } from './modelFacts';

/** A model that the closed form serves. */
export interface ReadPerceptron {
  readonly subject: Subject;
  /** What of the file it makes. */
  readonly input: LossInput;
  readonly perceptron: Perceptron;
  readonly inputSpec: InputSpec;
  readonly facts: ModelFacts;
}

export type PerceptronReading =
  { readonly ok: true; readonly read: ReadPerceptron } | { readonly ok: false; readonly failure: Failure };

/**
 * The model as a perceptron, or what is in the way. It is run once, on two drawn samples, for the shapes of its tensors.
 * @param loss the one asked for; null: that of the head
 */
export async function readPerceptron(analysed: AnalysedModel, loss: Loss | null): Promise<PerceptronReading> {
  try {
    return { ok: true, read: await recogniseOrExplain(analysed, lossInput(analysed.subject, loss)) };
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

async function recogniseOrExplain(
  { model, subject, session }: AnalysedModel,
  input: LossInput,
): Promise<ReadPerceptron> {
  const { graph } = subject;
  const { tensor: target } = input;
  const nodes = nodesOf(subject, target);
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
  const indexes = subject.inputs.find(({ name }) => name === spec.name)?.indexes;
  const inputSpec: InputSpec = {
    name: spec.name,
    type: spec.type,
    dims: sampleDims(graph, nodes, spec),
    ...(indexes !== undefined && { indexes }),
  };
  const samples = drawInputs([inputSpec], recognisedSamples, 0);
  const trace = await session.trace(samples, recognisedSamples, target);
  const dims = samples.inputs.map((input) => [input.name, [recognisedSamples, ...input.dims]] as const);
  const lowered = lowerSubject(subject, input, new Map(dims), trace);
  const recognition = recognisePerceptron(subject, target, lowered);
  if (!recognition.ok) {
    const { kind, message, detail } = recognition.failure;
    throw new FailureError(kind, message, detail);
  }
  const { perceptron } = recognition;
  const parameters = parameterCount(perceptron.layers);
  const facts = modelFacts(model, target, parameters, describeArchitecture(perceptron));
  return { subject, input, perceptron, inputSpec, facts };
}

/** What no chain of affine layers has: a graph with one of them need not be run to know that it is none. */
const neverInPerceptrons: ReadonlySet<string> = new Set([
  ...['LSTM', 'GRU', 'RNN', 'Attention', 'PRelu', 'BatchNormalization', 'LayerNormalization'],
  ...['InstanceNormalization', 'GroupNormalization', 'RMSNormalization', 'SimplifiedLayerNormalization'],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ConvTranspose', 'Resize'],
]);

/** The dimensions of one sample; a single one that the file leaves open follows from the weight of the first product. */
function sampleDims(
  graph: Graph,
  nodes: readonly GraphNode[],
  { dims }: TensorSpec,
): readonly (number | null)[] {
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
