import { describe, expect, it } from 'vitest';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from '../../../../src/files/pickle/values';
import { checkpointOf } from '../../../../src/formats/torch/stateDict';

function tensor(dims: readonly number[], stored = 1000): PickleObject {
  const strides = dims.map((_, i) => dims.slice(i + 1).reduce((product, dim) => product * dim, 1));
  const storage = new PickleObject(new PickleGlobal('torch', 'FloatStorage'), [dims.join('x'), stored, null]);
  return new PickleObject(new PickleGlobal('torch._utils', '_rebuild_tensor_v2'), [
    ...[storage, 0, new PickleTuple(dims), new PickleTuple(strides)],
  ]);
}

function dict(entries: Readonly<Record<string, PickleValue>>): PickleDict {
  const made = new PickleDict();
  for (const [key, value] of Object.entries(entries)) made.set(key, value);
  return made;
}

function names(root: PickleValue): readonly string[] | null {
  const found = checkpointOf({ root, numbers: () => Promise.reject(new Error('none is read')) });
  return found === null ? null : [...found.weights.keys()];
}

describe('the weights of a checkpoint', () => {
  const own = dict({ 'fc.weight': tensor([2, 3]), 'fc.bias': tensor([2]) });
  const found = ['fc.weight', 'fc.bias'];

  it.each<[string, PickleValue]>([
    ['itself', own],
    ['in a dict', dict({ epoch: 3, state_dict: own })],
    ['in a list', [dict({ optimizer: dict({ exp_avg: tensor([2]) }), model_state_dict: own })]],
    ['beside a number of the training', dict({ best_loss: tensor([]), model: own })],
    ['in a dict within a dict', dict({ checkpoint: dict({ net: own }) })],
    ['under a name that is nobody’s', dict({ ours: own })],
    [
      'of a model in several processes',
      dict({ 'module.fc.weight': tensor([2, 3]), 'module.fc.bias': tensor([2]) }),
    ],
    [
      'of Lightning',
      dict({ state_dict: dict({ 'model.fc.weight': tensor([2, 3]), 'model.fc.bias': tensor([2]) }) }),
    ],
  ])('%s', (_, root) => {
    expect(names(root)).toEqual(found);
  });

  it('keep a name that only looks like a wrapper’s', () => {
    expect(names(dict({ 'model.fc.weight': tensor([2, 3]) }))).toEqual(['model.fc.weight']);
  });

  it('are none where only an optimiser has tensors, or where they are larger than what is stored', () => {
    expect(names(dict({ optimizer_states: [own] }))).toBeNull();
    expect(names(dict({ 'fc.weight': tensor([2 ** 30, 2 ** 30]) }))).toBeNull();
    expect(names(dict({ 'fc.weight': tensor([2 ** 20, 2 ** 20], 2 ** 50) }))).toBeNull();
  });
});
