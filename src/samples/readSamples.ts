import type { SampleSource } from '../report/request';
import { FailureError } from '../report/failure';
import { quote } from '../files/quote';
import { drawInputs } from './drawInputs';
import { fitSelection } from './fitSelection';
import { labelsOf } from './labels';
import { drawWithoutReplacement } from './random';
import type { SampleArray, Selection } from './sampleArray';
import { withSampleFile } from './sampleFile';
import {
  mostInputNumbers,
  type InputSpec,
  type Labels,
  type SampleInput,
  type Samples,
  type SampleWeights,
} from './samples';
import { readFinite, requireEach } from './values';
import { setting } from '../report/wording/settings';

export interface ReadOptions {
  /** Multiplies the inputs of float type. */
  readonly scale: number;
  /** At most this many samples, drawn without replacement by the seed and kept in the file's order; null: all. */
  readonly limit: number | null;
  readonly seed: number;
  /** The label that is left out. */
  readonly ignoreLabel?: number | null;
  /** The model's own names of its classes. */
  readonly classNames?: readonly string[] | null;
  /** Whether pictures that cannot be read are left out. */
  readonly leaveOutBroken?: boolean;
}

/**
 * The samples that a request names, in the shapes that the model's inputs take. Numbers come out as the file holds them, times
 * the scale; nothing is reordered, padded or cut. FailureError with one sentence, of a kind that blames the samples (or the
 * usage), for whatever does not fit.
 */
export async function readSamples(
  source: SampleSource,
  specs: readonly InputSpec[],
  options: ReadOptions,
): Promise<Samples> {
  requireOptions(options);
  if (source.kind === 'random') return drawInputs(specs, source.count, options.seed);
  return withSampleFile(source.path, async (file) => {
    const { classNames = null, leaveOutBroken = false } = options;
    const selection = await file.select(specs, { ...source, classNames, leaveOutBroken });
    const { count: total, dims } = fitSelection(file.name, selection, specs);
    const drawn =
      options.limit === null || options.limit >= total
        ? null
        : drawWithoutReplacement(total, options.limit, options.seed);
    const count = drawn?.length ?? total;
    requireSize(file.name, count, dims);
    const inputs: SampleInput[] = [];
    for (const [index, spec] of specs.entries()) {
      const array = selection.inputs[index];
      if (array === undefined) throw new RangeError('a selection has one array for each input');
      const data = await readFinite(array, drawn, count);
      inputs.push({
        name: spec.name,
        dims: dims[index] ?? [],
        ...(array.pictures !== undefined && { pictures: array.pictures }),
        data: fitValues(array, data, { spec, scale: options.scale, drawn, count }),
      });
    }
    return {
      source: file.name,
      count,
      indices: drawn,
      inputs,
      labels: selection.labels === null ? null : await readLabels(selection.labels, drawn, count, options),
      ...(selection.weights !== undefined && {
        weights: await readWeights(selection.weights, drawn, count),
      }),
      ...(selection.unused !== undefined && { unused: selection.unused }),
      ...(selection.notes !== undefined && { notes: selection.notes }),
      scale: options.scale,
    };
  });
}

async function readLabels(
  array: SampleArray,
  drawn: Int32Array | null,
  count: number,
  { ignoreLabel }: ReadOptions,
): Promise<Labels> {
  const values = await readFinite(array, drawn, count, true);
  return labelsOf(array, values, (index) => drawn?.[index] ?? index, count, ignoreLabel ?? undefined);
}

async function readWeights(
  { key, array }: NonNullable<Selection['weights']>,
  drawn: Int32Array | null,
  count: number,
): Promise<SampleWeights> {
  const values = await readFinite(array, drawn, count);
  const isWeight = (value: number): boolean => value >= 0;
  requireEach(array, values, {
    drawn,
    count,
    holds: isWeight,
    failure: (value, place) => {
      return new FailureError(
        'SampleShapeMismatch',
        `${array.title} holds ${String(value)} ${place}, and no sample can weigh less than 0; correct it, or name the array otherwise if it holds no weights.`,
      );
    },
  });
  return { key, values };
}

/** Before anything of that size is read. */
function requireSize(file: string, count: number, dims: readonly (readonly number[])[]): void {
  const width = dims.reduce((sum, sizes) => sum + sizes.reduce((product, size) => product * size, 1), 0);
  if (count * width <= mostInputNumbers) return;
  throw new FailureError(
    'SamplesUnreadable',
    `${quote(file)} holds ${(count * width).toLocaleString('en')} input numbers, more than the ${mostInputNumbers.toLocaleString('en')} that fit in memory; take fewer samples with ${setting('limit', String(Math.max(1, Math.floor(mostInputNumbers / width))))}.`,
  );
}

/** Scales float inputs; checks that inputs of integer type are whole numbers of that type. */
function fitValues(
  array: SampleArray,
  values: Float64Array,
  {
    spec,
    scale,
    drawn,
    count,
  }: {
    readonly spec: InputSpec;
    readonly scale: number;
    readonly drawn: Int32Array | null;
    readonly count: number;
  },
): Float64Array {
  const range = integerRange(spec);
  if (range === null) return scale === 1 ? values : values.map((value) => value * scale);
  const [least, greatest] = range;
  requireEach(array, values, {
    drawn,
    count,
    holds: (value) => Number.isInteger(value) && value >= least && value <= greatest,
    failure: (value, place) => {
      return new FailureError(
        'SampleShapeMismatch',
        `${array.title} holds ${String(value)} ${place}, but the model's input ${quote(spec.name)} takes ${spec.type}; choose another array or file.`,
      );
    },
  });
  requireRows(array, values, spec, drawn, count);
  return values;
}

/** Whatever chooses a row of a table must be one; negative numbers count from its end. */
function requireRows(
  array: SampleArray,
  values: Float64Array,
  spec: InputSpec,
  drawn: Int32Array | null,
  count: number,
): void {
  const { rows, isBound } = spec.indexes ?? { rows: 0, isBound: false };
  if (!isBound) return;
  requireEach(array, values, {
    drawn,
    count,
    holds: (value) => value >= -rows && value < rows,
    failure: (value, place, sample) => {
      return new FailureError(
        'IndexOutOfRange',
        `${array.title} holds ${String(value)} ${place}, in sample ${String(sample)}, but the model's input ${quote(spec.name)} chooses rows of a table that has ${String(rows)}, 0 to ${String(rows - 1)}; correct that number, or make the samples as the model's own were made.`,
      );
    },
  });
}

/** null for a type of fractions. */
function integerRange(spec: InputSpec): readonly [number, number] | null {
  if (spec.type === 'bool') return [0, 1];
  const [, unsigned, digits] = /^(u?)int(\d+)$/.exec(spec.type) ?? [];
  if (digits === undefined) return null;
  const bits = Number(digits) - (unsigned === 'u' ? 0 : 1);
  const greatest = Math.min(2 ** bits - 1, Number.MAX_SAFE_INTEGER);
  return [unsigned === 'u' ? 0 : -greatest - (bits < 53 ? 1 : 0), greatest];
}

function requireOptions(options: ReadOptions): void {
  if (!Number.isFinite(options.scale) || options.scale === 0) {
    throw new FailureError(
      'UsageError',
      `The scale ${String(options.scale)} is no number that inputs can be multiplied by; give another with ${setting('scale')}.`,
    );
  }
  if (options.limit !== null && !(Number.isSafeInteger(options.limit) && options.limit >= 1)) {
    throw new FailureError(
      'UsageError',
      `The limit ${String(options.limit)} is no number of samples; give a whole number from 1 with ${setting('limit')}.`,
    );
  }
}
