import { describe, expect, it } from 'vitest';
import type { Graph, TensorSpec } from '../../../../src/graph/graph';
import { firstActivations } from '../../../../src/perceptron/forward';
import { describeArchitecture } from '../../../../src/perceptron/recognise';
import { reading, recognised, refusal } from './agreement';
import { GraphBuilder } from './graphBuilder';

const table = (name: string): TensorSpec => ({ name, type: 'other', dims: null });
const labels = (name: string): TensorSpec => ({ name, type: 'int64', dims: ['N'] });

/** x [N, 2] → 3 units, tanh → `outputs` logits. */
function logits(b: GraphBuilder, outputs: number): string {
  const x = b.input('x', ['N', 2]);
  const hidden = b.node('Tanh', [b.node('Gemm', [x, b.weight('a.weight', [2, 3], [1, 2, 3, -4, 5, 6])])]);
  const weight = Array.from({ length: 3 * outputs }, (_, i) => (i % 5) - 1.5);
  return b.node('Gemm', [hidden, b.weight('b.weight', [3, outputs], weight)]);
}

describe('heads', () => {
  it.each([
    ['softmax of operator set 11, default axis', 11, {}],
    ['softmax of operator set 13, default axis', 13, {}],
    ['softmax over axis 1', 13, { axis: 1 }],
    ['softmax over axis −1', 11, { axis: -1 }],
  ])('%s is cut at the logits', async (_, opset, attributes) => {
    const b = new GraphBuilder();
    const z = logits(b, 4);
    const { perceptron, subject } = await recognised(
      b.graph([b.node('Softmax', [z], attributes)], opset),
      [2],
    );
    expect(perceptron).toMatchObject({ head: 'softmax', logits: z });
    expect(subject.head.inside).toBeUndefined();
  });

  it('the logarithm of a softmax is cut at the same logits, that of a sigmoid is no head', async () => {
    const b = new GraphBuilder();
    const z = logits(b, 4);
    const { perceptron } = await recognised(b.graph([b.node('Log', [b.node('Softmax', [z])])]), [2]);
    expect(perceptron).toMatchObject({ head: 'softmax', logits: z });
    const other = await recognised(b.graph([b.node('Log', [b.node('Sigmoid', [z])])]), [2]);
    expect(other.perceptron.head).toBe('none');
    expect(describeArchitecture(other.perceptron)).toBe('perceptron 2-3-4, tanh, sigmoid-log on the output');
  });

  it('a softmax over the samples is refused', async () => {
    const b = new GraphBuilder();
    expect(await refusal(b.graph([b.node('Softmax', [logits(b, 4)], { axis: 0 })]))).toMatch(
      /Softmax_\d+" \(Softmax\) makes more of the units/,
    );
  });

  it('a sigmoid is cut at what it is taken of, the activation of the last layer included', async () => {
    const b = new GraphBuilder();
    const rectified = b.node('Relu', [logits(b, 4)]);
    const { perceptron } = await recognised(b.graph([b.node('Sigmoid', [rectified])]), [2]);
    expect(perceptron).toMatchObject({ head: 'sigmoid', logits: rectified });
    expect(describeArchitecture(perceptron)).toBe('perceptron 2-3-4, tanh, relu on the output');
  });

  it('one output is squeezed to a vector', async () => {
    const b = new GraphBuilder();
    const z = logits(b, 1);
    const { perceptron } = await recognised(
      b.graph([b.node('Sigmoid', [b.node('Squeeze', [z, b.integers(1)])])]),
      [2],
    );
    expect(perceptron.head).toBe('sigmoid');
    expect(perceptron.layers.at(-1)?.outputs).toBe(1);
  });

  it('logits and their probabilities as two outputs are one choice', async () => {
    const b = new GraphBuilder();
    const z = logits(b, 4);
    const { perceptron } = await recognised(b.graph([z, b.node('Softmax', [z])]), [2]);
    expect(perceptron).toMatchObject({ head: 'softmax', logits: z });
  });

  it('labels by ArgMax alone still lead to the logits', async () => {
    const b = new GraphBuilder();
    const z = logits(b, 4);
    expect(
      (await recognised(b.graph([labels(b.node('ArgMax', [z], { axis: 1 }))]), [2])).perceptron.logits,
    ).toBe(z);
  });
});

