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

/** λ_max of D·H·D for a diagonal D of the parameters. */
interface Scaling {
  readonly key: 'scaleAdapted' | 'preconditioned';
  readonly stage: string;
  /** As a sentence goes on with it, and as one begins. */
  readonly name: string;
  readonly begun: string;
  readonly warning: string;
  readonly isWanted: (run: AnalysisRun) => boolean;
  /** D; null: the file has no numbers for these parameters. */
  readonly scale: (products: HessianProducts, run: AnalysisRun) => Float64Array | null;
}

const scalings: readonly Scaling[] = [
  {
    // D = diag(|θ|) (Kwon et al., "ASAM", 2021): the second derivative of the loss along relative changes of the parameters,
    // which does not change when layers are rescaled against each other.
    key: 'scaleAdapted',
    stage: 'Searching the sharpest direction, scale-adapted',
    name: 'the scale-adapted sharpness',
    begun: 'The scale-adapted sharpness',
    warning: 'no-scale-adapted',
    isWanted: ({ request }) => request.scaleAdapted,
    scale: ({ weights }) => weights.map(Math.abs),
  },
  {
    // D = P^-1/2, P = √v̂ + ε of Adam's state (Cohen et al., "Adaptive Gradient Methods at the Edge of Stability", 2022).
    key: 'preconditioned',
    stage: 'Searching the sharpest direction that Adam meets',
    name: 'the sharpness that Adam meets',
    begun: 'The sharpness that Adam meets',
    warning: 'no-preconditioned',
    isWanted: ({ preconditioner }) => preconditioner !== null,
    scale: (products, { preconditioner }) =>
      preconditioner === null
        ? null
        : (products.inOrder(preconditioner)?.map((size) => 1 / Math.sqrt(size)) ?? null),
  },
];

/**
 * The report with λ_max of every scaled Hessian that is wanted. Their traces and norms are not known, so the intervals are
 * probabilistic ones. Where one cannot be had a warning says why.
 */
export async function withScaledSharpness(
  report: Report,
  products: HessianProducts,
  maxProducts: number,
  run: AnalysisRun,
): Promise<Report> {
  let found = report;
  for (const scaling of scalings) {
    if (scaling.isWanted(run)) found = await withScaling(scaling, found, products, maxProducts, run);
  }
  return found;
}

/** The report with the warnings that there is none of those that are wanted. */
export function withoutScaledSharpness(report: Report, run: AnalysisRun, reason: string): Report {
  const wanted = scalings.filter(({ isWanted }) => isWanted(run));
  return wanted.reduce((left, scaling) => withoutScaling(scaling, left, reason), report);
}

function withoutScaling({ begun, warning }: Scaling, report: Report, reason: string): Report {
  const message = `${begun} was not found: ${reason}`;
  return { ...report, warnings: [...report.warnings, { kind: warning, message }] };
}

async function withScaling(
  scaling: Scaling,
  report: Report,
  products: HessianProducts,
  maxProducts: number,
  run: AnalysisRun,
): Promise<Report> {
  const { request } = run;
  const { stage, key } = scaling;
  const without = (left: Report, reason: string): Report => withoutScaling(scaling, left, reason);
  // The error of a float32 product is measured against ‖H‖, and may be any multiple of that beside ‖D·H·D‖.
  if (products.precision !== 'float64')
    return without(report, `it takes products in float64; ask for ${setting('dtype', 'float64')}.`);
  if (maxProducts < fewestProducts) {
    const each = products.multiplyAdds.toExponential(1);
    return without(
      report,
      `it takes ${each} multiply-adds a product; ask for ${setting('method', 'estimate')}.`,
    );
  }
  if (run.outOfTime()) return without(endedEarly(report, 'time limit'), 'the time limit had run out.');
  const scale = scaling.scale(products, run);
  if (scale === null)
    return without(report, 'the state in the file is that of other parameters than those that count here.');
  const expected = Math.min(maxProducts, products.order);
  const told = run.beginOptional(stage, productsCost(products, expected, run.memoryBudget));
  try {
    const { sharpness, stoppedBy } = await certifySharpness(
      inUnit(scaledProducts(products, scale), run.unit),
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
    if (sharpness === null) return without(ended, 'the time limit ran out before it was found.');
    return { ...ended, [key]: { lambdaMax: sharpness.lambdaMax } };
  } catch (error) {
    // H itself has been found symmetric: scales of very different sizes may leave too little of D·H·D beside rounding.
    if (!(error instanceof FailureError)) throw error;
    const { kind, message } = error.failure;
    if (kind === 'Skipped') {
      run.leaveOut(scaling.name, stage);
      return report;
    }
    return without(
      report,
      kind === 'InternalError' ? 'rounding outweighs it, for scales of such sizes.' : message,
    );
  }
}

/** v ↦ D·H·(D·v) */
function scaledProducts(products: HessianProducts, scale: Float64Array): SymmetricProducts {
  const scaled = (vector: Float64Array): Float64Array => vector.map((value, i) => value * (scale[i] ?? 0));
  return {
    order: products.order,
    layers: products.layers,
    float32: null,
    multiply: async (vector, into) => scaled(await products.multiply(scaled(vector), into)),
  };
}
