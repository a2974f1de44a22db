import { lossDerivatives, computeLosses } from '../../loss/losses';
import type { Targets } from '../../loss/targets';
import type { Loss } from '../../report/report';
import type { Matrix, MatrixProducts, MatrixStack } from '../../runtime/matrixProducts';
import type { AffineLayer, Perceptron } from '../perceptron';
import { unitFunctions } from '../unitFunctions';

/** What the closed form is taken of: a perceptron, its samples as a_0 rows, and the loss with its targets. */
export interface Problem {
  readonly perceptron: Perceptron;
  /** a_0 of every sample, count × width of the first layer. */
  readonly inputs: Matrix;
  readonly loss: Loss;
  readonly targets: Targets;
  /** The Hessian, or the Gauss-Newton matrix: the Hessian without what the curvature of the network itself brings. */
  readonly matrix: 'hessian' | 'gauss-newton';
  /** λ of ½λ‖θ‖² over what decays of the layers, which is added to the loss; without it 0. */
  readonly weightDecay?: number;
  /** What loss and activations are divided by where the squares of the curvature are beyond float64; absent: 1. */
  readonly scale?: Scale;
}

/** Powers of two. The Hessian is computed over loss · activations², its unit. */
export interface Scale {
  readonly loss: number;
  readonly activations: number;
}

/** The unit in which the closed form computes the Hessian. */
export function unitOf({ scale }: Pick<Problem, 'scale'>): number {
  return scale === undefined ? 1 : scale.activations * scale.loss * scale.activations;
}

/**
 * Everything about a run of samples that their curvature is made of. Layers are counted from 0 here, so layer l takes
 * `input[l]` to z_l and φ_l(z_l); C is the number of outputs, L the number of layers, S the number of samples.
 */
export interface SampleTile {
  readonly from: number;
  readonly count: number;
  /** True where the terms of the errors δ and of the bends are to be left out. */
  readonly gaussNewton: boolean;
  readonly layers: readonly AffineLayer[];
  /** ã_{l−1}: the layer's input with a trailing 1 where it has a bias, over the scale; S × (inputs + bias). */
  readonly input: readonly Matrix[];
  /** Network outputs a_L; S × C. */
  readonly outputs: Matrix;
  /** ℓ_n; length S. */
  readonly losses: Float64Array;
  /** φ_l'(z_l); S × d_l. */
  readonly slope: readonly Matrix[];
  /** φ_l''(z_l) ⊙ u_l, with u_l the gradient by a_l; S × d_l. */
  readonly bend: readonly Matrix[];
  /** δ_l = ∂ℓ/∂z_l, over the scale of the activations with which it stands in V_n; S × d_l. */
  readonly delta: readonly Matrix[];
  /** A_l = ∂z_L/∂z_l; S × (C × d_l). Empty for the last layer, where it is the identity. */
  readonly outputJacobian: readonly MatrixStack[];
  /** M_L A_l; S × (C × d_l), for the last layer M_L itself. */
  readonly curvedJacobian: readonly MatrixStack[];
}

/** The layer's W as a matrix, outputs × inputs. */
export function weightOf(layer: AffineLayer): Matrix {
  return { rows: layer.outputs, columns: layer.inputs, data: layer.weight };
}

/** Width of ã_{l−1}: inputs, and one for a bias. */
export function augmentedWidth(layer: AffineLayer): number {
  return layer.inputs + (layer.bias === null ? 0 : 1);
}

/** What decays of W and b as the gradient has them: outputs × augmented width, the bias last in each row; 0 for the rest. */
export function decayedWeights(layer: AffineLayer): Float64Array {
  const { inputs, outputs, weight, bias, decayed } = layer;
  const width = augmentedWidth(layer);
  const weights = new Float64Array(outputs * width);
  for (let o = 0; o < outputs; o++) {
    if (decayed?.weight !== false) weights.set(weight.subarray(o * inputs, (o + 1) * inputs), o * width);
    if (bias !== null && decayed?.bias !== false) weights[o * width + inputs] = bias[o]!;
  }
  return weights;
}

