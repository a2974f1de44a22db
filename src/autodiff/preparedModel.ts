import type { Graph, GraphNode } from '../graph/graph';
import type { Head } from '../graph/head';
import { ancestors, chooseOutput, findHead } from '../graph/head';
import type { Layer } from '../graph/layers';
import { groupLayers } from '../graph/layers';
import { beforeHead } from '../graph/lowering/classicalLearners';
import type { LoweredModel } from '../graph/lowering/lowerGraph';
import { lowerGraph } from '../graph/lowering/lowerGraph';
import type { Parameter, ParameterChoice, ParameterSurvey } from '../graph/parameters';
import { noChoice, surveyParameters } from '../graph/parameters';
import { withTrainedBiases } from '../graph/recurrentBiases';
import { refuseUndifferentiable } from '../graph/refusals';
import { sizeOf } from '../graph/static/value';
import { findTransposedCopies, separateMerged } from '../graph/tiedWeights';
import type { Executable, Trace } from '../graph/trace';
import { openModel, traceModel } from '../graph/trace';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss } from '../report/report';
import type { Batches } from './batches';
import type { LossTargets, ModelSamples } from './feeds';
import { modelFeeds } from './feeds';
import { isHeadInside, probabilitiesOf } from './headInside';
import { inRows } from './outputRows';

/** A model that can be run and looked into. */
export type DifferentiableModel = Executable & { readonly graph: Graph };

/** The part of a model that a loss is put on, known before anything is run. */
export interface Subject {
  readonly model: DifferentiableModel;
  /** The model's graph, with merged constants apart. */
  readonly graph: Graph;
  /** The output as the user knows it. */
  readonly output: string;
  readonly head: Head;
  /** The tensor that the loss is put on: the logits, where the head belongs to the loss. */
  readonly target: string;
  /** Those that make the target, in an order in which they can run. */
  readonly nodes: readonly GraphNode[];
  readonly parameters: readonly Parameter[];
  /** How they were told from other constants. */
  readonly survey: ParameterSurvey;
  /** Tensors that are transposed copies of parameters, with the parameter's name. */
  readonly copies: ReadonlyMap<string, string>;
}

/**
 * Chooses the output, cuts the head that belongs to the loss, and finds the parameters.
 * @throws FailureError UsageError, UnsupportedOperator, UnsupportedStructure, NoParameters, NonFiniteWeights
 */
export function findSubject(
  model: DifferentiableModel,
  loss: Loss,
  requestedOutput: string | null,
  evaluation: boolean,
  choice: ParameterChoice = noChoice,
): Subject {
  const graph = withTrainedBiases(separateMerged(model.graph));
  const output = chooseOutput(graph, requestedOutput);
  if (output === null) {
    throw new FailureError(
      'UsageError',
      `The model has no output "${printable(requestedOutput ?? '')}"; name one of ${graph.outputs.map(({ name }) => printable(name)).join(', ')} with --output, or any tensor inside the model.`,
    );
  }
  const head = findHead(graph, output);
  // Squared error is that of what the model gives, head included.
  const target = loss === 'mean-squared-error' ? output : head.logits;
  const nodes = ancestors(graph, target);
  refuseUndifferentiable(graph, nodes, evaluation);
  requireFloats(graph, choice);
  const survey = surveyParameters(graph, nodes, choice);
  const found = survey.parameters;
  const unused = choice.trained.find((name) => !found.some((parameter) => parameter.name === name));
  if (unused !== undefined) {
    throw new FailureError(
      'UsageError',
      `The tensor "${printable(unused)}" of --trained is no part of what makes "${printable(output)}"; leave it out.`,
    );
  }
  const copies = findTransposedCopies(found);
  const parameters = found.filter(({ name }) => !copies.has(name));
  if (parameters.length === 0) {
    throw new FailureError(
      'NoParameters',
      `No float weights lie between the samples and "${printable(output)}"; choose another output with --output.`,
    );
  }
  const broken = parameters.find(({ tensor }) =>
    tensor.data.some((value: number | bigint) => !Number.isFinite(Number(value))),
  );
  if (broken !== undefined) {
    throw new FailureError(
      'NonFiniteWeights',
      `The weights "${printable(broken.name)}" hold NaN or infinity; save the model from before its training diverged.`,
    );
  }
  return { model, graph, output, head, target, nodes, parameters, survey, copies };
}

