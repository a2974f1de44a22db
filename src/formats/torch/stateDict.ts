import type { TorchFile } from '../../files/torch/torchFile';
import { tensorOf, torchItemSizes, type TorchTensor } from '../../files/torch/torchTensor';
import { PickleDict, PickleObject, type PickleValue } from '../../files/pickle/values';
import { moduleOf, tensorsOfModule, type TorchModule } from './moduleTree';
import { countOf, type WeightTensor, type Weights } from '../weights/weights';

/** Where checkpoints keep their state dict, the likeliest first. */
const places = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'weights',
  'params',
  'module',
];
/** Dicts and lists around a state dict, at most. */
const deepest = 4;

/** What a checkpoint holds: tensors by name, and the module that they belong to where it was saved as a whole. */
export interface Checkpoint {
  readonly weights: Weights;
  readonly module: TorchModule | null;
}

/** The weights of a checkpoint, wherever in it they are; null: there are none. */
export function checkpointOf(torch: TorchFile): Checkpoint | null {
  const found = find(torch.root, 0);
  if (found === null) return null;
  const weights = new Map([...found.tensors].map(([name, tensor]) => [name, weightOf(torch, tensor)]));
  return {
    weights: found.module === null ? withoutPrefix(weights, found.isNested) : weights,
    module: found.module,
  };
}

/** A tensor of the file, whose numbers are read when they are asked for. */
export function weightOf(torch: TorchFile, tensor: TorchTensor): WeightTensor {
  const { dims, strides, offset, storage, type, requiresGrad } = tensor;
  return {
    dims,
    type,
    requiresGrad,
    place: JSON.stringify([storage.key, offset, dims, strides]),
    bytes: () => torch.numbers(tensor),
  };
}

/** Whether a tensor's numbers fit into its storage: what is not so is damaged, and nothing is allocated for it. */
function isPlausible({ dims, storage, type }: TorchTensor): boolean {
  const count = countOf(dims);
  return count <= storage.count && count * torchItemSizes[type] < 2 ** 32;
}

interface Found {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly module: TorchModule | null;
  readonly isNested: boolean;
}

function find(value: PickleValue, depth: number): Found | null {
  const module = moduleOf(value);
  if (module !== null) {
    const all = [...tensorsOfModule(module)].filter(([, tensor]) => isPlausible(tensor));
    return all.length === 0 ? null : { tensors: new Map(all), module, isNested: depth > 0 };
  }
  const inside = value instanceof PickleObject ? value.state : value;
  const items = Array.isArray(inside) ? inside.map((item, i) => [i, item] as const) : dictEntries(inside);
  const tensors = new Map<string, TorchTensor>();
  for (const [key, item] of items) {
    const tensor = tensorOf(item);
    if (typeof key === 'string' && tensor !== null && isPlausible(tensor)) tensors.set(key, tensor);
  }
  const within = (inner: typeof items): Found | null => {
    for (const [, item] of depth < deepest ? inner : []) {
      const found = find(item, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  const keyOf = ([key]: readonly [PickleValue, PickleValue]): string => (typeof key === 'string' ? key : '');
  const likely = places.flatMap((place) => items.filter((item) => keyOf(item) === place));
  // The optimiser's tensors are no weights.
  const others = items.filter((item) => !likely.includes(item) && !/optim|sched|scaler/i.test(keyOf(item)));
  // A number of the training, such as the best loss, may stand beside the state dict.
  const own = tensors.size === 0 ? null : { tensors, module: null, isNested: depth > 0 };
  return within(likely) ?? own ?? within(others);
}

function dictEntries(value: PickleValue): readonly (readonly [PickleValue, PickleValue])[] {
  return value instanceof PickleDict ? [...value.entries()] : [];
}

/** What wrappers put in front of every name: DataParallel's "module.", torch.compile's, and in a checkpoint Lightning's "model.". */
function withoutPrefix(weights: Weights, isNested: boolean): Weights {
  const wrappers = isNested ? /^(?:module\.|_orig_mod\.|model\.)+/ : /^(?:module\.|_orig_mod\.)+/;
  const [prefix] = wrappers.exec([...weights.keys()][0] ?? '') ?? [''];
  if (prefix === '' || ![...weights.keys()].every((name) => name.startsWith(prefix))) return weights;
  return new Map([...weights].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
