import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix, determinant } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import {
  bisect,
  largestEigenvalue,
  logDeterminant,
  tridiagonalEigenpairs,
  type Tridiagonal,
} from '../../../src/curvature/tridiagonal';

const element = fc
  .double({ min: -50, max: 50, noNaN: true })
  .map((value) => (Math.abs(value) < 1e-100 ? 0 : value));
const tridiagonals = fc.integer({ min: 1, max: 30 }).chain((order) =>
  fc.record({
    order: fc.constant(order),
    diagonal: fc.array(element, { minLength: order, maxLength: order }),
    offDiagonal: fc.array(fc.oneof(element.map(Math.abs), fc.constant(0)), {
      minLength: order - 1,
      maxLength: order - 1,
    }),
  }),
);

function full({ order, diagonal, offDiagonal }: Tridiagonal): Matrix {
  const matrix = Matrix.zeros(order, order);
  for (let i = 0; i < order; i++) {
    matrix.set(i, i, diagonal[i]!);
    if (i + 1 < order) {
      matrix.set(i, i + 1, offDiagonal[i]!);
      matrix.set(i + 1, i, offDiagonal[i]!);
    }
  }
  return matrix;
}

describe('a tridiagonal matrix', () => {
  it('has the eigenvalues and the outer components that ml-matrix finds', () => {
    fc.assert(
      fc.property(tridiagonals, (tridiagonal) => {
        const matrix = full(tridiagonal);
        const { order } = tridiagonal;
        const scale = 1e-13 * (matrix.norm('frobenius') + 1e-200) * order;
        const oracle = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues.sort(
          (a, b) => a - b,
        );
        const { values, first, last } = tridiagonalEigenpairs(tridiagonal);
        values.forEach((value, i) => expect(Math.abs(value - oracle[i]!)).toBeLessThanOrEqual(scale));
        expect(Math.abs(largestEigenvalue(tridiagonal) - oracle.at(-1)!)).toBeLessThanOrEqual(scale);
        // Σ x_1² f(θ) is the first diagonal element of f(T), Σ x_1 x_k f(θ) its last of the first row.
        const powers = [Matrix.eye(order), matrix, matrix.mmul(matrix), matrix.mmul(matrix).mmul(matrix)];
        for (const [degree, power] of powers.entries()) {
          const size = 1e-12 * order * (matrix.norm('frobenius') ** degree + 1e-200);
          const sum = (x: Float64Array, y: Float64Array): number =>
            values.reduce((total, value, i) => total + x[i]! * y[i]! * value ** degree, 0);
          expect(Math.abs(sum(first, first) - power.get(0, 0))).toBeLessThanOrEqual(size);
          expect(Math.abs(sum(last, last) - power.get(order - 1, order - 1))).toBeLessThanOrEqual(size);
          expect(Math.abs(sum(first, last) - power.get(0, order - 1))).toBeLessThanOrEqual(size);
        }
      }),
    );
  });

  it('of second differences has the eigenvalues 2 − 2 cos(jπ/(n+1))', () => {
    const order = 200;
    const diagonal = new Array<number>(order).fill(2);
    const offDiagonal = new Array<number>(order - 1).fill(1);
    const known = (j: number): number => 2 - 2 * Math.cos((j * Math.PI) / (order + 1));
    const { values, first } = tridiagonalEigenpairs({ order, diagonal, offDiagonal });
    values.forEach((value, i) => expect(value).toBeCloseTo(known(i + 1), 12));
    first.forEach((component, i) =>
      expect(component ** 2).toBeCloseTo(
        (2 / (order + 1)) * Math.sin(((i + 1) * Math.PI) / (order + 1)) ** 2,
        12,
      ),
    );
    expect(largestEigenvalue({ order, diagonal, offDiagonal })).toBeCloseTo(known(order), 12);
  });

  it('has the determinant of tI − T right of its spectrum, and none counted left of it', () => {
    fc.assert(
      fc.property(tridiagonals, fc.double({ min: 0.5, max: 30, noNaN: true }), (tridiagonal, distance) => {
        const largest = largestEigenvalue(tridiagonal);
        const t = largest + distance;
        const shifted = Matrix.eye(tridiagonal.order).mul(t).sub(full(tridiagonal));
        expect(logDeterminant(tridiagonal, t)).toBeCloseTo(Math.log(determinant(shifted)), 8);
        expect(logDeterminant(tridiagonal, largest - distance)).toBe(-Infinity);
      }),
    );
  });

  it('has no determinant that overflows', () => {
    const order = 400;
    const diagonal = new Array<number>(order).fill(0);
    const offDiagonal = new Array<number>(order - 1).fill(1e-3);
    expect(logDeterminant({ order, diagonal, offDiagonal }, 1e10)).toBeCloseTo(order * Math.log(1e10), 6);
  });
});

describe('bisection', () => {
  it('ends at the first float64 from which on the condition holds', () => {
    expect(bisect(0, 10, (t) => t >= Math.PI)).toBe(Math.PI);
    expect(bisect(-1, 1, (t) => t > 0)).toBe(Number.MIN_VALUE);
    expect(bisect(2, 3, () => false)).toBe(3);
    expect(bisect(Number.NaN, 3, () => true)).toBe(3);
  });
});
