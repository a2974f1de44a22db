import type { ElementType } from '../../../src/graph/graph';
import type { PlainActivation } from '../perceptron/closedForm/explicitHessian';
import { HyperDual } from '../perceptron/closedForm/hyperDual';
import { flattenStyles, type WrittenLayer } from '../perceptron/recognition/exporterStyles';
import { GraphBuilder } from '../perceptron/recognition/graphBuilder';
import { activated, affine, batchNorm, layersOf, mulAdd, networkOf, type Export } from './exportedNetwork';

const image = [2, 3, 2] as const;
const positions = 12;

/** PyTorch's TorchScript exporter. */
export function pytorchLegacy(): Export {
  const layers = layersOf([3, 4, 3], 1);
  const b = new GraphBuilder();
  const z = affine(b, 'gemm', b.input('input.1', ['batch_size', 3]), layers[0]);
  const y = affine(b, 'gemm', b.node('Relu', [b.node('Dropout', [z])]), layers[1]);
  return {
    graph: b.graph([y]),
    dims: [3],
    network: networkOf(layers, ['relu', 'identity']),
    loss: 'cross-entropy',
  };
}

/** torch.onnx.export(dynamo=True): flatten by shapes, transposed weights, external data. */
export function pytorchDynamo(): Export {
  const layers = layersOf([positions, 2, 2], 2);
  const b = new GraphBuilder();
  const flat = flattenStyles['dynamo']?.(b, b.input('x', ['s0', ...image]), positions) ?? '';
  const z = affine(b, 'matmul transpose, bias last', flat, layers[0]);
  const y = affine(b, 'gemm', b.node('Gelu', [z], { approximate: 'tanh' }), layers[1]);
  const network = networkOf(layers, ['gelu-tanh', 'identity']);
  return { graph: b.graph([y], 20), dims: image, network, loss: 'cross-entropy', external: true };
}

/** PyTorch in three dimensions: MatMul with the bias first, GELU by erf, a fixed batch of 1. */
export function pytorchFixedBatch(): Export {
  const layers = layersOf([3, 3, 2], 3);
  const b = new GraphBuilder();
  const flat = b.node('Reshape', [b.input('x', [1, 1, 3]), b.integers(1, 3)]);
  const z = affine(b, 'matmul plain, bias first', flat, layers[0]);
  const y = affine(b, 'matmul plain, bias first', activated(b, 'gelu', 'pytorch', z), layers[1]);
  // PyTorch writes √2 in float32.
  const root = Math.fround(Math.SQRT2);
  const gelu: PlainActivation = (z) =>
    z
      .times(
        z
          .scaled(1 / root)
          .erf()
          .plus(new HyperDual(1)),
      )
      .scaled(0.5);
  const network = networkOf(layers, [gelu, 'identity']);
  return {
    graph: b.graph([{ name: y, type: 'float32', dims: [1, 2] }]),
    dims: [1, 3],
    network,
    loss: 'cross-entropy',
  };
}

/** Linear, BatchNorm1d, SiLU, Linear, LogSoftmax. */
export function pytorchBatchNorm(): Export {
  const layers = layersOf([3, 4, 3], 4);
  const b = new GraphBuilder();
  const [y, units] = batchNorm(b, affine(b, 'gemm', b.input('x', ['N', 3]), layers[0]), 4, 1);
  const logits = affine(b, 'gemm', activated(b, 'silu', 'multiplied', y), layers[1]);
  const network = networkOf(layers, ['silu', 'identity'], { 0: { before: units } });
  return {
    graph: b.graph([b.node('LogSoftmax', [logits], { axis: 1 })]),
    dims: [3],
    network,
    loss: 'cross-entropy',
  };
}

