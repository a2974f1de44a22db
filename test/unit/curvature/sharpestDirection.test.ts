import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { certifySharpness } from '../../../src/curvature/certifySharpness';
import type { CurvatureOptions } from '../../../src/curvature/curvatureEstimate';
import { computeExactCurvature } from '../../../src/curvature/exactCurvature';
import { Lanczos } from '../../../src/curvature/lanczos';
import { findSharpestDirection } from '../../../src/curvature/sharpestDirection';
import { dominantEigenvector } from '../../../src/curvature/tridiagonal';
import { SeededRandom } from '../../../src/samples/random';
import { productsOf, withSpectrum, type Rows } from './symmetricMatrices';

const sizes = [5, 2, 13];
const decaying = (second: number): number[] => [
  3,
  second,
  ...Array.from({ length: 18 }, (_, i) => 1.5 * 0.7 ** i - 0.4),
];

function optionsOf(facts: Partial<CurvatureOptions> = {}): CurvatureOptions {
  return {
    random: SeededRandom.fromSeed(1),
    precision: 0.01,
    confidence: 0.999,
    productError: 0,
    maxProducts: 1000,
    memoryBytes: 2 ** 30,
    ...facts,
  };
}

/** The shares in the eigenvector of the largest eigenvalue, by powers of the matrix: no code of the project. */
function sharesByPowers(rows: Rows, powers = 3000): number[] {
  let vector = rows.map((_, i) => 1 + Math.sin(i));
  for (let power = 0; power < powers; power++) {
    const image = rows.map((row) => row.reduce((sum, value, j) => sum + value * vector[j]!, 0));
    const norm = Math.hypot(...image);
    vector = image.map((value) => value / norm);
  }
  let at = 0;
  return sizes.map((size) => vector.slice(at, (at += size)).reduce((sum, value) => sum + value * value, 0));
}

/** The mean shares of the first eigenvectors, by a full decomposition. */
function sharesOfSpace(rows: Rows, dimensions: number): number[] {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    new Matrix(rows.map((row) => Array.from(row))),
    { assumeSymmetric: true },
  );
  const first = Array.from(realEigenvalues.keys())
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
    .slice(0, dimensions);
  let at = 0;
  return sizes.map((size) => {
    const range = Array.from({ length: size }, (_, i) => at + i);
    at += size;
    const squares = first.flatMap((k) => range.map((i) => eigenvectorMatrix.get(i, k) ** 2));
    return squares.reduce((sum, square) => sum + square, 0) / dimensions;
  });
}

