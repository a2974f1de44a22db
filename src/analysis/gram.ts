import { affine, type Problem } from '../perceptron/closedForm/sampleTile';
import type { AffineLayer } from '../perceptron/perceptron';
import { unitValues } from '../perceptron/unitFunctions';
import type { Cost } from '../report/report';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';

/** Rows and columns of the pictures. */
const mostSamples = 64;

export interface GramPictures {
  /** Cosines, by layer. */
  readonly grams: readonly (readonly (readonly number[])[])[];
  /** The class of every row; null where no single class is meant. */
  readonly classes: readonly number[] | null;
}

/** What they take. */
export function costOfGramMatrices({ perceptron: { layers }, inputs: { rows } }: Problem): Cost {
  const shown = Math.min(mostSamples, rows);
  const ofLayer = (layer: AffineLayer): number => shown * layer.inputs * (shown + layer.outputs);
  return {
    multiplyAdds: layers.reduce((sum, layer) => sum + ofLayer(layer), 0),
    bytes: 8 * shown * shown * layers.length,
  };
}

/**
 * Cosines between the inputs a_{l−1} of every layer of at most 64 samples, ordered by class: evenly spaced ones of the
 * samples in that order, so that every class has about its share. An input of zeros has cosine 0 with every other.
 */
export async function computeGramMatrices(
  { perceptron: { layers }, inputs }: Problem,
  products: MatrixProducts,
  classes: Int32Array | null,
): Promise<GramPictures> {
  const ordered = Array.from({ length: inputs.rows }, (_, n) => n);
  if (classes !== null) ordered.sort((a, b) => classes[a]! - classes[b]! || a - b);
  const shown = Math.min(mostSamples, ordered.length);
  const chosen = Array.from(
    { length: shown },
    (_, at) => ordered[Math.floor((at * ordered.length) / shown)]!,
  );
  const { columns } = inputs;
  const data = new Float64Array(shown * columns);
  chosen.forEach((n, at) => {
    data.set(inputs.data.subarray(n * columns, (n + 1) * columns), at * columns);
  });
  let activation: Matrix = { rows: shown, columns, data };
  const grams: number[][][] = [];
  for (const layer of layers) {
    grams.push(cosines(await products.timesTransposed(activation, activation)));
    activation = unitValues(layer, await affine(activation, layer, products));
  }
  return { grams, classes: classes === null ? null : chosen.map((n) => classes[n]!) };
}

function cosines({ rows, data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, n) =>
    Array.from({ length: rows }, (__, other) => {
      const norms = Math.sqrt(data[n * rows + n]! * data[other * rows + other]!);
      return norms === 0 ? Number(n === other) : Math.max(-1, Math.min(1, data[n * rows + other]! / norms));
    }),
  );
}
