import type { TorchFile } from '../../files/torch/torchFile';
import { formatNumber } from '../../report/wording/number';
import { setting } from '../../report/wording/settings';
import type { Model } from '../model';
import { countOf, floatsOf, isFloat, type Weights } from '../weights/weights';
import { optimiserStateOf, type AdamMoment } from './optimiserState';
import { weightOf } from './stateDict';

/** What the optimiser's state in a checkpoint tells of the training of these parameters, named in the file's order. */
export async function optimiserTraining(
  torch: TorchFile,
  weights: Weights,
  trained: readonly string[],
): Promise<Pick<Model, 'said' | 'preconditioner' | 'notes'>> {
  const state = optimiserStateOf(torch.root);
  if (state === null) return {};
  const { training, weightDecay, adam } = state;
  const preconditioner = adam === null ? null : await preconditionerOf(torch, weights, trained, adam);
  const unmatched =
    training?.optimiser === 'adam' && preconditioner === null
      ? [
          'The state of Adam in the file cannot be told apart by parameter, so that no edge of Adam is told; one made of model.named_parameters() keeps their names.',
        ]
      : [];
  return {
    ...(training !== null && { said: { training } }),
    ...(preconditioner !== null && { preconditioner }),
    notes: (analysed) => [
      ...unmatched,
      ...(weightDecay > 0 && analysed.weightDecay === 0
        ? [
            `The file's optimiser had a weight decay of ${formatNumber(weightDecay)}, which is not counted here; ${setting('weight-decay')} adds it to the loss.`,
          ]
        : []),
    ],
  };
}

/** √v̂ + ε of every parameter; null where the state is not of these parameters, in their shapes. */
async function preconditionerOf(
  torch: TorchFile,
  weights: Weights,
  trained: readonly string[],
  moments: readonly AdamMoment[],
): Promise<ReadonlyMap<string, Float64Array> | null> {
  if (moments.length !== trained.length) return null;
  const found = new Map<string, Float64Array>();
  for (const [k, { name, squares, steps, beta2, epsilon }] of moments.entries()) {
    const parameter = name ?? trained[k] ?? '';
    const dims = weights.get(parameter)?.dims;
    const isOf =
      dims?.length === squares.dims.length && dims.every((size, axis) => size === squares.dims[axis]);
    if (!isOf || !trained.includes(parameter) || !isFloat(squares.type)) return null;
    const made = typeof steps === 'number' ? steps : await numberIn(torch, steps);
    const correction = 1 - beta2 ** made;
    const values = await floatsOf(weightOf(torch, squares), 'float64');
    const sizes = Float64Array.from(values, (square) => Math.sqrt(square / correction) + epsilon);
    if (!sizes.every((size) => size > 0 && Number.isFinite(size))) return null;
    found.set(parameter, sizes);
  }
  return found.size === trained.length ? found : null;
}

async function numberIn(torch: TorchFile, tensor: AdamMoment['squares']): Promise<number> {
  if (countOf(tensor.dims) !== 1 || !isFloat(tensor.type)) return NaN;
  const [value = NaN] = await floatsOf(weightOf(torch, tensor), 'float64');
  return value;
}
