import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstActivations, computeOutputs } from '../../../src/perceptron/forward';
import { outputTolerance, roundingUnit } from '../../../src/perceptron/outputTolerance';
import type { AffineLayer, Perceptron } from '../../../src/perceptron/perceptron';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import { add, scale } from '../../../src/graph/static/elementwise';
import { MatrixProducts, type Matrix } from '../../../src/runtime/matrixProducts';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { Session } from '../../../src/runtime/session';
import { SeededRandom } from '../../../src/samples/random';
import { activationNamed, type ActivationName } from './activationNamed';
import { GraphBuilder } from './recognition/graphBuilder';
import { onnxModel, type NodeParts, type TensorValue } from '../onnxModel';

let products: MatrixProducts;
beforeAll(async () => {
  products = await MatrixProducts.open(1);
});
afterAll(() => products.release());

type Precision = 'float32' | 'float64';

interface Network {
  readonly widths: readonly number[];
  readonly activation: ActivationName;
  /** Standard deviation of the weights; null: 1/√inputs. */
  readonly deviation: number | null;
  readonly weights?: 'signed' | 'positive';
  /** What stands before the first layer: scale · x + shift. */
  readonly scaled?: { readonly scale: number; readonly shift: number };
  readonly precision?: Precision;
}

const operators: Partial<Record<ActivationName, string>> = {
  relu: 'Relu',
  'leaky-relu': 'LeakyRelu',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  gelu: 'Gelu',
  selu: 'Selu',
  elu: 'Elu',
  mish: 'Mish',
};

/** Numbers that float32 holds exactly, so that file and perceptron have the same. */
function random(source: SeededRandom, length: number, deviation: number, positive = false): Float64Array {
  return Float64Array.from({ length }, () => {
    const value = Math.fround(deviation * source.normal());
    return positive ? Math.abs(value) : value;
  });
}

function perceptronOf(network: Network, seed: number): Perceptron {
  const { widths, activation, deviation, weights, scaled } = network;
  const source = SeededRandom.fromSeed(seed);
  const layers = widths.slice(1).map((outputs, l): AffineLayer => {
    const inputs = widths[l] ?? 1;
    const own = deviation ?? 1 / Math.sqrt(inputs);
    const last = l === widths.length - 2;
    return {
      name: `fc${l}`,
      inputs,
      outputs,
      weight: random(source, outputs * inputs, own, weights === 'positive'),
      bias: random(source, outputs, own),
      activation: activationNamed(last ? 'identity' : activation),
    };
  });
  const g = new StaticGraph();
  const x = g.input('x', [2, widths[0] ?? 1], 'real');
  const preprocessing =
    scaled === undefined ? null : add(g, scale(g, x, scaled.scale), g.scalar(scaled.shift));
  return { layers, input: 'x', preprocessing, logits: 'y', head: 'none' };
}

function session({ layers }: Perceptron, precision: Precision, scaled: Network['scaled']): Promise<Session> {
  const initialisers: Record<string, TensorValue> = {};
  const nodes: NodeParts[] = [];
  const constant = (name: string, dims: readonly number[], data: Float64Array): string => {
    initialisers[name] = { dims, data: precision === 'float32' ? Float32Array.from(data) : data };
    return name;
  };
  const node = (operator: string, inputs: readonly string[], attributes: NodeParts['attributes'] = {}) => {
    const output = `t${nodes.length}`;
    nodes.push({ operator, inputs, outputs: [output], attributes });
    return output;
  };
  let x = 'x';
  if (scaled !== undefined) {
    x = node('Mul', [x, constant('scale', [1], Float64Array.of(scaled.scale))]);
    x = node('Add', [x, constant('shift', [1], Float64Array.of(scaled.shift))]);
  }
  for (const { name, inputs, outputs, weight, bias, activation } of layers) {
    const w = constant(`${name}.weight`, [outputs, inputs], weight);
    x = node('Gemm', [x, w, constant(`${name}.bias`, [outputs], bias ?? new Float64Array(outputs))], {
      transB: { int: 1 },
    });
    const operator = operators[activation.name as ActivationName];
    if (operator !== undefined) x = node(operator, [x]);
  }
  const type = precision === 'float32' ? DataType.FLOAT : DataType.DOUBLE;
  return Session.open(
    {
      bytes: onnxModel({
        nodes,
        initialisers,
        inputs: [{ name: 'x', dims: ['N', layers[0]?.inputs ?? 1], type }],
        outputs: [{ name: x, dims: ['N', layers.at(-1)?.outputs ?? 1], type }],
        opset: 20,
      }),
      externalData: [],
    },
    1,
  );
}

