import { beforeAll, describe, expect, it } from 'vitest';
import { Float64Basis } from '../../../src/curvature/float64Basis';
import { Float32Basis, vectorsOfBlock } from '../../../src/curvature/float32Basis';
import type { Basis } from '../../../src/curvature/basis';
import { drawDirection } from '../../../src/curvature/randomVectors';
import { Float32Vectors } from '../../../src/runtime/float32Vectors';
import { SeededRandom } from '../../../src/samples/random';
import { vectorsOf } from './symmetricMatrices';

const length = 1300;
const count = 70;

function dot(x: ArrayLike<number>, y: ArrayLike<number>, from = 0, to = x.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i]! * y[i]!;
  return sum;
}

describe.each([
  { precision: 'float64', unit: 2 ** -52 },
  { precision: 'float32', unit: 2 ** -24 },
])('a basis of $precision', ({ precision, unit }) => {
  // Small eigenvalues beside large ones: what is small in a vector counts as much as what is large.
  const values = Float64Array.from({ length }, (_, i) => (i % 3 === 0 ? -1 : 1) / (1 + i) ** 1.2);
  let basis: Basis;
  let vectors: Float64Array[];
  const random = SeededRandom.fromSeed(3);

  beforeAll(async () => {
    const start = drawDirection(length, random);
    const layers = [{ from: 0, to: length }];
    basis =
      precision === 'float64'
        ? new Float64Basis(
            {
              order: length,
              layers,
              float32: null,
              multiply: (vector) => Promise.resolve(vector.map((value, i) => value * values[i]!)),
            },
            start,
          )
        : new Float32Basis(
            {
              kernels: await Float32Vectors.open(1),
              multiply: (vector, into) => {
                for (let i = 0; i < length; i++) into[i] = vector[i]! * values[i]!;
                return Promise.resolve();
              },
            },
            start,
            count,
          );
    let beta = 0;
    while (basis.size < count) beta = (await basis.step(beta)).remaining;
    vectors = await vectorsOf(basis, count);
  });

  it('is orthonormal to within its rounding', () => {
    for (const [i, x] of vectors.entries())
      for (const [j, y] of vectors.entries())
        expect(Math.abs(dot(x, y) - (i === j ? 1 : 0))).toBeLessThan(64 * unit);
  });

  it('knows the inner products with a vector and among its own, over a part as well', async () => {
    const vector = drawDirection(length, random);
    const found = await basis.innerProducts(vector, count - 1);
    expect(found).toHaveLength(count - 1);
    found.forEach((value, i) => expect(Math.abs(value - dot(vector, vectors[i]!))).toBeLessThan(64 * unit));
    for (const [from, to] of [
      [0, length],
      [0, 3],
      [511, 513],
      [300, 1299],
    ] as const)
      for (const [i, row] of (await basis.gram(from, to)).entries())
        for (const [j, value] of row.entries())
          expect(Math.abs(value - dot(vectors[i]!, vectors[j]!, from, to))).toBeLessThan(64 * unit);
  });

  it('takes its span out of a vector almost within it, so that what is left is orthogonal to it', async () => {
    const rest = 2 ** 16 * unit;
    const vector = new Float64Array(length);
    for (const direction of vectors.slice(0, 20)) {
      const factor = random.normal();
      direction.forEach((component, i) => (vector[i]! += factor * component));
    }
    drawDirection(length, random).forEach((component, i) => (vector[i]! += rest * component));
    const whole = vector.slice();
    const { coefficients, remaining } = await basis.projectOut(vector, 20);
    expect(Math.abs(remaining / Math.sqrt(dot(vector, vector)) - 1)).toBeLessThan(64 * unit);
    expect(remaining).toBeLessThan(1.1 * rest);
    expect(remaining).toBeGreaterThan(0.9 * rest);
    for (const direction of vectors.slice(0, 20))
      expect(Math.abs(dot(direction, vector))).toBeLessThan(64 * unit * rest);
    const back = await basis.combination(Float64Array.of(...coefficients, 0));
    whole.forEach((value, i) => expect(Math.abs(value - back[i]! - vector[i]!)).toBeLessThan(64 * unit));
  });

  it('holds nothing once it is let go', () => {
    basis.release();
    expect(basis.size).toBe(0);
  });
});

describe('blocks of vectors', () => {
  it.each([
    [100, 64],
    [2 ** 18, 64],
    [2 ** 20, 16],
    [2 ** 22, 8],
    [2 ** 30, 8],
  ])('of %i components hold %i', (components, vectors) => {
    expect(vectorsOfBlock(components)).toBe(vectors);
  });
});
