import { modelFeeds } from '../autodiff/feeds';
import { ancestors, chooseOutput, findHead, producers, throughViews, type Head } from '../graph/head';
import { operatorName } from '../graph/operatorName';
import { openModel } from '../graph/trace';
import type { Model } from '../formats/model';
import type { Graph, GraphNode } from '../graph/graph';
import { sameDims, sizeOf } from '../graph/static/value';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { InputSpec, Samples } from '../samples/samples';

/** The part of a graph that an analysis is about, known before any sample is read. */
export interface GraphSubject {
  readonly model: Model;
  /** The graph output as the user knows it. */
  readonly output: string;
  readonly head: Head;
  /** The inputs that the output depends on. */
  readonly inputs: readonly InputSpec[];
  /** Rows of the table that an integer input indexes, by input. */
  readonly tableRows: ReadonlyMap<string, number>;
}

/** @throws FailureError UsageError where there is no such output */
export function graphSubject(model: Model, requested: string | null): GraphSubject {
  const { graph } = model;
  const output = chooseOutput(graph, requested);
  if (output === null) {
    throw new FailureError(
      'UsageError',
      `The model has no output "${printable(requested ?? '')}"; name one of ${graph.outputs.map(({ name }) => printable(name)).join(', ')} with --output, or any tensor inside the model.`,
    );
  }
  const nodes = ancestors(graph, output);
  const needed = new Set(nodes.flatMap(({ inputs }) => inputs));
  const madeBy = producers(graph);
  const tableRows = new Map<string, number>();
  for (const node of nodes) {
    for (const { index, rows } of indexedRows(graph, node)) tableRows.set(throughViews(madeBy, index), rows);
  }
  return {
    model,
    output,
    head: findHead(graph, output),
    tableRows,
    inputs: graph.inputs
      .filter(({ name }) => needed.has(name))
      .map(({ name, type, dims }) => ({
        name,
        type,
        dims: (dims ?? []).slice(1).map((size) => (typeof size === 'number' ? size : null)),
      })),
  };
}

interface IndexedRows {
  readonly index: string;
  readonly rows: number;
}

/** Inputs that hold a table, and those that hold the indices of its rows. */
const tables: ReadonlyMap<string, readonly (readonly [table: number, index: number])[]> = new Map([
  ['Gather', [[0, 1]]],
  [
    'com.microsoft::EmbedLayerNormalization',
    [
      [2, 0],
      [3, 8],
      [4, 1],
    ],
  ],
]);

/** What a node takes rows of a table by, and how many rows there are: by index, or a one-hot row by comparing with 0, 1, 2, … */
function indexedRows({ initialisers }: Graph, node: GraphNode): readonly IndexedRows[] {
  const name = (position: number): string => node.inputs[position] ?? '';
  const operator = operatorName(node);
  const indexed = (tables.get(operator) ?? []).flatMap(([table, index]) => {
    const rows = initialisers.get(name(table))?.dims[0];
    return rows === undefined ? [] : [{ index: name(index), rows }];
  });
  const count = initialisers.get(name(1))?.data;
  if (operator !== 'Equal' || count === undefined || count.length < 2) return indexed;
  return Array.from<number | bigint, number>(count, Number).every((value, at) => value === at)
    ? [{ index: name(0), rows: count.length }]
    : [];
}

/** The number of samples that the file was written for, where it says one: the first dimension of all inputs. */
export function writtenBatch({ model, inputs }: GraphSubject): number | null {
  const used = model.graph.inputs.filter(({ name }) => inputs.some((input) => input.name === name));
  const [size, ...others] = new Set(used.map(({ dims }) => dims?.[0] ?? null));
  return typeof size === 'number' && size > 0 && others.length === 0 ? size : null;
}

/** Samples that one run of the model takes. */
const batchSize = 64;

/** A tensor of the model at every sample. */
export interface TensorOfSamples {
  /** Of one sample. */
  readonly dims: readonly number[];
  /** Row-major, sample after sample. */
  readonly data: Float64Array;
}

/** Outputs, targets and what the products give for them, in float64. */
const bytesPerOutput = 24;

/**
 * What the model gives at every sample for one of its tensors, batch after batch.
 * @param batch samples in a run where the model takes no other number of them, or null
 * @throws FailureError where the model does not run, or its first axis is not that of the samples; TooLarge where the
 * numbers of all samples do not fit the memory
 */
export async function tensorAt(
  { model, inputs }: Pick<GraphSubject, 'model' | 'inputs'>,
  tensor: string,
  samples: Samples,
  batch: number | null,
  threads: number,
  memoryBudget: number,
): Promise<TensorOfSamples> {
  const session = await openModel(model, [tensor], threads);
  const specs = model.graph.inputs.filter(({ name }) => inputs.some((input) => input.name === name));
  const size = batch ?? Math.min(batchSize, samples.count);
  let found: TensorOfSamples | null = null;
  try {
    for (let from = 0; from < samples.count; from += size) {
      const { [tensor]: result } = await run(session, modelFeeds(samples, specs, from, size));
      const [rows, ...dims] = result?.dims ?? [];
      const width = sizeOf(dims);
      if (result === undefined || rows !== size || (found !== null && !sameDims(found.dims, dims))) {
        throw new FailureError(
          'UnsupportedStructure',
          `The output "${printable(tensor)}" has the shape [${result?.dims.join(', ') ?? ''}] for ${size} samples, and its first axis must be that of the samples; export the model with the samples first (N × T × C for T predictions of each), or choose another output with --output.`,
        );
      }
      requireRoom(tensor, width, samples.count, memoryBudget);
      found ??= { dims, data: new Float64Array(samples.count * width) };
      const own = Math.min(size, samples.count - from) * width;
      for (let i = 0; i < own; i++) found.data[from * width + i] = Number(result.data[i]);
    }
  } finally {
    await session.release();
  }
  if (found === null) throw new RangeError('There are no samples');
  return found;
}

function requireRoom(tensor: string, width: number, count: number, memoryBudget: number): void {
  if (bytesPerOutput * width * count <= memoryBudget) return;
  const most = Math.floor(memoryBudget / (bytesPerOutput * width));
  const advice =
    most >= 1 ? `take ${most} samples with --limit, or allow more with --memory` : 'allow more with --memory';
  throw new FailureError(
    'TooLarge',
    `The output "${printable(tensor)}" has ${width.toLocaleString('en')} numbers for each of ${count.toLocaleString('en')} samples, more than the ${Math.floor(memoryBudget / 2 ** 20).toLocaleString('en')} MiB allowed hold with their targets; ${advice}.`,
  );
}

type OpenSession = Awaited<ReturnType<typeof openModel>>;

async function run(
  session: OpenSession,
  feeds: Parameters<OpenSession['run']>[0],
): ReturnType<OpenSession['run']> {
  try {
    return await session.run(feeds);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new FailureError(
      'UnsupportedStructure',
      `onnxruntime does not run the model on these samples (${text.replaceAll(/\s+/g, ' ').slice(0, 300)}); check that their shapes are the model's, and that its rows are samples.`,
      text,
    );
  }
}
