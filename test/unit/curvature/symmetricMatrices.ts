import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Basis } from '../../../src/curvature/basis';
import type { SymmetricProducts } from '../../../src/curvature/products';
import type { Float32Vectors } from '../../../src/runtime/float32Vectors';
import type { SeededRandom } from '../../../src/samples/random';

/** Rows of a symmetric matrix. */
export type Rows = readonly (readonly number[])[];

/** Products with it, in layers of the given sizes (one layer without). */
export function productsOf(rows: Rows, sizes: readonly number[] = [rows.length]): SymmetricProducts {
  const layers = sizes.map((size, l) => {
    const from = sizes.slice(0, l).reduce((sum, before) => sum + before, 0);
    return { from, to: from + size };
  });
  return {
    order: rows.length,
    layers,
    float32: null,
    multiply: async (vector) =>
      Float64Array.from(rows, (row) => row.reduce((sum, value, j) => sum + value * vector[j]!, 0)),
  };
}

/** The same products with the matrix and the vectors rounded to float32, and their sums. */
export function singleProductsOf(rows: Rows, kernels: Float32Vectors): SymmetricProducts {
  const rounded = rows.map((row) => Float32Array.from(row));
  return {
    ...productsOf(rounded.map((row) => [...row])),
    float32: {
      kernels,
      multiply: async (vector, into) => {
        for (const [i, row] of rounded.entries())
          into[i] = row.reduce((sum, value, j) => Math.fround(sum + Math.fround(value * vector[j]!)), 0);
      },
    },
  };
}

/** The first `count` vectors of a basis. */
export async function vectorsOf(basis: Basis, count: number): Promise<Float64Array[]> {
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const unit = new Float64Array(basis.size);
    unit[vectors.length] = 1;
    vectors.push(await basis.combination(unit));
  }
  return vectors;
}

/** Q diag(λ) Qᵀ with Q a product of random Householder reflections: as many as there are eigenvalues, or fewer. */
export function withSpectrum(
  eigenvalues: readonly number[],
  random: SeededRandom,
  reflections = eigenvalues.length,
): Rows {
  const order = eigenvalues.length;
  let rows = eigenvalues.map((value, i) => eigenvalues.map((_, j) => (i === j ? value : 0)));
  for (let count = 0; count < reflections; count++) {
    const v = eigenvalues.map(() => random.normal());
    const square = v.reduce((sum, value) => sum + value * value, 0);
    // (I − 2vvᵀ/v²) A (I − 2vvᵀ/v²) = A − v wᵀ − w vᵀ
    const av = rows.map((row) => row.reduce((sum, value, j) => sum + value * v[j]!, 0));
    const vav = av.reduce((sum, value, i) => sum + value * v[i]!, 0);
    const w = av.map((value, i) => (2 / square) * (value - (vav / square) * v[i]!));
    rows = rows.map((row, i) => row.map((value, j) => value - v[i]! * w[j]! - w[i]! * v[j]!));
  }
  for (let i = 0; i < order; i++) for (let j = 0; j < i; j++) rows[i]![j] = rows[j]![i]!;
  return rows;
}

export function trace(rows: Rows): number {
  return rows.reduce((sum, row, i) => sum + row[i]!, 0);
}

export function frobeniusSquared(rows: Rows): number {
  return rows.flat().reduce((sum, value) => sum + value * value, 0);
}

export function momentsOf(rows: Rows) {
  return { trace: trace(rows), frobeniusSquared: frobeniusSquared(rows), order: rows.length };
}

/** Ascending, by ml-matrix. */
export function eigenvaluesOf(rows: Rows): number[] {
  const matrix = new Matrix(rows.map((row) => [...row]));
  return new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues.sort((a, b) => a - b);
}

/** Squared Frobenius norms of the blocks. */
export function blockNorms(rows: Rows, sizes: readonly number[]): number[][] {
  const layerOf = sizes.flatMap((size, l) => new Array<number>(size).fill(l));
  const blocks = sizes.map(() => sizes.map(() => 0));
  for (const [i, row] of rows.entries())
    for (const [j, value] of row.entries()) blocks[layerOf[i]!]![layerOf[j]!]! += value * value;
  return blocks;
}

export function blockTraces(rows: Rows, sizes: readonly number[]): number[] {
  const layerOf = sizes.flatMap((size, l) => new Array<number>(size).fill(l));
  const traces = sizes.map(() => 0);
  for (const [i, row] of rows.entries()) traces[layerOf[i]!]! += row[i]!;
  return traces;
}

/** Spectra of every awkward shape, of one order. */
export function awkwardSpectra(order: number, random: SeededRandom): Record<string, number[]> {
  const of = (value: (index: number) => number): number[] =>
    Array.from({ length: order }, (_, i) => value(i));
  return {
    normal: of(() => random.normal()),
    zero: of(() => 0),
    'one value': of(() => -2.5),
    'rank one': of((i) => (i === 0 ? 3 : 0)),
    'negative rank one': of((i) => (i === 0 ? -3 : 0)),
    'clustered top': of((i) => 1 + 1e-9 * i),
    'two clusters': of((i) => (i % 2 === 0 ? 1 : 1 + 1e-5) * (i % 3 === 0 ? 1 : 0.1)),
    pairs: of((i) => (i % 2 === 0 ? 1 : -1) * (1 + Math.floor(i / 2))),
    'equal pairs': of((i) => (i % 2 === 0 ? 2 : -2)),
    'large negative': of((i) => (i === 0 ? -26 : i === 1 ? 1 : 1e-3 * random.normal())),
    decaying: of((i) => 4 ** -i),
    'tiny scale': of(() => 1e-9 * random.normal()),
    'huge scale': of(() => 1e9 * random.normal()),
  };
}