/** BatchNorm after an activation, folded before one, and on the logits. */
export function batchNormEverywhere(): Export {
  const layers = layersOf([3, 3, 3, 2], 5, false);
  const b = new GraphBuilder();
  const z1 = affine(b, 'gemm', b.input('x', ['N', 3]), layers[0]);
  const [a, after] = batchNorm(b, b.node('Tanh', [z1]), 3, 2);
  const [y, before] = mulAdd(b, affine(b, 'gemm', a, layers[1]), 3, 3);
  const z = affine(b, 'gemm', activated(b, 'softplus', 'operator', y), layers[2]);
  const [logits, last] = batchNorm(b, z, 2, 4);
  const network = networkOf(layers, ['tanh', 'softplus', 'identity'], {
    0: { after },
    1: { before },
    2: { before: last },
  });
  return {
    graph: b.graph([b.node('Softmax', [logits])]),
    dims: [3],
    network,
    loss: 'cross-entropy',
  };
}

/** tf2onnx of a Keras model: NHWC input, Rescaling, a batch normalisation folded to Mul and Add, a trailing Identity. */
export function tf2onnx(): Export {
  const layers = layersOf([positions, 2, 2], 6);
  const b = new GraphBuilder();
  const x = b.input('rescaling_input', ['unk__12', 3, 2, 2]);
  const factor = Math.fround(1 / 127.5);
  const scaled = b.node('Add', [b.node('Mul', [x, b.number(factor)]), b.number(-1)]);
  const channelsFirst = b.node('Transpose', [scaled], { perm: [0, 3, 1, 2] });
  const back = b.node('Transpose', [channelsFirst], { perm: [0, 2, 3, 1] });
  const z = affine(b, 'matmul plain, bias last', b.node('Reshape', [back, b.integers(-1, 12)]), layers[0]);
  const [y, units] = mulAdd(b, z, 2, 1);
  const logits = affine(b, 'matmul cast, bias last', activated(b, 'hard-swish', 'clip', y), layers[1]);
  const network = networkOf(layers, ['hard-swish', 'identity'], { 0: { before: units } });
  return {
    graph: b.graph([b.node('Identity', [b.node('Softmax', [logits], { axis: -1 })])], 13),
    dims: [3, 2, 2],
    network,
    preprocessed: (sample) => sample.map((value) => value * factor - 1),
    loss: 'cross-entropy',
  };
}

/** keras2onnx: ELU, a batch normalisation after it, SELU, and the softmax written out. */
export function keras2onnx(): Export {
  const layers = layersOf([3, 3, 2, 3], 7);
  const b = new GraphBuilder();
  const first = b.node(
    'Elu',
    [affine(b, 'matmul plain, bias last', b.input('dense_input', ['N', 3]), layers[0])],
    {
      alpha: 1,
    },
  );
  const [a, units] = batchNorm(b, first, 3, 1);
  const second = affine(b, 'matmul plain, bias last', a, layers[1]);
  const logits = affine(b, 'matmul plain, bias last', b.node('Selu', [second]), layers[2]);
  const centred = b.node('Sub', [logits, b.node('ReduceMax', [logits], { axes: [1], keepdims: 1 })]);
  const exponential = b.node('Exp', [centred]);
  const sum = b.node('ReduceSum', [exponential], { axes: [1], keepdims: 1 });
  const network = networkOf(layers, ['elu', 'selu', 'identity'], { 0: { after: units } });
  return {
    graph: b.graph([b.node('Div', [exponential, sum])], 11),
    dims: [3],
    network,
    loss: 'cross-entropy',
  };
}

/** CNTK: weights of four dimensions reshaped before the product; a file of IR 3, whose initialisers are inputs too. */
export function cntk(): Export {
  const layers = layersOf([positions, 3, 2], 20);
  const b = new GraphBuilder();
  const factor = 0.00390625;
  const scaled = b.node('Div', [b.input('Input3', [1, ...image]), b.number(1 / factor, [1])]);
  const flat = b.node('Reshape', [scaled, b.integers(1, positions)]);
  const a = b.node('Relu', [affine(b, 'matmul reshape, bias last', flat, layers[0])]);
  const y = affine(b, 'matmul reshape, bias last', a, layers[1]);
  return {
    graph: b.graph([{ name: y, type: 'float32', dims: [1, 2] }], 8),
    dims: image,
    network: networkOf(layers, ['relu', 'identity']),
    preprocessed: (sample) => sample.map((value) => value * factor),
    loss: 'cross-entropy',
    irVersion: 3,
  };
}

