import type { Precision } from '../graph/writing/nodeWriter';
import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import type { RunFeeds, RunTensor } from '../runtime/session';

export type Feeds = ReadonlyMap<string, RunTensor>;

/** Reals in the precision of the products. */
export function realArray(values: Float64Array, precision: Precision): Float32Array | Float64Array {
  return precision === 'float64' ? values : new Float32Array(values);
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
