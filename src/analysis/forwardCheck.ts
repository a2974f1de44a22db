import { heldNumbers, toHeld, type LossInput } from '../loss/lossInput';
import { outputTolerance, roundingUnit } from '../perceptron/outputTolerance';
import { rowsOf } from '../perceptron/closedForm/sampleTile';
import type { FirstActivations } from '../perceptron/forward';
import type { Perceptron } from '../perceptron/perceptron';
import { FailureError } from '../report/failure';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import type { Subject } from '../subject/subject';
import { setting } from '../report/wording/settings';

/** Samples whose tolerance is found at a time. */
const batchSize = 512;

/** The recognised perceptron beside what its file gives. */
export interface Comparison {
  readonly subject: Subject;
  /** What the perceptron's outputs are of the file. */
  readonly input: LossInput;
  readonly perceptron: Perceptron;
  /** What the first layer takes of every sample. */
  readonly first: FirstActivations;
  /** The perceptron's own outputs, count × C. */
  readonly outputs: Matrix;
  /** The target in onnxruntime's run of the file on every sample. */
  readonly found: Float64Array;
}

/**
 * Compares what the original file gives on every sample with the recognised perceptron's outputs, or with what the head
 * makes of them where one operator computes both: a pattern that was misread ends here, before any number is shown.
 * @throws FailureError ForwardPassMismatch naming the sample and output, with both values
 */
export async function checkForwardPass(
  { subject, input, perceptron, first, outputs, found }: Comparison,
  products: MatrixProducts,
): Promise<void> {
  const { columns } = outputs;
  const given = heldNumbers(input, found, outputs.rows);
  if (given.length !== outputs.data.length) {
    throw new FailureError(
      'ForwardPassMismatch',
      `onnxruntime gives ${given.length} numbers for ${outputs.rows} samples where the perceptron read from the file gives ${outputs.data.length}, so it was not read right; please report the model.`,
    );
  }
  const unit = roundingUnit(subject.graph);
  for (let from = 0; from < outputs.rows; from += batchSize) {
    const to = Math.min(outputs.rows, from + batchSize);
    const own = rowsOf(outputs, from, to);
    const start = { ...first, values: rowsOf(first.values, from, to) };
    const tolerance = await outputTolerance(perceptron, start, products, unit);
    const rows = given.subarray(from * columns, to * columns);
    const held = { ...own, data: toHeld(input, own.data, columns) };
    compare(rows, held, input.holds === 'z' ? tolerance : widen(tolerance), from);
  }
}

function compare(found: ArrayLike<number>, { columns, data }: Matrix, tolerance: Matrix, from: number): void {
  for (let at = 0; at < data.length; at++) {
    const place = `sample ${from + Math.floor(at / columns)}, output ${at % columns}`;
    if (!Number.isFinite(found[at])) {
      throw new FailureError(
        'NonFiniteSamples',
        `The model gives ${found[at]} (${place}); check the samples and their scaling (${setting('scale')}).`,
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
function widen(tolerance: Matrix): Matrix {
  const { rows, columns, data } = tolerance;
  const wide = new Float64Array(data.length);
  for (let n = 0; n < rows; n++) {
    const most = rowsOf(tolerance, n, n + 1).data.reduce((a, b) => Math.max(a, b), 0);
    wide.fill(most + 4e-6, n * columns, (n + 1) * columns);
  }
  return { ...tolerance, data: wide };
}
