import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedTables, isBinaryMask } from '../../../src/subject/fixedTables';
import type { Tensor } from '../../../src/graph/graph';
import { numbers } from '../autodiff/evaluation';

function tensor(dims: readonly number[], element: (...at: number[]) => number): Tensor {
  const [rows = 1, columns = 1] = dims;
  const data = Float32Array.from({ length: rows * columns }, (_, i) =>
    element(Math.floor(i / columns), i % columns),
  );
  return { type: 'float32', dims, data };
}

function fixedOf(tensors: Readonly<Record<string, Tensor>>): readonly string[] {
  return [...fixedTables(new Map(Object.entries(tensors)), false)].toSorted();
}

/** The angle of a position and a pair of columns. */
const angle = (position: number, pair: number, width: number): number => position / 10_000 ** (pair / width);

describe('tables that no training made', () => {
  it.each([4, 6, 32])('are sines and cosines of positions, %i wide, in turns or half and half', (width) => {
    const inTurns = tensor([20, width], (t, i) =>
      i % 2 === 0 ? Math.sin(angle(t, i, width)) : Math.cos(angle(t, i - 1, width)),
    );
    const halves = tensor([20, width], (t, i) =>
      i < width / 2 ? Math.sin(angle(t, i, width)) : Math.cos(angle(t, i - width / 2, width)),
    );
    expect(fixedOf({ inTurns, halves, w: tensor([20, width], (t, i) => Math.sin(3 * t + 7 * i)) })).toEqual([
      'halves',
      'inTurns',
    ]);
  });

  it('are the cosines and sines of a rotary embedding, also in float16', () => {
    const half = (value: number): number => Math.round(value * 2 ** 11) / 2 ** 11;
    const table = (f: (x: number) => number, type: 'float32' | 'float16'): Tensor => {
      const own = tensor([6, 4], (t, i) => f(angle(t, i % 2, 4)));
      return {
        ...own,
        type,
        data: type === 'float16' ? Float32Array.from(own.data as Float32Array, half) : own.data,
      };
    };
    const [cos, sin] = [table(Math.cos, 'float32'), table(Math.sin, 'float32')];
    const [cos16, sin16] = [table(Math.cos, 'float16'), table(Math.sin, 'float16')];
    expect(
      fixedOf({ cos, other: tensor([6, 4], (t, i) => 0.1 * t - 0.1 * i ** 2), sin, cos16, sin16 }),
    ).toEqual(['cos', 'cos16', 'sin', 'sin16']);
    expect(fixedOf({ cos })).toEqual([]);
    // Of another layer, which has the same cosines.
    expect(fixedOf({ cos, sin, ofNext: cos })).toEqual(['cos', 'ofNext', 'sin']);
  });

  it('are additive masks', () => {
    const causal = (low: number) => tensor([5, 5], (row, column) => (column > row ? low : 0));
    expect(fixedOf({ far: causal(-1e9), none: causal(-Infinity), windows: causal(-100) })).toHaveLength(3);
    expect(fixedOf({ weight: causal(-2) })).toEqual([]);
    // The bias of a regression whose targets are large.
    expect(fixedOf({ bias: tensor([1], () => -120), biases: tensor([3], () => -120) })).toEqual([]);
  });

  it('are masks by all of their numbers', () => {
    const values = fc.constantFrom(0, 0, 0, -0, -2, -100, -100, -1e9, -1e9, -Infinity, 1, NaN);
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 7 }), (row) => {
        const low = row.filter((value) => value !== 0);
        const [lowest = 0] = low;
        const isOne = low.length > 0 && low.every((value) => value === lowest);
        const isLow = lowest <= -1e4 || (lowest <= -80 && row.length >= 4 && low.length < row.length);
        expect(fixedOf({ row: tensor([1, row.length], (_, i) => row[i]!) })).toEqual(
          isOne && isLow ? ['row'] : [],
        );
      }),
    );
  });

  it('are none where one number is another, wherever it stands', () => {
    const sinusoid = (t: number, i: number): number =>
      i % 2 === 0 ? Math.sin(angle(t, i, 4)) : Math.cos(angle(t, i - 1, 4));
    const mask = (t: number, i: number): number => (t > i ? -1e9 : 0);
    const cos = tensor([6, 4], (t, i) => Math.cos(angle(t, i % 2, 4)));
    const sin = (t: number, i: number): number => Math.sin(angle(t, i % 2, 4));
    const at = fc.tuple(fc.nat(5), fc.nat(3));
    fc.assert(
      fc.property(at, fc.constantFrom(0.5, 2, NaN), ([row, column], other) => {
        const changed = (f: (t: number, i: number) => number): Tensor =>
          tensor([6, 4], (t, i) => (t === row && i === column ? other : f(t, i)));
        expect(fixedOf({ mask: changed(mask), sinusoid: changed(sinusoid) })).toEqual([]);
        expect(fixedOf({ cos, sin: changed(sin) })).toEqual([]);
      }),
    );
  });

  it('are not scales of 1 and shifts of 0, nor identities, nor rows of norm 1 and length 2', () => {
    const gamma = tensor([8], () => 1);
    const beta = tensor([8], () => 0);
    const identity = tensor([8, 8], (row, column) => Number(row === column));
    const unit = tensor([8, 2], (row, column) => (column === 0 ? Math.cos(row) : Math.sin(row)));
    expect(fixedOf({ gamma, beta, identity, unit })).toEqual([]);
  });

  it('are never random weights', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom(4, 8), (seed, width) => {
        const values = numbers(6 * width, seed);
        const [a, b] = [0, 3].map((row) => tensor([3, width], (t, i) => values[(row + t) * width + i]!));
        expect(fixedOf({ a: a!, b: b! })).toEqual([]);
      }),
    );
  });

  it('are, where they are multiplied or added, zeros and ones of two axes', () => {
    expect(isBinaryMask(tensor([4, 4], (row, column) => Number(column <= row)))).toBe(true);
    expect(isBinaryMask(tensor([4, 4], () => 1))).toBe(false);
    expect(isBinaryMask(tensor([4, 4], (row) => row / 2))).toBe(false);
    // The bias of a forget gate at its start.
    expect(isBinaryMask(tensor([8], (row) => Number(row > 3)))).toBe(false);
  });
});
