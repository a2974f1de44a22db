import type { HessianProducts } from '../autodiff/hessianProducts';
import type { CurvatureEstimate, CurvatureProgress, EstimateOptions } from '../curvature/curvatureEstimate';
import { estimateCurvature } from '../curvature/estimateCurvature';
import { computeExactCurvature } from '../curvature/exactCurvature';
import { inUnit, unitFor } from '../curvature/unit';
import { FailureError } from '../report/failure';
import type { Cost, GaussNewton, Method, ModelFacts, Report, Warning } from '../report/report';
import { norm } from '../runtime/norm';
import { SeededRandom } from '../samples/random';
import type { AnalysedModel } from './analysedModel';
import { readAnalysedSamples } from './analysedSamples';
import type { AnalysisRun } from './analysisRun';
import { topOf } from './chooseMethod';
import { confidence } from './confidence';
import { dataWarnings } from './dataWarnings';
import { momentParts } from './graphReport';
import { inTrueSizes } from './inTrueSizes';
import { stageOfLayers, withLayerSharpness } from './layerSharpness';
import { inGroup, notMeasured, stageOfMeasurements, withMeasurements } from './measurements';
import { modelFacts } from './modelFacts';
import { openGraph } from './openedGraph';
import type { PredictedCost } from '../report/wording/cost';
import { exactCost, lanczosMemory, productsCost, workOfProduct } from './predictedCost';
import { analysisFacts, lossOptions, rowFacts, sampleFacts } from './reportFacts';
import { withScaledSharpness } from './scaledSharpness';
import {
  gaussNewtonStage,
  searchStages,
  stageOfGaussNewton,
  stagesOfEstimate,
  tellAsOneStage,
  tellStages,
} from './searchStages';
import { endsStage, missingIntervals, missingPrecision, withLeftOut } from './leftOut';
import { intervalWarnings, warningsAbout } from './warnings';

/** Multiply-adds that an estimate may take, and its products at most and at least. */
const affordableEstimate = 4e12;
const mostProducts = 4000;
const fewestProducts = 100;

/** The density is left out where it would take more than a fifth of the products. */
const density = { probes: 2, steps: 40 };

/**
 * Exact where the model is small, else estimated from Hessian-vector products with error bars.
 * @param notes what a reader should know of the choice of this way
 */
