import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import { affine } from './closedForm/sampleTile';
import type { Perceptron } from './perceptron';
import { scaledAndShifted, unitValues } from './unitFunctions';

/** a_0 of every sample: the flattened inputs through the fixed preprocessing that stands before the first layer. */
export function firstActivations({ preprocessing }: Perceptron, inputs: Matrix): Matrix {
  return scaledAndShifted(inputs, preprocessing);
}

/** The network's outputs a_L for rows a_0; count × width of the last layer, in float64. */
export async function networkOutputs(
  { layers }: Perceptron,
  activations: Matrix,
  products: MatrixProducts,
): Promise<Matrix> {
  let current = activations;
  for (const layer of layers) current = unitValues(layer, await affine(current, layer, products));
  return current;
}
