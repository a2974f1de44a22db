import type { Value } from '../graph/static/value';
import { dependentOn, sizeOf } from '../graph/static/value';
import { findNeededValues } from '../graph/writing/writeOnnx';
import { FailureError } from '../report/failure';
import { formatCount } from '../report/wording/number';
import { byteSize } from '../report/wording/byteSize';
import { cutBatches } from './batches';
import type { CurvatureGraphs } from './curvatureGraphs';
import { buildCurvatureGraphs } from './curvatureGraphs';
import type { Objective, PreparedModel } from './preparedModel';
import { prepareModel, requireSamplesApart } from './preparedModel';
import { residualsOf } from './residuals';
import { rules, type Rules } from './rules/rules';
import { parameterCount } from '../subject/subject';
import { multiplyAddsOf, peakBytesOf } from './workload';
import { setting } from '../report/wording/settings';

/** A model lowered and differentiated for batches that its work fits the memory with. */
export interface PlannedModel {
  readonly objective: Objective;
  readonly table: Rules;
  readonly prepared: PreparedModel;
  readonly graphs: CurvatureGraphs;
}

/** Vectors of the weights' length that products and their check hold together, beside what a batch takes. */
const vectorsOfProduct = 10;
/** The work of one batch takes this part at most of what the vectors leave of the memory: residuals stand beside it. */
const batchShare = 0.35;
/** Samples of the first two lowerings, which tell what a batch takes by itself and what every sample takes. */
const probedSamples = [2, 4] as const;
/** Numbers of the largest tensor of a batch: more would not stay in the cache between two operators. */
const cachedNumbers = 2 ** 17;
/** But every batch reads and writes all weights: beside many of them no tensor need be smaller than a few times as many. */
const numbersPerWeight = 2;
/** And an operator takes some microseconds by itself, in which so many numbers go through one: on fewer it is wasted. */
const numbersPerOperator = 2 ** 15;

/** Of ProductOptions. */
interface PlanOptions {
  readonly memoryBudget: number;
  readonly batch: number | null;
}

/** Bytes of the working set of one batch, and numbers of its largest tensor and of the mean one. */
interface Work {
  readonly samples: number;
  readonly bytes: number;
  readonly largest: number;
  readonly mean: number;
}

/**
 * Lowers the model for a few samples, from whose graphs the memory of a batch is known, then for batches of the size that
 * fits. The measure is the Hessian's product that keeps nothing, in float64: the check makes it whatever the products are.
 * @throws FailureError TooLarge where one sample, or a batch of the only size that the model takes, does not fit
 */
export async function planModel(
  objective: Objective,
  { memoryBudget, batch }: PlanOptions,
  table: Rules = rules,
): Promise<PlannedModel> {
  const { samples, subject, session } = objective;
  const order = parameterCount(subject);
  const vectors = vectorBytes(order);
  requireRoom(order, 1, 0, memoryBudget);
  if (batch !== null) {
    const batches = { count: Math.ceil(samples.count / batch), size: batch };
    const prepared = await prepareModel(objective, batches, null);
    await requireSamplesApart(prepared, objective);
    const planned = differentiate(prepared, objective, table);
    requireRoom(order, batch, workOf(planned).bytes, memoryBudget);
    return planned;
  }
  const planFor = async (size: number, smaller: PreparedModel | null): Promise<PlannedModel> => {
    const batches = cutBatches(samples.count, size);
    const prepared = await prepareModel(objective, batches, smaller);
    return differentiate(prepared, objective, table);
  };
  const few = await planFor(probedSamples[0], null);
  const some = await planFor(probedSamples[1], few.prepared);
  // Of what runs along the samples, as a recurrent layer over the wrong axis does, the first ones know nothing of the last.
  await requireSamplesApart(some.prepared, objective);
  const [work, more] = [workOf(few), workOf(some)];
  const added = more.samples - work.samples;
  const difference = added === 0 ? work.bytes / work.samples : (more.bytes - work.bytes) / added;
  // Where the weights take nearly everything, four samples may take no more than two.
  const bytesPerSample = Math.max(1, difference);
  const fixedBytes = work.bytes - bytesPerSample * work.samples;
  requireRoom(order, 1, fixedBytes + bytesPerSample, memoryBudget);
  const room = batchShare * (memoryBudget - vectors) - fixedBytes;
  const cached = Math.max(cachedNumbers, numbersPerWeight * order);
  // Lowering for a batch keeps all tensors of the model's own run on it.
  const { traced } = await session.bytesOfSample(samples);
  const largest = (memoryBudget - vectors) / Math.max(1, traced);
  const fastest = more.samples * Math.max(cached / more.largest, numbersPerOperator / more.mean);
  const most = Math.floor(Math.min(room / bytesPerSample, fastest, largest));
  const { size } = cutBatches(samples.count, most);
  const known = [few, some].find(({ prepared }) => prepared.batches.size === size);
  return known ?? planFor(size, some.prepared);
}

