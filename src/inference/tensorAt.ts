import { sameDims, sizeOf } from '../graph/static/value';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { ModelSamples } from './feeds';
import { tooLarge, type ModelSession } from './modelSession';
import { setting } from '../report/wording/settings';

/** Samples that one run of the model takes at most. */
const batchSize = 64;
/** Of the memory, for one run: its samples and what is made of all of them stand beside it. */
const runShare = 0.5;

/** A tensor of the model at every sample. */
export interface TensorOfSamples {
  /** Of one sample. */
  readonly dims: readonly number[];
  /** Row-major, sample after sample. */
  readonly data: Float64Array;
  /** Else it holds integers or truth values. */
  readonly isFloat: boolean;
}

/** Outputs, targets and what the products give for them, in float64. */
const bytesPerOutput = 24;

/**
 * What the model gives at every sample for one of its outputs, batch after batch.
 * @param batch samples in a run where the model takes no other number of them, or null
 * @throws FailureError where the model does not run, or its first axis is not that of the samples; TooLarge where the
 * numbers of all samples do not fit the memory
 */
export async function tensorAt(
  session: ModelSession,
  tensor: string,
  samples: ModelSamples,
  batch: number | null,
  memoryBudget: number,
): Promise<TensorOfSamples> {
  const size = batch ?? (await fittingBatch(session, samples, memoryBudget));
  let found: TensorOfSamples | null = null;
  for (let from = 0; from < samples.count; from += size) {
    const { [tensor]: result } = await session.run([tensor], samples, from, size);
    const [rows, ...dims] = result?.dims ?? [];
    const width = sizeOf(dims);
    if (result !== undefined && sizeOf(result.dims) === 1 && size > 1) {
      throw new FailureError(
        'UnsupportedStructure',
        `The output "${printable(tensor)}" is one number for all ${size} samples, such as a loss that is averaged already; export the model with one for each sample (reduction="none" in PyTorch's losses), or choose another output with ${setting('output')}.`,
      );
    }
    if (result === undefined || rows !== size || (found !== null && !sameDims(found.dims, dims))) {
      throw new FailureError(
        'UnsupportedStructure',
        `The output "${printable(tensor)}" has the shape [${result?.dims.join(', ') ?? ''}] for ${size} samples, and its first axis must be that of the samples; export the model with the samples first (N × T × C for T predictions of each), or choose another output with ${setting('output')}.`,
      );
    }
    requireRoom(tensor, width, samples.count, memoryBudget);
    const isFloat = result.data instanceof Float32Array || result.data instanceof Float64Array;
    found ??= { dims, data: new Float64Array(samples.count * width), isFloat };
    const own = Math.min(size, samples.count - from) * width;
    for (let i = 0; i < own; i++) found.data[from * width + i] = Number(result.data[i]);
  }
  if (found === null) throw new RangeError('There are no samples');
  return found;
}

/** As many samples as may run together. @throws FailureError TooLarge where not even one fits the memory */
async function fittingBatch(
  session: ModelSession,
  samples: ModelSamples,
  memoryBudget: number,
): Promise<number> {
  const { alive } = await session.bytesOfSample(samples);
  if (alive > memoryBudget) throw tooLarge(alive, 1, memoryBudget);
  const fitting = Math.max(1, Math.floor((runShare * memoryBudget) / Math.max(1, alive)));
  return Math.min(batchSize, samples.count, fitting);
}

function requireRoom(tensor: string, width: number, count: number, memoryBudget: number): void {
  if (bytesPerOutput * width * count <= memoryBudget) return;
  const most = Math.floor(memoryBudget / (bytesPerOutput * width));
  const advice =
    most >= 1
      ? `take ${most} samples with ${setting('limit')}, or allow more with ${setting('memory')}`
      : `allow more with ${setting('memory')}`;
  throw new FailureError(
    'TooLarge',
    `The output "${printable(tensor)}" has ${width.toLocaleString('en')} numbers for each of ${count.toLocaleString('en')} samples, more than the ${Math.floor(memoryBudget / 2 ** 20).toLocaleString('en')} MiB allowed hold with their targets; ${advice}.`,
  );
}
