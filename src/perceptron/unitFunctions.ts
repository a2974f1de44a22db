import type { Matrix } from '../runtime/matrixProducts';
import type { AffineLayer, ScaleAndShift } from './perceptron';

/** What the units of a layer make of z, and its first two derivatives by z; each count × width. */
export interface UnitFunctions {
  readonly value: Matrix;
  readonly slope: Matrix;
  readonly curvature: Matrix;
}

/** a = S ⊙ φ(s ⊙ z + t) + T for every row of z: the only place that evaluates a layer's normalisation and activation. */
export function unitValues(layer: AffineLayer, z: Matrix): Matrix {
  return scaledAndShifted(
    mapped(scaledAndShifted(z, layer.normalisation), layer.activation.value),
    layer.outputNormalisation,
  );
}

/** `unitValues` with a' = S s φ'(y) and a'' = S s² φ''(y), y = s ⊙ z + t. */
export function unitFunctions(layer: AffineLayer, z: Matrix): UnitFunctions {
  const { normalisation, activation, outputNormalisation } = layer;
  const y = scaledAndShifted(z, normalisation);
  const inner = normalisation?.scale ?? null;
  const outer = outputNormalisation?.scale ?? null;
  return {
    value: scaledAndShifted(mapped(y, activation.value), outputNormalisation),
    slope: timesColumns(mapped(y, activation.first), inner, outer),
    curvature: timesColumns(mapped(y, activation.second), inner, inner, outer),
  };
}

/** scale ⊙ x + shift for every row; the matrix itself where there is nothing to do. */
export function scaledAndShifted(matrix: Matrix, by: ScaleAndShift | null): Matrix {
  if (by === null) return matrix;
  const { scale, shift } = by;
  const { rows, columns } = matrix;
  const data = new Float64Array(matrix.data.length);
  for (let n = 0, at = 0; n < rows; n++) {
    for (let j = 0; j < columns; j++, at++) data[at] = matrix.data[at]! * scale[j]! + shift[j]!;
  }
  return { rows, columns, data };
}

function mapped(matrix: Matrix, f: (value: number) => number): Matrix {
  return { ...matrix, data: matrix.data.map(f) };
}

/** Multiplies every column by its factor of each list, in place. */
function timesColumns(matrix: Matrix, ...lists: readonly (Float64Array | null)[]): Matrix {
  const { rows, columns, data } = matrix;
  for (const list of lists) {
    if (list === null) continue;
    for (let n = 0, at = 0; n < rows; n++) {
      for (let j = 0; j < columns; j++, at++) data[at]! *= list[j]!;
    }
  }
  return matrix;
}
