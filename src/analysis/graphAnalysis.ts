import type { HessianProducts } from '../autodiff/hessianProducts';
import type { CurvatureEstimate, CurvatureProgress, EstimateOptions } from '../curvature/curvatureEstimate';
import { estimateCurvature } from '../curvature/estimateCurvature';
import { computeExactCurvature } from '../curvature/exactCurvature';
import { inUnit, unitFor } from '../curvature/unit';
import { FailureError } from '../report/failure';
import type { Cost, GaussNewton, Method, ModelFacts, Report } from '../report/report';
import { formatCount } from '../report/wording/number';
import { byteSize } from '../report/wording/byteSize';
import { norm } from '../runtime/norm';
import { SeededRandom } from '../samples/random';
import { samplesFor } from '../samples/samplesFor';
import type { AnalysedModel } from './analysedModel';
import type { AnalysisRun } from './analysisRun';
import { confidence } from './confidence';
import { dataWarnings } from './dataWarnings';
import { momentParts } from './graphReport';
import { inTrueSizes } from './inTrueSizes';
import { modelFacts } from './modelFacts';
import { openGraph } from './openedGraph';
import { exactCost, lanczosMemory, searchCost, takenCost, workOfProduct } from './predictedCost';
import { analysisFacts, lossOptions, rowFacts, sampleFacts } from './reportFacts';
import { withScaleAdapted } from './scaleAdapted';
import { leftOutForTime, missingIntervals } from './timeLimit';
import { intervalWarnings, warningsAbout } from './warnings';
import { setting } from '../report/wording/settings';

/** Every column is computed where that takes no more multiply-adds, and the Hessian has no more rows. */
const affordableColumns = 1e12;
const mostColumns = 4000;

/** Multiply-adds that an estimate may take, and its products at most and at least. */
const affordableEstimate = 4e12;
const mostProducts = 4000;
const fewestProducts = 100;

/** The density is left out where it would take more than a fifth of the products. */
const density = { probes: 4, steps: 40 };

/** Exact where the model is small, else estimated from Hessian-vector products with error bars. */
export async function analyseGraph(analysed: AnalysedModel, run: AnalysisRun): Promise<Report> {
  const { request, stopwatch } = run;
  const { model, subject } = analysed;
  run.tell('Reading the samples');
  const { samples, ignored } = await samplesFor(request, subject.inputs);
  stopwatch.lap('samples');

  const { chosen, products, warnings } = await openGraph(analysed, samples, run);
  try {
    const facts: ModelFacts = modelFacts(model, products.target, products.order, architecture(products));
    const described = {
      ...sampleFacts(run, samples, chosen, products, chosen.accuracy),
      ...rowFacts(chosen),
    };
    const method = chooseMethod(request.method, products, request.memoryBudget);
    const { precision, productError } = precisionOf(products);
    const base = {
      schema: 1,
      model: facts,
      samples: described,
      loss: chosen.loss,
      lossAssumed: chosen.assumed,
      lossOptions: lossOptions(run, samples, chosen, ignored),
      method,
      gradientNorm: norm(products.gradient),
      orthogonality: null,
      topSamples: null,
      warnings: [
        ...warningsAbout(described, chosen, warnings),
        ...dataWarnings(request, samples, chosen, ignored),
      ],
    } as const;
    run.known = base;
    if (precision === 'float64') run.unit = unitFor(products.measured.size);
    stopwatch.lap('differentiate');

    const { curvature, cost } = await curvatureOf(products, method, productError, run);
    stopwatch.lap('compute');
    const first: Report = {
      ...base,
      analysis: analysisFacts(run, { precision, productError, stoppedBy: curvature.stoppedBy, cost }),
      ...momentParts(products.layers, curvature),
      gaussNewton: null,
      ...(curvature.sharpness !== null && { sharpness: curvature.sharpness }),
      scaleAdapted: null,
      spectrum: curvature.spectrum,
      warnings: [...base.warnings, ...intervalWarnings(curvature, productError, request.precision)],
      time: stopwatch.seconds(),
    };
    run.known = first;
    const report = await withScaleAdapted(first, products, productBudget(products), run);
    run.known = report;
    if (request.scaleAdapted) stopwatch.lap('scale-adapted');
    // A loss of which nothing is known has no curvature of its own by the outputs.
    const hasGaussNewton = chosen.loss !== 'output';
    const compared = hasGaussNewton ? await gaussNewtonOf(products, method, productError, run) : null;
    const gaussNewton = compared?.gaussNewton ?? null;
    stopwatch.lap('drivers');
    const wantsDensity = method === 'estimate' && densityWithin(productBudget(products)) !== null;
    const leftOut = [
      ...(curvature.sharpness === null && curvature.stoppedBy === 'time limit' ? [missingIntervals] : []),
      ...(wantsDensity && curvature.spectrum === null ? ['the density of the eigenvalues'] : []),
      ...(compared === null && hasGaussNewton ? ['the Gauss-Newton matrix'] : []),
      ...(compared?.stoppedBy === 'time limit' ? ['some of the probes of the Gauss-Newton matrix'] : []),
    ];
    const whole = { ...leftOutForTime(report, leftOut), gaussNewton };
    return { ...inTrueSizes(whole, run.unit), time: stopwatch.seconds() };
  } finally {
    await products.release();
  }
}

