import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planClosedForm } from '../../../../src/perceptron/closedForm/plan';
import type { Perceptron } from '../../../../src/perceptron/perceptron';
import { activationNamed } from '../activationNamed';
import { FailureError } from '../../../../src/report/failure';

function perceptron(...widths: number[]): Perceptron {
  return {
    layers: widths.slice(1).map((outputs, l) => ({
      name: `fc.${l}`,
      inputs: widths[l]!,
      outputs,
      weight: new Float64Array(outputs * widths[l]!),
      bias: new Float64Array(outputs),
      activation: activationNamed('tanh'),
    })),
    input: 'x',
    preprocessing: null,
    logits: 'y',
    head: 'none',
  };
}

describe('the plan of a closed form', () => {
  it('never asks for more bytes than the budget, or says that not one sample fits', () => {
    const widths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 5 });
    const samples = fc.integer({ min: 1, max: 5000 });
    const budget = fc.integer({ min: 2 ** 20, max: 2 ** 31 });
    fc.assert(
      fc.property(widths, samples, budget, (of, count, memory) => {
        try {
          const { bytes, tileSize } = planClosedForm(perceptron(...of), count, memory);
          expect(bytes).toBeGreaterThan(0);
          expect(bytes).toBeLessThanOrEqual(memory);
          expect(tileSize).toBeLessThanOrEqual(count);
        } catch (error) {
          if (!(error instanceof FailureError)) throw error;
          expect(error.failure.kind).toBe('TooLarge');
          expect(error.message).toMatch(/allowed; (take .*, or )?allow more with the setting “memory”\.$/);
        }
      }),
    );
  });

  it('counts what stands of all samples, and says how many fit where these do not', () => {
    const wide = perceptron(64, 256, 256, 10);
    const budget = 2 ** 28;
    const held = 50_000 * 64 * 8;
    const { bytes, tileSize } = planClosedForm(wide, 50_000, budget);
    expect(bytes).toBeGreaterThan(held);
    expect(bytes).toBeLessThanOrEqual(budget);
    expect(bytes - held).toBeGreaterThan(planClosedForm(wide, tileSize, budget).bytes - held);
    const refused = /at least .* for 5,000,000 samples, .* take at most ([\d,]+) samples/;
    let most = '';
    try {
      planClosedForm(wide, 5_000_000, budget);
    } catch (error) {
      most = refused.exec(String(error))?.[1]?.replaceAll(',', '') ?? '';
    }
    expect(planClosedForm(wide, Number(most), budget).tileSize).toBe(1);
    expect(() => planClosedForm(wide, Number(most) + 1, budget)).toThrow(FailureError);
  });

  it('asks for few bytes where there is little to hold', () => {
    expect(planClosedForm(perceptron(4, 3, 2), 10, 2 ** 31).bytes).toBeLessThan(1e5);
    expect(planClosedForm(perceptron(784, 512, 256, 10), 1000, 2 ** 31).bytes).toBeGreaterThan(2e8);
  });
});
