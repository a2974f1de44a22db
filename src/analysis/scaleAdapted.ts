import type { HessianProducts } from '../autodiff/hessianProducts';
import { certifySharpness } from '../curvature/certifySharpness';
import type { SymmetricProducts } from '../curvature/products';
import { inUnit } from '../curvature/unit';
import { FailureError } from '../report/failure';
import type { Report } from '../report/report';
import { SeededRandom } from '../samples/random';
import type { AnalysisRun } from './analysisRun';
import { confidence } from './confidence';
import { lanczosMemory, productsCost } from './predictedCost';
import { endedEarly } from './leftOut';
import { setting } from '../report/wording/settings';

/** Fewer products than these would certify nothing. */
const fewestProducts = 10;

const stage = 'Searching the sharpest direction, scale-adapted';

/**
 * The report with λ_max of D·H·D, D = diag(|θ|), where it was asked for (Kwon et al., "ASAM", 2021): the second derivative
 * of the loss along relative changes of the parameters, which does not change when layers are rescaled against each other.
 * Its trace and norm are not known, so its interval is a probabilistic one. Where it cannot be had a warning says why.
 */
export async function withScaleAdapted(
  report: Report,
  products: HessianProducts,
  maxProducts: number,
  run: AnalysisRun,
): Promise<Report> {
  const { request } = run;
  if (!request.scaleAdapted) return report;
  // The error of a float32 product is measured against ‖H‖, and may be any multiple of that beside ‖D·H·D‖.
  if (products.precision !== 'float64')
    return withoutScaleAdapted(
      report,
      run,
      `it takes products in float64; ask for ${setting('dtype', 'float64')}.`,
    );
  if (maxProducts < fewestProducts) {
    const each = products.multiplyAdds.toExponential(1);
    return withoutScaleAdapted(
      report,
      run,
      `it takes ${each} multiply-adds a product; ask for ${setting('method', 'estimate')}.`,
    );
  }
  if (run.outOfTime())
    return withoutScaleAdapted(endedEarly(report, 'time limit'), run, 'the time limit had run out.');
  const expected = Math.min(maxProducts, products.order);
  const told = run.beginOptional(stage, productsCost(products, expected, run.memoryBudget));
  try {
    const { sharpness, stoppedBy } = await certifySharpness(
      inUnit(scaleAdaptedProducts(products), run.unit),
      null,
      {
        random: SeededRandom.fromSeed(request.seed),
        precision: request.precision,
        confidence,
        productError: 0,
        maxProducts,
        memoryBytes: lanczosMemory(products, run.memoryBudget),
        onProgress: ({ products: made }) => {
          told(made / expected);
        },
        outOfTime: (share) => run.outOfTime(share),
      },
    );
    const ended = stoppedBy === 'time limit' ? endedEarly(report, 'time limit') : report;
    if (sharpness === null)
      return withoutScaleAdapted(ended, run, 'the time limit ran out before it was found.');
    return { ...ended, scaleAdapted: { lambdaMax: sharpness.lambdaMax } };
  } catch (error) {
    // H itself has been found symmetric: weights of very different sizes may leave too little of D·H·D beside rounding.
    if (!(error instanceof FailureError)) throw error;
    const { kind, message } = error.failure;
    if (kind === 'Skipped') {
      run.leaveOut('the scale-adapted sharpness', stage);
      return report;
    }
    const reason = kind === 'InternalError' ? 'rounding outweighs it, for weights of such sizes.' : message;
    return withoutScaleAdapted(report, run, reason);
  }
}

/** The report with the warning that there is no scale-adapted sharpness, where it was asked for. */
export function withoutScaleAdapted(report: Report, { request }: AnalysisRun, reason: string): Report {
  if (!request.scaleAdapted) return report;
  const message = `The scale-adapted sharpness was not found: ${reason}`;
  return { ...report, warnings: [...report.warnings, { kind: 'no-scale-adapted', message }] };
}

/** v ↦ D·H·(D·v) */
function scaleAdaptedProducts(products: HessianProducts): SymmetricProducts {
  const sizes = products.weights.map(Math.abs);
  const scaled = (vector: Float64Array): Float64Array => vector.map((value, i) => value * (sizes[i] ?? 0));
  return {
    order: products.order,
    layers: products.layers,
    float32: null,
    multiply: async (vector, into) => scaled(await products.multiply(scaled(vector), into)),
  };
}
