import { computeBlockwiseUpperBound } from '../curvature/blockwiseBound';
import { eigenvalueBounds, lambdaMaxBounds, lambdaMinBounds, type Moments } from '../curvature/bounds';
import { computeContributions } from '../curvature/contributions';
import type { ClosedForm } from '../perceptron/closedForm/closedForm';
import { elasticityOf } from '../perceptron/closedForm/sensitivities';
import { parameterCount, parametersOf, type Perceptron } from '../perceptron/perceptron';
import { norm } from '../runtime/norm';
import type { Interval, LayerReport, Quantity, Range, Report } from '../report/report';

/** λ_k is bounded for k up to this. */
const mostEigenvalues = 10;

type CurvatureParts = Pick<
  Report,
  | 'gradientNorm'
  | 'trace'
  | 'frobeniusSquared'
  | 'frobeniusNorm'
  | 'bounds'
  | 'layers'
  | 'blocks'
  | 'orthogonality'
>;

/** The report's numbers from the closed form; all exact, so every standard error is 0. */
export function perceptronReport({ layers }: Perceptron, form: ClosedForm): CurvatureParts {
  const order = parameterCount(layers);
  const rows = form.blocks.map(sum);
  const moments: Moments = { trace: sum(form.traces), frobeniusSquared: sum(rows), order };
  const ownBounds = layers.map(
    (layer, l) =>
      lambdaMaxBounds({
        trace: form.traces[l]!,
        frobeniusSquared: form.blocks[l]![l]!,
        order: parametersOf(layer),
      }).upper,
  );
  const shares = computeContributions(
    layers.map((layer, l) => ({
      parameters: parametersOf(layer),
      trace: form.traces[l]!,
      row: form.blocks[l]!,
    })),
  );
  const sameSampleRows = form.sameSampleBlocks?.map(sum) ?? null;
  return {
    gradientNorm: form.gradientNorm,
    trace: exact(moments.trace),
    frobeniusSquared: exact(moments.frobeniusSquared),
    frobeniusNorm: exact(Math.sqrt(moments.frobeniusSquared)),
    bounds: {
      lambdaMax: {
        ...interval(lambdaMaxBounds(moments)),
        blockwiseUpper: exact(computeBlockwiseUpperBound(ownBounds, form.blocks)),
      },
      lambdaMin: interval(lambdaMinBounds(moments)),
      eigenvalues: Array.from({ length: Math.min(mostEigenvalues, order - 1) - 1 }, (_, index) => {
        const k = index + 2;
        return { k, ...interval(eigenvalueBounds(moments, k)) };
      }),
    },
    layers: layers.map((layer, l): LayerReport => ({
      name: layer.name,
      kind: 'Linear',
      parameters: parametersOf(layer),
      inputs: layer.inputs,
      outputs: layer.outputs,
      weightNorm: norm(layer.weight),
      trace: exact(form.traces[l]!),
      ownCurvature: exact(form.blocks[l]![l]!),
      coupling: exact(sum(form.blocks[l]!.filter((_, m) => m !== l))),
      contribution: exact(shares[l]!),
      blockUpperBound: exact(ownBounds[l]!),
      elasticity: elasticityOf(moments, form.sensitivities?.[l]),
      units: unitShares(form, l),
      sharpestShare: null,
      sharpestUnits: null,
      sharpestInputs: null,
      lambdaMax: null,
    })),
    blocks: form.blocks.map((row) => row.map(exact)),
    orthogonality: sameSampleRows && {
      crossSampleShare: crossShare(sum(sameSampleRows), moments.frobeniusSquared),
      classes: null,
      layers: layers.map((_, l) => ({
        crossSampleShare: crossShare(sameSampleRows[l]!, rows[l]!),
        gram: null,
      })),
    },
  };
}

/** Shares of ‖H‖_F² of the hidden units of a layer; null where they are not known, or there is no curvature. */
export function unitShares({ unitRows, blocks }: ClosedForm, l: number): number[] | null {
  const rows = unitRows?.[l];
  const all = sum(blocks.map(sum));
  return rows === undefined || all === 0 ? null : Array.from(rows, (row) => row / all);
}

/** 1 − same-sample/all; 0 where there is no curvature at all. */
function crossShare(sameSample: number, all: number): number {
  return all > 0 ? 1 - sameSample / all : 0;
}

function interval({ lower, upper }: Range): Interval {
  return { lower: exact(lower), upper: exact(upper) };
}

function exact(value: number): Quantity {
  return { value, standardError: 0 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
