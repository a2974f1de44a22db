import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { Quantity, Report } from '../../../src/report/report';
import { reportSchema } from '../../../src/report/schema';
import { digits, estimateReport, exactReport } from './reports';

const reports: readonly (readonly [string, Report])[] = [
  ['closed form', digits],
  ['exact', exactReport],
  ['estimate', estimateReport],
];

const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);
const values = (quantities: readonly Quantity[]): number[] => quantities.map(({ value }) => value);

describe.each(reports)('the fixture of the method %s', (_, report) => {
  const { trace, frobeniusSquared, bounds, layers, blocks, sharpness, spectrum, model } = report;

  it('keeps the schema', () => {
    expect(v.parse(reportSchema, report)).toEqual(report);
  });

  it('has layers that sum to the whole', () => {
    expect(sum(values(layers.map((layer) => layer.contribution)))).toBeCloseTo(
      bounds.lambdaMax.upper.value,
      2,
    );
    expect(sum(values(layers.map((layer) => layer.trace)))).toBeCloseTo(trace.value, 2);
    expect(sum(layers.map(({ parameters }) => parameters))).toBe(model.parameters);
    if (blocks !== null) expect(sum(values(blocks.flat())) / frobeniusSquared.value).toBeCloseTo(1, 2);
  });

  it('has intervals inside the bounds, and all eigenvalues in them', () => {
    if (sharpness === undefined) return;
    const { lambdaMax, lambdaMin } = sharpness;
    expect(lambdaMax.lower).toBeLessThanOrEqual(lambdaMax.upper);
    expect(lambdaMin.lower).toBeLessThanOrEqual(lambdaMin.upper);
    expect(lambdaMax.upper).toBeLessThanOrEqual(bounds.lambdaMax.upper.value);
    expect(lambdaMin.lower).toBeGreaterThanOrEqual(bounds.lambdaMin.lower.value);
    const { values: eigenvalues, grid, densities } = spectrum!;
    expect(sum(densities.map((density, bin) => density * (grid[bin + 1]! - grid[bin]!)))).toBeCloseTo(1, 6);
    if (eigenvalues === null) return;
    expect(eigenvalues).toHaveLength(model.parameters);
    expect([eigenvalues[0], eigenvalues.at(-1)]).toEqual([lambdaMax.lower, lambdaMin.lower]);
    expect(sum(eigenvalues)).toBeCloseTo(trace.value, 6);
    expect(sum(eigenvalues.map((value) => value * value))).toBeCloseTo(frobeniusSquared.value, 6);
  });
});
