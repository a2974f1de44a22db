import type { Matrix } from '../runtime/matrixProducts';
import type { AffineLayer } from './perceptron';

/** What the units of a layer make of z, and its first two derivatives by z; each count × width. */
export interface UnitFunctions {
  readonly value: Matrix;
  readonly slope: Matrix;
  readonly curvature: Matrix;
}

/** a = φ(z) for every row of z. */
export function unitValues({ activation }: AffineLayer, z: Matrix): Matrix {
  return { ...z, data: activation.values(z.data) };
}

/** `unitValues` with φ'(z) and φ''(z). */
export function unitFunctions({ activation }: AffineLayer, z: Matrix): UnitFunctions {
  const { value, first, second } = activation.derivatives(z.data);
  return {
    value: { ...z, data: value },
    slope: { ...z, data: first },
    curvature: { ...z, data: second },
  };
}
