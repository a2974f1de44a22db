import { describe, expect, it } from 'vitest';
import { Lanczos } from '../../../src/curvature/lanczos';
import { estimatedSpectrum, binEigenvalues, quadrature } from '../../../src/curvature/spectralDensity';
import type { Spectrum } from '../../../src/report/report';
import { SeededRandom } from '../../../src/samples/random';
import { productsOf, vectorsOf, withSpectrum } from './symmetricMatrices';

function masses({ grid, densities }: Spectrum): number[] {
  return densities.map((density, bin) => density * (grid[bin + 1]! - grid[bin]!));
}

function massBetween(spectrum: Spectrum, lower: number, upper: number): number {
  return masses(spectrum).reduce((sum, mass, bin) => {
    const centre = (spectrum.grid[bin]! + spectrum.grid[bin + 1]!) / 2;
    return centre > lower && centre < upper ? sum + mass : sum;
  }, 0);
}

describe('the exact spectrum', () => {
  it('counts every eigenvalue in its bin', () => {
    const spectrum = binEigenvalues([10, 3, 3, 0, 0, 0, 0, -2]);
    expect(spectrum.values).toEqual([10, 3, 3, 0, 0, 0, 0, -2]);
    expect(massBetween(spectrum, 9.8, 10.3)).toBeCloseTo(1 / 8, 12);
    expect(massBetween(spectrum, 2.8, 3.2)).toBeCloseTo(2 / 8, 12);
    expect(massBetween(spectrum, -0.2, 0.2)).toBeCloseTo(4 / 8, 12);
    expect(masses(spectrum).reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 12);
    expect(spectrum.spread).toBeNull();
  });

  it.each([[[0, 0, 0]], [[5]], [[1e-300, 0]], [[-7, -7]]])('has finite bins for %j', (values) => {
    const spectrum = binEigenvalues(values);
    expect([...spectrum.grid, ...spectrum.densities].every(Number.isFinite)).toBe(true);
    expect(masses(spectrum).reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 9);
    for (let edge = 1; edge < spectrum.grid.length; edge++)
      expect(spectrum.grid[edge]!).toBeGreaterThan(spectrum.grid[edge - 1]!);
  });
});

describe('stochastic Lanczos quadrature', () => {
  const random = SeededRandom.fromSeed(41);

  async function runs(eigenvalues: number[], count: number, steps: number) {
    const products = productsOf(withSpectrum(eigenvalues, random, 3));
    const measures = [];
    for (let index = 0; index < count; index++) {
      const lanczos = new Lanczos(products, random, 0);
      while (lanczos.steps < steps && !lanczos.ended) await lanczos.step();
      measures.push(quadrature(lanczos.alphas, lanczos.betas));
    }
    return measures;
  }

  it('has the moments of the start in every run', async () => {
    const eigenvalues = Array.from({ length: 12 }, () => random.normal());
    const rows = withSpectrum(eigenvalues, random);
    const lanczos = new Lanczos(productsOf(rows), random, 0);
    const [start] = await vectorsOf(lanczos.basis, 1);
    while (lanczos.steps < 4) await lanczos.step();
    const { nodes, weights } = quadrature(lanczos.alphas, lanczos.betas);
    let power = Array.from(start!);
    for (let degree = 0; degree < 8; degree++) {
      const moment = power.reduce((sum, value, i) => sum + value * start![i]!, 0);
      const found = Array.from(nodes).reduce((sum, node, i) => sum + weights[i]! * node ** degree, 0);
      expect(found).toBeCloseTo(moment, 10);
      power = rows.map((row) => row.reduce((sum, value, j) => sum + value * power[j]!, 0));
    }
  });

  it('finds the shares of the clusters within its own spread', async () => {
    // 4 eigenvalues about 10, 30 about 2, 66 about 0.
    const eigenvalues = Array.from({ length: 100 }, (_, i) => {
      const centre = i < 4 ? 10 : i < 34 ? 2 : 0;
      return centre + 0.05 * random.normal();
    });
    const spectrum = estimatedSpectrum(await runs(eigenvalues, 30, 25), 25);
    expect(spectrum).toMatchObject({ method: 'quadrature', values: null, probes: 30, steps: 25 });
    expect(masses(spectrum).reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 10);
    // A squared component's variance is close to 2/P²: the share of m eigenvalues has √(2m)/P for one start.
    const tolerance = (count: number): number => (4 * Math.sqrt(2 * count)) / 100 / Math.sqrt(30);
    expect(Math.abs(massBetween(spectrum, 9, 11) - 0.04)).toBeLessThan(tolerance(4));
    expect(Math.abs(massBetween(spectrum, 1, 3) - 0.3)).toBeLessThan(tolerance(30));
    expect(Math.abs(massBetween(spectrum, -1, 1) - 0.66)).toBeLessThan(tolerance(66));
    expect(massBetween(spectrum, 3, 9)).toBeLessThan(1e-6);
    expect(Math.max(...spectrum.spread!)).toBeGreaterThan(0);
  });

  it('is one exact bin where all eigenvalues are equal', async () => {
    const spectrum = estimatedSpectrum(await runs(new Array<number>(9).fill(-3), 3, 5), 5);
    expect(masses(spectrum).reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 6);
    expect(spectrum.densities.every(Number.isFinite)).toBe(true);
  });

  it('is refused from one start, which has no spread', async () => {
    const measures = await runs([1, 2, 3], 1, 3);
    expect(() => estimatedSpectrum(measures, 3)).toThrow(RangeError);
  });
});
