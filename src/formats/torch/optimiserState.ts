import { tensorOf, type TorchTensor } from '../../files/torch/torchTensor';
import { PickleDict, PickleTuple, type PickleValue } from '../../files/pickle/values';
import type { Training } from '../../report/report';
import { completeTraining } from '../../report/request';

/** What the state of an optimiser in a checkpoint tells. */
export interface OptimiserState {
  /** Null: of an optimiser of which nothing is told here. */
  readonly training: Training | null;
  /** Of groups of parameters, where one has any. */
  readonly weightDecay: number;
  /** Of Adam and AdamW: what they divide by, for every parameter in the optimiser's order; null: none, or not of all. */
  readonly adam: readonly AdamMoment[] | null;
}

/** The running mean of a parameter's squared gradients. */
export interface AdamMoment {
  /** Null: the file has the parameters in the order of the model, as one group of them does. */
  readonly name: string | null;
  readonly squares: TorchTensor;
  /** How many steps were made. */
  readonly steps: TorchTensor | number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** The state of the only optimiser of a checkpoint, as `optimizer.state_dict()` gives it; null: there is none, or several. */
export function optimiserStateOf(root: PickleValue): OptimiserState | null {
  const entries = root instanceof PickleDict ? [...root.entries()] : [];
  const found = entries
    .filter(([key]) => typeof key === 'string' && /^optim/i.test(key))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .flatMap((value) => (value instanceof PickleDict ? [value] : []));
  const [only, ...others] = found;
  const groups = only?.get('param_groups');
  const state = only?.get('state');
  if (others.length > 0 || !Array.isArray(groups) || !(state instanceof PickleDict)) return null;
  const dicts = groups.flatMap((group) => (group instanceof PickleDict ? [group] : []));
  const [first] = dicts;
  if (first === undefined || dicts.length !== groups.length) return null;
  const decays = dicts.map((group) => numberOf(group.get('weight_decay')) ?? 0);
  return {
    training: trainingOf(first, dicts),
    weightDecay: Math.max(...decays),
    adam: isAdam(first) ? momentsOf(dicts, state) : null,
  };
}

/** NAdam, RAdam and Lion, which have betas, too, have no such field. */
function isAdam(group: PickleDict): boolean {
  return typeof group.get('amsgrad') === 'boolean' && betasOf(group) !== null;
}

function trainingOf(first: PickleDict, groups: readonly PickleDict[]): Training | null {
  const rates = new Set(groups.map((group) => numberOf(group.get('lr'))));
  const [rate] = rates;
  const learningRate = rates.size === 1 && typeof rate === 'number' && rate > 0 ? rate : null;
  const betas = betasOf(first);
  if (isAdam(first) && betas !== null)
    return completeTraining({ optimiser: 'adam', momentum: betas[0], learningRate });
  const momentum = numberOf(first.get('momentum'));
  // RMSprop has momentum, too.
  if (momentum === null || momentum < 0 || momentum >= 1 || numberOf(first.get('dampening')) !== 0)
    return null;
  if (momentum === 0) return completeTraining({ optimiser: 'sgd', learningRate });
  const optimiser = first.get('nesterov') === true ? 'nesterov' : 'momentum';
  return completeTraining({ optimiser, momentum, learningRate });
}

function momentsOf(groups: readonly PickleDict[], state: PickleDict): readonly AdamMoment[] | null {
  const moments: AdamMoment[] = [];
  for (const group of groups) {
    const places = group.get('params');
    const names = group.get('param_names');
    const betas = betasOf(group);
    const epsilon = numberOf(group.get('eps'));
    if (!Array.isArray(places) || betas === null || epsilon === null) return null;
    // Of several groups the order is not that of the model: their names have to tell.
    if (!Array.isArray(names) && groups.length > 1) return null;
    for (const [k, place] of places.entries()) {
      const of = typeof place === 'number' ? state.get(place) : undefined;
      if (!(of instanceof PickleDict)) return null;
      const squares = tensorOf(of.get(group.get('amsgrad') === true ? 'max_exp_avg_sq' : 'exp_avg_sq'));
      const steps = tensorOf(of.get('step')) ?? numberOf(of.get('step'));
      const name = Array.isArray(names) ? names[k] : null;
      if (squares === null || steps === null || (name !== null && typeof name !== 'string')) return null;
      moments.push({ name, squares, steps, beta2: betas[1], epsilon });
    }
  }
  return moments;
}

function betasOf(group: PickleDict): readonly [number, number] | null {
  const betas = group.get('betas');
  const items = betas instanceof PickleTuple ? betas.items : Array.isArray(betas) ? betas : [];
  const [first, second] = items.map(numberOf);
  const isShare = (value: number | null | undefined): value is number =>
    typeof value === 'number' && value >= 0 && value < 1;
  return isShare(first) && isShare(second) ? [first, second] : null;
}

function numberOf(value: PickleValue | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
