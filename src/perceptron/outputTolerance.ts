import type { Graph } from '../graph/graph';
import type { Matrix, MatrixProducts, MatrixStack } from '../runtime/matrixProducts';
import { affine, rowsOf, scaleColumns, weightOf } from './closedForm/sampleTile';
import { firstActivations } from './forward';
import type { AffineLayer, Perceptron } from './perceptron';
import { ranges } from './closedForm/ranges';
import { unitFunctions } from './unitFunctions';

/** Half the distance from 1 to the next number of the shortest float type that a graph computes with, float32 at most. */
export function roundingUnit({ nodes, initialisers }: Graph): number {
  // A weight that is cast first only saves room in the file.
  const types = new Set(
    nodes
      .filter(({ operator }) => operator !== 'Cast')
      .flatMap(({ inputs }) => inputs.map((name) => initialisers.get(name)?.type)),
  );
  return types.has('bfloat16') ? 2 ** -8 : types.has('float16') ? 2 ** -11 : 2 ** -24;
}

/** Error of onnxruntime's float32 approximations of tanh, erf, exp and the like, relative to max(1, |φ|). */
const activationError = 2e-6;

/** No activation here is steeper than this (mish, SiLU and GELU reach 1.13; SELU 1.76). */
const steepest = 1.8;

/** How many times the standard deviation of the rounding errors an output may be off. */
const safety = 8;

/** Draws of the rounding errors; with 16 an output's deviation is not taken for a quarter of what it is. */
const draws = 16;

/** Numbers of one stack of draws. */
const mostNumbers = 2 ** 22;

/**
 * How far an evaluation of the network with short floats may lie from `networkOutputs`, output by output: every layer's
 * rounding errors with random signs, through the network's own derivatives to the outputs. A sum of products rounds as
 * √n additions of its largest partial sum would, which Σ |w a| bounds.
 * @param inputs the flattened samples, before the preprocessing; count × width
 * @param unit `roundingUnit` of the file's graph
 */
export async function outputTolerance(
  perceptron: Perceptron,
  inputs: Matrix,
  products: MatrixProducts,
  unit: number,
): Promise<Matrix> {
  const { layers } = perceptron;
  const columns = layers.at(-1)?.outputs ?? 0;
  const widest = Math.max(...layers.map(({ outputs }) => outputs));
  const data = new Float64Array(inputs.rows * columns);
  for (const [from, to] of ranges(inputs.rows, Math.floor(mostNumbers / (draws * widest)))) {
    const errors = await drawnErrors(perceptron, rowsOf(inputs, from, to), products, unit);
    for (let n = from; n < to; n++) {
      for (let c = 0; c < columns; c++) {
        let squares = 0;
        for (let k = 0; k < draws; k++) squares += errors.data[((n - from) * draws + k) * columns + c]! ** 2;
        data[n * columns + c] = safety * Math.sqrt(squares / draws);
      }
    }
  }
  return { rows: inputs.rows, columns, data };
}

/** The errors of a_L in every draw, to first order; for each sample draws × outputs. */
async function drawnErrors(
  perceptron: Perceptron,
  inputs: Matrix,
  products: MatrixProducts,
  unit: number,
): Promise<MatrixStack> {
  const count = inputs.rows;
  const nextSign = signs();
  let activation = firstActivations(perceptron, inputs);
  let errors: MatrixStack | null = null;
  for (const layer of perceptron.layers) {
    const magnitudes = {
      ...layer,
      weight: layer.weight.map(Math.abs),
      bias: layer.bias?.map(Math.abs) ?? null,
    };
    const sizes = { ...activation, data: activation.data.map(Math.abs) };
    const absolute = await affine(sizes, magnitudes, products);
    const growth = unit * (Math.sqrt(layer.inputs) + 4);
    const own = absolute.data.map((sum) => growth * sum);
    if (errors === null) {
      // All units see the same errors of the samples: not independent of each other, so each unit takes the worst.
      const arriving = firstErrors(perceptron, inputs, 4 * unit);
      const carried = await affine(arriving, { ...magnitudes, bias: null }, products);
      carried.data.forEach((value, at) => (own[at]! += value));
      const data = new Float64Array(count * draws * layer.outputs);
      errors = { count, rows: draws, columns: layer.outputs, data };
    } else {
      const flat = { rows: count * draws, columns: errors.columns, data: errors.data };
      const { columns, data } = await products.timesTransposed(flat, weightOf(layer));
      errors = { count, rows: draws, columns, data };
    }
    addWithSigns(errors, own, nextSign);
    const z = await affine(activation, layer, products);
    const { value, slope } = unitFunctions(layer, z);
    scaleColumns(errors, slope);
    addWithSigns(errors, activationErrors(layer, z, value, unit), nextSign);
    activation = value;
  }
  if (errors === null) throw new RangeError('A perceptron without layers');
  return errors;
}

/** Adds to every draw of sample n its errors[n, i], each with a sign of its own. */
function addWithSigns(stack: MatrixStack, errors: Float64Array, nextSign: () => number): void {
  const { count, rows, columns, data } = stack;
  for (let n = 0, at = 0; n < count; n++) {
    for (let k = 0; k < rows; k++) {
      for (let i = 0; i < columns; i++, at++) data[at]! += nextSign() * errors[n * columns + i]!;
    }
  }
}

/** 1 or −1 at random, the same ones every time (xorshift, Marsaglia 2003). */
function signs(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state < 0 ? -1 : 1;
  };
}

function firstErrors({ preprocessing }: Perceptron, { rows, columns, data }: Matrix, growth: number): Matrix {
  const errors = data.map((x, at) => {
    const scale = preprocessing?.scale[at % columns] ?? 1;
    const shift = preprocessing?.shift[at % columns] ?? 0;
    return growth * (Math.abs(scale * x) + Math.abs(shift));
  });
  return { rows, columns, data: errors };
}

function activationErrors(layer: AffineLayer, z: Matrix, value: Matrix, unit: number): Float64Array {
  const { normalisation, outputNormalisation } = layer;
  const { name } = layer.activation;
  const approximated = name !== 'identity' && name !== 'relu' && name !== 'leaky-relu';
  const own = Math.max(unit, approximated ? activationError : 0);
  return value.data.map((a, at) => {
    const unitIndex = at % z.columns;
    const scale = normalisation?.scale[unitIndex] ?? 0;
    const shift = normalisation?.shift[unitIndex] ?? 0;
    const outerScale = outputNormalisation?.scale[unitIndex] ?? 1;
    const outerShift = outputNormalisation?.shift[unitIndex] ?? 0;
    const ofNormalisation = steepest * 4 * unit * (Math.abs(scale * z.data[at]!) + Math.abs(shift));
    const ofOuter = 4 * unit * (Math.abs(a) + 2 * Math.abs(outerShift));
    const size = Math.abs(a - outerShift);
    return (
      Math.abs(outerScale) * ofNormalisation +
      own * (approximated ? Math.max(Math.abs(outerScale), size) : size) +
      (outputNormalisation === null ? 0 : ofOuter)
    );
  });
}
