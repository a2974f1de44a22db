import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { FailureError } from '../../../src/report/failure';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { temporaryFolder, type TemporaryFolder } from '../formats/temporaryFolder';
import { explicitCurvature } from '../perceptron/closedForm/explicitHessian';
import { GraphBuilder } from '../perceptron/recognition/graphBuilder';
import { randomSource } from '../perceptron/recognition/plainForward';
import { npzBytes } from '../samples/writers';
import type { Export } from './exportedNetwork';
import * as exporters from './exporterGraphs';
import { graphFile } from './graphFile';
import * as sklearn from './sklearnGraphs';

const folder = temporaryFolder();
const count = 6;

/** Samples in multiples of 1/8, with labels that every loss can take. */
function data({ dims, network, loss }: Export) {
  const random = randomSource(5);
  const width = dims.reduce((a, b) => a * b, 1);
  const samples = Array.from({ length: count }, () =>
    Array.from({ length: width }, () => Math.round(16 * random()) / 8),
  );
  const outputs = network.widths.at(-1) ?? 1;
  const classes = Math.max(2, outputs);
  const targets = samples.map((_, n) => {
    if (loss === 'mean-squared-error') return [Math.round(16 * random()) / 8];
    if (outputs === 1) return [n % 2];
    return Array.from({ length: outputs }, (__, c) => Number(c === n % classes));
  });
  const values = loss === 'mean-squared-error' ? targets.flat() : samples.map((_, n) => n % classes);
  const type = loss === 'mean-squared-error' ? 'f8' : 'i8';
  const file = npzBytes({
    x: { type: 'f4', shape: [count, ...dims], values: samples.flat() },
    y: { type, shape: [count], values },
  });
  return { samples, targets, file };
}

async function analysed(
  name: string,
  exported: Export,
  of: TemporaryFolder,
  method: AnalysisRequest['method'] = 'auto',
): Promise<Report> {
  const { model, external } = graphFile(
    exported.graph,
    exported.external === true ? `${name}.data` : null,
    exported.irVersion,
  );
  if (exported.external === true) await of.write(`${name}.data`, external);
  return analyse(
    {
      ...requestDefaults,
      model: await of.write(`${name}.onnx`, model),
      samples: {
        kind: 'file',
        path: await of.write(`${name}.npz`, data(exported).file),
        inputs: {},
        labels: null,
      },
      output: exported.output ?? null,
      method,
      threads: 1,
    },
    () => undefined,
  );
}

const cases: readonly (readonly [string, Export, string])[] = [
  ['pytorch legacy', exporters.pytorchLegacy(), 'perceptron 3-4-3, relu'],
  ['pytorch dynamo', exporters.pytorchDynamo(), 'perceptron 12-2-2, gelu-tanh'],
  ['pytorch fixed batch', exporters.pytorchFixedBatch(), 'perceptron 3-3-2, gelu'],
  ['pytorch batch norm', exporters.pytorchBatchNorm(), 'network of 3 layers: Linear, BatchNorm'],
  ['batch norm everywhere', exporters.batchNormEverywhere(), 'network of 6 layers: Linear, BatchNorm, Scale'],
  ['tf2onnx', exporters.tf2onnx(), 'network of 3 layers: Linear, Scale'],
  ['keras2onnx', exporters.keras2onnx(), 'network of 4 layers: Linear, BatchNorm'],
  ['sklearn binary MLPClassifier', sklearn.classifier(1), 'perceptron 3-3-1, tanh'],
  ['sklearn MLPClassifier', sklearn.classifier(3), 'perceptron 3-3-3, tanh'],
  ['sklearn MLPRegressor', sklearn.regressor(), 'perceptron 3-3-1, sigmoid'],
  ['sklearn binary LogisticRegression', sklearn.logisticRegression(1), 'perceptron 3-1'],
  ['sklearn LogisticRegression', sklearn.logisticRegression(3), 'perceptron 3-3'],
  ['cntk', exporters.cntk(), 'perceptron 12-3-2, relu'],
  ['matlab', exporters.matlab(), 'network of 3 layers: Conv, BatchNorm'],
  ['several outputs', exporters.severalOutputs(), 'perceptron 3-2-2, mish'],
  ...(
    [
      ['float64', 'inside'],
      ['float64', 'throughout'],
      ['float16', 'stored'],
      ['float16', 'inside'],
      ['float16', 'throughout'],
      ['bfloat16', 'stored'],
    ] as const
  ).map(
    ([type, form]) => [`${type} ${form}`, exporters.typed(type, form), 'perceptron 3-4-2, tanh'] as const,
  ),
];