/** Tensors that a user chooses must be there, and hold numbers that a gradient can be taken to. */
function requireFloats({ initialisers }: Graph, { trained, fixed }: ParameterChoice): void {
  for (const [option, names] of Object.entries({ trained, fixed })) {
    for (const name of names) {
      const type = initialisers.get(name)?.type;
      if (type !== undefined && /^b?float/.test(type)) continue;
      const what =
        type === undefined
          ? 'The model holds no tensor'
          : `The numbers are ${type}, not float, in the tensor`;
      throw new FailureError(
        'UsageError',
        `${what} "${printable(name)}" of --${option}; name one that the file stores in float, as a warning or a model viewer spells it.`,
      );
    }
  }
}

/** A model lowered for batches of one size. */
export interface PreparedModel {
  readonly subject: Subject;
  readonly batches: Batches;
  readonly lowered: LoweredModel;
  readonly layers: readonly Layer[];
  /** Number of outputs of one row. */
  readonly width: number;
  /** The axis of the output along which its rows lie, where a sample has several; else null. */
  readonly classAxis: number | null;
  /** What the file's own operators gave for the first batch: B × C, as rows; probabilities where the head lies inside one. */
  readonly ownOutputs: Float64Array;
  /** How far they may be off by their own rounding, relative to the largest. */
  readonly rounding: number;
}

/**
 * Traces the model on a first batch of real samples and lowers it for batches of that size.
 * @param smaller what a smaller batch gave, whose samples must have the same outputs in this one
 */
export async function prepareModel(
  subject: Subject,
  samples: ModelSamples,
  targets: LossTargets,
  batches: Batches,
  threads: number,
  smaller: PreparedModel | null,
): Promise<PreparedModel> {
  const { model, graph, nodes, target, parameters } = subject;
  const needed = new Set(nodes.flatMap(({ inputs }) => inputs));
  const specs = graph.inputs.filter(({ name }) => needed.has(name) || name === target);
  const trace = await traceModel(model, nodes, modelFeeds(samples, specs, 0, batches.size), threads, target);
  const outputs = trace.get(target);
  const inputDims = new Map(samples.inputs.map(({ name, dims }) => [name, [batches.size, ...dims]]));
  const lowered = lowerSubject(subject, inputDims, trace);
  const dims = isHeadInside(subject) ? lowered.output.dims : (outputs?.dims ?? []);
  const classAxis = targets.rows?.classAxis ?? null;
  const given = Float64Array.from(outputs?.data ?? [], Number);
  const values = isHeadInside(subject) ? probabilitiesOf(given, sizeOf(dims)) : given;
  const ownOutputs = classAxis === null ? values : inRows(values, dims, classAxis);
  const rounding = roundingOf(trace);
  if (smaller !== null) requireIndependentRows(subject, smaller, ownOutputs, rounding);
  const width = widthOf(subject, dims, batches.size, targets);
  const used = parameters.filter(({ name }) => lowered.parameters.has(name));
  const layers = groupLayers(graph, used, (tensor) => trace.get(tensor)?.dims ?? null);
  return { subject, batches, lowered, layers, width, classAxis, ownOutputs, rounding };
}

/**
 * The part of a model that makes the target, lowered; where an operator makes the head with the logits, up to the logits.
 * @param inputDims of the samples of one batch, by graph input
 */
export function lowerSubject(
  subject: Subject,
  inputDims: ReadonlyMap<string, readonly number[]>,
  trace: Trace,
): LoweredModel {
  const { graph, nodes, target, parameters, copies } = subject;
  const learned = new Set(parameters.map(({ name }) => name));
  const lowered = lowerGraph(graph, nodes, target, { learned, copies }, inputDims, trace);
  return isHeadInside(subject) ? { ...lowered, output: beforeHead(lowered.output) } : lowered;
}

