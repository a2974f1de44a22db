import { certifySharpness } from '../src/curvature/certifySharpness';
import type { Moments } from '../src/curvature/bounds';
import { SeededRandom } from '../src/samples/random';
import type { CalibrationModel } from './calibrationModels';
import { median } from './median';

/** Eigenvalues that are looked for, as in a report by default. */
const count = 10;
/** Far fewer than parameters: much is then left to bounds on what Lanczos has not seen. */
const maxProducts = 50;

/** What became of the intervals of the largest eigenvalues in many runs. */
interface Tally {
  /** Runs of which any interval failed. */
  readonly violated: number;
  /** Intervals that were told, per run. */
  readonly told: number;
  /** Of all of them, over |λ_k|. */
  readonly width: number;
}

/** A row of the page's table, and what must not be. */
export interface TopCalibration {
  readonly top: readonly (string | number)[];
  readonly provedViolated: number;
}

/** Intervals that are probable at two confidences, and those that trace and norm prove. */
export async function calibrateTop(model: CalibrationModel, runs: number): Promise<TopCalibration> {
  const frobeniusSquared = model.blocks.flat().reduce((sum, block) => sum + block, 0);
  const trace = model.traces.reduce((sum, each) => sum + each, 0);
  const known = { trace, frobeniusSquared, order: model.products.order };
  const low = await topViolations(model, { confidence: 0.9, moments: null }, runs);
  const high = await topViolations(model, { confidence: 0.999, moments: null }, runs);
  const proved = await topViolations(model, { confidence: 0.999, moments: known }, runs);
  return {
    top: [model.name, ...cellsOf(low), ...cellsOf(high), ...cellsOf(proved)],
    provedViolated: proved.violated,
  };
}

function cellsOf({ violated, told, width }: Tally): (string | number)[] {
  return [violated, told.toFixed(1), told === 0 ? '' : `${Number((100 * width).toPrecision(2))} %`];
}

/** With exact moments only those intervals are counted that they prove. */
async function topViolations(
  { products, eigenvalues }: CalibrationModel,
  { confidence, moments }: { readonly confidence: number; readonly moments: Moments | null },
  runs: number,
): Promise<Tally> {
  const largest = eigenvalues.toSorted((one, other) => other - one).slice(0, count);
  const tolerance = 1e-12 * Math.max(...eigenvalues.map(Math.abs));
  const widths: number[] = [];
  let violated = 0;
  for (let seed = 0; seed < runs; seed++) {
    const { top } = await certifySharpness(products, moments, {
      random: SeededRandom.fromSeed(seed),
      precision: 0.01,
      confidence,
      productError: 0,
      maxProducts,
      memoryBytes: 2 ** 28,
      top: { count, asked: true },
    });
    const counted = top.filter(({ kind }) => moments === null || kind === 'proved');
    const fails = counted.some(
      ({ k, lower, upper }) => lower > largest[k - 1]! + tolerance || upper < largest[k - 1]! - tolerance,
    );
    if (fails) violated++;
    widths.push(...counted.map(({ k, lower, upper }) => (upper - lower) / Math.abs(largest[k - 1]!)));
  }
  return { violated, told: widths.length / runs, width: median(widths) };
}
