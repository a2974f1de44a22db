import type { ProductLayer } from '../autodiff/productLayers';
import type { MomentEstimate } from '../curvature/momentEstimate';
import type { SharpestDirection } from '../curvature/sharpestDirection';
import type { EstimateFacts, Quantity, Report } from '../report/report';
import { rootOf } from '../report/wording/frobenius';

type MomentParts = Pick<
  Report,
  'trace' | 'frobeniusSquared' | 'frobeniusNorm' | 'bounds' | 'estimate' | 'layers' | 'blocks'
>;

/** The report's numbers from moments, with what they tell of their errors; null where they are exact. */
export function momentParts(
  layers: readonly ProductLayer[],
  {
    moments,
    errors,
    sharpest = null,
  }: {
    readonly moments: MomentEstimate;
    readonly errors: EstimateFacts | null;
    readonly sharpest?: SharpestDirection | null;
  },
): MomentParts {
  return {
    trace: moments.trace,
    frobeniusSquared: notNegative(moments.frobeniusSquared),
    frobeniusNorm: rootOf(notNegative(moments.frobeniusSquared)),
    bounds: moments.bounds,
    ...(errors !== null && { estimate: errors }),
    layers: layers.map(({ name, kind, parameters, inputs, outputs, weightNorm }, l) => {
      const { trace, contribution, ownCurvature, coupling, blockUpperBound } = moments.layers[l]!;
      return {
        name,
        kind,
        parameters,
        inputs,
        outputs,
        weightNorm,
        trace,
        ownCurvature,
        coupling,
        contribution,
        blockUpperBound,
        elasticity: null,
        units: null,
        sharpestShare: sharpest?.shares?.[l] ?? null,
        sharpestUnits: null,
        sharpestInputs: null,
        lambdaMax: null,
      };
    }),
    blocks: moments.blocks,
  };
}

function notNegative({ value, standardError }: Quantity): Quantity {
  return { value: Math.max(0, value), standardError };
}
