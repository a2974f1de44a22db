import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { floats } from '../autodiff/opening';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type NodeParts } from '../onnxModel';
import { explicitCurvature } from '../perceptron/closedForm/explicitHessian';
import { npzBytes } from '../samples/writers';

const folder = temporaryFolder();

const initialisers = {
  w1: floats(1, [2, 4]),
  b1: floats(2, [4]),
  w2: floats(3, [4, 2], 2),
  b2: floats(4, [2]),
};
/** Multiples of 1/8, which float32 holds. */
const samples = Array.from({ length: 12 }, (_, n) => [((5 * n) % 16) / 8 - 1, ((7 * n) % 24) / 8 - 1.5]);
const targets = samples.map((_, n) => [((11 * n) % 32) / 8 - 2, ((13 * n) % 40) / 8 - 2.5]);

/** A perceptron with its squared error, whose mean is taken over these axes. */
async function analysed(
  axes: readonly number[],
  keepdims: number,
  request: Partial<AnalysisRequest>,
): Promise<Report> {
  const nodes: readonly NodeParts[] = [
    { operator: 'Gemm', inputs: ['x', 'w1', 'b1'], outputs: ['a'] },
    { operator: 'Tanh', inputs: ['a'], outputs: ['b'] },
    { operator: 'Gemm', inputs: ['b', 'w2', 'b2'], outputs: ['z'] },
    { operator: 'Sub', inputs: ['z', 't'], outputs: ['e'] },
    { operator: 'Mul', inputs: ['e', 'e'], outputs: ['s'] },
    {
      operator: 'ReduceMean',
      inputs: ['s'],
      outputs: ['loss'],
      attributes: { axes: { ints: axes }, keepdims: { int: keepdims } },
    },
  ];
  const inputs = [
    { name: 'x', dims: ['N', 2] },
    { name: 't', dims: ['N', 2] },
  ];
  const model = onnxModel({ opset: 13, nodes, initialisers, inputs, outputs: ['loss'] });
  const file = npzBytes({
    x: { type: 'f8', shape: [12, 2], values: samples.flat() },
    t: { type: 'f8', shape: [12, 2], values: targets.flat() },
  });
  return analyse(
    {
      ...requestDefaults,
      model: await folder.write('model.onnx', model),
      samples: { kind: 'file', path: await folder.write('data.npz', file), inputs: {}, labels: null },
      loss: 'output',
      threads: 1,
      ...request,
    },
    () => undefined,
  );
}

const transposed = ({ data }: { data: Float32Array }, rows: number, columns: number): number[] =>
  Array.from({ length: rows * columns }, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!);
const oracle = explicitCurvature({
  widths: [2, 4, 2],
  biased: [true, true],
  activations: ['tanh', 'identity'],
  parameters: [
    [...transposed(initialisers.w1, 2, 4), ...initialisers.b1.data],
    [...transposed(initialisers.w2, 4, 2), ...initialisers.b2.data],
  ],
  samples,
  targets,
  loss: 'mean-squared-error',
});

function expectRelative(found: number, wanted: number): void {
  expect(Math.abs(found / wanted - 1)).toBeLessThanOrEqual(1e-9);
}

describe('a loss that the model puts out for each sample', () => {
  it.each([
    ['N', 0],
    ['N × 1', 1],
  ])('has the explicit Hessian (%s)', async (_, keepdims) => {
    const report = await analysed([1], keepdims, {});
    expect(report).toMatchObject({ method: 'exact', loss: 'output', lossAssumed: false, gaussNewton: null });
    expect(report.samples).toMatchObject({ labels: 'none', classes: 0, accuracy: null });
    expectRelative(report.samples.meanLoss, oracle.loss);
    expectRelative(report.gradientNorm, Math.hypot(...oracle.gradient));
    expectRelative(
      report.trace.value,
      oracle.hessian.reduce((sum, row, i) => sum + row[i]!, 0),
    );
    expectRelative(
      report.frobeniusSquared.value,
      oracle.hessian.flat().reduce((sum, value) => sum + value * value, 0),
    );
  });

  it('with weight decay has it beside', async () => {
    const report = await analysed([1], 0, { weightDecay: 0.25 });
    const trace = oracle.hessian.reduce((sum, row, i) => sum + row[i]!, 0);
    expectRelative(report.trace.value, trace + 0.25 * oracle.hessian.length);
  });

  it('is refused where it is averaged already', async () => {
    const failure = await failureFrom(() => analysed([0, 1], 0, {}));
    expect(failure.message).toMatch(/"loss" is one number for all 12 samples, .*reduction="none"/);
  });

  it('is refused where a sample has several', async () => {
    const failure = await failureFrom(() => analysed([1], 0, { output: 's' }));
    expect(failure.message).toMatch(/one number for each, but there are 2/);
  });
});
