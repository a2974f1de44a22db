import type { AttributeValue } from '../../onnxModel';
import { floats } from '../../autodiff/opening';
import type { OperatorCase } from './operatorCase';

const domain = 'ai.onnx.ml';
const numbers = (count: number, seed: number): AttributeValue => ({
  floats: Array.from(floats(seed, [count]).data, Number),
});

const classifier = (
  note: string,
  rows: number,
  classes: number,
  transform: string,
  names: readonly string[] | null = null,
): OperatorCase => ({
  operator: 'LinearClassifier',
  domain,
  note,
  shape: [6],
  size: classes,
  float32Only: true,
  nodes: [
    {
      operator: 'LinearClassifier',
      domain,
      inputs: ['x'],
      outputs: ['label', 'y'],
      name: 'subject',
      attributes: {
        coefficients: numbers(6 * rows, 41),
        intercepts: numbers(rows, 42),
        post_transform: { string: transform },
        ...(names === null
          ? { classlabels_ints: { ints: Array.from({ length: classes }, (_, c) => c) } }
          : { classlabels_strings: { strings: names } }),
      },
    },
  ],
});

/** scikit-learn's linear models and what stands around them. */
export const classicalCases: readonly OperatorCase[] = [
  {
    operator: 'Scaler',
    domain,
    shape: [6],
    float32Only: true,
    attributes: { offset: numbers(6, 43), scale: numbers(6, 44) },
  },
  {
    operator: 'Scaler',
    domain,
    note: 'by one number',
    shape: [6],
    float32Only: true,
    attributes: { offset: { floats: [0.25] }, scale: { floats: [2] } },
  },
  {
    operator: 'Normalizer',
    domain,
    note: 'L1',
    shape: [6],
    float32Only: true,
    attributes: { norm: { string: 'L1' } },
  },
  {
    operator: 'Normalizer',
    domain,
    note: 'L2',
    shape: [6],
    float32Only: true,
    attributes: { norm: { string: 'L2' } },
  },
  {
    operator: 'LinearRegressor',
    domain,
    note: 'of three targets',
    shape: [6],
    size: 3,
    float32Only: true,
    attributes: { targets: { int: 3 }, coefficients: numbers(18, 45), intercepts: numbers(3, 46) },
  },
  {
    operator: 'LinearRegressor',
    domain,
    note: 'without an intercept',
    shape: [6],
    size: 1,
    float32Only: true,
    attributes: { coefficients: numbers(6, 45) },
  },
  classifier('with its softmax', 3, 3, 'SOFTMAX', ['a', 'b', 'c']),
  classifier('with sigmoids', 3, 3, 'LOGISTIC'),
  classifier('of scores', 3, 3, 'NONE'),
  classifier('of one row for two classes', 1, 2, 'LOGISTIC'),
];
