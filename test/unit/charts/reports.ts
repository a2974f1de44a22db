import fc from 'fast-check';
import type { Bounds, EigenvalueInterval, LayerReport, Quantity, Report } from '../../../src/report/report';
import estimateFixture from '../../panel/fixtures/report-estimate.json';
import exactFixture from '../../panel/fixtures/report-exact.json';
import fixture from '../../panel/fixtures/report.json';

/** The 64-32-16-10 perceptron of the panel's tests. */
export const digits = fixture as unknown as Report;

/** A convolutional network whose whole Hessian was computed. */
export const exactReport = exactFixture as unknown as Report;

/** A transformer, estimated: 76 layers, no blocks, λ_max certified and λ_min not. */
export const estimateReport = estimateFixture as unknown as Report;

export function interval(
  lower: number,
  upper: number,
  facts: Partial<EigenvalueInterval> = {},
): EigenvalueInterval {
  return { lower, upper, kind: 'probabilistic', confidence: 0.999, certified: true, steps: 12, ...facts };
}

export function exact(value: number): Quantity {
  return { value, standardError: 0 };
}

export function layer(name: string, contribution: number, facts: Partial<LayerReport> = {}): LayerReport {
  return { ...digits.layers[0]!, name, contribution: exact(contribution), ...facts };
}

export function bounds(
  lambdaMax: readonly [number, number],
  lambdaMin: readonly [number, number],
  standardError = 0,
): Bounds {
  const interval = ([lower, upper]: readonly [number, number]) => ({
    lower: { value: lower, standardError },
    upper: { value: upper, standardError },
  });
  return {
    lambdaMax: { ...interval(lambdaMax), blockwiseUpper: null },
    lambdaMin: interval(lambdaMin),
    eigenvalues: [],
  };
}

/** Names as hostile as a file can make them. */
export const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '&amp;',
    ']]>',
    '\u0000\ud800',
  ),
);
