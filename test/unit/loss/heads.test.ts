import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import type { AnalysisRequest } from '../../../src/report/request';
import { requestDefaults } from '../../../src/report/request';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { floats } from '../autodiff/opening';
import { onnxModel, type ModelParts } from '../onnxModel';
import { npzBytes } from '../samples/writers';

const folder = temporaryFolder();
const [w, b] = [floats(1, [2, 3]), floats(2, [3])];
const inputs = [
  [0.5, -1],
  [2, 0.25],
  [-1.5, 1],
  [0.75, 3],
];
const classes = [0, 1, 2, 0];

async function analysed(heads: readonly string[], method: AnalysisRequest['method']): Promise<Report> {
  const tensors = ['z', ...heads.map((_, i) => `head ${i}`)];
  const nodes = heads.map((operator, i) => ({
    operator,
    inputs: [tensors[i] ?? ''],
    outputs: [tensors[i + 1] ?? ''],
  }));
  const parts: ModelParts = {
    opset: 13,
    nodes: [{ operator: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['z'] }, ...nodes],
    initialisers: { w, b },
    inputs: [{ name: 'x', dims: ['N', 2] }],
    outputs: [tensors.at(-1) ?? ''],
  };
  const name = `${heads.join('')} ${method}`;
  const file = npzBytes({
    x: { type: 'f4', shape: [4, 2], values: inputs.flat() },
    y: { type: 'i8', shape: [4], values: classes },
  });
  return analyse(
    {
      ...requestDefaults,
      model: await folder.write(`${name}.onnx`, onnxModel(parts)),
      samples: { kind: 'file', path: await folder.write(`${name}.npz`, file), inputs: {}, labels: null },
      loss: 'mean-squared-error',
      method,
      threads: 1,
    },
    () => undefined,
  );
}

/** Σ (p − y)² / C, the mean over the samples, by hand. */
function meanLoss(headOf: (z: readonly number[]) => readonly number[]): number {
  let total = 0;
  inputs.forEach(([x = 0, y = 0], n) => {
    const p = headOf([0, 1, 2].map((c) => x * w.data[c]! + y * w.data[3 + c]! + b.data[c]!));
    p.forEach((value, c) => (total += (value - Number(c === classes[n])) ** 2 / 12));
  });
  return total;
}

const softmax = (z: readonly number[]): number[] => {
  const sum = z.reduce((total, value) => total + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / sum);
};

const sigmoidOfTanh = (z: readonly number[]): number[] =>
  z.map((value) => 1 / (1 + Math.exp(-Math.tanh(value))));

describe('squared error behind a head', () => {
  it('of a softmax takes products, unless the closed form is asked for', async () => {
    const report = await analysed(['Softmax'], 'auto');
    expect(report.method).toBe('exact');
    expect(report.samples.meanLoss).toBeCloseTo(meanLoss(softmax), 12);
    const failure = await failureFrom(() => analysed(['Softmax'], 'closed-form'));
    expect(failure.kind).toBe('UnsupportedStructure');
    expect(failure.message).toMatch(
      /not read as a perceptron; .* another method takes more models \(--method\)/,
    );
  });

  it('of a sigmoid has a closed form, the sigmoid with the function before it', async () => {
    const report = await analysed(['Tanh', 'Sigmoid'], 'auto');
    expect(report.method).toBe('closed-form');
    expect(report.samples.meanLoss).toBeCloseTo(meanLoss(sigmoidOfTanh), 12);
    const exact = await analysed(['Tanh', 'Sigmoid'], 'exact');
    expect(report.trace.value).toBeCloseTo(exact.trace.value, 12);
    expect(report.frobeniusSquared.value).toBeCloseTo(exact.frobeniusSquared.value, 12);
  });
});
