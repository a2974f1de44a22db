import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { ExecutableModel, RunFeeds, TracedTensor } from '../runtime/session';
import { Session } from '../runtime/session';
import { inEvaluationMode } from './evaluationMode';
import type { GraphNode } from './graph';

/** A model that can be run with any of its tensors as outputs. */
export interface Executable {
  readonly executable: (outputs: readonly string[]) => ExecutableModel;
}

/** What every tensor was in one run on real samples. */
export type Trace = ReadonlyMap<string, TracedTensor>;

/** Opens the model with the named tensors as outputs, normalisation and dropout in evaluation mode. */
export async function openModel(
  model: Executable,
  outputs: readonly string[],
  threads: number,
): Promise<Session> {
  try {
    return await Session.open(inEvaluationMode(model.executable(outputs)), threads, 'disabled');
  } catch (error) {
    if (error instanceof FailureError) throw error;
    // Such a file is whole: the runtime computes fewer operators in float64, float16 and bfloat16.
    if (/Could not find an implementation|NOT_IMPLEMENTED/.test(String(error))) {
      throw new FailureError(
        'UnsupportedOperator',
        `onnxruntime cannot compute the model in the types that it is written in (${oneLine(error)}); export the model in float32.`,
        String(error),
      );
    }
    throw new FailureError(
      'DamagedModel',
      `onnxruntime does not load the model: ${oneLine(error)}; check that the exporter finished without errors.`,
      String(error),
    );
  }
}

/**
 * Runs the model once with every tensor of the given nodes as an output: shapes become numbers, and what is computed
 * from shapes becomes constant. Of floats only the shape stays.
 * @param kept the tensor whose numbers stay whatever its type
 */
export async function traceModel(
  model: Executable,
  nodes: readonly GraphNode[],
  feeds: RunFeeds,
  threads: number,
  kept: string,
): Promise<Trace> {
  const tensors = nodes.flatMap((node) => tracedOutputs(node));
  if (tensors.length === 0) return new Map();
  const session = await openModel(model, tensors, threads);
  try {
    const traced = Object.entries(await session.trace(feeds));
    return new Map(
      traced.map(([name, tensor]) => {
        const isFloat = tensor.data instanceof Float32Array || tensor.data instanceof Float64Array;
        return [name, isFloat && name !== kept ? { ...tensor, data: null } : tensor];
      }),
    );
  } catch (error) {
    throw runFailure(error);
  } finally {
    await session.release();
  }
}

/** Statistics and masks of a training mode are gone in evaluation mode. */
function tracedOutputs({ operator, outputs }: GraphNode): readonly string[] {
  const own = operator === 'BatchNormalization' || operator === 'Dropout' ? outputs.slice(0, 1) : outputs;
  return own.filter((name) => name !== '');
}

export function runFailure(error: unknown): FailureError {
  if (error instanceof FailureError) return error;
  return new FailureError(
    'SampleShapeMismatch',
    `onnxruntime does not run the model on these samples (${oneLine(error)}); give samples of the shape that the model takes.`,
    String(error),
  );
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return printable(text.replaceAll(/\s+/g, ' ').slice(0, 300));
}