describe('the layers’ shares of the sharpest direction', () => {
  const rows = withSpectrum(decaying(2.5), SeededRandom.fromSeed(2));

  it('are those of the eigenvector, by Lanczos and from the whole matrix', async () => {
    const wanted = sharesByPowers(rows);
    expect(Math.min(...wanted)).toBeGreaterThan(0.01);
    const exact = await computeExactCurvature(productsOf(rows, sizes), optionsOf());
    const certified = await certifySharpness(productsOf(rows, sizes), null, optionsOf(), 20);
    for (const { sharpest } of [exact, certified]) {
      const shares = sharpest?.shares;
      expect(sharpest?.group).toBe(1);
      expect(shares!.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      shares!.forEach((share, l) => expect(share).toBeCloseTo(wanted[l]!, 10));
    }
  });

  it('are off by no more than a hundredth wherever they are told, and told once the vector is known', async () => {
    const wanted = sharesByPowers(rows);
    const told: boolean[] = [];
    for (let seed = 0; seed < 10; seed++) {
      const run = new Lanczos(productsOf(rows, sizes), SeededRandom.fromSeed(seed), 0);
      for (let steps = 1; steps <= 16; steps++) {
        await run.step();
        const found = await findSharpestDirection(run, productsOf(rows, sizes).layers, 1e-3);
        const shares = found?.group === 1 ? found.shares : null;
        told.push(shares !== null);
        shares?.forEach((share, l) => expect(Math.abs(share - wanted[l]!)).toBeLessThanOrEqual(0.01));
      }
      expect(told.at(-1)).toBe(true);
    }
    expect(told.filter((each) => !each).length).toBeGreaterThan(10);
  });

  it('are those of the space of both where another eigenvalue is as large', async () => {
    const near = withSpectrum(decaying(3 * (1 - 1e-13)), SeededRandom.fromSeed(2));
    const { sharpest } = await computeExactCurvature(productsOf(near, sizes), optionsOf());
    expect(sharpest?.group).toBe(2);
    sharpest!.shares!.forEach((share, l) => expect(share).toBeCloseTo(sharesOfSpace(near, 2)[l]!, 8));
    // Lanczos sees one eigenvalue where there are two, until it has taken as many steps as part them.
    const close = withSpectrum(decaying(3 * (1 - 1e-3)), SeededRandom.fromSeed(2));
    const wanted = { 1: sharesOfSpace(close, 1), 2: sharesOfSpace(close, 2) };
    const told = { 0: 0, 1: 0, 2: 0 };
    for (let seed = 0; seed < 40; seed++) {
      const options = optionsOf({ precision: 0.1, random: SeededRandom.fromSeed(seed) });
      const found = await certifySharpness(productsOf(close, sizes), null, options, 6 + (seed % 14));
      const { shares = null, group = 0 } = found.sharpest ?? {};
      if (shares === null) told[0]++;
      if (shares === null || (group !== 1 && group !== 2)) continue;
      told[group]++;
      shares.forEach((share, l) => expect(Math.abs(share - wanted[group][l]!)).toBeLessThanOrEqual(0.01));
    }
    expect(told[0]).toBeGreaterThan(5);
    expect(told[1] + told[2]).toBeGreaterThan(5);
  });

  it('are not told where λ_max is not certified, nor where products are too inexact', async () => {
    const short = await certifySharpness(productsOf(rows, sizes), null, optionsOf({ maxProducts: 3 }));
    expect(short.sharpness?.lambdaMax.certified).toBe(false);
    expect(short.sharpest).toBeNull();
    const run = new Lanczos(productsOf(rows, sizes), SeededRandom.fromSeed(1), 1e-3);
    while (!run.ended) await run.step();
    expect((await findSharpestDirection(run, productsOf(rows, sizes).layers, 1e-3))?.shares).toBeNull();
  });

  it('are whole where there is one parameter', async () => {
    const { sharpest } = await computeExactCurvature(productsOf([[2]]), optionsOf());
    expect(sharpest?.shares).toEqual([1]);
    const run = new Lanczos(productsOf([[2]]), SeededRandom.fromSeed(1), 0);
    await run.step();
    expect((await findSharpestDirection(run, productsOf([[2]]).layers, 1e-3))?.shares).toEqual([1]);
  });
});

describe('dominantEigenvector', () => {
  it.each([1, 2, 7, 60])('is the eigenvector of a tridiagonal matrix of order %d', (order) => {
    const random = SeededRandom.fromSeed(order);
    for (let trial = 0; trial < 20; trial++) {
      const diagonal = Array.from({ length: order }, () => random.normal());
      const offDiagonal = Array.from({ length: order }, () => Math.abs(random.normal()) * 0.9 ** order);
      const { vector, residual } = dominantEigenvector({ order, diagonal, offDiagonal });
      const dense = diagonal.map((alpha, i) =>
        diagonal.map((_, j) => (i === j ? alpha : Math.abs(i - j) === 1 ? offDiagonal[Math.min(i, j)]! : 0)),
      );
      const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(dense), {
        assumeSymmetric: true,
      });
      const largest = realEigenvalues.indexOf(Math.max(...realEigenvalues));
      const along = eigenvectorMatrix
        .getColumn(largest)
        .reduce((sum, component, i) => sum + component * vector[i]!, 0);
      expect(Math.abs(along)).toBeCloseTo(1, 10);
      expect(residual).toBeLessThan(1e-13);
    }
  });
});
