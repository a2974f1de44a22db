import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { losses, lossDerivatives, computeLosses } from '../../../src/loss/losses';
import { softmax } from '../../../src/loss/probabilities';
import type { Loss } from '../../../src/report/report';

function of(loss: Loss, z: readonly number[], target: readonly number[]) {
  const outputs = Float64Array.from(z);
  const targets = Float64Array.from(target);
  const width = z.length;
  return {
    values: computeLosses(loss, outputs, targets, width),
    ...lossDerivatives(loss, outputs, targets, width),
  };
}

const row = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 5 });
const targetsOf: Readonly<Record<(typeof losses)[Loss]['targets'], ((z: readonly number[]) => number[])[]>> =
  {
    distributions: [(z) => z.map((_, c) => (c === 1 ? 1 : 0)), (z) => z.map(() => 1 / z.length)],
    probabilities: [(z) => z.map((_, c) => c % 2), (z) => z.map(() => 0.3)],
    numbers: [(z) => z.map((_, c) => c - 0.5)],
    nothing: [(z) => [...z]],
  };
const names = Object.keys(losses) as Loss[];
const cases = names.flatMap((loss) =>
  targetsOf[losses[loss].targets].map((targetOf) => [loss, targetOf] as const),
);

describe('the derivatives of the losses', () => {
  it.each(cases)('%s: gradient and Hessian by central differences, error below h²', (loss, targetOf) => {
    fc.assert(
      fc.property(row, (z) => {
        const target = targetOf(z);
        const { gradient, hessian } = of(loss, z, target);
        const h = 1e-4;
        z.forEach((_, c) => {
          const moved = (step: number) =>
            of(
              loss,
              z.map((value, j) => (j === c ? value + step : value)),
              target,
            );
          const [up, down] = [moved(h), moved(-h)];
          // Third derivatives are below 1; rounding of the values, below 30, is 1e-14/h.
          expect(Math.abs((up.values[0]! - down.values[0]!) / (2 * h) - gradient[c]!)).toBeLessThan(
            h * h + 1e-9,
          );
          z.forEach((__, j) => {
            const difference = (up.gradient[j]! - down.gradient[j]!) / (2 * h);
            expect(Math.abs(difference - hessian[c * z.length + j]!)).toBeLessThan(h * h + 1e-10);
          });
        });
      }),
      { numRuns: 50 },
    );
  });

  it('keep their relative precision where the likeliest class has all but all the probability', () => {
    const gap = 60;
    const { values, gradient, hessian } = of('cross-entropy', [gap, 0], [1, 0]);
    const rest = Math.exp(-gap);
    expect(values[0]! / rest).toBeCloseTo(1, 12);
    expect(gradient[0]! / -rest).toBeCloseTo(1, 12);
    expect(hessian[0]! / rest).toBeCloseTo(1, 12);
    expect(hessian[1]! / -rest).toBeCloseTo(1, 12);
    const binary = of('binary-cross-entropy', [gap], [1]);
    expect(binary.gradient[0]! / -rest).toBeCloseTo(1, 12);
    expect(binary.hessian[0]! / rest).toBeCloseTo(1, 12);
    expect(binary.values[0]! / rest).toBeCloseTo(1, 12);
  });

  it('survive logits that overflow the exponential', () => {
    const { values, hessian } = of('cross-entropy', [1000, -1000, 0], [0, 1, 0]);
    expect(values[0]).toBe(2000);
    expect(hessian.every((value) => Number.isFinite(value))).toBe(true);
  });

  it('have the Hessian’s null vector of ones under softmax', () => {
    fc.assert(
      fc.property(row, (z) => {
        const { hessian } = of('cross-entropy', z, [1, ...z.slice(1).map(() => 0)]);
        z.forEach((_, c) => {
          let sum = 0;
          z.forEach((__, j) => (sum += hessian[c * z.length + j]!));
          expect(Math.abs(sum)).toBeLessThan(1e-16);
        });
        expect(softmax(Float64Array.from(z)).p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 14);
      }),
    );
  });
});
