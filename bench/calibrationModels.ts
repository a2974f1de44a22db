import { trainNetwork, initialNetwork, layersOf } from '../examples/perceptronTraining';
import type { SymmetricProducts } from '../src/curvature/products';
import { computeClosedForm } from '../src/perceptron/closedForm/closedForm';
import { planClosedForm } from '../src/perceptron/closedForm/plan';
import type { MatrixProducts } from '../src/runtime/matrixProducts';
import { SeededRandom } from '../src/samples/random';
import {
  blockNorms,
  blockTraces,
  eigenvaluesOf,
  withSpectrum,
  type Rows,
} from '../test/unit/curvature/symmetricMatrices';
import { explicitCurvature, type PlainNetwork } from '../test/unit/perceptron/closedForm/explicitHessian';
import { problemOf } from '../test/unit/perceptron/closedForm/networks';

/** A matrix of which everything is known by other means than the estimates. */
export interface CalibrationModel {
  readonly name: string;
  readonly products: SymmetricProducts;
  readonly parameters: readonly number[];
  /** tr H_ll and ‖H_lm‖_F². */
  readonly traces: readonly number[];
  readonly blocks: readonly (readonly number[])[];
  readonly lambdaMax: number;
  readonly lambdaMin: number;
  readonly eigenvalues: readonly number[];
}

export async function calibrationModels(products: MatrixProducts): Promise<CalibrationModel[]> {
  const random = SeededRandom.fromSeed(2026);
  const spectra: Record<string, (index: number) => number> = {
    'few large eigenvalues': (i) => (i < 9 ? 5 * 0.7 ** i : 0.01 * random.normal()),
    'power law': (i) => (i + 1) ** -1,
    'both signs, none large': () => random.normal(),
    'large negative eigenvalue': (i) => (i === 0 ? -26 : 1 - i / 200),
  };
  return [
    ...matrices(spectra, random),
    await perceptronModel('perceptron 6-8-4 at initialisation', null, products),
    await perceptronModel('the same, trained', 60, products),
  ];
}

/** Spectra whose largest eigenvalues are hard to tell apart, or hidden by negative ones. */
export function adversarialModels(): CalibrationModel[] {
  const random = SeededRandom.fromSeed(2027);
  return matrices(
    {
      'five equal but for 10⁻⁶ at the top': (i) => (i < 5 ? 3 + 1e-6 * random.normal() : random.normal()),
      'equal pairs': (i) => 4 * 0.9 ** Math.floor(i / 2),
      'both signs, the negative larger': (i) => (i % 2 === 0 ? 1 : -30) * Math.exp(-0.05 * i),
      'one far above a band': (i) => (i === 0 ? 1000 : Math.cos(i)),
      'four above almost nothing': (i) => (i < 4 ? 4 - i : 1e-3 * random.normal()),
    },
    random,
  );
}

function matrices(
  spectra: Readonly<Record<string, (index: number) => number>>,
  random: SeededRandom,
): CalibrationModel[] {
  return Object.entries(spectra).map(([name, value]) =>
    explicitModel(
      `matrix: ${name}`,
      withSpectrum(
        Array.from({ length: 200 }, (_, i) => value(i)),
        random,
        8,
      ),
      [120, 20, 60],
    ),
  );
}

function explicitModel(name: string, rows: Rows, sizes: readonly number[]): CalibrationModel {
  const eigenvalues = eigenvaluesOf(rows);
  return {
    name,
    products: denseProducts(rows, sizes),
    parameters: sizes,
    traces: blockTraces(rows, sizes),
    blocks: blockNorms(rows, sizes),
    lambdaMax: eigenvalues.at(-1) ?? Number.NaN,
    lambdaMin: eigenvalues[0] ?? Number.NaN,
    eigenvalues,
  };
}

/** Products from the explicit Hessian by dual numbers, the truth from the closed form. */
async function perceptronModel(
  name: string,
  epochs: number | null,
  products: MatrixProducts,
): Promise<CalibrationModel> {
  const network = plainNetwork(epochs);
  const { hessian } = explicitCurvature(network);
  const problem = problemOf(network);
  const plan = planClosedForm(problem.perceptron, network.samples.length, 2 ** 28);
  const form = await computeClosedForm(problem, products, plan, () => undefined);
  const sizes = network.parameters.map((values) => values.length);
  return { ...explicitModel(name, hessian, sizes), traces: form.traces, blocks: form.blocks };
}

/** A tanh perceptron on 24 samples about four centres; initial weights, or so many epochs later. */
function plainNetwork(epochs: number | null): PlainNetwork {
  const random = SeededRandom.fromSeed(5);
  const widths = [6, 8, 4];
  const centres = Array.from({ length: 4 }, () => Array.from({ length: 6 }, () => random.normal()));
  const labels = Int32Array.from({ length: 24 }, (_, n) => n % 4);
  const samples = Array.from(labels, (label) => centres[label]!.map((mean) => mean + 0.6 * random.normal()));
  const network =
    epochs === null
      ? initialNetwork(widths, random)
      : trainNetwork(
          { inputs: Float64Array.from(samples.flat()), labels },
          { widths, epochs, batchSize: 8, learningRate: 0.02, seed: 1, afterEpoch: () => undefined },
        );
  return {
    widths,
    biased: [true, true],
    activations: ['tanh', 'identity'],
    parameters: layersOf(widths, network.parameters).map(({ weight, bias }) => [...weight, ...bias]),
    samples,
    targets: Array.from(labels, (label) => [0, 1, 2, 3].map((c) => (c === label ? 1 : 0))),
    loss: 'cross-entropy',
  };
}

/** By a flat array: thousands of runs. */
export function denseProducts(rows: Rows, sizes: readonly number[]): SymmetricProducts {
  const order = rows.length;
  const flat = Float64Array.from(rows.flat());
  let reached = 0;
  return {
    order,
    layers: sizes.map((size) => ({ from: reached, to: (reached += size) })),
    float32: null,
    multiply: (vector) => {
      const product = new Float64Array(order);
      for (let i = 0; i < order; i++) {
        let sum = 0;
        for (let j = 0; j < order; j++) sum += flat[i * order + j]! * vector[j]!;
        product[i] = sum;
      }
      return Promise.resolve(product);
    },
  };
}