/** float32 rounds at 2⁻²⁴, float16 at 2⁻¹¹; a deep model adds up some thirty of the latter. */
function roundingOf(trace: Trace): number {
  return [...trace.values()].some(({ type }) => type === 'float16') ? 2e-2 : 1e-3;
}

/** What a sample gives must not depend on the others of its batch, or the loss is no mean over samples. */
function requireIndependentRows(
  { output }: Subject,
  { ownOutputs: few, batches }: PreparedModel,
  many: Float64Array,
  rounding: number,
): void {
  const size = few.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (few.every((value, i) => !(Math.abs(value - (many[i] ?? Number.NaN)) > rounding * size + 1e-5))) return;
  throw new FailureError(
    'UnsupportedStructure',
    `The output "${printable(output)}" of a sample depends on the other samples of its batch (it changes from ${batches.size} samples to more), so there is no loss for each sample; export the model in evaluation mode and with a free batch size.`,
  );
}

/** A sample must have its outputs with zeros for all others, too. */
export async function requireSamplesApart(
  { subject, batches, ownOutputs, classAxis, rounding }: PreparedModel,
  samples: ModelSamples,
  threads: number,
): Promise<void> {
  const { size } = batches;
  if (size === 1) return;
  const { model, graph, target, output } = subject;
  const session = await openModel(model, [target], threads);
  try {
    const used = graph.inputs.filter(({ name }) => samples.inputs.some((input) => input.name === name));
    const width = ownOutputs.length / size;
    const largest = ownOutputs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const at of new Set([0, Math.min(size, samples.count) - 1])) {
      const { [target]: result } = await session.run(
        modelFeeds(samplesBut(samples, at, size), used, 0, size),
      );
      const given = Float64Array.from(result?.data ?? [], Number);
      const values = isHeadInside(subject) ? probabilitiesOf(given, ownOutputs.length) : given;
      const rows = classAxis === null ? values : inRows(values, result?.dims ?? [], classAxis);
      const own = ownOutputs.subarray(at * width, (at + 1) * width);
      const alone = rows.subarray(at * width, (at + 1) * width);
      if (own.every((value, i) => !(Math.abs(value - (alone[i] ?? Number.NaN)) > rounding * largest + 1e-5)))
        continue;
      throw new FailureError(
        'UnsupportedStructure',
        `The output "${printable(output)}" of a sample depends on the other samples of its batch, so there is no loss for each sample; export the model in evaluation mode and with a free batch size.`,
      );
    }
  } finally {
    await session.release();
  }
}

/** A batch of zeros, but for one sample in its place. */
function samplesBut({ inputs }: ModelSamples, at: number, count: number): ModelSamples {
  return {
    count,
    inputs: inputs.map((input) => {
      const size = sizeOf(input.dims);
      const data = new Float64Array(count * size);
      data.set(input.data.subarray(at * size, (at + 1) * size), at * size);
      return { ...input, data };
    }),
  };
}

/** One row of outputs for every sample, or as many as there are targets for, as wide as the targets. */
function widthOf({ output }: Subject, dims: readonly number[], size: number, targets: LossTargets): number {
  if (targets.rows !== undefined) {
    const { classAxis, perSample } = targets.rows;
    const fits = dims[0] === size && dims[classAxis] === targets.width;
    if (fits && sizeOf(dims) === size * perSample * targets.width) return targets.width;
    throw new FailureError(
      'UnsupportedStructure',
      `The output "${printable(output)}" has the shape [${dims.join(', ')}] for ${size} samples, which are not ${perSample} rows of ${targets.width} numbers for each; export the model with a free batch size.`,
    );
  }
  const width = sizeOf(dims) / size;
  if (dims[0] !== size || dims.slice(1).filter((dim) => dim > 1).length > 1) {
    throw new FailureError(
      'UnsupportedStructure',
      `The output "${printable(output)}" has the shape [${dims.join(', ')}] for ${size} samples, not one row for each; choose another output with --output.`,
    );
  }
  if (width !== targets.width) {
    throw new FailureError(
      'SampleShapeMismatch',
      `The targets have ${targets.width} numbers for every sample, but the output "${printable(output)}" has ${width}; choose other labels or another output.`,
    );
  }
  return width;
}
