import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { FailureError } from '../../../src/report/failure';
import { reportJson } from '../../../src/report/schema';
import type { Quantity, Report } from '../../../src/report/report';
import { failureFrom, oneSentence } from '../formats/failures';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';

/** What PyTorch found in float64 from the full Hessian. */
interface Reference {
  readonly P: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly trace: number;
  readonly fro2: number;
  readonly lambda_max: number;
  readonly lambda_min: number;
  readonly wolkowicz_styan: { readonly upper_lambda_max: number };
  readonly per_layer: Readonly<
    Record<string, { readonly trace: number; readonly block_fro2: number; readonly block_lambda_max: number }>
  >;
}

function inReferences(name: string): string {
  return fileURLToPath(new URL(`../../references/${name}`, import.meta.url));
}

function referenceOf(name: string): Reference {
  return JSON.parse(readFileSync(inReferences(`${name}.ref.json`), 'utf8')) as Reference;
}

function analyseReference(name: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  return analyse(
    {
      ...requestDefaults,
      model: inReferences(`${name}.onnx`),
      samples: { kind: 'file', path: inReferences(`${name}.npz`), inputs: {}, labels: null },
      threads: 1,
      ...request,
    },
    () => undefined,
  );
}

function expectRelative(found: number | undefined, wanted: number, tolerance = 1e-8): void {
  expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(tolerance * Math.abs(wanted));
}

/** Five standard errors: a wrong estimate, not an unlucky one. */
function expectWithin({ value, standardError }: Quantity, wanted: number): void {
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(5 * standardError + 1e-9 * Math.abs(wanted));
}

function expectSumOfContributions({ layers, bounds }: Report): void {
  expectRelative(
    layers.reduce((sum, { contribution }) => sum + contribution.value, 0),
    bounds.lambdaMax.upper.value,
    1e-6,
  );
}

