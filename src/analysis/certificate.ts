import { HessianProducts } from '../autodiff/hessianProducts';
import { countProduct, planModel, type PlannedModel } from '../autodiff/plannedModel';
import type { Objective } from '../autodiff/preparedModel';
import type { Certificate, CurvatureOptions } from '../curvature/curvatureEstimate';
import { certifySharpness } from '../curvature/certifySharpness';
import { computeExactCurvature } from '../curvature/exactCurvature';
import { RememberedProducts } from '../curvature/products';
import type { SharpestDirection } from '../curvature/sharpestDirection';
import { inUnit } from '../curvature/unit';
import { FailureError } from '../report/failure';
import type { Report, Sharpness } from '../report/report';
import { norm } from '../runtime/norm';
import { SeededRandom } from '../samples/random';
import type { AnalysisRun } from './analysisRun';
import { confidence } from './confidence';
import { topOf, worthFloat32 } from './chooseMethod';
import { exactCost, lanczosMemory, productsCost } from './predictedCost';
import { withLayerSharpness } from './layerSharpness';
import { inGroup, withMeasurements, type MeasuredSamples } from './measurements';
import type { PlannedStage } from './runPlan';
import { missingIntervals, missingPrecision } from './leftOut';
import { withoutScaledSharpness, withScaledSharpness } from './scaledSharpness';
import type { PredictedCost } from '../report/wording/cost';
import { setting } from '../report/wording/settings';

const certificateStage = 'Searching the sharpest direction';

/** Multiply-adds that the search for λ_max may take, and the products that it may take at most. */
const affordable = 2e11;
const mostProducts = 300;
/** Fewer products than these would certify nothing. */
const fewestProducts = 10;

const firstStage = 'Searching the sharpest direction first';
/** Steps that certify λ_max, about. */
const usualSteps = 25;

/** Of the memory for a search: products that the second one has again. */
const rememberedShare = 1 / 8;

/** Steps that λ_min's interval, too, is given. */
const leastSteps = 60;

/** Perceptrons of so few parameters get their whole spectrum. */
const wholeSpectrum = 500;

/** How far loss and gradient of the two ways may differ by rounding, relative. */
const agreement = 1e-8;

/** A hundred rounding units: what sums over a layer's inputs and over layers may make of one. */
const roundingOfWeights = 1e-14;

/** What the search takes, about: six products of matrices for every weight matrix, and for so many vectors. */
export function certificateStageOf(
  parameters: number,
  samples: number,
  which: 'first' | 'proved',
): PlannedStage {
  const [stage, steps] = which === 'first' ? [firstStage, usualSteps] : [certificateStage, leastSteps];
  return { stage, cost: costOfProducts(steps, parameters, samples) };
}

/** What products of a perceptron take, about: six products of matrices for every weight matrix. */
export function costOfProducts(count: number, parameters: number, samples: number): PredictedCost {
  return { multiplyAdds: count * 6 * parameters * samples, bytes: 0 };
}

/** What the first search leaves to the second: the products as they were planned, and in float64 where they are little work. */
export interface FirstSearch {
  readonly plan: PlannedModel | null;
  readonly products: HessianProducts | null;
  /** The same products, which know those that were made. */
  readonly remembered: RememberedProducts | null;
}

/**
 * λ_max's interval from products alone, before the closed form is computed: in float64 where these are so little work that the
 * second search may have them, else in float32. They are kept for it where there is room for both them and the closed form.
 * @param factsOf what the products tell of the samples
 * @param formBytes what the closed form takes
 */
