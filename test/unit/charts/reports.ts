import fc from 'fast-check';
import type { Bounds, LayerReport, Quantity, Report } from '../../../src/report/report';
import fixture from '../../panel/fixtures/report.json';

/** The 64-32-16-10 perceptron of the panel's tests. */
export const digits = fixture as unknown as Report;

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
