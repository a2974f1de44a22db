import type { LoweredModel } from '../graph/lowering/lowerGraph';
import { lowerGraph } from '../graph/lowering/lowerGraph';
import { sizeOf } from '../graph/static/value';
import type { Trace } from '../graph/trace';
import type { ModelSamples } from '../inference/feeds';
import type { ModelSession } from '../inference/modelSession';
import { heldNumbers, loweredInput, lossInput, type LossInput } from '../loss/lossInput';
import { inRows, type Targets } from '../loss/targets';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss } from '../report/report';
import { groupLayers, type Layer } from '../subject/layers';
import { nodesOf, type Subject } from '../subject/subject';
import type { Batches } from './batches';
import { setting } from '../report/wording/settings';

/** A loss on the outputs of a model at samples. */
export interface Objective {
  readonly subject: Subject;
  /** The model's own file. */
  readonly session: ModelSession;
  readonly samples: ModelSamples;
  readonly targets: Targets;
  readonly loss: Loss;
  /** λ of ½λ‖θ‖² over what decays of the subject, which is added to the loss; without it 0. */
  readonly weightDecay?: number;
  /** Called between the steps of the preparation; what it throws ends it. */
  readonly between?: () => void;
}

/** The loss on samples `from` to `to` alone. */
export function someSamples(objective: Objective, from: number, to: number): Objective {
  const { samples, targets } = objective;
  const count = to - from;
  const part = (values: Float64Array): Float64Array => {
    const width = values.length / samples.count;
    return values.subarray(from * width, to * width);
  };
  const { values, factors, rows } = targets;
  return {
    ...objective,
    samples: { count, inputs: samples.inputs.map((input) => ({ ...input, data: part(input.data) })) },
    targets: {
      ...targets,
      count,
      values: part(values),
      ...(factors !== undefined && { factors: part(factors) }),
      ...(rows !== undefined && { rows: { ...rows, weights: part(rows.weights) } }),
    },
  };
}

/** A model lowered for batches of one size. */
export interface PreparedModel {
  readonly subject: Subject;
  /** What the loss is put on. */
  readonly input: LossInput;
  readonly batches: Batches;
  readonly lowered: LoweredModel;
  readonly layers: readonly Layer[];
  /** Number of outputs of one row. */
  readonly width: number;
  /** The axis of the output along which its rows lie, where a sample has several; else null. */
  readonly classAxis: number | null;
  /** What the file's own operators gave for the first batch: B × C, as rows. */
  readonly ownOutputs: Float64Array;
  /** How far they may be off by their own rounding, relative to the largest. */
  readonly rounding: number;
}

/**
 * Traces the model on a first batch of real samples and lowers it for batches of that size.
 * @param smaller what a smaller batch gave, whose samples must have the same outputs in this one
 */
export async function prepareModel(
  { subject, session, samples, targets, loss }: Objective,
  batches: Batches,
  smaller: PreparedModel | null,
): Promise<PreparedModel> {
  const { graph, parameters } = subject;
  const input = lossInput(subject, loss);
  const trace = await session.trace(samples, batches.size, input.tensor);
  const outputs = trace.get(input.tensor);
  const inputDims = new Map(samples.inputs.map(({ name, dims }) => [name, [batches.size, ...dims]]));
  const lowered = lowerSubject(subject, input, inputDims, trace);
  const dims = input.inside === null ? (outputs?.dims ?? []) : lowered.output.dims;
  const classAxis = targets.rows?.classAxis ?? null;
  const given = Float64Array.from(outputs?.data ?? [], Number);
  const values = heldNumbers(input, given, batches.size);
  const ownOutputs = classAxis === null ? values : inRows(values, dims, classAxis);
  const rounding = roundingOf(trace);
  if (smaller !== null) requireIndependentRows(subject, smaller, ownOutputs, rounding);
  const width = widthOf(subject, dims, batches.size, targets);
  const used = parameters.filter(({ name }) => lowered.parameters.has(name));
  const layers = groupLayers(graph, used, (tensor) => trace.get(tensor)?.dims ?? null);
  return { subject, input, batches, lowered, layers, width, classAxis, ownOutputs, rounding };
}

/**
 * The part of a model that makes what a loss is put on, lowered.
 * @param inputDims of the samples of one batch, by graph input
 */
export function lowerSubject(
  subject: Subject,
  input: LossInput,
  inputDims: ReadonlyMap<string, readonly number[]>,
  trace: Trace,
): LoweredModel {
  const { graph, parameters, copies } = subject;
  const { tensor } = input;
  const learned = new Set(parameters.map(({ name }) => name));
  const nodes = nodesOf(subject, tensor);
  const lowered = lowerGraph(graph, {
    nodes,
    output: tensor,
    parameters: { learned, copies },
    inputDims,
    trace,
  });
  return { ...lowered, output: loweredInput(lowered.g, input, lowered.output) };
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
  { subject, input, batches, ownOutputs, classAxis, rounding }: PreparedModel,
  { samples, session }: Objective,
): Promise<void> {
  const { size } = batches;
  if (size === 1) return;
  const width = ownOutputs.length / size;
  const largest = ownOutputs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const at of new Set([0, Math.min(size, samples.count) - 1])) {
    const { [input.tensor]: result } = await session.run(
      [input.tensor],
      samplesBut(samples, at, size),
      0,
      size,
    );
    const given = Float64Array.from(result?.data ?? [], Number);
    const values = heldNumbers(input, given, size);
    const rows = classAxis === null ? values : inRows(values, result?.dims ?? [], classAxis);
    const own = ownOutputs.subarray(at * width, (at + 1) * width);
    const alone = rows.subarray(at * width, (at + 1) * width);
    if (own.every((value, i) => !(Math.abs(value - (alone[i] ?? Number.NaN)) > rounding * largest + 1e-5)))
      continue;
    throw new FailureError(
      'UnsupportedStructure',
      `The output "${printable(subject.output)}" of a sample depends on the other samples of its batch, so there is no loss for each sample; export the model in evaluation mode and with a free batch size.`,
    );
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
function widthOf({ output }: Subject, dims: readonly number[], size: number, targets: Targets): number {
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
      `The output "${printable(output)}" has the shape [${dims.join(', ')}] for ${size} samples, not one row for each; choose another output with ${setting('output')}.`,
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