/** The largest of |found − own| / tolerance, of the perceptron's own graph or of another one's. */
async function worst(
  perceptron: Perceptron,
  inputs: Matrix,
  precision: Precision,
  asWritten = perceptron,
  scaled?: Network['scaled'],
): Promise<number> {
  const opened = await session(asWritten, precision, scaled);
  try {
    const dims = [inputs.rows, inputs.columns];
    const data = precision === 'float32' ? Float32Array.from(inputs.data) : inputs.data;
    const results = await opened.run({ x: { dims, data } });
    const found = Object.values(results)[0]?.data ?? new Float64Array(0);
    const first = await firstActivations(perceptron, inputs);
    const own = await computeOutputs(perceptron, first.values, products);
    const tolerance = await outputTolerance(perceptron, first, products, 2 ** -24);
    expect(found).toHaveLength(own.data.length);
    return own.data.reduce(
      (most, value, at) => Math.max(most, Math.abs(Number(found[at]) - value) / (tolerance.data[at] ?? 0)),
      0,
    );
  } finally {
    await opened.release();
  }
}

function uniform(rows: number, columns: number, seed: number): Matrix {
  const source = SeededRandom.fromSeed(seed);
  return { rows, columns, data: Float64Array.from({ length: rows * columns }, () => source.uniform()) };
}

const wide = [784, 300, 100, 10];
const smooth: ActivationName[] = ['tanh', 'sigmoid', 'softplus', 'gelu', 'selu', 'elu', 'mish'];

describe('the tolerance of the forward pass', () => {
  const networks: [string, Network][] = [
    ...(['relu', 'leaky-relu', ...smooth] as const).flatMap((activation): [string, Network][] => [
      [`${activation}, fresh weights`, { widths: wide, activation, deviation: null }],
      [`${activation}, weights of deviation 3`, { widths: wide, activation, deviation: 3 }],
      [
        `${activation}, deep`,
        { widths: [20, ...Array<number>(12).fill(40), 5], activation, deviation: null },
      ],
      [`${activation}, positive weights`, { widths: wide, activation, deviation: null, weights: 'positive' }],
    ]),
    ...(['relu', 'tanh', 'sigmoid'] as const).map((activation): [string, Network] => [
      `${activation}, float64`,
      { widths: wide, activation, deviation: 1, precision: 'float64' },
    ]),
    ['one layer', { widths: [784, 10], activation: 'tanh', deviation: 3 }],
    ['one output', { widths: [784, 50, 1], activation: 'sigmoid', deviation: 3 }],
    [
      'samples far from zero, standardised',
      {
        widths: [30, 20, 3],
        activation: 'tanh',
        deviation: 1,
        scaled: { scale: 50, shift: -50_000 },
      },
    ],
  ];
  it.each(networks)('takes onnxruntime’s own rounding: %s', async (_, network) => {
    for (const seed of [1, 2]) {
      const perceptron = perceptronOf(network, seed);
      const inputs = uniform(20, perceptron.layers[0]?.inputs ?? 1, seed);
      if (network.scaled !== undefined) inputs.data.forEach((x, at) => (inputs.data[at] = 1000 + x / 10));
      const ratio = await worst(
        perceptron,
        inputs,
        network.precision ?? 'float32',
        perceptron,
        network.scaled,
      );
      expect(ratio).toBeLessThanOrEqual(1);
    }
  });

  const exchanged: [string, Network, ActivationName][] = [
    ['relu as leaky-relu', { widths: wide, activation: 'leaky-relu', deviation: null }, 'relu'],
    [
      'relu as leaky-relu, weights of deviation 3',
      { widths: wide, activation: 'leaky-relu', deviation: 3 },
      'relu',
    ],
    [
      'the leaky-relu as relu, deep',
      { widths: [20, 40, 40, 40, 40, 5], activation: 'relu', deviation: null },
      'leaky-relu',
    ],
    ['tanh as sigmoid', { widths: wide, activation: 'tanh', deviation: null }, 'sigmoid'],
    ['gelu as relu', { widths: wide, activation: 'gelu', deviation: null }, 'relu'],
    ['relu as gelu', { widths: wide, activation: 'relu', deviation: null }, 'gelu'],
    ['gelu as gelu-tanh', { widths: wide, activation: 'gelu', deviation: null }, 'gelu-tanh'],
  ];
  it.each(exchanged)('does not take one activation for another: %s', async (_, network, other) => {
    const written = perceptronOf(network, 3);
    const layers = written.layers.map((layer) =>
      layer.activation.name === 'identity' ? layer : { ...layer, activation: activationNamed(other) },
    );
    const ratio = await worst(
      { ...written, layers },
      uniform(20, network.widths[0] ?? 1, 3),
      'float32',
      written,
    );
    expect(ratio).toBeGreaterThan(1);
  });
});

describe('the rounding unit of a graph', () => {
  it.each([
    ['float32', false, 2 ** -24],
    ['float64', false, 2 ** -24],
    ['float16', false, 2 ** -11],
    ['bfloat16', false, 2 ** -8],
    ['float16', true, 2 ** -24],
  ] as const)('with weights of %s (cast first: %s) is %d', (type, cast, unit) => {
    const b = new GraphBuilder();
    const stored = b.tensor('w', { type, dims: [1, 1], data: Float32Array.of(0.5) });
    const weight = cast ? b.node('Cast', [stored], { to: 1 }) : stored;
    expect(roundingUnit(b.graph([b.node('MatMul', [b.input('x', ['N', 1], type), weight])]))).toBe(unit);
  });
});
