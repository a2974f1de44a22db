import type { ModelSamples } from '../inference/feeds';
import { FailureError } from '../report/failure';
import { toHeld } from '../loss/lossInput';
import type { PreparedModel } from './preparedModel';
import { setting } from '../report/wording/settings';

/**
 * Losses and gradient must be numbers.
 * @param perSample rows of one sample
 * @param culprit the first sample whose own gradient is none, or null where only their sum is none
 * @throws FailureError NonFiniteLoss that names the sample as it is counted in its file
 */
export async function requireFinite(
  losses: Float64Array,
  gradient: Float64Array,
  { indices }: ModelSamples,
  perSample: number,
  culprit: () => Promise<number | null>,
): Promise<void> {
  const refuse = (what: string, sample: number | null): never => {
    const place = sample === null ? 'on these samples' : `of sample ${indices?.[sample] ?? sample}`;
    throw new FailureError(
      'NonFiniteLoss',
      `The ${what.replace('{place}', place)}; check the samples, their scaling (${setting('scale')}) and the weights.`,
    );
  };
  const row = losses.findIndex((loss) => !Number.isFinite(loss));
  if (row !== -1) refuse(`loss {place} is ${losses[row]}`, Math.floor(row / perSample));
  if (!isFiniteVector(gradient)) refuse('gradient of the loss {place} is not finite', await culprit());
}

/** Whether every number is one. */
export function isFiniteVector(vector: Float64Array): boolean {
  return vector.every((value) => Number.isFinite(value));
}

/** The lowered graph must give what the file's own operators give, up to their rounding. @throws FailureError ForwardPassMismatch */
export function requireOwnOutputs(
  { ownOutputs, input, rounding, width }: PreparedModel,
  logits: Float64Array,
): void {
  const outputs = toHeld(input, logits, width);
  const size = ownOutputs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const wrong = ownOutputs.findIndex(
    (value, i) => i < outputs.length && !(Math.abs(value - outputs[i]!) <= rounding * size + 1e-5),
  );
  if (wrong === -1) return;
  throw new FailureError(
    'ForwardPassMismatch',
    `The graph read from the file gives ${outputs[wrong]} at position ${wrong} of "${input.tensor}" where onnxruntime gives ${ownOutputs[wrong]}: either these samples are too large for float32 (check ${setting('scale')}), or the model was not read right; please report it then.`,
  );
}
