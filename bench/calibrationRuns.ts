import { lambdaMaxBounds } from '../src/curvature/bounds';
import { computeContributions } from '../src/curvature/contributions';
import { estimateCurvature } from '../src/curvature/estimateCurvature';
import { ExtremeEigenvalues } from '../src/curvature/extremes';
import { Lanczos } from '../src/curvature/lanczos';
import type { Quantity } from '../src/report/report';
import { SeededRandom } from '../src/samples/random';
import type { CalibrationModel } from './calibrationModels';

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** How often what is said of a matrix holds, in rows of the page's tables. */
export interface ModelCalibration {
  readonly covered: readonly (string | number)[];
  readonly failed: readonly (string | number)[];
}

export async function calibrateModel(model: CalibrationModel, runs: number): Promise<ModelCalibration> {
  return {
    covered: await coverage(model, runs),
    failed: [
      model.name,
      await probabilisticFailures(model, 0.9, runs),
      await probabilisticFailures(model, 0.999, runs),
    ],
  };
}

async function coverage(model: CalibrationModel, runs: number): Promise<(string | number)[]> {
  const { products, parameters, traces, blocks } = model;
  const rows = blocks.map(sum);
  const exact = { trace: sum(traces), frobeniusSquared: sum(rows), order: products.order };
  const upper = lambdaMaxBounds(exact).upper;
  const shares = computeContributions(
    parameters.map((count, l) => ({ parameters: count, trace: traces[l]!, row: blocks[l]! })),
  );
  const held = { trace: 0, norm: 0, upper: 0, shares: 0, blocks: 0 };
  let [probes, reached] = [0, 0];
  for (let seed = 0; seed < runs; seed++) {
    const withBlocks = seed % 5 === 0;
    const { moments, errors } = await estimateCurvature(products, {
      random: SeededRandom.fromSeed(seed),
      precision: 0.05,
      confidence: 0.999,
      productError: 0,
      maxProducts: withBlocks ? 400 : 150,
      memoryBytes: 2 ** 28,
      blocks: withBlocks,
      density: null,
    });
    if (errors === null) throw new Error('An estimate has errors');
    // A trained network's numbers may be exact after Lanczos: then rounding is all the error.
    const rounding = 1e-9 * exact.frobeniusSquared;
    const holds = ({ value, standardError }: Quantity, truth: number): number =>
      Math.abs(value - truth) <= errors.studentQuantile * standardError + rounding ? 1 : 0;
    held.trace += holds(moments.trace, exact.trace);
    held.norm += holds(moments.frobeniusSquared, exact.frobeniusSquared);
    held.upper += holds(moments.bounds.lambdaMax.upper, upper);
    held.shares += sum(moments.layers.map(({ contribution }, l) => holds(contribution, shares[l]!)));
    if (withBlocks && moments.blocks !== null)
      held.blocks += sum(
        moments.blocks.flatMap((row, l) => row.map((norm, m) => holds(norm, blocks[l]![m]!))),
      );
    probes += errors.probes;
    if (errors.precisionReached) reached++;
  }
  const percent = (count: number, of: number): string => `${((100 * count) / of).toFixed(1)} %`;
  const layers = parameters.length;
  return [
    model.name,
    products.order,
    percent(held.trace, runs),
    percent(held.norm, runs),
    percent(held.upper, runs),
    percent(held.shares, runs * layers),
    percent(held.blocks, Math.ceil(runs / 5) * layers ** 2),
    Math.round(probes / runs),
    percent(reached, runs),
  ];
}

/** Failures of both intervals together, at any number of steps up to 15. */
export async function probabilisticFailures(
  model: CalibrationModel,
  confidence: number,
  runs: number,
  firstSeed = 0,
): Promise<number> {
  const tolerance = 1e-12 * Math.max(Math.abs(model.lambdaMax), Math.abs(model.lambdaMin));
  let failures = 0;
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const lanczos = new Lanczos(model.products, SeededRandom.fromSeed(seed), 0);
    const extremes = new ExtremeEigenvalues({
      precision: 0.01,
      confidence,
      productError: 0,
      exactMoments: null,
    });
    let failed = false;
    while (lanczos.steps < 15 && !lanczos.ended) {
      await lanczos.step();
      const found = extremes.after(lanczos);
      if (found === null) continue;
      const { lambdaMax, lambdaMin } = found;
      failed ||=
        lambdaMax.upper < model.lambdaMax - tolerance || lambdaMin.lower > model.lambdaMin + tolerance;
    }
    if (failed) failures++;
  }
  return failures;
}
