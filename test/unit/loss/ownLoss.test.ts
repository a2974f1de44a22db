import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type NodeParts } from '../onnxModel';
import { npzBytes } from '../samples/writers';
import { explicitly, initialisers, layers, samples, targets } from './smallNetwork';

const folder = temporaryFolder();

/** A perceptron with its squared error, whose mean is taken over these axes. */
async function analysed(
  axes: readonly number[],
  keepdims: number,
  request: Partial<AnalysisRequest>,
): Promise<Report> {
  const nodes: readonly NodeParts[] = [
    ...layers,
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

const oracle = explicitly('mean-squared-error');

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
