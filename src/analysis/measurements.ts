import type { ForwardModel } from '../autodiff/forwardModel';
import type { HessianProducts } from '../autodiff/hessianProducts';
import type { ProductLayer } from '../autodiff/productLayers';
import { sizeOf } from '../graph/static/value';
import { partsOfSamples, samplingError, type SampleParts } from '../curvature/samplingError';
import type { SharpestDirection } from '../curvature/sharpestDirection';
import type { ChosenLoss } from '../loss/chooseLoss';
import { rowsPerSample, rowWeights } from '../loss/targets';
import type { LayerReport, Report, Sharpness } from '../report/report';
import type { Samples } from '../samples/samples';
import type { AnalysisRequest } from '../report/request';
import type { PredictedCost } from '../report/wording/cost';
import type { AnalysisRun } from './analysisRun';
import { endsStage } from './leftOut';
import { productsCost } from './predictedCost';
import {
  measurePlane,
  measureResponse,
  passesOfPlane,
  passesOfResponse,
  productsOfResponse,
} from './response';
import type { PlannedStage } from './runPlan';
import { halvesAreCheap, productsOfHalves, splitHalf } from './splitHalf';
import { listSamples, type ListedSamples } from './topSamples';

/** What a report says of it before, and where, nothing was measured. */
export const notMeasured = {
  eigenvalues: null,
  response: null,
  slices: null,
  plane: null,
  sharpestSamples: null,
  verdict: null,
} as const;

const stage = 'Measuring what a move of the weights costs';
const what = 'what a move of the weights costs';

/** What measuring will take, by the cost of products. */
export function stageOfMeasurements(
  costOf: (products: number) => PredictedCost,
  { plane }: Pick<AnalysisRequest, 'plane'>,
): PlannedStage {
  const passes = passesOfResponse + (plane ? passesOfPlane : 0);
  return { stage, cost: costOf(1 + productsOfResponse + Math.ceil(passes / passesPerProduct)) };
}

/** Forward passes in the time of a product, about. */
const passesPerProduct = 3;

/** Inputs or outputs of a layer whose shares are told one by one. */
const mostWithin = 256;

/** Two ways to vᵀHv differ by their rounding: so much of ‖H‖. */
export function agreementOf({ measured }: HessianProducts): number {
  return Math.max(1e-4, 20 * measured.productError);
}

/** The samples that are measured, with their loss. */
export interface MeasuredSamples {
  readonly samples: Samples;
  readonly chosen: Pick<ChosenLoss, 'loss' | 'targets' | 'classes'>;
  /** Of outputs in the rows of the targets. */
  readonly accuracyOf: (outputs: Float64Array) => number | null;
}

/** What measurements are made of. */
export interface Measured extends MeasuredSamples {
  readonly products: HessianProducts;
  readonly sharpest: SharpestDirection | null;
}

/** λ_max with the number of eigenvalues that it stands for, where these are several. */
export function inGroup(sharpness: Sharpness, sharpest: SharpestDirection | null): Sharpness {
  const { group = 1 } = sharpest ?? {};
  return group === 1 ? sharpness : { ...sharpness, lambdaMax: { ...sharpness.lambdaMax, group } };
}

/**
 * The report with what is measured of the sharpest direction, where λ_max is certified: how much it depends on the samples, which
 * of them carry it, and what a move of the weights costs.
 */
export async function withMeasurements(
  report: Report,
  measured: Measured,
  run: AnalysisRun,
): Promise<Report> {
  const { products, sharpest } = measured;
  if (sharpest === null || report.sharpness === undefined) return report;
  if (run.outOfTime()) {
    run.leaveOut(what, stage);
    return report;
  }
  const halves = halvesAreCheap(products);
  const passes = passesOfResponse / passesPerProduct;
  const ofPlane = run.request.plane ? passesOfPlane / passesPerProduct : 0;
  const units = 1 + productsOfResponse + passes + ofPlane + (halves ? productsOfHalves : 0);
  const told = run.beginOptional(stage, productsCost(products, units, run.memoryBudget));
  let done = 0;
  const add = (amount: number): void => {
    done += amount;
    told(Math.min(1, done / units));
  };
  let forward: ForwardModel | null = null;
  // What is known by the time that anything ends it.
  let latest = report;
  try {
    forward = await products.openForward();
    const { report: known, lambdaMax } = await ofSamples(report, measured, sharpest.vector, forward, run);
    run.known = latest = known;
    add(1);
    const { loss } = measured.chosen;
    const { accuracyOf } = measured;
    const { seed } = run.request;
    const subject = { products, forward, loss, accuracyOf, lambdaMax, direction: sharpest.vector, seed };
    const onPass = (): void => {
      add(1 / passesPerProduct);
    };
    const moved = await measureResponse(subject, onPass);
    const plane = run.request.plane ? await measurePlane(subject, onPass) : null;
    const whole = isFinite(moved) ? { ...known, ...moved, plane } : known;
    run.known = latest = whole;
    const half = halves ? await splitHalf(products, forward, run) : null;
    const { sharpness } = whole;
    if (half === null || sharpness === undefined) return whole;
    return { ...whole, sharpness: { ...sharpness, lambdaMax: { ...sharpness.lambdaMax, splitHalf: half } } };
  } catch (error) {
    if (!endsStage(error)) throw error;
    run.leaveOut(what, stage);
    return latest;
  } finally {
    await forward?.release();
  }
}