/** Bytes of the vectors that products hold, whatever their batches. */
export function vectorBytes(order: number): number {
  return 8 * vectorsOfProduct * order;
}

/** One product over all samples, counted before anything is opened: order, multiply-adds, operators. */
export function countProduct({ prepared, graphs }: PlannedModel): {
  readonly order: number;
  readonly multiplyAdds: number;
  readonly operators: number;
} {
  const { hessianProduct, directions, samples } = graphs;
  const kept = new Set(residualsOf(hessianProduct, directions, samples, 'float64'));
  const given = new Map([...kept].map((value, i) => [value, `residual ${i}`]));
  const computed = findNeededValues(hessianProduct, given).filter((value) => !kept.has(value));
  const { count } = prepared.batches;
  return {
    order: graphs.parameters.reduce((sum, { dims }) => sum + sizeOf(dims), 0),
    multiplyAdds: count * multiplyAddsOf(computed),
    operators: count * computed.length,
  };
}

function differentiate(prepared: PreparedModel, objective: Objective, table: Rules): PlannedModel {
  const { lowered, layers, width, classAxis } = prepared;
  const { loss, targets } = objective;
  objective.between?.();
  const parameters = layers.flatMap((layer) =>
    layer.parameters.flatMap(({ name }) => lowered.parameters.get(name) ?? []),
  );
  const graphs = buildCurvatureGraphs(lowered, {
    loss,
    width,
    parameters,
    table,
    classAxis,
    weighsNumbers: targets.factors !== undefined,
  });
  return { objective, table, prepared, graphs };
}

function workOf({ prepared, graphs }: PlannedModel): Work {
  const forward = findNeededValues([graphs.outputs], new Map());
  const ofSamples = dependentOn(graphs.samples, forward);
  const sizes = [...ofSamples].flatMap(({ operation, dims }) =>
    operation.kind === 'reshape' || operation.kind === 'im2col' ? [] : [sizeOf(dims)],
  );
  return {
    samples: prepared.batches.size,
    bytes: peakBytesOf(graphs.hessianProduct, new Map<Value, string>(), 'float64'),
    largest: sizes.reduce((most, size) => Math.max(most, size), 1),
    mean: Math.max(1, sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length)),
  };
}

/**
 * @param count whether there are so many parameters, or these at least
 * @throws FailureError TooLarge where the vectors of products alone are more than the memory holds
 */
export function requireVectors(order: number, memoryBudget: number, count: 'just' | 'at least'): void {
  const vectors = vectorBytes(order);
  if (vectors <= memoryBudget) return;
  const fitting = Math.floor(memoryBudget / vectorBytes(1));
  throw new FailureError(
    'TooLarge',
    `The products of ${count === 'just' ? '' : 'at least '}${formatCount(order)} parameters take about ${byteSize(vectors)} for their vectors alone, ${moreThan(memoryBudget)}, or analyse a model of at most ${formatCount(fitting)} parameters.`,
  );
}

function moreThan(memoryBudget: number): string {
  return `more than the ${byteSize(memoryBudget)} allowed; allow more with ${setting('memory')}`;
}

/** What the vectors, and so few samples by themselves, take against the budget. */
function requireRoom(order: number, samples: number, ofSamples: number, memoryBudget: number): void {
  requireVectors(order, memoryBudget, 'just');
  const bytes = vectorBytes(order) + ofSamples;
  if (bytes <= memoryBudget) return;
  const many = samples === 1 ? 'one sample' : `the ${formatCount(samples)} samples that the model takes`;
  throw new FailureError(
    'TooLarge',
    `The products of ${formatCount(order)} parameters take about ${byteSize(bytes)} with ${many} at a time, ${byteSize(ofSamples)} of it for ${samples === 1 ? 'the sample' : 'these'}, ${moreThan(memoryBudget)}, or analyse the model on smaller inputs.`,
  );
}
