import type { ProductLayer } from '../autodiff/hessianProducts';
import type { MomentEstimate } from '../curvature/momentEstimate';
import type { Quantity, Report } from '../report/report';

type MomentParts = Pick<Report, 'trace' | 'frobeniusSquared' | 'bounds' | 'layers' | 'blocks'>;

/** The report's numbers from exact or estimated moments. */
export function momentParts(layers: readonly ProductLayer[], moments: MomentEstimate): MomentParts {
  return {
    trace: moments.trace,
    frobeniusSquared: notNegative(moments.frobeniusSquared),
    bounds: moments.bounds,
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
      };
    }),
    blocks: moments.blocks,
  };
}

function notNegative({ value, standardError }: Quantity): Quantity {
  return { value: Math.max(0, value), standardError };
}
