import type { Model } from '../formats/model';
import { firstActivations, outputTolerance } from '../perceptron/forward';
import type { Perceptron } from '../perceptron/perceptron';
import { FailureError } from '../report/failure';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import { Session, type RunTensor } from '../runtime/session';
import type { InputSpec, SampleInput } from '../samples/samples';

/** Samples that one run of the model takes. */
const batchSize = 512;

/**
 * Runs the original file with onnxruntime on every sample and compares its logits with the recognised perceptron's:
 * a pattern that was misread ends here, before any number is shown.
 * @param outputs the perceptron's own outputs, count × C
 * @throws FailureError ForwardPassMismatch naming the sample and output, with both values
 */
export async function checkForwardPass(
  model: Model,
  perceptron: Perceptron,
  input: SampleInput,
  type: InputSpec['type'],
  outputs: Matrix,
  products: MatrixProducts,
  threads: number,
): Promise<void> {
  const session = await openModel(model, perceptron.logits, threads);
  try {
    const width = input.data.length / outputs.rows;
    for (let from = 0; from < outputs.rows; from += batchSize) {
      const to = Math.min(outputs.rows, from + batchSize);
      const rows = { rows: to - from, columns: width, data: input.data.subarray(from * width, to * width) };
      const feed = { dims: [to - from, ...input.dims], data: inputData(rows.data, type, perceptron.input) };
      const { [perceptron.logits]: logits } = await runModel(session, perceptron, feed);
      const expected = outputs.data.subarray(from * outputs.columns, to * outputs.columns);
      const found = floats(logits, expected.length);
      const tolerance = await outputTolerance(perceptron, firstActivations(perceptron, rows), products);
      for (let at = 0; at < expected.length; at++) {
        if (!Number.isFinite(found[at]!)) {
          throw new FailureError(
            'NonFiniteSamples',
            `The model gives ${found[at]} at output ${at % outputs.columns} for sample ${from + Math.floor(at / outputs.columns)}; check the samples and their scaling (--scale).`,
          );
        }
        // NaN in any of the three must fail too, so the comparison is the one that has to hold.
        if (!(Math.abs(found[at]! - expected[at]!) <= tolerance.data[at]!)) {
          throw new FailureError(
            'ForwardPassMismatch',
            `The perceptron read from the file gives ${expected[at]} where onnxruntime gives ${found[at]} (sample ${from + Math.floor(at / outputs.columns)}, output ${at % outputs.columns}), so it was not read right; please report the model.`,
          );
        }
      }
    }
  } finally {
    await session.release();
  }
}

async function openModel(model: Model, output: string, threads: number): Promise<Session> {
  try {
    return await Session.open(model.executable([output]), threads);
  } catch (error) {
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
