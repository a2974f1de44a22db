import type { TensorSpec } from '../graph/graph';
import { sizeOf } from '../graph/static/value';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import { narrowToFloat16 } from '../runtime/floats16';
import type { RunFeeds, RunTensor } from '../runtime/session';
import { setting } from '../report/wording/settings';

/** Samples as the products take them; every input holds count × product(dims) numbers. */
export interface ModelSamples {
  readonly count: number;
  /** Where every sample lies in its file; null or absent: all of the file, in its order. */
  readonly indices?: Int32Array | null;
  readonly inputs: readonly {
    readonly name: string;
    /** Dimensions of one sample. */
    readonly dims: readonly number[];
    readonly data: Float64Array;
  }[];
}

/** Rows `from` to `from + size` of a table; beyond its end the first row stands in, which gets no weight. */
export function paddedRows(values: Float64Array, width: number, from: number, size: number): Float64Array {
  const rows = values.length / width;
  if (from + size <= rows) return values.subarray(from * width, (from + size) * width);
  const padded = new Float64Array(size * width);
  padded.set(values.subarray(from * width));
  const first = values.subarray(0, width);
  for (let row = rows - from; row < size; row++) padded.set(first, row * width);
  return padded;
}

/** The samples of a batch as the model's own file takes them. */
export function modelFeeds(
  samples: ModelSamples,
  specs: readonly TensorSpec[],
  from: number,
  size: number,
): RunFeeds {
  return Object.fromEntries(
    specs.map(({ name, type }) => {
      const input = samples.inputs.find((each) => each.name === name);
      if (input === undefined) {
        throw new FailureError(
          'SampleKeyMissing',
          `The samples hold nothing for the model's input "${printable(name)}"; name the array with ${setting('inputs')}.`,
        );
      }
      const rows = paddedRows(input.data, sizeOf(input.dims), from, size);
      return [name, typedTensor(rows, type, [size, ...input.dims], name)];
    }),
  );
}

function typedTensor(
  values: Float64Array,
  type: TensorSpec['type'],
  dims: readonly number[],
  name: string,
): RunTensor {
  switch (type) {
    case 'float32':
      return { dims, data: new Float32Array(values) };
    case 'float64':
      return { dims, data: values };
    case 'float16':
      return { dims, data: narrowToFloat16(values) };
    case 'int64':
      return { dims, data: BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))) };
    case 'int32':
      return { dims, data: Int32Array.from(values) };
    case 'uint8':
      return { dims, data: Uint8Array.from(values) };
    case 'bool':
      return { dims, data: Uint8Array.from(values, (value) => Number(value !== 0)), type: 'bool' };
    default:
      throw new FailureError(
        'UnsupportedStructure',
        `Input "${printable(name)}" takes ${type}, which cannot be fed here; export the model with a float32 input.`,
      );
  }
}
