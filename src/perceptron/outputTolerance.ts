import type { Graph } from '../graph/graph';
import type { Matrix, MatrixProducts, MatrixStack } from '../runtime/matrixProducts';
import { affine, rowsOf, scaleColumns, weightOf } from './closedForm/sampleTile';
import type { FirstActivations } from './forward';
import type { AffineLayer, Perceptron } from './perceptron';
import { ranges } from './closedForm/ranges';
import { unitFunctions } from './unitFunctions';

const float32Unit = 2 ** -24;

/** Half the distance from 1 to the next number of the shortest float type that a graph computes with, float32 at most. */
export function roundingUnit({ nodes, initialisers }: Graph): number {
  // A weight that is cast first only saves room in the file.
  const types = new Set(
    nodes
      .filter(({ operator }) => operator !== 'Cast')
      .flatMap(({ inputs }) => inputs.map((name) => initialisers.get(name)?.type)),
  );
  return types.has('bfloat16') ? 2 ** -8 : types.has('float16') ? 2 ** -11 : float32Unit;
}

/** Error of onnxruntime's float32 approximations of tanh, erf, exp and the like, relative to max(1, |φ|). */
const activationError = 2e-6;

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
 * @param unit `roundingUnit` of the file's graph
 */
export async function outputTolerance(
  { layers }: Pick<Perceptron, 'layers'>,
  { values: inputs, rounding }: FirstActivations,
  products: MatrixProducts,
  unit: number,
): Promise<Matrix> {
  const columns = layers.at(-1)?.outputs ?? 0;
  const widest = Math.max(...layers.map(({ outputs }) => outputs));
  const data = new Float64Array(inputs.rows * columns);
  for (const [from, to] of ranges(inputs.rows, Math.floor(mostNumbers / (draws * widest)))) {
    const first = { values: rowsOf(inputs, from, to), rounding };
    const errors = await drawErrors(layers, first, products, unit);
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
async function drawErrors(
  layers: readonly AffineLayer[],
  first: FirstActivations,
  products: MatrixProducts,
  unit: number,
): Promise<MatrixStack> {
  const count = first.values.rows;
  const nextSign = signs();
  let activation = first.values;
  let errors: MatrixStack | null = null;
  for (const layer of layers) {
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
      const arriving = firstErrors(first, unit);
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
    addWithSigns(errors, activationErrors(layer, value, unit), nextSign);
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

/** Of the samples' own rounding, and what the steps before the first layer make of theirs: of shorter floats in proportion. */
function firstErrors({ values, rounding }: FirstActivations, unit: number): Matrix {
  const { columns, data } = values;
  const seen = (at: number): number => ((rounding?.[at % columns] ?? 0) * unit) / float32Unit;
  return { ...values, data: data.map((a, at) => 4 * (unit * Math.abs(a) + seen(at))) };
}

function activationErrors({ activation: { name } }: AffineLayer, value: Matrix, unit: number): Float64Array {
  const approximated = name !== 'identity' && name !== 'relu' && name !== 'leaky-relu';
  if (!approximated) return value.data.map((a) => unit * Math.abs(a));
  const own = Math.max(unit, activationError);
  return value.data.map((a) => own * Math.max(1, Math.abs(a)));
}
