import type { ForwardModel } from '../autodiff/forwardModel';
import type { HessianProducts } from '../autodiff/hessianProducts';
import { certifySharpness } from '../curvature/certifySharpness';
import { FailureError } from '../report/failure';
import { rowsPerSample, rowWeights } from '../loss/targets';
import { SeededRandom } from '../samples/random';
import type { AnalysisRun } from './analysisRun';
import { confidence } from './confidence';
import { lanczosMemory } from './predictedCost';

/** Multiply-adds of a product up to which the check is a fraction of a second. */
const mostMultiplyAdds = 1e8;
/** Products that it takes, about, with those of its own preparation; and at most. */
export const productsOfHalves = 30;
const mostProducts = 60;

/** Fewer samples make no halves worth the name. */
const fewestSamples = 8;

/** Whether the check costs next to nothing, by counts alone. */
export function halvesAreCheap({ multiplyAdds, precision }: HessianProducts): boolean {
  return precision === 'float64' && multiplyAdds <= mostMultiplyAdds;
}

/**
 * The curvature along the sharpest direction of a random half of the samples: over that half, and over the other, which had no
 * part in choosing it. λ_max is a maximum over directions, so that of the samples at hand is high: E λ_max(H_N) ≥ λ_max(E H_N).
 * Null where it is not certified, or there are too few samples.
 */
export async function splitHalf(
  products: HessianProducts,
  forward: ForwardModel,
  run: AnalysisRun,
): Promise<{ readonly own: number; readonly other: number } | null> {
  const { targets } = forward;
  const { count } = targets;
  if (count < fewestSamples || run.unit !== 1) return null;
  const perSample = rowsPerSample(targets);
  const weights = rowWeights(targets, 0, count);
  const random = SeededRandom.fromSeed(run.request.seed);
  const order = Array.from({ length: count }, (_, n) => ({ n, key: random.normal() }))
    .sort((one, other) => one.key - other.key)
    .map(({ n }) => n);
  const inHalf = new Uint8Array(count);
  for (const n of order.slice(0, Math.floor(count / 2))) inHalf[n] = 1;
  const isOwn = (row: number): boolean => inHalf[Math.floor(row / perSample)] === 1;
  const ofHalf = weights.reduce((sum, weight, row) => sum + (isOwn(row) ? weight : 0), 0);
  if (!(ofHalf > 0 && ofHalf < 1)) return null;
  const ofOwn = weights.map((weight, row) => (isOwn(row) ? weight / ofHalf : 0));
  const half = await products.reweighted(ofOwn).catch(unlessOutOfTime);
  if (half === null) return null;
  try {
    const { sharpest } = await certifySharpness(half, null, {
      random: SeededRandom.fromSeed(run.request.seed),
      precision: run.request.precision,
      confidence,
      productError: half.measured.productError,
      maxProducts: mostProducts,
      memoryBytes: lanczosMemory(half, run.memoryBudget),
      outOfTime: (share) => run.outOfTime(share),
    });
    if (sharpest === null) return null;
    const rows = await forward.curvaturesAlong(products.weights, sharpest.vector);
    const penalty = 2 * products.penaltyAt(sharpest.vector);
    const over = (own: boolean): number =>
      rows.reduce((sum, part, row) => sum + (isOwn(row) === own ? part : 0), 0);
    return { own: over(true) / ofHalf + penalty, other: over(false) / (1 - ofHalf) + penalty };
  } catch (error) {
    return unlessOutOfTime(error);
  } finally {
    await half.release();
  }
}

/** The check is beside the numbers: where half of the samples allows no products, there is none. @throws FailureError TimeLimit */
function unlessOutOfTime(error: unknown): null {
  if (error instanceof FailureError && error.failure.kind !== 'TimeLimit') return null;
  throw error;
}