export async function analyseGraph(
  analysed: AnalysedModel,
  run: AnalysisRun,
  notes: readonly Warning[] = [],
): Promise<Report> {
  const { request, stopwatch } = run;
  const { model, subject } = analysed;
  const { samples, ignored } = await readAnalysedSamples(analysed, subject.inputs, run);
  stopwatch.lap('samples');

  const { chosen, products, method, warnings } = await openGraph(analysed, samples, run);
  try {
    const facts: ModelFacts = modelFacts(model, products.target, products.order, architecture(products));
    const described = {
      ...sampleFacts(run, samples, chosen, products, chosen.accuracy),
      ...rowFacts(chosen),
    };
    const { precision } = products;
    const { productError } = products.measured;
    run.products = { precision, productError };
    const base = {
      schema: 1,
      model: facts,
      samples: described,
      loss: chosen.loss,
      lossAssumed: chosen.assumed,
      lossOptions: lossOptions(run, subject, samples, chosen, ignored),
      method,
      gradientNorm: norm(products.gradient),
      orthogonality: null,
      topSamples: null,
      ...notMeasured,
      warnings: [
        ...notes,
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
      ...(curvature.sharpness !== null && { sharpness: inGroup(curvature.sharpness, curvature.sharpest) }),
      ...(curvature.top.length > 0 && { eigenvalues: curvature.top }),
      scaleAdapted: null,
      spectrum: curvature.spectrum,
      warnings: [...base.warnings, ...intervalWarnings(curvature, productError, request.precision)],
      time: stopwatch.seconds(),
    };
    run.known = first;
    if (curvature.sharpness !== null) run.show(curvature.sharpness);
    const { sharpest } = curvature;
    const { accuracyOf } = chosen;
    const about = { products, sharpest, samples, chosen, accuracyOf };
    const measured = await withMeasurements(first, about, run);
    run.known = measured;
    const whole = await withLayerSharpness(measured, about, run);
    run.known = whole;
    stopwatch.lap('measured');
    const report = await withScaledSharpness(whole, products, productBudget(products), run);
    run.known = report;
    if (request.scaleAdapted || run.preconditioner !== null) stopwatch.lap('scaled');
    // A loss of which nothing is known has no curvature of its own by the outputs.
    const hasGaussNewton = chosen.loss !== 'output';
    const compared = hasGaussNewton ? await gaussNewtonOf(products, method, productError, run) : null;
    const gaussNewton = compared?.gaussNewton ?? null;
    stopwatch.lap('drivers');
    const wantsDensity = method === 'estimate' && densityWithin(productBudget(products)) !== null;
    const { lanczos, probes, density } = searchStages;
    if (curvature.sharpness === null && curvature.stoppedBy === 'time limit')
      run.leaveOut(missingIntervals, lanczos);
    if (run.skipped(lanczos)) run.leaveOut(missingPrecision, lanczos);
    if (curvature.errors?.stoppedBy === 'user') run.leaveOut('some of the probes', probes);
    if (wantsDensity && curvature.spectrum === null) run.leaveOut('the density of the eigenvalues', density);
    if (compared === null && hasGaussNewton) run.leaveOut('the Gauss-Newton matrix', gaussNewtonStage);
    if (compared?.stoppedBy === 'time limit')
      run.leaveOut('some of the probes of the Gauss-Newton matrix', gaussNewtonStage);
    const ended = { ...withLeftOut(report, run.leftOut), gaussNewton };
    return { ...inTrueSizes(ended, run.unit), time: stopwatch.seconds() };
  } finally {
    await products.release();
  }
}

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
  const costOf = costOfProducts(products, method, run);
  const { density } = options;
  const ofDensity = density === null ? 0 : (density.probes - 1) * density.steps;
  if (method === 'estimate') run.expect(stagesOfEstimate(ofDensity, costOf));
  const ofProducts = (count: number): PredictedCost => productsCost(products, count, run.memoryBudget);
  const ofLayers = stageOfLayers(ofProducts, products.layers.length);
  run.expect([
    stageOfMeasurements(ofProducts, run.request),
    ...(ofLayers === null ? [] : [ofLayers]),
    stageOfGaussNewton(costOf),
  ]);
  const told = tellStages(run, costOf);
  const onProgress = (progress: CurvatureProgress): void => {
    const { running, sharpness } = progress;
    if (running !== null) run.known = { ...run.known, ...momentParts(products.layers, running) };
    if (sharpness !== null) run.show(sharpness);
    told(progress);
  };
  const curvature =
    method === 'exact'
      ? await computeExactCurvature(inUnit(products, run.unit), { ...options, onProgress })
      : await estimateCurvature(inUnit(products, run.unit), { ...options, onProgress });
  const { multiplyAdds, bytes } = costOf(curvature.products);
  return { curvature, cost: { multiplyAdds, bytes } };
}

/** What products take of whatever they are made for: all columns where the method is exact. */
function costOfProducts(
  products: HessianProducts,
  method: Method,
  { memoryBudget }: AnalysisRun,
): (count: number) => PredictedCost {
  return (count) =>
    method === 'exact' ? exactCost(products, memoryBudget) : productsCost(products, count, memoryBudget);
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
    memoryBytes: lanczosMemory(products, run.memoryBudget),
    outOfTime: (share) => run.outOfTime(share),
    skipped: (stage) => run.skipped(searchStages[stage]),
    top: topOf(request),
    blocks: request.blocks,
    density: densityWithin(maxProducts),
  };
}

function densityWithin(maxProducts: number): EstimateOptions['density'] {
  const densityProducts = (density.probes - 1) * density.steps;
  return densityProducts * 5 <= maxProducts ? density : null;
}

/** The Gauss-Newton matrix beside the Hessian, the same way; null where the time has run out, or it was skipped. */
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
  const { top: _top, skipped: _skipped, ...wanted } = estimateOptions(products, productError, run);
  const options = { ...wanted, blocks: false, density: null };
  const { stage, cost } = stageOfGaussNewton(costOfProducts(products, method, run));
  const told = run.beginOptional(stage, cost);
  const onProgress = tellAsOneStage(told);
  const curvature = await (
    method === 'exact'
      ? computeExactCurvature(matrix, { ...options, onProgress })
      : estimateCurvature(matrix, { ...options, onProgress })
  ).catch((error: unknown) => {
    // It stands beside the Hessian's numbers: where the time ends before its own, they are shown without it.
    if (endsStage(error) || (run.outOfTime() && error instanceof FailureError)) return null;
    throw error;
  });
  if (curvature === null) return null;
  told(1);
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
