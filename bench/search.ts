import { performance } from 'node:perf_hooks';
import type { HessianProducts } from '../src/autodiff/hessianProducts';
import { confidence } from '../src/analysis/confidence';
import { CertifyingLanczos } from '../src/curvature/certifySharpness';
import { CountedProducts } from '../src/curvature/products';
import { SeededRandom } from '../src/samples/random';
import { defaultMemory } from './graphCases';

/** The relative width at which an interval is certified. */
export const precision = 0.01;

/** A search that has not come to its end by then is shown uncertified. */
const mostProducts = 400;

/** One search for λ_max. */
export interface Search {
  readonly products: number;
  readonly seconds: number;
  readonly lower: number;
  readonly upper: number;
  readonly certified: boolean;
}

/**
 * Lanczos from the seeds 0 to `runs` − 1 until λ_max is certified to 1 % at 99.9 %, from the products alone: neither trace
 * nor norm are known.
 */
export async function searches(
  products: HessianProducts,
  productError: number,
  runs: number,
): Promise<readonly Search[]> {
  const found: Search[] = [];
  for (let seed = 0; seed < runs; seed++) {
    const start = performance.now();
    const counted = new CountedProducts(products);
    const options = {
      random: SeededRandom.fromSeed(seed),
      precision,
      confidence,
      productError,
      maxProducts: mostProducts,
      memoryBytes: defaultMemory / 4,
    };
    const run = new CertifyingLanczos(counted, options, null);
    await run.advance(1, counted.order, mostProducts, () => undefined);
    const seconds = (performance.now() - start) / 1000;
    if (run.sharpness === null) throw new Error('The products are too inexact for an interval.');
    const { lower, upper, certified } = run.sharpness.lambdaMax;
    found.push({ products: counted.count, seconds, lower, upper, certified });
  }
  return found;
}
