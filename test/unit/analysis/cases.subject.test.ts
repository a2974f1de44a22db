import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { learningRateAnswer } from '../../../src/report/wording/learningRate';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { failureFrom } from '../formats/failures';

function inCases(name: string): string {
  return fileURLToPath(new URL(`../../references/cases/${name}`, import.meta.url));
}

function run(name: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  const path = inCases(`${name}.npz`);
  const samples: AnalysisRequest['samples'] = existsSync(path)
    ? { kind: 'file', path, inputs: {}, labels: null }
    : { kind: 'random', count: request.limit ?? 256 };
  const model = inCases(`${name}.onnx`);
  return analyse({ ...requestDefaults, model, samples, threads: 1, ...request }, () => undefined);
}

const messages = ({ warnings }: Report): string => warnings.map(({ message }) => message).join('\n');

// The numbers are PyTorch's, of the parameters that it trains.
describe('what is trained', () => {
  it.each([
    ['physics-constants', { limit: 32 }, 67, 0.1374],
    ['kan-grid', { limit: 32 }, 72, 0.2574],
    ['sn_nofold', {}, 57, 0.6403],
    ['sn_conv', {}, 42, 67.63],
    ['linbn_default', {}, 69, 38.06],
    ['bnfold_unfolded', {}, 342, 1502.765],
  ] as const)('in %s is counted, and nothing else', async (name, request, parameters, lambdaMax) => {
    const report = await run(name, request);
    expect(report.model.parameters).toBe(parameters);
    const { lower = NaN, upper = NaN } = report.sharpness?.lambdaMax ?? {};
    expect(lower / lambdaMax).toBeCloseTo(1, 3);
    expect(upper / lambdaMax).toBeCloseTo(1, 3);
  });

  it('is one bias of zeros where a module is used twice', async () => {
    const report = await run('siam_old_zero', {
      samples: {
        kind: 'file',
        path: inCases('siam_old_zero.npz'),
        inputs: { a: 'a', b: 'b' },
        labels: 'y',
      },
      loss: 'binary-cross-entropy',
    });
    expect(report.model.parameters).toBe(33);
    expect(report.samples.meanLoss).toBeCloseTo(0.9905960313026931, 10);
    expect(report.gradientNorm).toBeCloseTo(0.3605526869377514, 10);
    expect(report.trace.value).toBeCloseTo(1.3755093480765108, 10);
    expect(Math.sqrt(report.frobeniusSquared.value)).toBeCloseTo(1.363807049025977, 10);
    expect(report.sharpness?.lambdaMin.lower).toBeCloseTo(-0.41136272498261695, 10);
    expect(report.sharpness?.lambdaMax.upper).toBeCloseTo(0.8350511520647859, 10);
  });

  it('is the same gate before a fused activation', async () => {
    const [plain, fused] = [await run('gelu', { limit: 32 }), await run('gelu-fused', { limit: 32 })];
    expect(plain.model.parameters).toBe(16);
    expect(fused.model.parameters).toBe(16);
    expect(fused.trace.value / plain.trace.value).toBeCloseTo(1, 6);
  });

  it('leaves a padding row open, and a note says so', async () => {
    expect(messages(await run('lm_untied'))).toMatch(
      /^One row is zeros, as that of a padding index is, .*: "emb\.weight" \(88 numbers\)\.$/m,
    );
  });
});

describe('weights that an exporter folded', () => {
  it('are told before anything else, and no learning rate with them', async () => {
    const report = await run('bnfold_default');
    expect(report.model.parameters).toBe(332);
    expect(report.warnings[0]?.kind).toBe('folded-weights');
    expect(report.warnings[0]?.message).toMatch(/deployed parametrisation.*do_constant_folding=False/);
    expect(learningRateAnswer(report)?.sentences).toEqual([
      expect.stringMatching(/^No learning rate follows/),
    ]);
    const trained = await run('bnfold_unfolded');
    expect(trained.trace.value / 2159.76).toBeCloseTo(1, 5);
    expect(trained.frobeniusSquared.value / 2369450).toBeCloseTo(1, 5);
    expect(learningRateAnswer(trained)?.headline).toMatch(/^edge /);
  });
});

describe('a loss that is not the head’s', () => {
  it('is put on the probabilities that the head gives', async () => {
    const report = await run('keras_softmax2_bce', { loss: 'binary-cross-entropy' });
    expect(report.samples.meanLoss).toBeCloseTo(0.67065, 5);
    expect(report.sharpness?.lambdaMax.upper).toBeCloseTo(0.63767, 5);
    expect(messages(report)).toMatch(/not that of the model's softmax/);
  });

  it('is asked for where bounded outputs are no class scores', async () => {
    const failure = await failureFrom(() => run('tanh-actions'));
    expect(failure.kind).toBe('UsageError');
    expect(failure.message).toMatch(/bounded by Tanh, .*; say which with --loss/);
  });
});
