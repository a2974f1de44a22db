import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/report/report';
import { reportJson } from '../../../src/report/schema';
import { explicitCurvature, type PlainNetwork } from '../perceptron/closedForm/explicitHessian';
import { analysing, network } from './reluNetwork';

const analysed = analysing();

/** λ_max of D·H·D from the explicit Hessian. */
function explicitLambdaMax(of: PlainNetwork): number {
  const sizes = of.parameters.flat().map(Math.abs);
  const scaled = explicitCurvature(of).hessian.map((row, i) =>
    row.map((element, j) => sizes[i]! * element * sizes[j]!),
  );
  return Math.max(
    ...new EigenvalueDecomposition(new Matrix(scaled), { assumeSymmetric: true }).realEigenvalues,
  );
}

function expectHolds(report: Report, wanted: number): void {
  const { lower, upper, certified } = report.scaleAdapted!.lambdaMax;
  expect(certified).toBe(true);
  expect(lower).toBeLessThanOrEqual(wanted * (1 + 1e-12));
  expect(upper).toBeGreaterThanOrEqual(wanted * (1 - 1e-12));
  expect(upper - lower).toBeLessThanOrEqual(1e-6 * wanted);
}

describe('scale-adapted sharpness', () => {
  it.each(['closed-form', 'exact', 'estimate'] as const)(
    'is the largest eigenvalue of D·H·D, beside the method %s',
    async (method) => {
      const report = await analysed(1, { method, scaleAdapted: true });
      expect(report.method).toBe(method);
      expectHolds(report, explicitLambdaMax(network(1)));
      expect(report.warnings.map(({ kind }) => kind)).not.toContain('no-scale-adapted');
      expect(() => reportJson(report)).not.toThrow();
    },
  );

  it('does not change when a ReLU layer is scaled up and the next one down, as λ_max does', async () => {
    const [before, after] = [
      await analysed(1, { scaleAdapted: true }),
      await analysed(8, { scaleAdapted: true }),
    ];
    expect(after.samples.meanLoss).toBeCloseTo(before.samples.meanLoss, 12);
    expect(after.sharpness!.lambdaMax.lower).toBeGreaterThan(2 * before.sharpness!.lambdaMax.upper);
    expectHolds(after, explicitLambdaMax(network(1)));
    expectHolds(after, explicitLambdaMax(network(8)));
  });

  it('is not looked for unless it is asked for', async () => {
    const report = await analysed(1, {});
    expect(report.scaleAdapted).toBeNull();
    expect(report.warnings.map(({ kind }) => kind)).not.toContain('no-scale-adapted');
  });

  it('is refused in float32, in a warning that says what to do', async () => {
    const report = await analysed(1, {
      method: 'estimate',
      dtype: 'float32',
      precision: 0.05,
      scaleAdapted: true,
    });
    expect(report.scaleAdapted).toBeNull();
    expect(report.warnings).toContainEqual({
      kind: 'no-scale-adapted',
      message:
        'The scale-adapted sharpness was not found: it takes products in float64; ask for the setting “dtype: float64”.',
    });
  });
});
