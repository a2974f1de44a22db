import type { Precision } from '../graph/writing/nodeWriter';
import type { TensorSpec } from '../graph/graph';
import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import { narrowToFloat16 } from '../runtime/floats16';
import type { RunFeeds, RunTensor } from '../runtime/session';

/** Samples as the products take them; every input holds count × product(dims) numbers. */
export interface ModelSamples {
  readonly count: number;
  readonly inputs: readonly {
    readonly name: string;
    /** Dimensions of one sample. */
    readonly dims: readonly number[];
    readonly data: Float64Array;
  }[];
}

export type Feeds = ReadonlyMap<string, RunTensor>;

/** Reals in the precision of the products. */
export function realArray(values: Float64Array, precision: Precision): Float32Array | Float64Array {
  return precision === 'float64' ? values : new Float32Array(values);
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
          `The samples hold nothing for the model's input "${printable(name)}"; name the array with --inputs.`,
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

/** Numbers as an input of a static graph takes them: integers and booleans as int64. */
export function graphTensor(
  values: RunTensor['data'],
  { type, dims }: Pick<Value, 'type' | 'dims'>,
  precision: Precision,
): RunTensor {
  if (type === 'real') {
    const reals = values instanceof Float64Array ? values : Float64Array.from(numbersOf(values), Number);
    return { dims, data: realArray(reals, precision) };
  }
  return {
    dims,
    data: BigInt64Array.from(numbersOf(values), (value) =>
      typeof value === 'bigint' ? value : BigInt(Math.trunc(value)),
    ),
  };
}

function numbersOf(values: RunTensor['data']): Iterable<number | bigint> {
  return values;
}

/** Those of the named tensors that a session takes. */
export function pickFeeds(names: Iterable<string>, ...sources: readonly Feeds[]): RunFeeds {
  return Object.fromEntries(
    [...names].map((name) => {
      for (const source of sources) {
        const tensor = source.get(name);
        if (tensor !== undefined) return [name, tensor];
      }
      throw new RangeError(`Nothing feeds ${name}`);
    }),
  );
}

/** A flat vector over all parameters, with a tensor named `prefix i` for each of them on the same numbers. */
export class FlatTensors {
  readonly feeds: Feeds;
  readonly record: RunFeeds;

  /** @param numbers length P; they stay where they are */
  constructor(
    prefix: string,
    parameters: readonly Value[],
    readonly numbers: Float32Array | Float64Array,
  ) {
    let from = 0;
    this.feeds = new Map(
      parameters.map(({ dims }, i) => {
        const to = from + sizeOf(dims);
        const tensor = { dims, data: numbers.subarray(from, to) };
        from = to;
        return [`${prefix} ${i}`, tensor];
      }),
    );
    this.record = Object.fromEntries(this.feeds);
  }

  static zeros(prefix: string, parameters: readonly Value[], precision: Precision): FlatTensors {
    const order = parameters.reduce((sum, { dims }) => sum + sizeOf(dims), 0);
    const numbers = precision === 'float64' ? new Float64Array(order) : new Float32Array(order);
    return new FlatTensors(prefix, parameters, numbers);
  }
}

/** The parameters under the names of the graph's inputs; in float64 on the same numbers. */
export function parameterFeeds(
  parameters: readonly Value[],
  weights: Float64Array,
  precision: Precision,
): Feeds {
  const tensors = [...new FlatTensors('', parameters, realArray(weights, precision)).feeds.values()];
  return new Map(
    parameters.flatMap(({ operation }, i) => {
      const tensor = tensors[i];
      return operation.kind === 'input' && tensor !== undefined ? [[operation.name, tensor]] : [];
    }),
  );
}