describe('a small convolutional network, against PyTorch’s full Hessian', () => {
  const reference = referenceOf('csmall');

  it('is exact column by column: moments, spectrum, layers and blocks', async () => {
    const report = await analyseReference('csmall');
    expect(report.method).toBe('exact');
    expect(report.model.parameters).toBe(reference.P);
    expectRelative(report.samples.meanLoss, reference.loss);
    expectRelative(report.gradientNorm, reference.grad_norm);
    expectRelative(report.trace.value, reference.trace);
    expectRelative(report.frobeniusSquared.value, reference.fro2);
    expectRelative(report.bounds.lambdaMax.upper.value, reference.wolkowicz_styan.upper_lambda_max);
    expectRelative(report.sharpness?.lambdaMax.upper, reference.lambda_max);
    expectRelative(report.sharpness?.lambdaMin.lower, reference.lambda_min);
    expect(report.spectrum?.values).toHaveLength(reference.P);
    expect(report.layers.map(({ name }) => name)).toEqual(Object.keys(reference.per_layer));
    for (const [l, layer] of report.layers.entries()) {
      const wanted = reference.per_layer[layer.name]!;
      expectRelative(layer.trace.value, wanted.trace);
      expectRelative(layer.ownCurvature?.value, wanted.block_fro2);
      expectRelative(report.blocks?.[l]?.[l]?.value, wanted.block_fro2);
      expect(layer.blockUpperBound?.value).toBeGreaterThan(wanted.block_lambda_max);
    }
    expectSumOfContributions(report);
    expect(() => reportJson(report)).not.toThrow();
  });

  it('has no exact Hessian from float32 products, whose error no error bar would show', async () => {
    const { kind, message } = await failureFrom(() =>
      analyseReference('csmall', { method: 'exact', dtype: 'float32' }),
    );
    expect(kind).toBe('UsageError');
    expect(message).toMatch(oneSentence);
    expect((await analyseReference('csmall', { dtype: 'float32', precision: 0.1 })).method).toBe('estimate');
  });

  it('is estimated within its own error bars, in float64 and in float32', async () => {
    for (const dtype of ['float64', 'float32'] as const) {
      const report = await analyseReference('csmall', {
        method: 'estimate',
        dtype,
        precision: 0.05,
        blocks: true,
      });
      expect(report.method).toBe('estimate');
      expect(report.analysis.precision).toBe(dtype);
      expect(report.analysis.productError === 0).toBe(dtype === 'float64');
      expectWithin(report.trace, reference.trace);
      expectWithin(report.frobeniusSquared, reference.fro2);
      for (const layer of report.layers) expectWithin(layer.trace, reference.per_layer[layer.name]!.trace);
      const { lower, upper } = report.sharpness!.lambdaMax;
      expect(lower).toBeLessThanOrEqual(reference.lambda_max * (1 + 1e-9));
      expect(upper).toBeGreaterThanOrEqual(reference.lambda_max);
      expectSumOfContributions(report);
      expect(() => reportJson(report)).not.toThrow();
    }
  });

  it('says why there is no interval of λ_max where float32 products are too inexact for the precision', async () => {
    const report = await analyseReference('csmall', {
      method: 'estimate',
      dtype: 'float32',
      precision: 1e-6,
    });
    expect(report.sharpness).toBeUndefined();
    expect(report.warnings.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^The intervals of λ_max and λ_min were left out: .* relative error \S+ in float32 .* 1e-6; ask for the setting “dtype: float64” or a coarser the setting “precision”\.$/,
      ),
    );
  });

  it('gives the same estimate for the same seed, and another for another', async () => {
    const options = { method: 'estimate', precision: 0.1 } as const;
    const [once, again, other] = [
      await analyseReference('csmall', options),
      await analyseReference('csmall', options),
      await analyseReference('csmall', { ...options, seed: 1 }),
    ];
    expect({ ...again, time: {} }).toEqual({ ...once, time: {} });
    expect(other.trace.value).not.toBe(once.trace.value);
  });

  it('has no closed form, and says which node is in the way', async () => {
    const failure = await analyseReference('csmall', { method: 'closed-form' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(FailureError);
    expect((failure as FailureError).failure.message).toMatch(/\(MaxPool\) is no part of a perceptron/);
  });
});

describe('a perceptron', () => {
  it('has a proved interval of λ_max, and an estimate around its exact numbers', async () => {
    const reference = referenceOf('a');
    const closed = await analyseReference('a');
    const { lambdaMax, lambdaMin } = closed.sharpness!;
    expect(lambdaMax).toMatchObject({ kind: 'proved', confidence: 1, certified: true });
    expect(lambdaMax.lower).toBeLessThanOrEqual(reference.lambda_max * (1 + 1e-12));
    expect(lambdaMax.upper).toBeGreaterThanOrEqual(reference.lambda_max * (1 - 1e-12));
    expect(lambdaMin.lower).toBeLessThanOrEqual(reference.lambda_min);
    expect(lambdaMin.upper).toBeGreaterThanOrEqual(reference.lambda_min * (1 + 1e-12));
    const estimate = await analyseReference('a', { method: 'estimate', precision: 0.05 });
    expectWithin(estimate.trace, reference.trace);
    expectWithin(estimate.frobeniusSquared, reference.fro2);
    expectWithin(estimate.gaussNewton!.frobeniusSquared, closed.gaussNewton!.frobeniusSquared.value);
    expect(estimate.layers.map(({ name }) => name)).toEqual(closed.layers.map(({ name }) => name));
  });

  it('is exact only where the Hessian fits the memory', async () => {
    const memoryBudget = 2 ** 21;
    const report = await analyseReference('csmall', { memoryBudget, precision: 0.5 });
    expect(report.method).toBe('estimate');
    expect(report.analysis.cost.bytes).toBeLessThanOrEqual(memoryBudget);
    const refused = analyseReference('csmall', { memoryBudget, method: 'exact' });
    await expect(refused).rejects.toThrow(
      /^The exact Hessian of 666 parameters takes about .* the setting “method: estimate”\.$/,
    );
  });

  it('ends at the time limit, saying so', async () => {
    // A clock that goes on by a millisecond whenever it is looked at: how far a run gets is the same on any machine.
    let clock = 0;
    const looked = vi.spyOn(performance, 'now').mockImplementation(() => clock++);
    try {
      const asked = { method: 'estimate', precision: 0.002, timeLimit: 0.3 } as const;
      const { analysis } = await analyseReference('a', asked);
      expect(analysis.stoppedBy).toBe('time limit');
    } finally {
      looked.mockRestore();
    }
  });
});
