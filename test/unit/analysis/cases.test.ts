import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { inspectModel } from '../../../src/analysis/inspect';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';

const shared = process.env['MODEL_SHARPNESS_SHARED'];
const reason = shared === undefined ? ' (cases absent: MODEL_SHARPNESS_SHARED not set)' : '';

function run(name: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  const path = join(shared ?? '', 'cases', `${name}.npz`);
  const samples: AnalysisRequest['samples'] = existsSync(path)
    ? { kind: 'file', path, inputs: {}, labels: null }
    : { kind: 'random', count: 256 };
  const model = join(shared ?? '', 'cases', `${name}.onnx`);
  return analyse({ ...requestDefaults, model, samples, threads: 1, ...request }, () => undefined);
}

describe(`models whose numbers are known${reason}`, () => {
  it.skipIf(shared === undefined).each([
    ['mlp_gelu', 107, 1.36941, -0.01649, 0.7519, 0.2746],
    ['tr_iris_gelu_300', 131, 0.04008, 1.972, 1.64, 1.627],
  ])('%s, by its closed form', async (name, parameters, loss, trace, frobenius, lambdaMax) => {
    const report = await run(name);
    expect(report.method).toBe('closed-form');
    expect(report.model.parameters).toBe(parameters);
    expect(report.samples.meanLoss).toBeCloseTo(loss, 5);
    expect(report.trace.value / trace).toBeCloseTo(1, 3);
    expect(Math.sqrt(report.frobeniusSquared.value) / frobenius).toBeCloseTo(1, 3);
    expect((report.sharpness?.lambdaMax.upper ?? NaN) / lambdaMax).toBeCloseTo(1, 3);
  });

  it.skipIf(shared === undefined).each([
    ['skl-mlp-binary', 49, {}],
    ['skl-mlp-binary-scaler', 49, { output: 'add_result1' }],
    ['skl-logreg-string-labels', 15, {}],
  ])('%s has one λ_max by every method', async (name, parameters, request) => {
    const closed = await run(name, { ...request, method: 'closed-form' });
    const exact = await run(name, { ...request, method: 'exact' });
    const estimated = await run(name, { ...request, method: 'estimate' });
    for (const report of [closed, exact, estimated]) {
      const { lower, upper } = report.sharpness?.lambdaMax ?? { lower: NaN, upper: NaN };
      const own = exact.sharpness?.lambdaMax.upper ?? NaN;
      expect(report.model.parameters).toBe(parameters);
      expect(report.samples.meanLoss / closed.samples.meanLoss).toBeCloseTo(1, 12);
      expect(lower).toBeLessThanOrEqual(own * (1 + 1e-10));
      expect(upper).toBeGreaterThanOrEqual(own * (1 - 1e-10));
      expect(upper / lower).toBeCloseTo(1, 4);
    }
    expect(exact.trace.value / closed.trace.value).toBeCloseTo(1, 12);
    expect(exact.frobeniusSquared.value / closed.frobeniusSquared.value).toBeCloseTo(1, 12);
  });

  it.skipIf(shared === undefined)('squared error after a softmax is that of the probabilities', async () => {
    const report = await run('softmax_mse_idx', { loss: 'mean-squared-error' });
    expect(report.method).toBe('exact');
    expect(report.samples.meanLoss).toBeCloseTo(0.25294, 5);
    expect(report.trace.value).toBeCloseTo(0.4277, 4);
    expect(report.sharpness?.lambdaMax.upper).toBeCloseTo(0.226, 3);
  });

  it.skipIf(shared === undefined)(
    'batch normalisation counts its scale and shift, also before a run',
    async () => {
      const report = await run('linbn_default');
      expect(report.model.parameters).toBe(69);
      const { facts } = await inspectModel(join(shared ?? '', 'cases', 'linbn_default.onnx'));
      expect(facts.model?.parameters).toBe(69);
    },
  );
});

describe('what is counted before a run', () => {
  it.each(['enc', 'ln2', 'shared', 'posmlp', 'token'])('%s is what the report counts', async (name) => {
    const model = join('test/references/parameters', `${name}.onnx`);
    const { facts } = await inspectModel(model);
    const path = join('test/references/parameters', `${name}.npz`);
    const report = await analyse(
      {
        ...requestDefaults,
        model,
        samples: { kind: 'file', path, inputs: {}, labels: null },
        threads: 1,
        limit: 8,
      },
      () => undefined,
    );
    expect([facts.model?.parameters, facts.model?.output]).toEqual([
      report.model.parameters,
      report.model.output,
    ]);
  });
});