/** Whether the prediction has numbers: of the greatest curvatures float64 has none. */
function isFinite({ response, slices }: Pick<Report, 'response' | 'slices'>): boolean {
  const predicted = slices?.flatMap(({ parabola }) => parabola) ?? [];
  return [response?.scaleInvariant ?? 0, ...predicted].every(Number.isFinite);
}

/** What every sample adds to λ_max. @returns λ_max in its own size */
async function ofSamples(
  report: Report,
  measured: Measured,
  direction: Float64Array,
  forward: ForwardModel,
  run: AnalysisRun,
): Promise<{ readonly report: Report; readonly lambdaMax: number }> {
  const { products } = measured;
  const { sharpness } = report;
  if (sharpness === undefined) return { report, lambdaMax: Number.NaN };
  const { lower, upper } = sharpness.lambdaMax;
  const found = ((lower + upper) / 2) * run.unit;
  const size = Math.max(Math.abs(found), Math.abs(sharpness.lambdaMin.lower) * run.unit);
  const { parts, curvature: lambdaMax } = await curvatureOfSamples(direction, measured, forward);
  const width = (upper - lower) * run.unit;
  const allowed = width + agreementOf(products) * size;
  if (!(Math.abs(lambdaMax - found) <= allowed)) {
    const message = `How much λ_max depends on the samples is not told: their own curvatures sum to ${lambdaMax}, not to ${found}; please report it with the model.`;
    return {
      report: { ...report, warnings: [...report.warnings, { kind: 'no-sampling-error', message }] },
      lambdaMax: found,
    };
  }
  return {
    report: {
      ...report,
      layers: report.layers.map((layer, l) => ({
        ...layer,
        ...sharesWithin(direction, products.layers[l]!),
      })),
      samples: { ...report.samples, lossError: samplingError(lossParts(measured)) },
      sharpness: { ...sharpness, lambdaMax: { ...sharpness.lambdaMax, samplingError: samplingError(parts) } },
      sharpestSamples: ofCarriers(parts, measured, listSamples),
    },
    lambdaMax,
  };
}

/** What every sample adds to vᵀHv of a direction v, and vᵀHv with weight decay. @param direction v, length P */
export async function curvatureOfSamples(
  direction: Float64Array,
  { products, chosen: { targets } }: Pick<Measured, 'products' | 'chosen'>,
  forward: ForwardModel,
): Promise<{ readonly parts: SampleParts; readonly curvature: number }> {
  const rows = await forward.curvaturesAlong(products.weights, direction);
  const parts = partsOfSamples(rows, rowWeights(targets, 0, targets.count), rowsPerSample(targets));
  const curvature = parts.parts.reduce((sum, part) => sum + part, 0) + 2 * products.penaltyAt(direction);
  return { parts, curvature };
}

/** Of the sharpest direction in the weights into each output of a layer, and from each input; its bias is left out. */
function sharesWithin(
  direction: Float64Array,
  { weight, from }: ProductLayer,
): Pick<LayerReport, 'sharpestInputs' | 'sharpestUnits'> {
  const along = (axis: number | null): number[] | null => {
    const size = axis === null ? undefined : weight?.dims[axis];
    if (weight === null || axis === null || size === undefined || size < 2 || size > mostWithin) return null;
    const inner = sizeOf(weight.dims.slice(axis + 1));
    const shares = new Array<number>(size).fill(0);
    for (let at = 0; at < sizeOf(weight.dims); at++)
      shares[Math.floor(at / inner) % size]! += direction[from + at]! ** 2;
    return shares;
  };
  return {
    sharpestUnits: along(weight?.axes.outputs ?? null),
    sharpestInputs: along(weight?.axes.inputs ?? null),
  };
}

/** What every sample adds to the mean loss. */
function lossParts({ products, chosen: { targets } }: Pick<Measured, 'products' | 'chosen'>): SampleParts {
  const ofRows = rowWeights(targets, 0, targets.count);
  const losses = products.losses.map((loss, row) => loss * ofRows[row]!);
  return partsOfSamples(losses, ofRows, rowsPerSample(targets));
}

/**
 * A list of samples by their shares of a curvature; null where there is nothing to carry.
 * @param list the samples of the largest shares
 */
export function ofCarriers<Listed>(
  { parts, weights }: SampleParts,
  { products, samples, chosen }: Measured,
  list: (shares: Float64Array, listed: ListedSamples) => Listed,
): Listed | null {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (!(whole > 0)) return null;
  const { targets, classes } = chosen;
  const single = rowsPerSample(targets) === 1;
  const sums = lossParts({ products, chosen });
  return list(
    parts.map((part) => part / whole),
    {
      samples,
      losses: sums.parts.map((sum, n) => (weights[n]! > 0 ? sum / weights[n]! : 0)),
      outputs: single ? { rows: targets.count, columns: targets.width, data: products.outputs } : null,
      classes: single && classes?.length === targets.count ? classes : null,
    },
  );
}
