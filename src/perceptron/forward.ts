import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import { affine } from './closedForm/sampleTile';
import type { Perceptron } from './perceptron';

/** a_0 of every sample: the flattened inputs through the fixed preprocessing that stands before the first layer. */
export function firstActivations(perceptron: Perceptron, inputs: Matrix): Matrix {
  const { preprocessing } = perceptron;
  if (preprocessing === null) return inputs;
  const { scale, shift } = preprocessing;
  const { rows, columns } = inputs;
  const data = new Float64Array(inputs.data.length);
  for (let n = 0, at = 0; n < rows; n++) {
    for (let j = 0; j < columns; j++, at++) data[at] = inputs.data[at]! * scale[j]! + shift[j]!;
  }
  return { rows, columns, data };
}

/** The network's outputs φ_L(z_L) for rows a_0; count × width of the last layer, in float64. */
export async function networkOutputs(
  { layers }: Perceptron,
  activations: Matrix,
  products: MatrixProducts,
): Promise<Matrix> {
  let current = activations;
  for (const layer of layers) {
    const z = await affine(current, layer, products);
    current = { ...z, data: z.data.map(layer.activation.value) };
  }
  return current;
}

/** Rounding unit of float32, half the distance from 1 to the next number. */
const singleRounding = 2 ** -24;

/** Error of onnxruntime's float32 approximations of tanh, erf, exp and the like, relative to max(1, |φ|). */
const activationError = 2e-6;

/**
 * How far a float32 evaluation of the network may lie from `networkOutputs`, output by output: rounding errors of every
 * layer, grown by the weights that follow. Rounding is taken as random (√n in the place of n), with a factor for safety.
 */
export async function outputTolerance(
  { layers }: Perceptron,
  activations: Matrix,
  products: MatrixProducts,
): Promise<Matrix> {
  let current = activations;
  let error: Matrix = {
    ...activations,
    data: activations.data.map((value) => singleRounding * Math.abs(value)),
  };
  for (const layer of layers) {
    const magnitudes = {
      ...layer,
      weight: layer.weight.map(Math.abs),
      bias: layer.bias?.map(Math.abs) ?? null,
    };
    const absolute = await affine({ ...current, data: current.data.map(Math.abs) }, magnitudes, products);
    const propagated = await affine(error, { ...magnitudes, bias: null }, products);
    const z = await affine(current, layer, products);
    const { name, value } = layer.activation;
    const growth = 4 * singleRounding * (Math.sqrt(layer.inputs) + 4);
    current = { ...z, data: z.data.map(value) };
    error = {
      ...z,
      data: propagated.data.map((carried, at) => {
        // No activation here is steeper than this (mish, SiLU and GELU reach 1.13; SELU 1.76).
        const steepest = name === 'identity' || name === 'relu' ? 1 : 1.8;
        const own = name === 'identity' ? 0 : activationError * Math.max(1, Math.abs(current.data[at]!));
        return steepest * (carried + growth * absolute.data[at]!) + own;
      }),
    };
  }
  return error;
}
