import type { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { Value } from '../../../src/graph/static/value';
import { writeOnnx } from '../../../src/graph/writing/writeOnnx';
import { Session } from '../../../src/runtime/session';
import type { RunFeeds } from '../../../src/runtime/session';

/** The numbers of values in float64, for the inputs by name. */
export async function evaluate(
  values: readonly Value[],
  feeds: Readonly<Record<string, Float64Array | BigInt64Array>>,
): Promise<Float64Array[]> {
  const outputs = new Map(values.map((value, i) => [`output ${i}`, value]));
  const { model, inputs } = writeOnnx(outputs, new Map(), 'float64');
  const session = await Session.open(model, 1);
  try {
    const own: RunFeeds = Object.fromEntries(
      [...inputs].map(([name, { dims }]) => {
        const data = feeds[name];
        if (data === undefined) throw new Error(`No numbers for ${name}`);
        return [name, { dims, data }];
      }),
    );
    const results = await session.run(own);
    return values.map((_, i) => Float64Array.from(results[`output ${i}`]?.data ?? [], Number));
  } finally {
    await session.release();
  }
}

/** Numbers in [low, high) that look random and are the same in every run. */
export function numbers(count: number, seed: number, low = -1, high = 1): Float64Array {
  let state = seed * 7919 + 17;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  });
}

export function realInput(g: StaticGraph, name: string, dims: readonly number[]): Value {
  return g.input(name, dims, 'real');
}

export function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
}

export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);
}

/** ‖a − b‖ / max(‖b‖, floor) */
export function relativeError(a: Float64Array, b: Float64Array, floor = 1e-300): number {
  if (a.length !== b.length) return Infinity;
  return norm(a.map((x, i) => x - (b[i] ?? Number.NaN))) / Math.max(norm(b), floor);
}
