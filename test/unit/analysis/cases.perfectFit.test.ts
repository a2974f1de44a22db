import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Loss, Method, Report } from '../../../src/report/report';
import { requestDefaults } from '../../../src/report/request';
import { reportText } from '../../../src/report/text';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { onnxModel } from '../onnxModel';
import { folderWith, npzBytes } from '../samples/writers';

const methods = ['closed-form', 'exact', 'estimate'] as const;

/** x (N × 2) to tanh (3) to y (N × 2), and what it puts out. */
const first = { weight: [4, -3, 1, 2, 5, -4], bias: [0.5, -1, 2] };
const inputs = [
  [1, 2],
  [2, -1],
  [-1.5, 1],
  [-2, -2],
  [3, 0.5],
  [-1, 3],
];

function hidden([x = 0, y = 0]: readonly number[]): number[] {
  const { weight, bias } = first;
  return bias.map((b, j) => Math.tanh(x * (weight[j] ?? 0) + y * (weight[3 + j] ?? 0) + b));
}

async function analysed(
  loss: Loss,
  second: { readonly weight: readonly number[]; readonly bias: readonly number[] },
  labels: Parameters<typeof npzBytes>[0][string],
  method: Method,
): Promise<Report> {
  const type = DataType.DOUBLE;
  const tensor = (dims: number[], values: readonly number[]) => ({ dims, data: Float64Array.from(values) });
  const folder = await folderWith({
    'm.onnx': onnxModel({
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'fc.0.weight'], outputs: ['p'] },
        { operator: 'Add', inputs: ['p', 'fc.0.bias'], outputs: ['q'] },
        { operator: 'Tanh', inputs: ['q'], outputs: ['a'] },
        { operator: 'MatMul', inputs: ['a', 'fc.1.weight'], outputs: ['r'] },
        { operator: 'Add', inputs: ['r', 'fc.1.bias'], outputs: ['y'] },
      ],
      initialisers: {
        'fc.0.weight': tensor([2, 3], first.weight),
        'fc.0.bias': tensor([3], first.bias),
        'fc.1.weight': tensor([3, 2], second.weight),
        'fc.1.bias': tensor([2], second.bias),
      },
      inputs: [{ name: 'x', dims: ['N', 2], type }],
      outputs: [{ name: 'y', dims: ['N', 2], type }],
    }),
    's.npz': npzBytes({ x: { type: 'f8', shape: [6, 2], values: inputs.flat() }, y: labels }),
  });
  return analyse(
    {
      ...requestDefaults,
      model: join(folder, 'm.onnx'),
      samples: { kind: 'file', path: join(folder, 's.npz'), inputs: { x: 'x' }, labels: 'y' },
      loss,
      threads: 1,
      method,
    },
    () => undefined,
  );
}

function expectNoSaddle(report: Report): void {
  const text = reportText(report);
  expect(text).not.toMatch(/saddle|no learning rate is stable|NaN|Infinity/);
  const { lower, upper } = report.sharpness?.lambdaMax ?? { lower: NaN, upper: NaN };
  expect(lower).toBeGreaterThan(0);
  expect(upper).toBeGreaterThanOrEqual(lower);
  expect(report.bounds.lambdaMax.upper.value).toBeGreaterThanOrEqual(lower * (1 - 1e-9));
}

describe('a perfect fit', () => {
  // The first hidden unit alone decides, by ever larger weights.
  it.each(methods.flatMap((method) => [25, 50, 150, 300].map((size) => [method, size] as const)))(
    'under cross-entropy is no saddle and no fault by %s, weights of %d',
    async (method, size) => {
      const labels = inputs.map((x) => ((hidden(x)[0] ?? 0) > 0 ? 0 : 1));
      const report = await analysed(
        'cross-entropy',
        { weight: [size, -size, 0.5, 0.25, -1, 1], bias: [0, 0] },
        { type: 'i8', shape: [6], values: labels },
        method,
      );
      expect(report.samples.meanLoss).toBeLessThan(Math.exp(-1.7 * size));
      expectNoSaddle(report);
    },
  );

  const errors = [
    [1, 0],
    [1, 1e-15],
    [1, 1e-11],
    [1, 1e-8],
    // What is left of outputs so large differs between the two ways by their rounding.
    [16_162.77, 2.02e-11],
    [3.67e7, 8.52e-7],
  ] as const;
  it.each(methods.flatMap((method) => errors.map(([size, error]) => [method, size, error] as const)))(
    'under squared error is no saddle and no fault by %s, weights of %d, errors of %d',
    async (method, size, error) => {
      const second = {
        weight: [1.5, -0.5, 0.75, 2, -1, 0.25].map((weight) => weight * size),
        bias: [0.1 * size, -0.2 * size],
      };
      const targets = inputs.flatMap((x, n) =>
        second.bias.map((bias, c) => {
          const sum = hidden(x).reduce((total, a, j) => total + a * (second.weight[2 * j + c] ?? 0), bias);
          return sum + error * (n % 2 === 0 ? 1 : -1) * (c + 1);
        }),
      );
      const report = await analysed(
        'mean-squared-error',
        second,
        { type: 'f8', shape: [6, 2], values: targets },
        method,
      );
      expect(report.samples.meanLoss).toBeLessThan(1e-15 * size ** 2);
      expectNoSaddle(report);
    },
  );
});
