import type { ForwardModel } from '../autodiff/forwardModel';
import type { HessianProducts } from '../autodiff/hessianProducts';
import type { Moments } from '../curvature/bounds';
import { certifySharpness } from '../curvature/certifySharpness';
import type { LayerRange, SymmetricProducts } from '../curvature/products';
import { inUnit } from '../curvature/unit';
import { FailureError } from '../report/failure';
import type { LayerReport, Range, Report, SampleShare } from '../report/report';
import { SeededRandom } from '../samples/random';
import type { PredictedCost } from '../report/wording/cost';
import type { AnalysisRun } from './analysisRun';
import { confidence } from './confidence';
import { agreementOf, curvatureOfSamples, ofCarriers, type Measured } from './measurements';
import { lanczosMemory, productsCost } from './predictedCost';
import type { PlannedStage } from './runPlan';
import { rankSamples } from './topSamples';

/** Multiply-adds that it may take: about two seconds; a layer is given no more products than so many. */
const affordable = 2e10;
const mostProducts = 60;
const usualProducts = 15;
/** Of a time limit, what is left to what comes after. */
const timeShare = 0.8;

/** Of a product in float64, relative to ‖H‖: a thousand rounding units. */
const roundingOfProduct = 1e-13;

/** Of every layer. */
const mostSamples = 6;

const stage = 'Searching the sharpest direction of each layer';

/** What the search will take, by the cost of products; null where it will be left out. */
export function stageOfLayers(
  costOf: (products: number) => PredictedCost,
  layers: number,
): PlannedStage | null {
  const most = Math.floor(affordable / costOf(1).multiplyAdds);
  if (layers < 2 || most < usualProducts) return null;
  return { stage, cost: costOf(Math.min(most, usualProducts * layers)) };
}

/**
 * The report with λ_max of every layer's own block, of the Hessian where all other layers are held fixed, and the samples that
 * carry it. Those of the largest
 * shares of the sharpest direction come first, as far as a few seconds go by their counts; the others stay unknown.
 */
export async function withLayerSharpness(
  report: Report,
  measured: Measured,
  run: AnalysisRun,
): Promise<Report> {
  const { products } = measured;
  const { layers, sharpness } = report;
  if (sharpness === undefined || run.outOfTime(timeShare)) return report;
  const [only] = layers;
  if (only !== undefined && layers.length === 1) {
    const { lower, upper, kind } = sharpness.lambdaMax;
    return { ...report, layers: [{ ...only, lambdaMax: { lower, upper, kind } }] };
  }
  const order = Array.from(layers.keys()).sort(
    (one, other) => (layers[other]!.sharpestShare ?? 0) - (layers[one]!.sharpestShare ?? 0),
  );
  let left = Math.floor(affordable / products.multiplyAdds);
  if (left < usualProducts) return report;
  const expected = Math.min(left, usualProducts * layers.length);
  const told = run.beginOptional(stage, productsCost(products, expected, run.memoryBudget));
  // A product's error is that of the whole Hessian, of which a block may be a small part.
  const { lambdaMax, lambdaMin } = sharpness;
  const size = Math.max(Math.abs(lambdaMax.upper), Math.abs(lambdaMin.lower)) * run.unit;
  const error = Math.max(products.measured.productError, roundingOfProduct) * size;
  const found = new Map<number, Pick<LayerReport, 'lambdaMax' | 'sharpestSamples'>>();
  let forward: ForwardModel | null = null;
  let made = 0;
  try {
    for (const l of order) {
      if (left < usualProducts || run.outOfTime(timeShare)) break;
      const {
        sharpness: own,
        sharpest,
        products: taken,
      } = await certifySharpness(
        inUnit(blockOf(products, products.layers[l]!, error), run.unit),
        momentsOf(layers[l]!),
        {
          random: SeededRandom.fromSeed(run.request.seed),
          precision: run.request.precision,
          confidence,
          productError: products.measured.productError,
          maxProducts: Math.min(left, mostProducts),
          memoryBytes: lanczosMemory(products, run.memoryBudget),
          outOfTime: (share = 1) => run.outOfTime(share * timeShare),
          skipped: () => run.skipped(stage),
        },
        // The direction takes longer than its curvature.
        usualProducts,
      );
      left -= taken;
      made += taken;
      told(Math.min(1, made / expected));
      if (own === null) continue;
      const { lower, upper, kind } = own.lambdaMax;
      if (!Number.isFinite(upper)) continue;
      found.set(l, { lambdaMax: { lower, upper, kind } });
      if (sharpest === null) continue;
      forward ??= await products.openForward();
      const ends = { lower: lower * run.unit, upper: upper * run.unit };
      const carriers = await carriersOf(sharpest.vector, products.layers[l]!, ends, measured, forward);
      if (carriers !== null) found.set(l, { lambdaMax: { lower, upper, kind }, sharpestSamples: carriers });
    }
  } catch (fault) {
    // H itself has been found symmetric: rounding may leave too little of a small block. What was found stands.
    if (!(fault instanceof FailureError)) throw fault;
  } finally {
    await forward?.release();
  }
  if (run.skipped(stage) && found.size < layers.length)
    run.leaveOut('λ_max of each layer’s own block', stage);
  return { ...report, layers: layers.map((layer, l) => ({ ...layer, lambdaMax: null, ...found.get(l) })) };
}

/**
 * The samples that carry a layer's own λ_max.
 * @param vector a direction whose curvature is λ_max to the precision of its interval, as long as the layer
 * @param ends of the interval of λ_max
 * @returns null where the samples' own curvatures do not sum to it
 */
async function carriersOf(
  vector: Float64Array,
  { from }: LayerRange,
  ends: Range,
  measured: Measured,
  forward: ForwardModel,
): Promise<SampleShare[] | null> {
  const { products } = measured;
  const direction = new Float64Array(products.order);
  direction.set(vector, from);
  const { parts, curvature } = await curvatureOfSamples(direction, measured, forward);
  const allowed = agreementOf(products) * Math.abs(curvature);
  if (!(curvature >= ends.lower - allowed && curvature <= ends.upper + allowed)) return null;
  return ofCarriers(parts, measured, (shares, listed) => rankSamples(shares, listed, mostSamples));
}

/** Trace and squared norm of a layer's own block, where both are exact. */
function momentsOf({ trace, ownCurvature, parameters }: LayerReport): Moments | null {
  const isExact = ownCurvature?.standardError === 0 && trace.standardError === 0;
  return isExact ? { trace: trace.value, frobeniusSquared: ownCurvature.value, order: parameters } : null;
}

/** Products of vectors that are zero outside a layer, cut to it. */
function blockOf(products: HessianProducts, { from, to }: LayerRange, error: number): SymmetricProducts {
  const whole = new Float64Array(products.order);
  const result = new Float64Array(products.order);
  return {
    order: to - from,
    layers: [{ from: 0, to: to - from }],
    float32: null,
    error,
    multiply: async (vector) => {
      whole.set(vector, from);
      return (await products.multiply(whole, result)).slice(from, to);
    },
  };
}
