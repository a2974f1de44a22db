import { tensorOf, type TorchTensor } from '../../files/torch/torchTensor';
import { PickleDict, PickleObject, type PickleValue } from '../../files/pickle/values';

/** A pickled nn.Module, as data. */
export interface TorchModule {
  /** The name of its class, without where it is defined. */
  readonly kind: string;
  /** Whether PyTorch defines its class, so that what it does is known. */
  readonly isOfTorch: boolean;
  /** What it goes by in the names of its parameters, '' for the whole model. */
  readonly name: string;
  /** Its own parameters and buffers, by their full names; no entries for those that it goes without. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** In the order in which they were registered. */
  readonly children: readonly TorchModule[];
  /** An attribute, such as a stride. */
  readonly attribute: (name: string) => PickleValue | undefined;
}

/** Modules within modules, at most. */
const deepest = 40;

/** The module that a value is, or null. */
export function moduleOf(value: PickleValue, name = '', depth = 0): TorchModule | null {
  if (!(value instanceof PickleObject) || depth > deepest) return null;
  const modules = value.attribute('_modules');
  const parameters = value.attribute('_parameters');
  if (!(modules instanceof PickleDict) || !(parameters instanceof PickleDict)) return null;
  const full = (own: PickleValue): string => {
    const key = typeof own === 'string' ? own : '';
    return name === '' ? key : `${name}.${key}`;
  };
  const buffers = value.attribute('_buffers');
  const tensors = new Map<string, TorchTensor>();
  for (const dict of [parameters, ...(buffers instanceof PickleDict ? [buffers] : [])])
    for (const [own, held] of dict.entries()) {
      const tensor = tensorOf(held ?? undefined);
      if (tensor !== null) tensors.set(full(own), tensor);
    }
  return {
    kind: value.of.name,
    isOfTorch: value.of.module.startsWith('torch.nn.modules.'),
    name,
    tensors,
    children: [...modules.entries()].flatMap(([own, held]) => moduleOf(held, full(own), depth + 1) ?? []),
    attribute: (attribute) => value.attribute(attribute),
  };
}

/** All tensors of a module by name, in the order of named_parameters. */
export function tensorsOfModule({ tensors, children }: TorchModule): ReadonlyMap<string, TorchTensor> {
  return new Map([...tensors, ...children.flatMap((child) => [...tensorsOfModule(child)])]);
}