/** MATLAB: the mean image subtracted, Dense as a Conv over the whole image, batch normalisation between. */
export function matlab(): Export {
  const layers = layersOf([positions, 2, 2], 21);
  const [first, second] = layers as [WrittenLayer, WrittenLayer];
  const b = new GraphBuilder();
  const mean = Array.from({ length: positions }, (_, i) => i / 8 - 1);
  const x = b.node('Sub', [b.input('imageinput', [1, ...image]), b.weight('mean', [1, ...image], mean)]);
  const convolved = (
    name: string,
    of: string,
    { outputs, weight, bias }: WrittenLayer,
    kernel: readonly number[],
  ) =>
    b.node('Conv', [
      of,
      b.weight(`${name}_W`, [outputs, ...kernel], weight),
      b.weight(`${name}_B`, [outputs], bias ?? []),
    ]);
  const [y, units] = batchNorm(b, convolved('fc_1', x, first, image), 2, 1);
  const z = convolved('fc_2', b.node('Relu', [y]), second, [2, 1, 1]);
  return {
    graph: b.graph([b.node('Softmax', [b.node('Flatten', [z])])]),
    dims: image,
    network: networkOf(layers, ['relu', 'identity'], { 0: { before: units } }),
    preprocessed: (sample) => sample.map((value, i) => value - (mean[i] ?? NaN)),
    loss: 'cross-entropy',
  };
}

/**
 * Weights of another type than float32: cast to float32 before they are used, computed with as they are between casts of
 * the input and the output, or so with an input and an output of that type.
 */
export function typed(type: ElementType, form: 'stored' | 'inside' | 'throughout'): Export {
  const cast = form === 'stored';
  const layers = layersOf([3, 4, 2], 22);
  const b = new GraphBuilder();
  const types: Partial<Record<ElementType, number>> = { float16: 10, float64: 11, bfloat16: 16 };
  let x = b.input('x', ['N', 3], form === 'throughout' ? type : 'float32');
  if (form === 'inside') x = b.node('Cast', [x], { to: types[type] ?? 1 });
  const tensor = (name: string, dims: readonly number[], values: readonly number[]) => {
    const data = type === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
    const stored = b.tensor(name, { type, dims, data });
    return cast ? b.node('Cast', [stored], { to: 1 }) : stored;
  };
  for (const [l, { name, inputs, outputs, weight, bias }] of layers.entries()) {
    const w = tensor(`${name}.weight`, [outputs, inputs], weight);
    x = b.node('Gemm', [x, w, tensor(`${name}.bias`, [outputs], bias ?? [])], { transB: 1 });
    if (l === 0) x = b.node('Tanh', [x]);
  }
  if (form === 'inside') x = b.node('Cast', [x], { to: 1 });
  return {
    graph: b.graph([{ name: x, type: form === 'throughout' ? type : 'float32', dims: ['N', 2] }]),
    dims: [3],
    network: networkOf(layers, ['tanh', 'identity']),
    loss: 'cross-entropy',
  };
}

/** Two networks on one input; the second is asked for, with Mish and a sigmoid for each class. */
export function severalOutputs(): Export {
  const value = layersOf([3, 2, 2], 24);
  const [first, second] = layersOf([3, 3, 3], 23).map((layer, l) => ({
    ...layer,
    name: `policy.${String(l)}`,
  }));
  const b = new GraphBuilder();
  const x = b.input('obs', ['N', 3]);
  const other = affine(b, 'gemm', b.node('Tanh', [affine(b, 'gemm', x, first)]), second);
  const a = activated(b, 'mish', 'softplus', affine(b, 'gemm', x, value[0]));
  const output = b.node('Sigmoid', [affine(b, 'gemm', a, value[1])]);
  return {
    graph: b.graph([other, output]),
    dims: [3],
    network: networkOf(value, ['mish', 'identity']),
    loss: 'binary-cross-entropy',
    output,
  };
}
