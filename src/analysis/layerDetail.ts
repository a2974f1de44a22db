import { singularValues } from '../curvature/singularValues';
import { numbersOf } from '../graph/graph';
import { sizeOf } from '../graph/static/value';
import type { LayerDetail, TensorDetail, WeightMatrix } from '../report/detail';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { LayerReport } from '../report/report';
import { norm } from '../runtime/norm';
import { SeededRandom } from '../samples/random';
import { groupLayers, type Layer } from '../subject/layers';
import type { Parameter } from '../subject/parameters';
import type { Subject } from '../subject/subject';

/** Cells of a drawn weight, along each side. */
const mostCells = 96;

/**
 * The numbers of one layer of the file: its tensors, its weight as a picture, its singular values.
 * @throws FailureError UsageError where the model has no such layer
 */
export async function layerDetail(
  { graph, parameters }: Subject,
  { name, outputs }: Pick<LayerReport, 'name' | 'outputs'>,
): Promise<LayerDetail> {
  // Only this layer is looked at: to tell the axes of its weight takes the number of its own outputs.
  const layer = groupLayers(graph, parameters, () => [outputs]).find((each) => each.name === name);
  const [weight] = layer?.parameters ?? [];
  if (layer === undefined || weight === undefined)
    throw new FailureError(
      'UsageError',
      `The model has no layer "${printable(name)}"; run the analysis again.`,
    );
  const { data, rows, columns, ofOutputs } = matrixOf(weight, layer);
  const isMatrix = rows > 1 && columns > 1;
  return {
    kind: 'layer',
    tensors: layer.parameters.map(tensorDetail),
    weight: { ofOutputs, ...cellsOf(data, rows, columns) },
    singularValues: isMatrix ? await singularValues(data, rows, columns, SeededRandom.fromSeed(0)) : null,
  };
}

function tensorDetail({ name, tensor }: Parameter): TensorDetail {
  const data = numbersOf(tensor);
  let [sum, zeros, least, greatest] = [0, 0, Infinity, -Infinity];
  for (const value of data) {
    sum += value;
    zeros += Number(value === 0);
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const mean = sum / data.length;
  return { name, shape: tensor.dims, norm: norm(data), mean, least, greatest, zeros };
}

/** The weight with its outputs as rows, where these are known; else with its last axis (of a kernel all but the first) as columns. */
function matrixOf(
  { tensor }: Parameter,
  { axes, kind }: Layer,
): {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly ofOutputs: boolean;
} {
  const data = numbersOf(tensor);
  const { dims } = tensor;
  const isKernel = kind.startsWith('Conv');
  const columns = isKernel ? sizeOf(dims.slice(1)) : (dims.at(-1) ?? 1);
  const rows = data.length / columns;
  if (axes?.outputs !== 1 || dims.length !== 2)
    return { data, rows, columns, ofOutputs: axes?.outputs === 0 };
  const turned = data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!);
  return { data: turned, rows: columns, columns: rows, ofOutputs: true };
}

function cellsOf(data: Float64Array, rows: number, columns: number): Omit<WeightMatrix, 'ofOutputs'> {
  const [tall, wide] = [Math.ceil(rows / mostCells), Math.ceil(columns / mostCells)];
  const values = Array.from({ length: Math.ceil(rows / tall) }, () =>
    new Array<number>(Math.ceil(columns / wide)).fill(0),
  );
  for (let at = 0; at < data.length; at++) {
    const line = values[Math.floor(at / columns / tall)]!;
    const place = Math.floor((at % columns) / wide);
    if (Math.abs(data[at]!) > Math.abs(line[place]!)) line[place] = data[at]!;
  }
  return { rows, columns, cell: [tall, wide], values };
}
