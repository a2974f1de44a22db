import { headOf } from '../autodiff/outputChecks';
import { isHeadInside, ofLogits, type Subject } from '../autodiff/preparedModel';
import type { Model } from '../formats/model';
import { narrowToFloat16 } from '../runtime/floats16';
import { outputTolerance, roundingUnit } from '../perceptron/outputTolerance';
import { rowsOf } from '../perceptron/closedForm/sampleTile';
import type { FirstActivations } from '../perceptron/forward';
import type { Perceptron } from '../perceptron/perceptron';
import { FailureError } from '../report/failure';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import { Session, type RunTensor } from '../runtime/session';
import type { InputSpec, SampleInput } from '../samples/samples';

/** Samples that one run of the model takes. */
const batchSize = 512;

/** The recognised perceptron beside the file that it came from. */
export interface Comparison {
  readonly model: Model;
  readonly subject: Subject;
  readonly perceptron: Perceptron;
  readonly input: SampleInput;
  /** What the first layer takes of it. */
  readonly first: FirstActivations;
  /** The type that the graph input takes. */
  readonly type: InputSpec['type'];
  /** The perceptron's own outputs, count × C. */
  readonly outputs: Matrix;
}

/**
 * Runs the original file with onnxruntime on every sample and compares its logits with the recognised perceptron's, or what
 * the head makes of them where one operator computes both:
 * a pattern that was misread ends here, before any number is shown.
 * @throws FailureError ForwardPassMismatch naming the sample and output, with both values
 */
export async function checkForwardPass(
  { model, subject, perceptron, input, first, type, outputs }: Comparison,
  products: MatrixProducts,
  threads: number,
): Promise<void> {
  const session = await openModel(model, perceptron.logits, threads);
  const unit = roundingUnit(model.graph);
  try {
    const width = input.data.length / outputs.rows;
    for (let from = 0; from < outputs.rows; from += batchSize) {
      const to = Math.min(outputs.rows, from + batchSize);
      const rows = { rows: to - from, columns: width, data: input.data.subarray(from * width, to * width) };
      const feed = { dims: [to - from, ...input.dims], data: inputData(rows.data, type, perceptron.input) };
      const { [perceptron.logits]: tensor } = await runModel(session, perceptron, feed);
      const own = rowsOf(outputs, from, to);
      const start = { ...first, values: rowsOf(first.values, from, to) };
      const tolerance = await outputTolerance(perceptron, start, products, unit);
      if (isHeadInside(subject)) {
        const { length } = own.data;
        const all = floats(tensor, tensor?.data.length === 2 * length ? 2 * length : length);
        const probabilities = { ...own, data: headOf(subject.head.kind, own.data, own.columns) };
        compare(ofLogits(Float64Array.from(all), length), probabilities, widened(tolerance), from);
      } else compare(floats(tensor, own.data.length), own, tolerance, from);
    }
  } finally {
    await session.release();
  }
}

function compare(found: ArrayLike<number>, { columns, data }: Matrix, tolerance: Matrix, from: number): void {
  for (let at = 0; at < data.length; at++) {
    const place = `sample ${from + Math.floor(at / columns)}, output ${at % columns}`;
    if (!Number.isFinite(found[at])) {
      throw new FailureError(
        'NonFiniteSamples',
        `The model gives ${found[at]} (${place}); check the samples and their scaling (--scale).`,
      );
    }
    // NaN in any of the three must fail too, so the comparison is the one that has to hold.
    if (!(Math.abs(found[at]! - data[at]!) <= tolerance.data[at]!)) {
      throw new FailureError(
        'ForwardPassMismatch',
        `The perceptron read from the file gives ${data[at]} where onnxruntime gives ${found[at]} (${place}), so it was not read right; please report the model.`,
      );
    }
  }
}

/** A probability moves by no more than the logits do; its own float32 rounding comes on top. */
function widened(tolerance: Matrix): Matrix {
  const { rows, columns, data } = tolerance;
  const wide = new Float64Array(data.length);
  for (let n = 0; n < rows; n++) {
    const most = rowsOf(tolerance, n, n + 1).data.reduce((a, b) => Math.max(a, b), 0);
    wide.fill(most + 4e-6, n * columns, (n + 1) * columns);
  }
  return { ...tolerance, data: wide };
}

async function openModel(model: Model, output: string, threads: number): Promise<Session> {
  try {
    return await Session.open(model.executable([output]), threads);
  } catch (error) {
    // Such a file is whole: the runtime computes fewer operators in float64, float16 and bfloat16.
    if (/Could not find an implementation|NOT_IMPLEMENTED/.test(String(error))) {
      throw new FailureError(
        'UnsupportedOperator',
        `onnxruntime cannot compute ${model.file} in the types that it is written in (${oneLine(error)}); export the model in float32.`,
        String(error),
      );
    }
    throw new FailureError(
      'DamagedModel',
      `onnxruntime does not load ${model.file}: ${oneLine(error)}; check that the exporter finished without errors.`,
      String(error),
    );
  }
}

async function runModel(
  session: Session,
  perceptron: Perceptron,
  feed: RunTensor,
): Promise<Readonly<Record<string, RunTensor>>> {
  try {
    return await session.run({ [perceptron.input]: feed }, [perceptron.logits]);
  } catch (error) {
    throw new FailureError(
      'SampleShapeMismatch',
      `onnxruntime does not run the model on samples of shape [${feed.dims.slice(1).join(', ')}] (${oneLine(error)}); give samples of the shape that input "${perceptron.input}" takes.`,
      String(error),
    );
  }
}

/** The samples in the type that the graph input takes. */
function inputData(values: Float64Array, type: InputSpec['type'], name: string): RunTensor['data'] {
  switch (type) {
    case 'float32':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
    case 'float16':
      return narrowToFloat16(values);
    case 'int64':
      return BigInt64Array.from(values, (value) => BigInt(Math.trunc(value)));
    case 'int32':
      return Int32Array.from(values);
    case 'uint8':
      return Uint8Array.from(values);
    default:
      throw new FailureError(
        'UnsupportedStructure',
        `Input "${name}" takes ${type}, which cannot be fed here; export the model with a float32 input.`,
      );
  }
}

function floats(tensor: RunTensor | undefined, length: number): Float32Array | Float64Array {
  const data = tensor?.data;
  if ((data instanceof Float32Array || data instanceof Float64Array) && data.length === length) return data;
  throw new FailureError(
    'ForwardPassMismatch',
    `onnxruntime gives logits of shape [${tensor?.dims.join(', ') ?? ''}], not one row of ${length} numbers in all; the model's rows are not samples.`,
  );
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}