/** Forward and backward through the samples `from` to `to` (math.md 3). */
export async function sampleTile(
  { perceptron: { layers }, inputs, loss, targets, matrix, scale }: Problem,
  products: MatrixProducts,
  from: number,
  to: number,
): Promise<SampleTile> {
  const count = to - from;
  const input: Matrix[] = [];
  const slope: Matrix[] = [];
  const second: Matrix[] = [];
  let activation = rowsOf(inputs, from, to);
  for (const layer of layers) {
    input.push(divide(augment(activation, layer), scale?.activations));
    const units = unitFunctions(layer, await affine(activation, layer, products));
    slope.push(units.slope);
    second.push(units.curvature);
    activation = units.value;
  }

  const { width } = targets;
  const rows = targets.values.subarray(from * width, to * width);
  const factors = targets.factors?.subarray(from * width, to * width);
  const ofLoss = lossDerivatives(loss, activation.data, rows, width, factors);
  if (scale !== undefined)
    for (const numbers of [ofLoss.gradient, ofLoss.hessian])
      numbers.forEach((value, at) => (numbers[at] = value / scale.loss));
  const last = layers.length - 1;
  const bend = new Array<Matrix>(layers.length);
  const delta = new Array<Matrix>(layers.length);
  const outputJacobian = new Array<MatrixStack>(layers.length);
  const curvedJacobian = new Array<MatrixStack>(layers.length);
  let upstream: Matrix = { rows: count, columns: targets.width, data: ofLoss.gradient };
  for (let l = last; l >= 0; l--) {
    bend[l] = hadamard(second[l]!, upstream);
    delta[l] = hadamard(slope[l]!, upstream);
    if (l > 0) upstream = await products.times(delta[l]!, weightOf(layers[l]!));
  }

  const gaussNewton = matrix === 'gauss-newton';
  curvedJacobian[last] = throughOutputActivation(
    ofLoss.hessian,
    slope[last]!,
    gaussNewton ? null : bend[last]!,
  );
  outputJacobian[last] = { count, rows: 0, columns: 0, data: new Float64Array(0) };
  for (let l = last - 1; l >= 0; l--) {
    const next = weightOf(layers[l + 1]!);
    curvedJacobian[l] = scaleColumns(await stackTimes(curvedJacobian[l + 1]!, next, products), slope[l]!);
    const jacobian =
      l + 1 === last ? repeat(next, count) : await stackTimes(outputJacobian[l + 1]!, next, products);
    outputJacobian[l] = scaleColumns(jacobian, slope[l]!);
  }
  return {
    from,
    count,
    gaussNewton,
    layers,
    input,
    outputs: activation,
    losses: computeLosses(loss, activation.data, rows, width, factors),
    slope,
    bend,
    delta: delta.map((errors) => divide(errors, scale?.activations)),
    outputJacobian,
    curvedJacobian,
  };
}

/** Rows `from` to `to` of a matrix, sharing its numbers. */
export function rowsOf(matrix: Matrix, from: number, to: number): Matrix {
  const { columns, data } = matrix;
  return { rows: to - from, columns, data: data.subarray(from * columns, to * columns) };
}

/** z = a Wᵀ + b for every row. */
export async function affine(
  activation: Matrix,
  layer: AffineLayer,
  products: MatrixProducts,
): Promise<Matrix> {
  const z = await products.timesTransposed(activation, weightOf(layer));
  const { bias } = layer;
  if (bias === null) return z;
  for (let n = 0, at = 0; n < z.rows; n++) {
    for (let i = 0; i < z.columns; i++, at++) z.data[at]! += bias[i]!;
  }
  return z;
}

/** [a, 1] where the layer has a bias, else a. */
function augment(activation: Matrix, layer: AffineLayer): Matrix {
  if (layer.bias === null) return activation;
  const { rows, columns, data } = activation;
  const wide = new Float64Array(rows * (columns + 1)).fill(1);
  for (let n = 0; n < rows; n++) wide.set(data.subarray(n * columns, (n + 1) * columns), n * (columns + 1));
  return { rows, columns: columns + 1, data: wide };
}

function divide(matrix: Matrix, by: number | undefined): Matrix {
  return by === undefined ? matrix : { ...matrix, data: matrix.data.map((value) => value / by) };
}

function hadamard(a: Matrix, b: Matrix): Matrix {
  return { ...a, data: a.data.map((value, index) => value * b.data[index]!) };
}

/** M_L = D M D + diag(φ''(z_L) ⊙ u_L): the loss's Hessian by the last layer's z. */
function throughOutputActivation(hessian: Float64Array, slope: Matrix, bend: Matrix | null): MatrixStack {
  const { rows: count, columns: width } = slope;
  const data = new Float64Array(hessian.length);
  for (let n = 0, at = 0; n < count; n++) {
    for (let i = 0; i < width; i++) {
      const left = slope.data[n * width + i]!;
      for (let j = 0; j < width; j++, at++) data[at] = left * hessian[at]! * slope.data[n * width + j]!;
      if (bend !== null) data[(n * width + i) * width + i]! += bend.data[n * width + i]!;
    }
  }
  return { count, rows: width, columns: width, data };
}

/** A stack times one matrix from the right, as one product. */
export async function stackTimes(
  stack: MatrixStack,
  right: Matrix,
  products: MatrixProducts,
): Promise<MatrixStack> {
  const flat = { rows: stack.count * stack.rows, columns: stack.columns, data: stack.data };
  const { data } = await products.times(flat, right);
  return { count: stack.count, rows: stack.rows, columns: right.columns, data };
}

function repeat(matrix: Matrix, count: number): MatrixStack {
  const data = new Float64Array(count * matrix.data.length);
  for (let n = 0; n < count; n++) data.set(matrix.data, n * matrix.data.length);
  return { count, rows: matrix.rows, columns: matrix.columns, data };
}

/**
 * Multiplies column j of matrix n by scale[n, from + j], in place: what passing back through an activation does.
 * @returns the stack itself
 */
export function scaleColumns(stack: MatrixStack, scale: Matrix, from = 0): MatrixStack {
  const { count, rows, columns, data } = stack;
  for (let n = 0, at = 0; n < count; n++) {
    const offset = n * scale.columns + from;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++, at++) data[at]! *= scale.data[offset + j]!;
    }
  }
  return stack;
}
