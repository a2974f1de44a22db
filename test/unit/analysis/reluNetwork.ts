import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel } from '../onnxModel';
import type { PlainNetwork } from '../perceptron/closedForm/explicitHessian';
import { randomSource } from '../perceptron/recognition/plainForward';
import { npzBytes } from '../samples/writers';

/** A perceptron 3-4-3 with ReLU, in plain arrays and as a model file, at any scale of its first layer. */

const widths = [3, 4, 3] as const;
const count = 6;
const random = randomSource(3);
/** Multiples of 1/64: exact in float32, and so are they times a power of two. */
const numbers = (length: number): number[] =>
  Array.from({ length }, () => Math.round(96 * random()) / 64 - 0.0625);
const samples = Array.from({ length: count }, () => numbers(widths[0]));
const weights = { W1: numbers(12), b1: numbers(4), W2: numbers(12), b2: numbers(3) };

/** With its first layer times `scale`. */
export function network(scale: number): PlainNetwork {
  const { W1, b1, W2, b2 } = rescaled(scale);
  return {
    widths,
    biased: [true, true],
    activations: ['relu', 'identity'],
    parameters: [
      [...W1, ...b1],
      [...W2, ...b2],
    ],
    samples,
    targets: samples.map((_, n) => widths.map((__, c) => Number(c === n % 3))),
    loss: 'cross-entropy',
  };
}

/** The first layer times `scale`, the weight of the second divided by it: the same function, behind a ReLU. */
function rescaled(scale: number): typeof weights {
  const { W1, b1, W2, b2 } = weights;
  return {
    W1: W1.map((value) => value * scale),
    b1: b1.map((value) => value * scale),
    W2: W2.map((value) => value / scale),
    b2,
  };
}

/** Makes its reports, in a folder of the calling file's tests. */
export function analysing(): (scale: number, asked: Partial<AnalysisRequest>) => Promise<Report> {
  const folder = temporaryFolder();
  return async (scale, asked) =>
    analyse(
      {
        ...requestDefaults,
        model: await folder.write('m.onnx', modelFile(scale)),
        samples: { kind: 'file', path: await folder.write('m.npz', samplesFile()), inputs: {}, labels: null },
        loss: 'cross-entropy',
        threads: 1,
        precision: 1e-6,
        ...asked,
      },
      () => undefined,
    );
}

function modelFile(scale: number): Uint8Array {
  const { W1, b1, W2, b2 } = rescaled(scale);
  const gemm = (x: string, layer: number, y: string) => ({
    operator: 'Gemm',
    inputs: [x, `W${layer}`, `b${layer}`],
    outputs: [y],
    attributes: { transB: { int: 1 } },
  });
  return onnxModel({
    nodes: [gemm('x', 1, 'z'), { operator: 'Relu', inputs: ['z'], outputs: ['a'] }, gemm('a', 2, 'logits')],
    initialisers: {
      W1: { dims: [4, 3], data: Float32Array.from(W1) },
      b1: { dims: [4], data: Float32Array.from(b1) },
      W2: { dims: [3, 4], data: Float32Array.from(W2) },
      b2: { dims: [3], data: Float32Array.from(b2) },
    },
    inputs: [{ name: 'x', dims: ['N', 3] }],
    outputs: ['logits'],
  });
}

function samplesFile(): Uint8Array {
  return npzBytes({
    x: { type: 'f4', shape: [count, 3], values: samples.flat() },
    y: { type: 'i8', shape: [count], values: samples.map((_, n) => n % 3) },
  });
}
