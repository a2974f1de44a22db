import fc from 'fast-check';
import { binomialLimit } from '../../../bench/calibrationPage';
import { denseProducts } from '../../../bench/calibrationModels';
import { probabilisticFailures } from '../../../bench/calibrationRuns';
import { provedIntervals } from '../../../bench/provedIntervals';
import { SeededRandom } from '../../../src/samples/random';
import { withSpectrum } from '../../unit/curvature/symmetricMatrices';
import { campaign, type Budget, type Outcome } from '../campaign';
import { Disagreement } from '../disagreement';

const networksOfRun = 20;
const startsOfRun = 5;
/** Of the interval for λ_max and that for λ_min together. */
const confidence = 0.9;
/** A campaign that finds more failures than all but one in a million would is no accident. */
const share = 1 - 1e-6;

const plans = fc.record({
  seed: fc.noShrink(fc.nat()),
  order: fc.integer({ min: 2, max: 40 }),
  spectrum: fc.constantFrom('normal', 'power law', 'one negative', 'one cluster'),
});

/** Proved intervals are never violated, probabilistic ones as seldom as they say. */
export async function fuzzCertificates(_root: string, budget: Budget): Promise<Outcome> {
  const tally = { starts: 0, failures: 0, intervals: 0 };
  const outcome = await campaign(
    'certificates',
    plans,
    async ({ seed, order, spectrum }) => {
      const { intervals, violations } = await provedIntervals(seed, networksOfRun);
      tally.intervals += intervals;
      if (violations > 0) throw new Disagreement(`${violations} of ${intervals} proved intervals violated`);
      const random = SeededRandom.fromSeed(seed);
      const eigenvalues = Array.from(
        { length: order },
        (_, i) =>
          ({
            normal: random.normal(),
            'power law': 1 / (i + 1),
            'one negative': i === 0 ? -30 : random.uniform(),
            'one cluster': i < order / 2 ? 1 + 1e-6 * random.normal() : 0.1 * random.uniform(),
          })[spectrum],
      );
      const model = {
        name: spectrum,
        products: denseProducts(withSpectrum(eigenvalues, random, 8), [order]),
        parameters: [order],
        traces: [],
        blocks: [],
        eigenvalues,
        lambdaMax: Math.max(...eigenvalues),
        lambdaMin: Math.min(...eigenvalues),
      };
      tally.failures += await probabilisticFailures(model, confidence, startsOfRun, seed);
      tally.starts += startsOfRun;
    },
    (plan) => JSON.stringify(plan),
    budget,
  );
  const most = binomialLimit(tally.starts, 1 - confidence, share);
  console.log(
    `certificates: ${tally.intervals} proved intervals; ${tally.failures} of ${tally.starts} probabilistic ones failed, at most ${most} may`,
  );
  return tally.failures > most ? { ...outcome, failures: outcome.failures + 1 } : outcome;
}
