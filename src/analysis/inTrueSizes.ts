import { FailureError } from '../report/failure';
import type { EigenvalueInterval, PartialReport, Quantity, Range } from '../report/report';

/** Smaller numbers have lost digits on the way, or would. */
const smallest = 2 ** -1000;

const warning = {
  kind: 'squares-out-of-range',
  message:
    'The squares of the curvature are beyond the numbers of float64: the squared norm is shown as the nearest of them, the squared norms of layers and blocks are left out. The norm, the bounds and the eigenvalues are right.',
};

/**
 * The report of H from one of H over a unit, a power of two (`curvature/unit.ts`): all that is linear in H exactly; squares
 * as the nearest number of float64, and those of layers and blocks null where one of them is beyond it.
 * @throws FailureError NonFiniteLoss where the curvature itself is beyond float64
 */
export function inTrueSizes<Known extends PartialReport>(report: Known, unit: number): Known {
  if (unit === 1) return report;
  const scales = new Scales(unit);
  const { linear, squared, range, squares, interval } = scales;
  const { trace, frobeniusSquared, frobeniusNorm, bounds, estimate, gaussNewton, layers } = report;
  const { blocks, eigenvalues, sharpness, scaleAdapted, preconditioned, spectrum, warnings } = report;
  const both = <Of extends { readonly lower: Quantity; readonly upper: Quantity }>(of: Of): Of => ({
    ...of,
    lower: linear(of.lower),
    upper: linear(of.upper),
  });
  const ranges = <Of extends { readonly lower: Range; readonly upper: Range }>(of: Of): Of => ({
    ...of,
    lower: range(of.lower),
    upper: range(of.upper),
  });
  if (frobeniusNorm !== undefined) requireRange(frobeniusNorm.value, unit);
  const whole = frobeniusSquared === undefined || scales.holds(frobeniusSquared);
  return {
    ...report,
    ...(trace && { trace: linear(trace) }),
    ...(frobeniusSquared && { frobeniusSquared: squared(frobeniusSquared) }),
    ...(frobeniusNorm && { frobeniusNorm: linear(frobeniusNorm) }),
    ...(bounds && {
      bounds: {
        lambdaMax: {
          ...both(bounds.lambdaMax),
          blockwiseUpper: bounds.lambdaMax.blockwiseUpper && linear(bounds.lambdaMax.blockwiseUpper),
        },
        lambdaMin: both(bounds.lambdaMin),
        eigenvalues: bounds.eigenvalues.map(both),
      },
    }),
    ...(estimate && {
      estimate: {
        ...estimate,
        absoluteTrace: estimate.absoluteTrace * unit,
        intervals: {
          trace: range(estimate.intervals.trace),
          frobeniusSquared: squares(estimate.intervals.frobeniusSquared),
          bounds: {
            lambdaMax: {
              ...ranges(estimate.intervals.bounds.lambdaMax),
              blockwiseUpper:
                estimate.intervals.bounds.lambdaMax.blockwiseUpper &&
                range(estimate.intervals.bounds.lambdaMax.blockwiseUpper),
            },
            lambdaMin: ranges(estimate.intervals.bounds.lambdaMin),
            eigenvalues: estimate.intervals.bounds.eigenvalues.map(ranges),
          },
        },
      },
    }),
    ...(gaussNewton && {
      gaussNewton: {
        trace: linear(gaussNewton.trace),
        frobeniusSquared: squared(gaussNewton.frobeniusSquared),
        upper: linear(gaussNewton.upper),
        ...(gaussNewton.intervals && {
          intervals: {
            trace: range(gaussNewton.intervals.trace),
            frobeniusSquared: squares(gaussNewton.intervals.frobeniusSquared),
            upper: range(gaussNewton.intervals.upper),
          },
        }),
      },
    }),
    ...(layers && {
      layers: layers.map((layer) => ({
        ...layer,
        trace: linear(layer.trace),
        contribution: linear(layer.contribution),
        lambdaMax: layer.lambdaMax && { ...layer.lambdaMax, ...range(layer.lambdaMax) },
        ownCurvature: whole && layer.ownCurvature ? squared(layer.ownCurvature) : null,
        coupling: whole && layer.coupling ? squared(layer.coupling) : null,
        blockUpperBound: layer.blockUpperBound && linear(layer.blockUpperBound),
      })),
    }),
    ...(blocks !== undefined && { blocks: whole && blocks ? blocks.map((row) => row.map(squared)) : null }),
    ...(sharpness && {
      sharpness: {
        // What belongs to the samples is in its own size.
        lambdaMax: { ...sharpness.lambdaMax, ...interval(sharpness.lambdaMax) },
        lambdaMin: interval(sharpness.lambdaMin),
      },
    }),
    ...(eigenvalues && { eigenvalues: eigenvalues.map((each) => ({ ...each, ...range(each) })) }),
    ...(preconditioned && { preconditioned: { lambdaMax: interval(preconditioned.lambdaMax) } }),
    ...(scaleAdapted && { scaleAdapted: { lambdaMax: interval(scaleAdapted.lambdaMax) } }),
    ...(spectrum && {
      spectrum: {
        ...spectrum,
        values: spectrum.values?.map((value) => value * unit) ?? null,
        grid: spectrum.grid.map((edge) => edge * unit),
        densities: spectrum.densities.map((density) => density / unit),
        spread: spectrum.spread?.map((error) => error / unit) ?? null,
      },
    }),
    ...(warnings && !whole && { warnings: [...warnings, warning] }),
  };
}

function requireRange(norm: number, unit: number): void {
  const size = norm * unit;
  if (size === 0 ? norm === 0 : size >= smallest && Number.isFinite(size)) return;
  const power = Math.round(Math.log10(norm) + Math.log10(unit));
  throw new FailureError(
    'NonFiniteLoss',
    `The curvature of the loss is of the order of 1e${power}, beyond the numbers of float64, so none is shown; scale the inputs or the targets.`,
  );
}

/** How numbers that are linear in the Hessian, and their squares, take the unit. */
class Scales {
  constructor(private readonly unit: number) {}

  readonly linear = ({ value, standardError }: Quantity): Quantity => ({
    value: value * this.unit,
    standardError: standardError * this.unit,
  });

  readonly squared = ({ value, standardError }: Quantity): Quantity => ({
    value: this.square(value),
    standardError: this.square(standardError),
  });

  readonly range = ({ lower, upper }: Range): Range => ({
    lower: lower * this.unit,
    upper: upper * this.unit,
  });

  readonly squares = ({ lower, upper }: Range): Range => ({
    lower: this.square(lower),
    upper: this.square(upper),
  });

  readonly interval = (of: EigenvalueInterval): EigenvalueInterval => ({ ...of, ...this.range(of) });

  /** Whether the square has all its digits. */
  holds({ value }: Quantity): boolean {
    const square = value * this.unit * this.unit;
    return value === 0 || (square >= smallest && Number.isFinite(square));
  }

  /** Of the squared size: float64's nearest. */
  private square(value: number): number {
    const square = value * this.unit * this.unit;
    return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, square));
  }
}
