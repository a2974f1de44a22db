import { graphTensor } from '../autodiff/feeds';
import { paddedRows } from '../inference/feeds';
import { writeOnnx } from '../graph/writing/writeOnnx';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import { Session } from '../runtime/session';
import { ranges } from './closedForm/ranges';
import { affine, rowsOf } from './closedForm/sampleTile';
import type { Perceptron } from './perceptron';
import { unitValues } from './unitFunctions';

/** a_0 of every sample. */
export interface FirstActivations {
  /** count × width of the first layer */
  readonly values: Matrix;
  /** How far float32 is off in every column at most; null: the samples come as they are. */
  readonly rounding: Float64Array | null;
}

/** The flattened inputs through whatever fixed function stands before the first layer, in float64. */
export async function firstActivations(
  { preprocessing }: Pick<Perceptron, 'preprocessing'>,
  inputs: Matrix,
): Promise<FirstActivations> {
  if (preprocessing === null) return { values: inputs, rounding: null };
  const values = await preprocess(preprocessing, inputs, 'float64');
  const short = await preprocess(preprocessing, inputs, 'float32');
  const rounding = new Float64Array(values.columns);
  values.data.forEach((value, at) => {
    const column = at % values.columns;
    rounding[column] = Math.max(rounding[column]!, Math.abs(value - short.data[at]!));
  });
  return { values, rounding };
}

/** Two samples at a time, for which the graph was lowered; beside an odd last one the first stands in. */
async function preprocess(
  value: NonNullable<Perceptron['preprocessing']>,
  { rows, columns: width, data }: Matrix,
  precision: 'float64' | 'float32',
): Promise<Matrix> {
  const [together = 1, columns = 1] = value.dims;
  const { model, inputs } = writeOnnx(new Map([['first', value]]), new Map(), precision);
  const session = await Session.open(model, 1);
  try {
    const result = new Float64Array(rows * columns);
    for (let from = 0; from < rows; from += together) {
      const own = paddedRows(data, width, from, together);
      const feeds = [...inputs].map(([name, input]) => [name, graphTensor(own, input, precision)] as const);
      const { first } = await session.run(Object.fromEntries(feeds));
      for (let at = 0; at < Math.min(together, rows - from) * columns; at++) {
        result[from * columns + at] = Number(first?.data[at]);
      }
    }
    return { rows, columns, data: result };
  } finally {
    await session.release();
  }
}

/** Numbers of the widest layer that are computed at a time. */
const numbersAtOnce = 2 ** 20;

/** The network's outputs a_L for rows a_0; count × width of the last layer, in float64. */
export async function computeOutputs(
  { layers }: Perceptron,
  activations: Matrix,
  products: MatrixProducts,
): Promise<Matrix> {
  const widest = layers.reduce((most, { outputs }) => Math.max(most, outputs), activations.columns);
  const columns = layers.at(-1)?.outputs ?? activations.columns;
  const data = new Float64Array(activations.rows * columns);
  for (const [from, to] of ranges(activations.rows, Math.floor(numbersAtOnce / widest))) {
    let current = rowsOf(activations, from, to);
    for (const layer of layers) current = unitValues(layer, await affine(current, layer, products));
    data.set(current.data, from * columns);
  }
  return { rows: activations.rows, columns, data };
}
