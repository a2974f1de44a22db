import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Quantity, Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type ModelParts } from '../onnxModel';
import { npzBytes } from '../samples/writers';
import { explicitly, initialisers, layers, samples, targets } from './smallNetwork';

const folder = temporaryFolder();

async function analysed(
  parts: ModelParts,
  samples: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  request: Partial<AnalysisRequest>,
): Promise<Report> {
  const file = npzBytes({
    x: { type: 'f8', shape: [samples.length, samples[0]?.length ?? 0], values: samples.flat() },
    y: { type: 'f8', shape: [targets.length, targets[0]?.length ?? 0], values: targets.flat() },
  });
  return analyse(
    {
      ...requestDefaults,
      model: await folder.write('model.onnx', onnxModel(parts)),
      samples: { kind: 'file', path: await folder.write('data.npz', file), inputs: {}, labels: null },
      loss: 'huber',
      threads: 1,
      ...request,
    },
    () => undefined,
  );
}

const network: ModelParts = {
  opset: 13,
  nodes: layers,
  initialisers,
  inputs: [{ name: 'x', dims: ['N', 2] }],
  outputs: ['z'],
};
const oracle = explicitly('huber');
const eigenvalues = new EigenvalueDecomposition(new Matrix(oracle.hessian.map((row) => [...row])))
  .realEigenvalues;
const trace = oracle.hessian.reduce((sum, row, i) => sum + row[i]!, 0);
const squares = oracle.hessian.flat().reduce((sum, value) => sum + value * value, 0);

function expectRelative(found: number, wanted: number, tolerance = 1e-10): void {
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(tolerance * Math.abs(wanted));
}

function expectEstimate({ value, standardError }: Quantity, wanted: number): void {
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(5 * standardError + 1e-5 * Math.abs(wanted));
}

describe('the Huber loss of a perceptron, some of whose errors are beyond δ and some within', () => {
  it.each(['closed-form', 'exact'] as const)('has the explicit Hessian (%s)', async (method) => {
    const report = await analysed(network, samples, targets, { method });
    expect(report).toMatchObject({ method, loss: 'huber', lossAssumed: false });
    expectRelative(report.samples.meanLoss, oracle.loss);
    expectRelative(report.gradientNorm, Math.hypot(...oracle.gradient));
    expectRelative(report.trace.value, trace);
    expectRelative(report.frobeniusSquared.value, squares);
    expectRelative(report.sharpness?.lambdaMax.lower ?? Number.NaN, Math.max(...eigenvalues), 1e-9);
    expectRelative(report.sharpness?.lambdaMin.upper ?? Number.NaN, Math.min(...eigenvalues), 1e-9);
    expect(report.samples).toMatchObject({ classes: 0, accuracy: null });
  });

  it.each(['float64', 'float32'] as const)('is estimated within its errors in %s', async (dtype) => {
    const report = await analysed(network, samples, targets, { method: 'estimate', dtype });
    expect(report.method).toBe('estimate');
    expectEstimate(report.trace, trace);
    expectEstimate(report.frobeniusSquared, squares);
    const found = report.sharpness?.lambdaMax;
    expect(found?.lower).toBeLessThanOrEqual(Math.max(...eigenvalues) + 1e-6);
    expect(found?.upper).toBeGreaterThanOrEqual(Math.max(...eigenvalues) - 1e-6);
  });
});

it.each([
  ['closed-form', 'float64'],
  ['exact', 'float64'],
  ['estimate', 'float32'],
] as const)('errors of δ itself bend nothing, and are not refused (%s, %s)', async (method, dtype) => {
  const line: ModelParts = {
    opset: 13,
    nodes: [{ operator: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['z'] }],
    initialisers: {
      w: { dims: [1, 1], data: Float32Array.of(1) },
      b: { dims: [1], data: Float32Array.of(0) },
    },
    inputs: [{ name: 'x', dims: ['N', 1] }],
    outputs: ['z'],
  };
  // Errors of 1, −1, ¼ and 3: the third sample alone has curvature, [½, 1] [½, 1]ᵀ.
  const report = await analysed(line, [[1], [2], [0.5], [3]], [[0], [3], [0.25], [0]], { method, dtype });
  expect(report.samples.meanLoss).toBeCloseTo((0.5 + 0.5 + 0.25 ** 2 / 2 + 2.5) / 4, 12);
  expect(report.gradientNorm).toBeCloseTo(Math.hypot(1 - 2 + 0.125 + 3, 1 - 1 + 0.25 + 1) / 4, 6);
  expectEstimate(report.trace, 1.25 / 4);
  expectEstimate(report.frobeniusSquared, (1.25 / 4) ** 2);
});