export async function tellFirstInterval(
  objective: Objective,
  run: AnalysisRun,
  factsOf: (products: HessianProducts) => Pick<Report, 'samples' | 'lossOptions'>,
  formBytes: number,
): Promise<FirstSearch> {
  const { request, threads, memoryBudget } = run;
  run.tell('Differentiating the graph');
  let plan: PlannedModel | null = null;
  let products: HessianProducts | null = null;
  let remembered: RememberedProducts | null = null;
  let kept = false;
  try {
    plan = await planModel(objective, { memoryBudget, batch: null });
    const inFloat64 = request.dtype === 'float64' || countProduct(plan).multiplyAdds < worthFloat32;
    const precision = inFloat64 ? 'float64' : 'float32';
    products = await HessianProducts.ofPlan(plan, { precision, memoryBudget, threads, batch: null });
    const { productError } = products.measured;
    run.products = { precision, productError };
    run.known = { ...run.known, ...factsOf(products), gradientNorm: norm(products.gradient) };
    const told = run.begin(firstStage, productsCost(products, usualSteps, memoryBudget));
    const memoryBytes = lanczosMemory(products, memoryBudget);
    remembered = inFloat64 ? new RememberedProducts(products, rememberedShare * memoryBytes) : null;
    await certifySharpness(remembered ?? products, null, {
      random: SeededRandom.fromSeed(request.seed),
      precision: request.precision,
      confidence,
      productError,
      maxProducts: Math.min(mostProducts, Math.floor(affordable / products.multiplyAdds)),
      memoryBytes: (1 - rememberedShare) * memoryBytes,
      onProgress: ({ products: made, sharpness, canSkip }) => {
        if (sharpness !== null) run.show(sharpness);
        told(made / Math.max(usualSteps, made), canSkip);
      },
      outOfTime: (share) => run.outOfTime(share),
      skipped: () => run.skipped(firstStage),
    });
    kept = products.bytes + (remembered?.bytes ?? Infinity) + formBytes <= memoryBudget;
  } catch (error) {
    // The closed form needs no products, and the second search tells why there is no certificate.
    if (!(error instanceof FailureError)) throw error;
  } finally {
    if (!kept) await products?.release();
  }
  return kept ? { plan, products, remembered } : { plan, products: null, remembered: null };
}

/** What a certificate is of. */
export interface Certified {
  readonly objective: Objective;
  /** What was searched before; products of it are the caller's to release. */
  readonly first: FirstSearch;
  readonly about: MeasuredSamples;
}

/**
 * The report of a closed form with the interval of λ_max and λ_min that its exact trace and norm prove, from products of
 * the differentiated graph: another way to the same Hessian, which has to have the same loss and gradient. Where products
 * cannot be had, a warning says why.
 */
export async function certify(
  report: Report,
  { objective, first, about }: Certified,
  run: AnalysisRun,
): Promise<Report> {
  const { threads, memoryBudget } = run;
  if (run.outOfTime()) {
    run.leaveOut(missingIntervals, certificateStage);
    return withoutScaledSharpness(report, run, 'the time limit had run out.');
  }
  const inFloat64 = async (planned: PlannedModel | null): Promise<HessianProducts> => {
    run.tell('Differentiating the graph');
    const plan = planned ?? (await planModel(objective, { memoryBudget, batch: null }));
    return HessianProducts.ofPlan(plan, { precision: 'float64', memoryBudget, threads, batch: null });
  };
  let products: HessianProducts;
  try {
    products = first.products ?? (await inFloat64(first.plan));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    if (error.failure.kind === 'TimeLimit') {
      run.leaveOut(missingIntervals, certificateStage);
      return withoutScaledSharpness(report, run, error.failure.message);
    }
    return withoutProducts(report, error.failure.message, run);
  }
  try {
    requireSameFunction(products, report, run.unit);
    const maxProducts = Math.min(mostProducts, Math.floor(affordable / products.multiplyAdds));
    const { remembered } = first;
    remembered?.again();
    const { report: found, sharpest } = await intervals(report, products, remembered, maxProducts, run);
    run.known = found;
    const subject = { ...about, products, sharpest };
    const measured = await withMeasurements(found, subject, run);
    run.known = measured;
    const whole = await withLayerSharpness(measured, subject, run);
    run.known = whole;
    return await withScaledSharpness(whole, products, maxProducts, run);
  } finally {
    if (products !== first.products) await products.release();
  }
}

