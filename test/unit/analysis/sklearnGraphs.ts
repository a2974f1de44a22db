import type { TensorSpec } from '../../../src/graph/graph';
import type { WrittenLayer } from '../perceptron/recognition/exporterStyles';
import { GraphBuilder } from '../perceptron/recognition/graphBuilder';
import { affine, layersOf, networkOf, type Export } from './exportedNetwork';

const table = (name: string): TensorSpec => ({ name, type: 'other', dims: null });
const labels = (name: string): TensorSpec => ({ name, type: 'int64', dims: ['N'] });

function standardised(sample: readonly number[]): number[] {
  return sample.map((value, i) => (value - (i - 0.5)) * (i + 0.25));
}

function standardScaler(b: GraphBuilder, x: string): string {
  return b.node('ai.onnx.ml:Scaler', [x], { offset: [-0.5, 0.5, 1.5], scale: [0.25, 1.25, 2.25] });
}

/** Labels of scikit-learn's classifiers and their table of probabilities. */
function classified(b: GraphBuilder, probabilities: string): TensorSpec[] {
  const best = b.node('ArgMax', [probabilities], { axis: 1 });
  const named = b.node('ai.onnx.ml:ArrayFeatureExtractor', [b.integers(0, 1, 2), best]);
  const maps = b.node('ai.onnx.ml:ZipMap', [probabilities], { classlabels_int64s: [0, 1, 2] });
  return [labels(b.node('Cast', [named], { to: 7 })), table(maps)];
}

/** make_pipeline(StandardScaler(), MLPClassifier()) with one sigmoid or a softmax. */
export function classifier(outputs: 1 | 3): Export {
  const layers = layersOf([3, 3, outputs], 8 + outputs);
  const b = new GraphBuilder();
  const x = standardScaler(b, b.node('Cast', [b.input('X', [null, 3])], { to: 1 }));
  const a = b.node('Tanh', [affine(b, 'matmul plain, bias last', x, layers[0])]);
  const z = affine(b, 'matmul plain, bias last', a, layers[1]);
  const sigmoid = outputs === 1 ? b.node('Sigmoid', [z]) : '';
  const p =
    outputs === 1
      ? b.node('Concat', [b.node('Sub', [b.number(1), sigmoid]), sigmoid], { axis: 1 })
      : b.node('Identity', [b.node('Softmax', [z])]);
  return {
    graph: b.graph(classified(b, p)),
    dims: [3],
    network: networkOf(layers, ['tanh', 'identity']),
    preprocessed: standardised,
    loss: outputs === 1 ? 'binary-cross-entropy' : 'cross-entropy',
  };
}

/** make_pipeline(MinMaxScaler(), MLPRegressor()), in float64. */
export function regressor(): Export {
  const layers = layersOf([3, 3, 1], 12);
  const b = new GraphBuilder();
  const double = (name: string, dims: readonly number[], values: readonly number[]) =>
    b.tensor(name, { type: 'float64', dims, data: Float64Array.from(values) });
  let x = b.input('X', [null, 3], 'float64');
  x = b.node('Mul', [x, double('scale', [3], [0.1, 0.2, 0.3])]);
  x = b.node('Add', [x, double('min', [3], [0.4, 0.5, 0.6])]);
  for (const [l, { inputs, outputs, weight, bias }] of layers.entries()) {
    const transposed = weight.map((_, i) => weight[(i % outputs) * inputs + Math.floor(i / outputs)] ?? NaN);
    const product = b.node('MatMul', [x, double(`coefficient${String(l)}`, [inputs, outputs], transposed)]);
    x = b.node('Add', [product, double(`intercepts${String(l)}`, [1, outputs], bias ?? [])]);
    if (l === 0) x = b.node('Sigmoid', [x]);
  }
  const y = b.node('Reshape', [x, b.integers(-1, 1)]);
  return {
    graph: b.graph([{ name: y, type: 'float64', dims: [null, 1] }]),
    dims: [3],
    network: networkOf(layers, ['sigmoid', 'identity']),
    preprocessed: (sample) => sample.map((value, i) => value * (i + 1) * 0.1 + (0.4 + 0.1 * i)),
    loss: 'mean-squared-error',
  };
}

/** LogisticRegression: one operator from the samples to the probabilities; two mirrored rows for two classes. */
export function logisticRegression(outputs: 1 | 3): Export {
  const layers = layersOf([3, outputs], 14 + outputs);
  const [{ weight, bias }] = layers as [WrittenLayer];
  const mirrored = (values: readonly number[]) =>
    outputs === 1 ? [...values.map((value) => -value), ...values] : values;
  const b = new GraphBuilder();
  const x = standardScaler(b, b.input('X', [null, 3]));
  const [label = '', scores = ''] = b.nodes('ai.onnx.ml:LinearClassifier', [x], 2, {
    coefficients: mirrored(weight),
    intercepts: mirrored(bias ?? []),
    classlabels_ints: outputs === 1 ? [0, 1] : [0, 1, 2],
    multi_class: 1,
    post_transform: outputs === 1 ? 'LOGISTIC' : 'SOFTMAX',
  });
  const p = b.node('ai.onnx.ml:Normalizer', [scores], { norm: 'L1' });
  const maps = b.node('ai.onnx.ml:ZipMap', [b.node('Cast', [p], { to: 1 })], {
    classlabels_int64s: outputs === 1 ? [0, 1] : [0, 1, 2],
  });
  return {
    graph: b.graph([labels(label), table(maps)]),
    dims: [3],
    network: networkOf(layers, ['identity']),
    preprocessed: standardised,
    loss: outputs === 1 ? 'binary-cross-entropy' : 'cross-entropy',
  };
}
