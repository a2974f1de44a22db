import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { FailureError } from '../report/failure';
import type { LayerNumbers } from './probes';
import type { LayerRange, SymmetricProducts } from './products';

/** A matrix element by element: order × order, row by row, symmetric. */
export interface ExactMatrix {
  readonly order: number;
  readonly elements: Float64Array;
  /** ‖A − Aᵀ‖_F / 2 of the columns A as they came: about what the mean of both orders is off by. */
  readonly asymmetry: number;
}

/** Two orders of a pair of elements may differ by this much of the largest, or by 20 times the products' error. */
const symmetryTolerance = 1e-8;

/**
 * The matrix column by column from P products with unit vectors, 8 P² bytes; both orders of each pair are averaged.
 * Throws an InternalError where they differ by more than rounding.
 *
 * @param productError relative error of the products; 0 for float64
 * @param onColumn called before every product
 */
export async function computeMatrix(
  products: SymmetricProducts,
  productError: number,
  onColumn: (column: number) => void,
): Promise<ExactMatrix> {
  const { order } = products;
  const elements = new Float64Array(order * order);
  const unit = new Float64Array(order);
  for (let column = 0; column < order; column++) {
    onColumn(column);
    unit[column] = 1;
    elements.set(await products.multiply(unit), column * order);
    unit[column] = 0;
  }
  const largest = elements.reduce((most, element) => Math.max(most, Math.abs(element)), 0);
  let worst = 0;
  let squares = 0;
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < i; j++) {
      const [one, other] = [elements[i * order + j]!, elements[j * order + i]!];
      worst = Math.max(worst, Math.abs(one - other));
      squares += (one - other) ** 2 / 2;
      elements[i * order + j] = elements[j * order + i] = (one + other) / 2;
    }
  }
  if (worst > Math.max(symmetryTolerance, 20 * productError) * largest) {
    throw new FailureError(
      'InternalError',
      `No curvature is shown because the Hessian came out asymmetric by ${(worst / largest).toExponential(1)} of its largest element; please report it with the model.`,
    );
  }
  return { order, elements, asymmetry: Math.sqrt(squares) };
}

/** Products with a matrix that is there, without any cost of a model, and as wrong as its columns were. */
export function productsWith(
  { order, elements, asymmetry }: ExactMatrix,
  layers: readonly LayerRange[],
): SymmetricProducts {
  return {
    order,
    layers,
    float32: null,
    error: asymmetry,
    multiply: (vector) => {
      const product = new Float64Array(order);
      for (let row = 0; row < order; row++) {
        let sum = 0;
        for (let column = 0; column < order; column++)
          sum += elements[row * order + column]! * vector[column]!;
        product[row] = sum;
      }
      return Promise.resolve(product);
    },
  };
}

/** Traces, row sums and squared block norms of the layers. */
export function exactNumbers(
  { order, elements }: Pick<ExactMatrix, 'order' | 'elements'>,
  layers: readonly LayerRange[],
): LayerNumbers {
  const traces = new Float64Array(layers.length);
  const blocks = new Float64Array(layers.length ** 2);
  for (const [l, rows] of layers.entries()) {
    for (let row = rows.from; row < rows.to; row++) {
      traces[l]! += elements[row * order + row]!;
      for (const [m, columns] of layers.entries()) {
        let sum = 0;
        for (let column = columns.from; column < columns.to; column++)
          sum += elements[row * order + column]! ** 2;
        blocks[l * layers.length + m]! += sum;
      }
    }
  }
  const rows = Float64Array.from(layers, (_, l) =>
    blocks.subarray(l * layers.length, (l + 1) * layers.length).reduce((sum, value) => sum + value, 0),
  );
  return { traces, rows, blocks };
}

/** All eigenvalues in descending order, and the unit eigenvector of each; P³ operations: seconds for P = 1,000. */
export function eigenpairs({ order, elements }: Pick<ExactMatrix, 'order' | 'elements'>): {
  readonly values: number[];
  readonly vector: (k: number) => Float64Array;
} {
  const matrix = Matrix.from1DArray(order, order, elements);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const ranks = Array.from(realEigenvalues.keys()).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  return {
    values: ranks.map((k) => realEigenvalues[k]!),
    vector: (k) => Float64Array.from(eigenvectorMatrix.getColumn(ranks[k]!)),
  };
}
