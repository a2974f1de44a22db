import { FailureError } from '../report/failure';
import { toHeld } from '../loss/lossInput';
import type { PreparedModel } from './preparedModel';
import { setting } from '../report/wording/settings';

/** Losses and gradient must be numbers. @param perSample rows of one sample @throws FailureError NonFiniteLoss */
export function requireFinite(losses: Float64Array, gradient: Float64Array, perSample: number): void {
  const row = losses.findIndex((loss) => !Number.isFinite(loss));
  if (row !== -1) {
    throw new FailureError(
      'NonFiniteLoss',
      `The loss of sample ${Math.floor(row / perSample)} is ${losses[row]}; check the samples, their scaling (${setting('scale')}) and the weights.`,
    );
  }
  if (gradient.some((value) => !Number.isFinite(value))) {
    throw new FailureError(
      'NonFiniteLoss',
      `The gradient of the loss is not finite on these samples; check the samples and their scaling (${setting('scale')}).`,
    );
  }
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
