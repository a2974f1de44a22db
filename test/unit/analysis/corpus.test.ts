import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { openAnalysedModel } from '../../../src/analysis/analysedModel';
import { readPerceptron } from '../../../src/analysis/readPerceptron';
import { noSubjectChoice } from '../../../src/subject/subject';
import { readModel } from '../../../src/formats/readModel';
import { FailureError } from '../../../src/report/failure';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import type { ActivationName } from '../perceptron/activationNamed';
import { explicitCurvature } from '../perceptron/closedForm/explicitHessian';

const shared = process.env['MODEL_SHARPNESS_SHARED'];
const reason = shared === undefined ? ' (corpus absent: MODEL_SHARPNESS_SHARED not set)' : '';

function corpus(name: string): string {
  return join(shared ?? '', 'corpus', name);
}

function run(model: string, request: Partial<AnalysisRequest>): Promise<Report> {
  return analyse(
    { ...requestDefaults, model: corpus(model), samples: { kind: 'random', count: 64 }, ...request },
    () => undefined,
  );
}

const mnist: Partial<AnalysisRequest> = {
  samples: { kind: 'file', path: corpus('mnist-2000.npz'), inputs: {}, labels: null },
  scale: 1 / 255,
};

describe(`real perceptrons exported elsewhere${reason}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'model-sharpness-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.skipIf(shared === undefined)('have their published accuracy on MNIST', async () => {
    // Of all samples; the closed form of so many takes a while.
    const all = { ...mnist, method: 'estimate', precision: 0.5 } as const;
    expect((await run('marabou-mnist2x10.onnx', all)).samples.accuracy).toBeCloseTo(0.9025, 12);
    expect((await run('marabou-mnist2x5_sigmoid.onnx', all)).samples.accuracy).toBeCloseTo(0.822, 12);
  });

  it.skipIf(shared === undefined)('have contributions of layers that add up to the bound', async () => {
    const some = { ...mnist, limit: 300 };
    const relu = await run('marabou-mnist2x10.onnx', some);
    expect(relu.model.architecture).toBe('perceptron 784-10-10-10, relu');
    const sigmoid = await run('marabou-mnist2x5_sigmoid.onnx', some);
    for (const { layers, bounds, frobeniusSquared } of [relu, sigmoid]) {
      const sum = layers.reduce((total, { contribution }) => total + contribution.value, 0);
      expect(sum / bounds.lambdaMax.upper.value).toBeCloseTo(1, 10);
      expect(bounds.lambdaMax.upper.value).toBeLessThanOrEqual(
        Math.sqrt(frobeniusSquared.value) * (1 + 1e-6),
      );
    }
  });

  it.skipIf(shared === undefined)('have the trace and norm of an explicit Hessian', async () => {
    const samples = Array.from({ length: 12 }, (_, n) => [2 * Math.sin(2.3 * n), Math.cos(1.7 * n)]);
    const path = join(folder, 'samples.csv');
    await writeFile(path, samples.map((row, n) => [...row, n % 3].join(',')).join('\n'));
    const report = await run('marabou-fc_2-2-3.onnx', {
      samples: { kind: 'file', path, inputs: {}, labels: null },
    });
    const recognition = await readPerceptron(
      openAnalysedModel(await readModel(corpus('marabou-fc_2-2-3.onnx')), noSubjectChoice, 1),
      null,
    );
    if (!recognition.ok) throw new Error(recognition.failure.message);
    const { perceptron } = recognition.read;
    const { hessian, loss } = explicitCurvature({
      widths: [2, ...perceptron.layers.map(({ outputs }) => outputs)],
      biased: perceptron.layers.map(({ bias }) => bias !== null),
      activations: perceptron.layers.map(({ activation }) => activation.name as ActivationName),
      parameters: perceptron.layers.map(({ weight, bias }) => [...weight, ...(bias ?? [])]),
      samples,
      targets: samples.map((_, n) => [0, 1, 2].map((c) => Number(c === n % 3))),
      loss: 'cross-entropy',
    });
    expect(report.samples.meanLoss).toBeCloseTo(loss, 12);
    expect(report.trace.value).toBeCloseTo(
      hessian.reduce((sum, row, i) => sum + row[i]!, 0),
      12,
    );
    expect(report.frobeniusSquared.value).toBeCloseTo(
      hessian.flat().reduce((sum, element) => sum + element ** 2, 0),
      12,
    );
  });

  it.skipIf(shared === undefined)('are analysed with other activations and several outputs', async () => {
    const mlp = await run('torch1.13-mlp_13.onnx', {});
    expect(mlp.model).toMatchObject({ architecture: 'perceptron 20-32-32-3, tanh silu', parameters: 1827 });
    const controller = await run('marabou-certificate_and_controller_mandal.onnx', { output: 'output_1' });
    expect(controller.layers.length).toBeGreaterThan(3);
  });

  it.skipIf(shared === undefined)('are refused where the rows are not samples', async () => {
    const failure = await run('marabou-fc_matMul.onnx', {}).then(
      () => null,
      (error: unknown) => (error instanceof FailureError ? error.failure : null),
    );
    expect(failure?.kind).toBe('UnsupportedStructure');
    expect(failure?.message).toMatch(/does not run .*Add node.*its rows are samples/);
  });
});