describe('scikit-learn', () => {
  /** MLPClassifier as skl2onnx writes it. */
  function classifier(outputs: number): { readonly graph: Graph; readonly logits: string } {
    const b = new GraphBuilder();
    let x = b.node('Cast', [b.input('X', [null, 2])], { to: 1 });
    x = b.node('ai.onnx.ml:Scaler', [x], { offset: [0.5, -1], scale: [2, 0.25] });
    x = b.node('Add', [
      b.node('MatMul', [x, b.weight('coefficient', [2, 3], [1, 2, 3, -4, 5, 6])]),
      b.weight('intercepts', [1, 3], [1, 0, -1]),
    ]);
    x = b.node('Relu', [x]);
    const weight = Array.from({ length: 3 * outputs }, (_, i) => (i % 5) - 1.5);
    const bias = Array.from({ length: outputs }, (_, i) => i + 0.5);
    const z = b.node('Add', [
      b.node('MatMul', [x, b.weight('coefficient1', [3, outputs], weight)]),
      b.weight('intercepts1', [1, outputs], bias),
    ]);
    let p: string;
    if (outputs === 1) {
      const sigmoid = b.node('Sigmoid', [z]);
      p = b.node('Concat', [b.node('Sub', [b.number(1), sigmoid]), sigmoid], { axis: 1 });
    } else p = b.node('Identity', [b.node('Softmax', [z])]);
    const best = b.node('ArgMax', [p], { axis: 1 });
    const named = b.node('ai.onnx.ml:ArrayFeatureExtractor', [b.integers(3, 4, 5), best]);
    const maps = b.node('ai.onnx.ml:ZipMap', [p], { classlabels_int64s: [3, 4, 5] });
    return { graph: b.graph([labels(b.node('Cast', [named], { to: 7 })), table(maps)]), logits: z };
  }

  it.each([
    [1, 'sigmoid'],
    [3, 'softmax'],
  ])('an MLPClassifier with %d outputs ends in a %s', async (outputs, head) => {
    const { graph, logits } = classifier(outputs);
    const { perceptron, inputSpec } = await recognised(graph, [2]);
    expect(perceptron).toMatchObject({ head, logits });
    expect(inputSpec.dims).toEqual([2]);
    const samples = { rows: 1, columns: 2, data: Float64Array.of(3, 7) };
    expect([...(await firstActivations(perceptron, samples)).values.data]).toEqual([5, 2]);
  });

  it.each(['LOGISTIC', 'SOFTMAX'])(
    'a LinearClassifier of three classes (%s) is a perceptron without hidden layers',
    async (transform) => {
      const b = new GraphBuilder();
      const [label, scores] = b.nodes('ai.onnx.ml:LinearClassifier', [b.input('X', ['N', 2])], 2, {
        coefficients: [1, 2, 3, 4, 5, 6],
        intercepts: [7, 8, 9],
        classlabels_ints: [0, 1, 2],
        post_transform: transform,
      });
      const p = b.node('ai.onnx.ml:Normalizer', [scores ?? ''], { norm: 'L1' });
      const maps = b.node('ai.onnx.ml:ZipMap', [p]);
      const recognition = await reading(b.graph([labels(label ?? ''), table(maps)]), null);
      if (!recognition.ok) throw new Error(recognition.failure.message);
      expect(recognition.read.perceptron.layers).toMatchObject([{ inputs: 2, outputs: 3 }]);
      expect([...(recognition.read.perceptron.layers[0]?.weight ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
      expect(recognition.read.perceptron.head).toBe(transform === 'LOGISTIC' ? 'sigmoid' : 'softmax');
      expect(recognition.read.subject.head.inside).toBe(3);
    },
  );

  it('a LinearClassifier whose two rows mirror each other is one logit', async () => {
    const b = new GraphBuilder();
    const [label, scores] = b.nodes('ai.onnx.ml:LinearClassifier', [b.input('X', ['N', 2])], 2, {
      coefficients: [-1, 2, 1, -2],
      intercepts: [-3, 3],
      classlabels_ints: [0, 1],
      post_transform: 'LOGISTIC',
    });
    const recognition = await reading(b.graph([labels(label ?? ''), scores ?? '']), null);
    if (!recognition.ok) throw new Error(recognition.failure.message);
    const [layer] = recognition.read.perceptron.layers;
    expect([layer?.outputs, [...(layer?.weight ?? [])], [...(layer?.bias ?? [])]]).toEqual([1, [1, -2], [3]]);
    expect(recognition.read.perceptron.head).toBe('sigmoid');
  });

  it('a LinearRegressor is one affine layer', async () => {
    const b = new GraphBuilder();
    const y = b.node('ai.onnx.ml:LinearRegressor', [b.input('X', ['N', 2])], {
      coefficients: [1, -2],
      intercepts: [3],
    });
    const recognition = await reading(b.graph([y]), null);
    if (!recognition.ok) throw new Error(recognition.failure.message);
    expect(recognition.read.perceptron).toMatchObject({
      head: 'none',
      logits: y,
      layers: [{ inputs: 2, outputs: 1 }],
    });
  });
});

describe('images', () => {
  it('a Conv over the whole image is a dense layer, as MATLAB writes it', async () => {
    const b = new GraphBuilder();
    const mean = b.weight(
      'mean',
      [1, 2, 2, 3],
      Array.from({ length: 12 }, (_, i) => i / 7),
    );
    const x = b.node('Sub', [b.input('imageinput', [1, 2, 2, 3]), mean]);
    const kernel = Array.from({ length: 48 }, (_, i) => Math.sin(i));
    const first = b.node(
      'Conv',
      [x, b.weight('fc_1_W', [4, 2, 2, 3], kernel), b.weight('fc_1_B', [4], [1, 2, 3, 4])],
      { kernel_shape: [2, 3] },
    );
    const second = b.weight('fc_2_W', [2, 4, 1, 1], [1, 2, 3, 4, 5, 6, 7, 9]);
    const z = b.node('Conv', [b.node('Relu', [first]), second]);
    const found = await recognised(b.graph([b.node('Flatten', [z])]), [2, 2, 3]);
    expect(describeArchitecture(found.perceptron)).toBe('perceptron 12-4-2, relu');
    expect(found.perceptron.layers.map(({ name }) => name)).toEqual(['fc_1', 'fc_2']);
    expect(found.inputSpec.dims).toEqual([2, 2, 3]);
  });

  it('a fixed batch of 1 and a constant Reshape to [1, n] keep one row per sample', async () => {
    const b = new GraphBuilder();
    const flat = b.node('Reshape', [b.input('x', [1, 1, 2, 2]), b.integers(1, 4)]);
    const y = b.node('MatMul', [flat, b.weight('w', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])]);
    const found = await reading(b.graph([y]), null);
    expect(found.ok && describeArchitecture(found.read.perceptron)).toBe('perceptron 4-2');
  });

  it('an input of unknown width takes that of the first layer', async () => {
    const b = new GraphBuilder();
    const y = b.node('MatMul', [b.input('x', ['N', null]), b.weight('w', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])]);
    expect((await recognised(b.graph([y]), [4])).inputSpec.dims).toEqual([4]);
  });
});

describe('layer names', () => {
  it.each([
    ['fc.0.weight', 'fc.0.bias', 'Gemm_0', 'fc.0'],
    ['onnx::MatMul_209', 'encoder.fc1.bias', '/encoder/fc1/MatMul', 'encoder.fc1'],
    ['onnx::MatMul_209', 'onnx::Add_3', '/stack/stack.2/MatMul', 'stack.2'],
    [
      'sequential/dense_1/MatMul/ReadVariableOp:0',
      'sequential/dense_1/BiasAdd/ReadVariableOp:0',
      'x',
      'dense_1',
    ],
    ['dense_12_1/kernel:0', 'dense_12_1/bias:0', 'dense_12', 'dense_12_1'],
    ['coefficient1', 'intercepts1', 'MatMul1', 'coefficient1'],
    ['onnx::MatMul_209', 'onnx::Add_210', 'MatMul_3', 'layer 1'],
    ['17', '18', 'MatMul_3', 'layer 1'],
  ])('of %s and %s is %s', async (weight, bias, node, expected) => {
    const b = new GraphBuilder();
    const product = b.node(
      'MatMul',
      [b.input('x', ['N', 2]), b.weight(weight, [2, 2], [1, 2, 3, 4])],
      {},
      node,
    );
    const found = await recognised(b.graph([b.node('Add', [product, b.weight(bias, [2], [5, 6])])]), [2]);
    expect(found.perceptron.layers[0]?.name).toBe(expected);
  });
});