async function intervals(
  report: Report,
  products: HessianProducts,
  remembered: RememberedProducts | null,
  maxProducts: number,
  run: AnalysisRun,
): Promise<{ readonly report: Report; readonly sharpest: SharpestDirection | null }> {
  const { order, multiplyAdds } = products;
  if (maxProducts < fewestProducts) {
    const reason = `it takes ${multiplyAdds.toExponential(1)} multiply-adds a product; ask for ${setting('method', 'estimate')}.`;
    return { report: withoutCertificate(report, reason), sharpest: null };
  }
  const whole = order <= wholeSpectrum && order * multiplyAdds <= affordable;
  const expected = whole ? order : leastSteps;
  const { memoryBudget } = run;
  const told = run.begin(
    certificateStage,
    whole ? exactCost(products, memoryBudget) : productsCost(products, leastSteps, memoryBudget),
  );
  const options: CurvatureOptions = {
    random: SeededRandom.fromSeed(run.request.seed),
    precision: run.request.precision,
    confidence,
    productError: 0,
    maxProducts,
    memoryBytes: (1 - rememberedShare) * lanczosMemory(products, run.memoryBudget),
    onProgress: ({ products: made, sharpness, canSkip }) => {
      if (sharpness !== null) run.show(sharpness);
      told(made / Math.max(expected, made), canSkip);
    },
    outOfTime: (share) => run.outOfTime(share),
    skipped: () => run.skipped(certificateStage),
    top: topOf(run.request),
  };
  const moments = {
    trace: report.trace.value,
    frobeniusSquared: report.frobeniusSquared.value,
    order,
  };
  if (!whole) {
    const { sharpness, sharpest, top, stoppedBy } = await certifySharpness(
      inUnit(remembered ?? products, run.unit),
      moments,
      options,
      leastSteps,
    );
    if (sharpness === null) {
      if (stoppedBy === 'time limit') run.leaveOut(missingIntervals, certificateStage);
      return { report, sharpest: null };
    }
    if (run.skipped(certificateStage)) run.leaveOut(missingPrecision, certificateStage);
    const analysis = { ...report.analysis, stoppedBy };
    return {
      report: { ...report, analysis, ...withDirection(report.layers, { sharpness, sharpest, top }) },
      sharpest,
    };
  }
  const found = await computeExactCurvature(inUnit(products, run.unit), options).catch((error: unknown) => {
    // The closed form's numbers stand: where the time ends before the last column, they are shown without the spectrum.
    if (error instanceof FailureError && run.outOfTime() && error.failure.kind !== 'InternalError')
      return null;
    throw error;
  });
  if (found === null) {
    for (const what of [missingIntervals, 'the spectrum']) run.leaveOut(what, certificateStage);
    return { report, sharpest: null };
  }
  const { sharpness, sharpest, top, spectrum, moments: exact } = found;
  requireAgreement('trace', exact.trace.value, moments.trace, Math.sqrt(order * moments.frobeniusSquared));
  requireAgreement('squared norm', exact.frobeniusSquared.value, moments.frobeniusSquared);
  return sharpness === null
    ? { report, sharpest }
    : {
        report: { ...report, spectrum, ...withDirection(report.layers, { sharpness, sharpest, top }) },
        sharpest,
      };
}

/** The layers with their shares of the sharpest direction, and λ_max with how many eigenvalues it stands for. */
function withDirection(
  layers: Report['layers'],
  { sharpness, sharpest, top }: Pick<Certificate, 'sharpest' | 'top'> & { readonly sharpness: Sharpness },
): Pick<Report, 'eigenvalues' | 'layers' | 'sharpness'> {
  return {
    layers: layers.map((layer, l) => ({ ...layer, sharpestShare: sharpest?.shares?.[l] ?? null })),
    sharpness: inGroup(sharpness, sharpest),
    eigenvalues: top.length > 0 ? top : null,
  };
}

/**
 * Loss and gradient of both ways. At a perfect fit they are what is left of larger numbers: they may differ as they would
 * by weights that are off by their rounding.
 */
function requireSameFunction(products: HessianProducts, report: Report, unit: number): void {
  const { gradientNorm, frobeniusNorm } = report;
  const moved = roundingOfWeights * norm(products.weights);
  const ofGradient = moved * (frobeniusNorm?.value ?? 0) * unit;
  requireAgreement(
    'gradient norm',
    norm(products.gradient),
    gradientNorm,
    gradientNorm + ofGradient / agreement,
  );
  const ofLoss = moved * (gradientNorm + ofGradient);
  const { meanLoss } = report.samples;
  requireAgreement('mean loss', products.meanLoss, meanLoss, Math.abs(meanLoss) + ofLoss / agreement);
}

/** Two ways to one number: where they differ neither is shown. */
function requireAgreement(
  what: string,
  differentiated: number,
  closed: number,
  scale = Math.abs(closed),
): void {
  if (Math.abs(differentiated - closed) <= agreement * scale + 1e-12) return;
  throw new FailureError(
    'InternalError',
    `The closed form and the differentiated graph disagree on the ${what} (${closed} and ${differentiated}), so neither is shown; please report the model.`,
  );
}

function withoutCertificate(report: Report, reason: string): Report {
  const message = `λ_max itself was not looked for, only its bounds: ${reason}`;
  return { ...report, warnings: [...report.warnings, { kind: 'no-certificate', message }] };
}

function withoutProducts(report: Report, reason: string, run: AnalysisRun): Report {
  return withoutScaledSharpness(withoutCertificate(report, reason), run, reason);
}