function precisionOf({ precision, measured }: HessianProducts): {
  readonly precision: 'float64' | 'float32';
  readonly productError: number;
} {
  return { precision, productError: precision === 'float64' ? 0 : measured.productError };
}

/** Every column exact is every column in float64: float32 has an error that no error bar would show. */
function chooseMethod(asked: Method | 'auto', products: HessianProducts, memoryBudget: number): Method {
  const { order, precision } = products;
  const { bytes } = exactCost(products, memoryBudget);
  if (asked === 'exact' && precision === 'float32') {
    throw new FailureError(
      'UsageError',
      `The exact Hessian is computed from products in float64, and float32 was asked for; leave out ${setting('dtype', 'float32')}, or ask for ${setting('method', 'estimate')}.`,
    );
  }
  if (asked === 'exact' && order > mostColumns) {
    throw new FailureError(
      'TooLarge',
      `The exact Hessian of ${formatCount(order)} parameters is beyond the ${formatCount(mostColumns)} that are computed column by column; ask for ${setting('method', 'estimate')}.`,
    );
  }
  if (asked === 'exact' && bytes > memoryBudget) {
    throw new FailureError(
      'TooLarge',
      `The exact Hessian of ${formatCount(order)} parameters takes about ${byteSize(bytes)}, more than the ${byteSize(memoryBudget)} allowed; allow more with ${setting('memory')}, or ask for ${setting('method', 'estimate')}.`,
    );
  }
  if (asked === 'exact' || asked === 'estimate') return asked;
  const affordable = order <= mostColumns && order * workOfProduct(products) <= affordableColumns;
  return precision === 'float64' && affordable && bytes <= memoryBudget ? 'exact' : 'estimate';
}

const stages: Readonly<Record<CurvatureProgress['stage'], string>> = {
  columns: 'Computing the Hessian column by column',
  lanczos: 'Searching the sharpest direction',
  pilot: 'Finding out how many probes it takes',
  probes: 'Probing the Hessian',
  density: 'Estimating the density of the eigenvalues',
};

