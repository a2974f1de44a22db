import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { failureOf } from '../../../src/report/failure';
import type { Method, Report } from '../../../src/report/report';
import { requestDefaults } from '../../../src/report/request';
import { reportJson } from '../../../src/report/schema';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { onnxModel } from '../onnxModel';
import { folderWith, npzBytes } from '../samples/writers';

const folder = 'test/references/cases';

describe('curvature of 1e-170', () => {
  it.each<Method>(['closed-form', 'exact', 'estimate'])(
    'has its bounds and its norm by %s',
    async (method) => {
      const report = await analyse(
        {
          ...requestDefaults,
          model: join(folder, 'lr_1e-85.onnx'),
          samples: { kind: 'file', path: join(folder, 'lr_1e-85.npz'), inputs: { x: 'x' }, labels: 'y' },
          loss: 'mean-squared-error',
          threads: 1,
          method,
        },
        () => undefined,
      );
      const { lambdaMax } = report.sharpness ?? { lambdaMax: { lower: NaN, upper: NaN } };
      expect(lambdaMax.lower / 3.98906763679035e-170).toBeCloseTo(1, 9);
      expect(lambdaMax.upper / 3.98906763679035e-170).toBeCloseTo(1, 9);
      expect((report.frobeniusNorm?.value ?? NaN) / 5.24847222881788e-170).toBeCloseTo(
        1,
        method === 'estimate' ? 3 : 12,
      );
      expect(report.bounds.lambdaMax.upper.value).toBeGreaterThanOrEqual(lambdaMax.lower);
      expect(report.frobeniusSquared.value).toBe(0);
      expect([report.blocks, report.layers[0]?.ownCurvature]).toEqual([null, null]);
      expect(report.warnings.map(({ kind }) => kind)).toContain('squares-out-of-range');
      expect(() => reportJson(report)).not.toThrow();
    },
  );
});

const weights = [0.5, -1.25, 0.75, 2, -0.375, 1.5];

/** Two linear layers without biases: where samples and targets are 2^k times as large, the Hessian is 2^2k times. */
async function linearNetwork(exponent: number, method: Method): Promise<Report> {
  const size = 2 ** exponent;
  const type = DataType.DOUBLE;
  const folder = await folderWith({
    'm.onnx': onnxModel({
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'fc.0.weight'], outputs: ['a'] },
        { operator: 'MatMul', inputs: ['a', 'fc.1.weight'], outputs: ['y'] },
      ],
      initialisers: {
        'fc.0.weight': { dims: [3, 2], data: Float64Array.from(weights) },
        'fc.1.weight': { dims: [2, 1], data: Float64Array.of(1.125, -0.625) },
      },
      inputs: [{ name: 'x', dims: ['N', 3], type }],
      outputs: [{ name: 'y', dims: ['N', 1], type }],
    }),
    's.npz': npzBytes({
      x: { type: 'f8', shape: [4, 3], values: samples.map((value) => value * size) },
      y: { type: 'f8', shape: [4, 1], values: [0.5, -2, 1, 0.25].map((value) => value * size) },
    }),
  });
  return analyse(
    {
      ...requestDefaults,
      model: join(folder, 'm.onnx'),
      samples: { kind: 'file', path: join(folder, 's.npz'), inputs: { x: 'x' }, labels: 'y' },
      loss: 'mean-squared-error',
      scaleAdapted: true,
      threads: 1,
      method,
    },
    () => undefined,
  );
}

const samples = [1, -0.5, 2, 0.25, 1.5, -1, 0.75, -2, 0.5, 1.25, -0.75, 3];

/** Every number of the report that is linear in the Hessian. */
function linearNumbers(report: Report): number[] {
  const { trace, frobeniusNorm, bounds, sharpness, spectrum, layers, gaussNewton, scaleAdapted } = report;
  const intervals = [sharpness?.lambdaMax, sharpness?.lambdaMin, scaleAdapted?.lambdaMax];
  const quantities = [
    trace,
    frobeniusNorm,
    gaussNewton?.trace,
    gaussNewton?.upper,
    ...[bounds.lambdaMax, bounds.lambdaMin, ...bounds.eigenvalues].flatMap(({ lower, upper }) => [
      lower,
      upper,
    ]),
    ...layers.flatMap((layer) => [layer.trace, layer.contribution]),
    ...layers.flatMap(({ blockUpperBound }) => (blockUpperBound === null ? [] : [blockUpperBound])),
  ];
  return [
    ...quantities.flatMap((quantity) => [quantity?.value ?? NaN, quantity?.standardError ?? NaN]),
    ...intervals.flatMap((interval) => [interval?.lower ?? NaN, interval?.upper ?? NaN]),
    ...(spectrum?.values ?? []),
    ...(spectrum?.grid ?? []),
  ];
}

