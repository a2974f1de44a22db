import { describe, expect, it } from 'vitest';
import { Lanczos } from '../../../src/curvature/lanczos';
import { Probes, type LayerNumbers } from '../../../src/curvature/probes';
import { SeededRandom } from '../../../src/samples/random';
import { blockNorms, blockTraces, productsOf, withSpectrum, type Rows } from './symmetricMatrices';

/** Every vector of signs once, in order. */
class EverySign {
  private next = 0;

  nextUint32(): number {
    return this.next++;
  }

  normal(): number {
    throw new Error('Probes are signs');
  }
}

async function averaged(
  rows: Rows,
  sizes: number[],
  steps: number,
  blocks: boolean,
): Promise<{ mean: LayerNumbers; exact: LayerNumbers; samples: LayerNumbers[] }> {
  const products = productsOf(rows, sizes);
  const lanczos = new Lanczos(products, SeededRandom.fromSeed(1), 0);
  while (lanczos.steps < steps) await lanczos.step();
  const probes = await Probes.of(products, lanczos, new EverySign(), blocks);
  const samples: LayerNumbers[] = [];
  for (let count = 0; count < 2 ** rows.length; count++) samples.push(await probes.draw());
  const mean = (of: (numbers: LayerNumbers) => Float64Array): Float64Array =>
    of(probes.exact).map(
      (value, index) => value + samples.reduce((sum, sample) => sum + of(sample)[index]!, 0) / samples.length,
    );
  return {
    exact: probes.exact,
    samples,
    mean: {
      traces: mean(({ traces }) => traces),
      rows: mean(({ rows: sums }) => sums),
      blocks: blocks ? mean((numbers) => numbers.blocks ?? new Float64Array()) : null,
    },
  };
}

describe('deflated probes', () => {
  const random = SeededRandom.fromSeed(17);
  const sizes = [3, 1, 4];
  const rows = withSpectrum([5, -4, 2, 1, 0.5, 0, 0, -0.1], random);

  // The mean over all 2^8 probes is the expectation itself: no statistics in this oracle.
  it.each([0, 1, 3, 5])('are unbiased with %i deflated vectors', async (steps) => {
    const { mean } = await averaged(rows, sizes, steps, true);
    const norms = blockNorms(rows, sizes);
    blockTraces(rows, sizes).forEach((value, l) => expect(mean.traces[l]).toBeCloseTo(value, 10));
    norms.forEach((row, l) =>
      expect(mean.rows[l]).toBeCloseTo(
        row.reduce((sum, value) => sum + value, 0),
        10,
      ),
    );
    norms.flat().forEach((value, index) => expect(mean.blocks![index]).toBeCloseTo(value, 10));
  });

  it('vary less, the more is deflated', async () => {
    const spread = async (steps: number): Promise<number[]> => {
      const { samples } = await averaged(rows, sizes, steps, true);
      return [
        ({ rows: sums }: LayerNumbers) => sums.reduce((sum, value) => sum + value, 0),
        ({ traces }: LayerNumbers) => traces.reduce((sum, value) => sum + value, 0),
        ({ blocks }: LayerNumbers) => blocks![0]!,
      ].map((of) => {
        const values = samples.map(of);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      });
    };
    const [none, four] = [await spread(0), await spread(5)];
    none.forEach((variance, index) => expect(four[index]!).toBeLessThan(0.2 * variance));
  });

  it('have the variances of the formulas where nothing is deflated', async () => {
    const { samples } = await averaged(rows, sizes, 0, false);
    const variance = (of: (numbers: LayerNumbers) => Float64Array): number => {
      const values = samples.map((sample) => of(sample).reduce((sum, value) => sum + value, 0));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    };
    const square = rows.map((row) =>
      rows.map((_, j) => row.reduce((sum, value, k) => sum + value * rows[k]![j]!, 0)),
    );
    const offDiagonal = (matrix: Rows): number =>
      matrix.reduce(
        (total, row, i) => total + row.reduce((sum, value, j) => sum + (i === j ? 0 : value * value), 0),
        0,
      );
    expect(variance(({ traces }) => traces)).toBeCloseTo(2 * offDiagonal(rows), 8);
    expect(variance(({ rows: sums }) => sums)).toBeCloseTo(2 * offDiagonal(square), 6);
  });

  it('leave nothing to chance once everything is deflated', async () => {
    const { exact, samples } = await averaged(rows, sizes, 7, true);
    blockTraces(rows, sizes).forEach((value, l) => expect(exact.traces[l]).toBeCloseTo(value, 10));
    blockNorms(rows, sizes)
      .flat()
      .forEach((value, index) => expect(exact.blocks![index]).toBeCloseTo(value, 10));
    for (const { traces, rows: sums, blocks } of samples)
      [...traces, ...sums, ...blocks!].forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-9));
  });
});