async function curvatureOf(
  products: HessianProducts,
  method: Method,
  productError: number,
  run: AnalysisRun,
): Promise<{
  readonly curvature: CurvatureEstimate;
  readonly cost: Cost;
}> {
  const options = estimateOptions(products, productError, run);
  const { memoryBudget } = run.request;
  const told =
    method === 'exact'
      ? run.begin(stages.columns, exactCost(products, memoryBudget))
      : run.begin(stages.lanczos, searchCost(products, options.maxProducts, memoryBudget));
  const onProgress = ({ products: made, expectedProducts, running, sharpness }: CurvatureProgress): void => {
    if (running !== null) run.known = { ...run.known, ...momentParts(products.layers, running) };
    if (sharpness !== null) run.known = { ...run.known, sharpness };
    told(made / expectedProducts);
  };
  const curvature =
    method === 'exact'
      ? await computeExactCurvature(inUnit(products, run.unit), { ...options, onProgress })
      : await estimateCurvature(inUnit(products, run.unit), { ...options, onProgress });
  const { multiplyAdds, bytes } =
    method === 'exact'
      ? exactCost(products, memoryBudget)
      : takenCost(products, curvature.products, memoryBudget);
  return { curvature, cost: { multiplyAdds, bytes } };
}

/** Products that an estimate may take. */
function productBudget(products: HessianProducts): number {
  const affordable = Math.floor(affordableEstimate / workOfProduct(products));
  return Math.max(fewestProducts, Math.min(mostProducts, affordable));
}

function estimateOptions(products: HessianProducts, productError: number, run: AnalysisRun): EstimateOptions {
  const { request } = run;
  const maxProducts = productBudget(products);
  return {
    random: SeededRandom.fromSeed(request.seed),
    precision: request.precision,
    confidence,
    productError,
    maxProducts,
    memoryBytes: lanczosMemory(products, request.memoryBudget),
    outOfTime: (share) => run.outOfTime(share),
    blocks: request.blocks,
    density: densityWithin(maxProducts),
  };
}

function densityWithin(maxProducts: number): EstimateOptions['density'] {
  const densityProducts = (density.probes - 1) * density.steps;
  return densityProducts * 5 <= maxProducts ? density : null;
}

/** The Gauss-Newton matrix beside the Hessian, the same way; null where the time has run out. */
async function gaussNewtonOf(
  products: HessianProducts,
  method: Method,
  productError: number,
  run: AnalysisRun,
): Promise<{ readonly gaussNewton: GaussNewton; readonly stoppedBy: CurvatureEstimate['stoppedBy'] } | null> {
  if (run.outOfTime()) return null;
  const { order, layers } = products;
  const matrix = inUnit(
    {
      order,
      layers,
      float32: products.gaussNewtonFloat32,
      multiply: (vector: Float64Array, into?: Float64Array) => products.multiplyGaussNewton(vector, into),
    },
    run.unit,
  );
  const options = { ...estimateOptions(products, productError, run), blocks: false, density: null };
  const { memoryBudget } = run.request;
  const told = run.begin(
    'Comparing with the Gauss-Newton matrix',
    method === 'exact'
      ? exactCost(products, memoryBudget)
      : searchCost(products, options.maxProducts, memoryBudget),
  );
  const onProgress = ({ products: made, expectedProducts }: CurvatureProgress): void => {
    told(made / expectedProducts);
  };
  const curvature = await (
    method === 'exact'
      ? computeExactCurvature(matrix, { ...options, onProgress })
      : estimateCurvature(matrix, { ...options, onProgress })
  ).catch((error: unknown) => {
    // It stands beside the Hessian's numbers: where the time ends before its own, they are shown without it.
    if (run.outOfTime() && error instanceof FailureError) return null;
    throw error;
  });
  if (curvature === null) return null;
  const { moments, errors } = curvature;
  const gaussNewton: GaussNewton = {
    trace: moments.trace,
    frobeniusSquared: moments.frobeniusSquared,
    upper: moments.bounds.lambdaMax.upper,
    ...(errors !== null && {
      intervals: {
        trace: errors.intervals.trace,
        frobeniusSquared: errors.intervals.frobeniusSquared,
        upper: errors.intervals.bounds.lambdaMax.upper,
      },
    }),
  };
  return { gaussNewton, stoppedBy: curvature.stoppedBy };
}

/** "network of 12 layers: Conv, Linear". */
function architecture({ layers }: HessianProducts): string {
  const kinds = [...new Set(layers.map(({ kind }) => kind))];
  return `network of ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}: ${kinds.join(', ')}`;
}
