import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults } from '../../../src/report/request';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel } from '../onnxModel';
import { explicitCurvature, type PlainNetwork } from '../perceptron/closedForm/explicitHessian';
import { randomSource } from '../perceptron/recognition/plainForward';
import { npzBytes } from '../samples/writers';

/** The error over samples against 1,000 bootstrap draws of curvatures from explicit Hessians: no code of the project. */

const draws = 1000;
const widths = [3, 3, 3] as const;
const folder = temporaryFolder();

/** A model and its data; each sample has some rows, and each row one of three classes or none. */
interface Bootstrapped {
  readonly network: Omit<PlainNetwork, 'samples' | 'targets'>;
  /** Per sample: its rows. */
  readonly rows: readonly (readonly (readonly number[])[])[];
  /** Per sample: a label for each row; −100 is left out. */
  readonly labels: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

interface Shape {
  readonly activation: 'relu' | 'tanh';
  readonly samples: number;
  readonly perSample: number;
  readonly weighted: boolean;
}

/** Rows of a sample lie near each other, and so do their labels: together they tell less than by themselves. */
function bootstrapped({ activation, samples, perSample, weighted }: Shape, seed: number): Bootstrapped {
  const random = randomSource(seed);
  const numbers = (length: number, size: number): number[] =>
    Array.from({ length }, () => Math.round(64 * size * random()) / 64);
  const count = { length: samples };
  const centres = Array.from(count, () => numbers(3, 1.5));
  return {
    network: {
      widths,
      biased: [true, true],
      activations: [activation, 'identity'],
      parameters: [numbers(12, 1.5), numbers(12, 1.5)],
      loss: 'cross-entropy',
    },
    rows: centres.map((centre) =>
      Array.from({ length: perSample }, () => numbers(3, 0.25).map((x, i) => x + centre[i]!)),
    ),
    labels: centres.map((_, n) =>
      Array.from({ length: perSample }, (__, row) => (row > 0 && random() > 0.5 ? -100 : n % 3)),
    ),
    weights: Array.from(count, () => (weighted ? 1 + (0.75 * Math.round(16 * random())) / 16 : 1)),
  };
}

async function reportOf({ network, rows, labels, weights }: Bootstrapped, shape: Shape): Promise<Report> {
  const [first = [], second = []] = network.parameters;
  const transposed = (flat: readonly number[]): Float32Array =>
    Float32Array.from({ length: 9 }, (_, at) => flat[(at % 3) * 3 + Math.floor(at / 3)]!);
  const affine = (x: string, layer: number, y: string) => [
    { operator: 'MatMul', inputs: [x, `W${layer}`], outputs: [`p${layer}`] },
    { operator: 'Add', inputs: [`p${layer}`, `b${layer}`], outputs: [y] },
  ];
  const tokens = shape.perSample > 1 ? [shape.perSample] : [];
  const model = onnxModel({
    nodes: [
      ...affine('x', 1, 'z'),
      { operator: shape.activation === 'relu' ? 'Relu' : 'Tanh', inputs: ['z'], outputs: ['a'] },
      ...affine('a', 2, 'logits'),
    ],
    initialisers: {
      W1: { dims: [3, 3], data: transposed(first) },
      b1: { dims: [3], data: Float32Array.from(first.slice(9)) },
      W2: { dims: [3, 3], data: transposed(second) },
      b2: { dims: [3], data: Float32Array.from(second.slice(9)) },
    },
    inputs: [{ name: 'x', dims: ['N', ...tokens, 3] }],
    outputs: ['logits'],
  });
  const { samples } = shape;
  const data = npzBytes({
    x: { type: 'f4', shape: [samples, ...tokens, 3], values: rows.flat(2) },
    y: { type: 'i8', shape: [samples, ...tokens], values: labels.flat() },
    ...(shape.weighted ? { sample_weight: { type: 'f8', shape: [samples], values: weights } } : {}),
  });
  return analyse(
    {
      ...requestDefaults,
      model: await folder.write('m.onnx', model),
      samples: { kind: 'file', path: await folder.write('m.npz', data), inputs: {}, labels: null },
      loss: 'cross-entropy',
      threads: 1,
      precision: 1e-6,
    },
    () => undefined,
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Of every row that counts: its sample, its weight and its own curvature along the sharpest direction of all. */
function rowCurvatures({ network, rows, labels, weights }: Bootstrapped) {
  const counted = rows.flatMap((ofSample, n) =>
    ofSample.flatMap((row, at) => {
      const label = labels[n]![at]!;
      if (label === -100) return [];
      const targets = [[0, 1, 2].map((c) => Number(c === label))];
      const { hessian } = explicitCurvature({ ...network, samples: [row], targets });
      return [{ sample: n, weight: weights[n]!, hessian: new Matrix(hessian.map((line) => [...line])) }];
    }),
  );
  const whole = Matrix.zeros(24, 24);
  for (const { weight, hessian } of counted) whole.add(Matrix.mul(hessian, weight));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(whole, {
    assumeSymmetric: true,
  });
  const v = eigenvectorMatrix.getColumnVector(realEigenvalues.indexOf(Math.max(...realEigenvalues)));
  return counted.map(({ sample, weight, hessian }) => ({
    sample,
    weight,
    curvature: v.transpose().mmul(hessian).mmul(v).get(0, 0),
  }));
}

/** The standard deviation of the weighted mean when whole groups are drawn anew, and how far it is off with so many draws. */
function bootstrap(groups: readonly (readonly { weight: number; curvature: number }[])[], seed: number) {
  const random = randomSource(seed);
  const sums = groups.map((rows) => ({
    above: sum(rows.map(({ weight, curvature }) => weight * curvature)),
    below: sum(rows.map(({ weight }) => weight)),
  }));
  const means = Array.from({ length: draws }, () => {
    const drawn = sums.map(() => sums[Math.floor(((random() + 1) / 2) * sums.length)]!);
    return sum(drawn.map(({ above }) => above)) / sum(drawn.map(({ below }) => below));
  });
  const centre = sum(means) / draws;
  const moment = (power: number): number => sum(means.map((mean) => (mean - centre) ** power)) / draws;
  const deviation = Math.sqrt(moment(2));
  const own = Math.sqrt((moment(4) - moment(2) ** 2) / (4 * moment(2) * draws));
  // Draws from N samples scatter by (N − 1)/N of their variance too little.
  const unbiased = Math.sqrt(groups.length / (groups.length - 1));
  return { deviation: unbiased * deviation, own: unbiased * own };
}

describe('the error of λ_max over samples is the deviation of 1,000 bootstrap means', () => {
  it.each<[string, Shape]>([
    ['of a ReLU perceptron', { activation: 'relu', samples: 90, perSample: 1, weighted: false }],
    ['with weights of the samples', { activation: 'tanh', samples: 90, perSample: 1, weighted: true }],
    ['with several rows per sample', { activation: 'tanh', samples: 60, perSample: 3, weighted: false }],
  ])('%s', async (_, shape) => {
    const made = bootstrapped(shape, 7);
    const { sharpness } = await reportOf(made, shape);
    const rows = rowCurvatures(made);
    const { samplingError = null, lower = Number.NaN } = sharpness?.lambdaMax ?? {};
    const mean =
      sum(rows.map(({ weight, curvature }) => weight * curvature)) / sum(rows.map(({ weight }) => weight));
    expect(lower).toBeCloseTo(mean, 5);
    const groups = made.rows.map((__, n) => rows.filter(({ sample }) => sample === n));
    const { deviation, own } = bootstrap(groups, 11);
    // Three errors of its own: within a tenth, about.
    expect(Math.abs((samplingError ?? Number.NaN) - deviation)).toBeLessThan(3 * own);
    if (!shape.weighted && shape.perSample === 1) return;
    // What takes weights or rows for samples by themselves would be told apart.
    const naive = shape.weighted
      ? rows.map(({ curvature }) => [{ weight: 1, curvature }])
      : rows.map((row) => [row]);
    expect(Math.abs((samplingError ?? Number.NaN) - bootstrap(naive, 11).deviation)).toBeGreaterThan(3 * own);
  });
});