describe('a file of every exporter, from end to end', () => {
  it.each(cases)(
    '%s has the trace and norm of its explicit Hessian',
    async (name, exported, architecture) => {
      const report = await analysed(name.replaceAll(' ', '-'), exported, folder);
      const { samples, targets } = data(exported);
      const { preprocessed = (sample: readonly number[]) => sample, loss, network } = exported;
      const explicit = explicitCurvature({ ...network, samples: samples.map(preprocessed), targets, loss });
      const trace = explicit.hessian.reduce((sum, row, i) => sum + (row[i] ?? NaN), 0);
      const frobeniusSquared = explicit.hessian.flat().reduce((sum, element) => sum + element ** 2, 0);
      expect(report.model.architecture).toBe(architecture);
      expect(report.model.parameters).toBe(network.parameters.flat().length);
      expect(report.loss).toBe(loss);
      expect(Math.abs(report.samples.meanLoss / explicit.loss - 1)).toBeLessThan(1e-12);
      expect(Math.abs(report.trace.value / trace - 1)).toBeLessThan(1e-11);
      expect(Math.abs(report.frobeniusSquared.value / frobeniusSquared - 1)).toBeLessThan(1e-11);
    },
  );
});

describe('scikit-learn’s models have the same numbers by every method', () => {
  it.each([
    ['binary MLPClassifier', sklearn.classifier(1)],
    ['MLPClassifier', sklearn.classifier(3)],
    ['MLPRegressor', sklearn.regressor()],
    ['binary LogisticRegression', sklearn.logisticRegression(1)],
    ['LogisticRegression', sklearn.logisticRegression(3)],
  ])('%s', async (name, exported) => {
    const file = `every-${name.replaceAll(' ', '-')}`;
    const closed = await analysed(file, exported, folder, 'closed-form');
    const exact = await analysed(file, exported, folder, 'exact');
    const estimated = await analysed(file, exported, folder, 'estimate');
    const close = (found: number | undefined, wanted: number | undefined, tolerance: number): void => {
      expect(Math.abs((found ?? NaN) / (wanted ?? NaN) - 1)).toBeLessThan(tolerance);
    };
    close(exact.samples.meanLoss, closed.samples.meanLoss, 1e-12);
    close(exact.trace.value, closed.trace.value, 1e-11);
    close(exact.frobeniusSquared.value, closed.frobeniusSquared.value, 1e-11);
    close(exact.sharpness?.lambdaMax.lower, closed.sharpness?.lambdaMax.lower, 1e-10);
    close(estimated.sharpness?.lambdaMax.upper, closed.sharpness?.lambdaMax.upper, 1e-6);
    expect([exact, estimated].map(({ model }) => [model.parameters, model.output])).toEqual(
      [closed, closed].map(({ model }) => [model.parameters, model.output]),
    );
    expect(closed.layers.map((layer) => [layer.name, layer.parameters, layer.inputs, layer.outputs])).toEqual(
      exact.layers.map((layer) => [layer.name, layer.parameters, layer.inputs, layer.outputs]),
    );
  });
});

describe('what onnxruntime has no kernel for', () => {
  it('is refused with the way out', async () => {
    const failure = await analysed('bfloat16-inside', exporters.typed('bfloat16', 'inside'), folder).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(FailureError);
    expect((failure as FailureError).failure).toMatchObject({
      kind: 'UnsupportedOperator',
      message: expect.stringMatching(
        /onnxruntime cannot compute .*the operator is not made for its type.*float32\.$/,
      ) as string,
    });
  });
});

describe('what no closed form covers is refused by its node', () => {
  function refused(operator: string, outputs: number, attributes: Readonly<Record<string, number>>) {
    const exported = exporters.pytorchLegacy();
    const b = new GraphBuilder();
    const ones = (name: string) => b.weight(name, [4], [1, 2, 3, 4]);
    const z = b.node('MatMul', [b.input('x', ['N', 3]), b.weight('w', [3, 4], [...Array(12).keys()])]);
    const operands = operator === 'PRelu' ? [ones('slope')] : ['g', 'b', 'm', 'v'].map(ones);
    const [a = ''] = b.nodes(operator, [z, ...operands], outputs, attributes, 'between');
    const y = b.node('MatMul', [a, b.weight('u', [4, 3], [...Array(12).keys()].toReversed())]);
    return { ...exported, graph: b.graph([y]) };
  }
  it.each([
    ['PRelu', 1, {}, /^Node "between" \(PRelu\) is no part of a perceptron/],
    ['BatchNormalization', 3, { training_mode: 1 }, /node "between" \(BatchNormalization\).*training mode/i],
  ] as const)('%s', async (operator, outputs, attributes, sentence) => {
    const failure = await analysed(
      'refused',
      refused(operator, outputs, attributes),
      folder,
      'closed-form',
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FailureError);
    expect((failure as FailureError).failure.message).toMatch(sentence);
  });
});
