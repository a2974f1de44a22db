import { describe, expect, it } from 'vitest';
import { reportJson } from '../../../src/report/schema';
import { explicitCurvature } from '../perceptron/closedForm/explicitHessian';
import { analysing, network } from './reluNetwork';

const analysed = analysing();

/** The shares of two layers in the eigenvector of λ_max of an explicit Hessian, by its powers. */
function explicitShares(): number[] {
  const { hessian } = explicitCurvature(network(1));
  // Shifted by a row sum that is no smaller than ‖H‖, λ_max is the largest in size, too.
  const shift = Math.max(...hessian.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  let vector = hessian.map((_, i) => 1 + Math.sin(i));
  for (let power = 0; power < 20_000; power++) {
    const image = hessian.map((row, i) =>
      row.reduce((sum, value, j) => sum + value * vector[j]!, shift * vector[i]!),
    );
    const norm = Math.hypot(...image);
    vector = image.map((value) => value / norm);
  }
  const first = vector.slice(0, 16).reduce((sum, value) => sum + value * value, 0);
  return [first, 1 - first];
}

describe('the share of the sharpest direction', () => {
  it.each(['closed-form', 'exact', 'estimate'] as const)(
    'is that of the explicit Hessian’s eigenvector, by the method %s',
    async (method) => {
      const report = await analysed(1, { method });
      expect(report.sharpness!.lambdaMax.certified).toBe(true);
      const wanted = explicitShares();
      report.layers.forEach(({ sharpestShare }, l) => expect(sharpestShare).toBeCloseTo(wanted[l]!, 6));
      expect(() => reportJson(report)).not.toThrow();
    },
  );
});