describe('a loss 2^2k times as large', () => {
  it.each(
    (['closed-form', 'exact', 'estimate'] as const).flatMap((method) =>
      [-280, -150, 110, 280].map((exponent) => [method, exponent] as const),
    ),
  )('has exactly 2^2k times the curvature by %s, k = %d', async (method, exponent) => {
    const [plain, scaled] = [await linearNetwork(0, method), await linearNetwork(exponent, method)];
    expect(linearNumbers(plain).every(Number.isFinite)).toBe(true);
    expect(linearNumbers(scaled)).toEqual(linearNumbers(plain).map((value) => value * 4 ** exponent));
    expect(
      scaled.layers.map(({ elasticity, units, sharpestShare }) => [elasticity, units, sharpestShare]),
    ).toEqual(plain.layers.map(({ elasticity, units, sharpestShare }) => [elasticity, units, sharpestShare]));
    expect(scaled.gradientNorm / plain.gradientNorm / 4 ** exponent).toBeCloseTo(1, 14);
    expect(scaled.frobeniusSquared.value).toBe(
      Math.min(Number.MAX_VALUE, plain.frobeniusSquared.value * 4 ** exponent * 4 ** exponent),
    );
    expect(() => reportJson(scaled)).not.toThrow();
  });

  it.each<Method>(['closed-form', 'exact', 'estimate'])(
    'is refused by %s where the curvature itself is beyond float64',
    async (method) => {
      const { kind, message } = failureOf(await linearNetwork(-508, method).catch((error: unknown) => error));
      expect(kind).toBe('NonFiniteLoss');
      expect(message).toMatch(
        /^The curvature of the loss is of the order of 1e-30\d, beyond the numbers of float64/,
      );
    },
  );
});

/** A unit that is never on, since its weights are −10^k on samples above 0, beside two that are. */
async function deadUnit(exponent: number): Promise<Report> {
  const type = DataType.DOUBLE;
  const size = -(10 ** exponent);
  const folder = await folderWith({
    'm.onnx': onnxModel({
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'fc.0.weight'], outputs: ['a'] },
        { operator: 'Relu', inputs: ['a'], outputs: ['h'] },
        { operator: 'MatMul', inputs: ['h', 'fc.1.weight'], outputs: ['y'] },
      ],
      initialisers: {
        'fc.0.weight': { dims: [2, 3], data: Float64Array.of(0.5, size, 1, 0.25, size, 0.125) },
        'fc.1.weight': { dims: [3, 2], data: Float64Array.of(1, -1, 0.5, 0.25, -0.75, 2) },
      },
      inputs: [{ name: 'x', dims: ['N', 2], type }],
      outputs: [{ name: 'y', dims: ['N', 2], type }],
    }),
    's.npz': npzBytes({
      x: { type: 'f8', shape: [3, 2], values: samples.slice(0, 6).map(Math.abs) },
      y: { type: 'i8', shape: [3], values: [0, 1, 1] },
    }),
  });
  return analyse(
    {
      ...requestDefaults,
      model: join(folder, 'm.onnx'),
      samples: { kind: 'file', path: join(folder, 's.npz'), inputs: { x: 'x' }, labels: 'y' },
      loss: 'cross-entropy',
      threads: 1,
      method: 'closed-form',
    },
    () => undefined,
  );
}

describe('weights whose squares are beyond float64', () => {
  it('have a norm, and no part in a loss without decay', async () => {
    const [plain, huge] = [await deadUnit(0), await deadUnit(200)];
    expect(huge.layers[0]?.weightNorm).toBeCloseTo(Math.SQRT2 * 1e200, -187);
    expect(huge.samples.meanLoss).toBe(plain.samples.meanLoss);
    expect(huge.trace).toEqual(plain.trace);
    expect(() => reportJson(huge)).not.toThrow();
  });
});
