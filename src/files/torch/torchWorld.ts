import { callOfData } from '../pickle/dataCalls';
import type { PickleWorld } from '../pickle/unpickle';
import { PickleGlobal, PickleObject, PickleTuple } from '../pickle/values';

/** Functions that PyTorch rebuilds tensors by; which of them are read, `tensorOf` says. */
const rebuilding = /^torch\._(?:utils|tensor)\._rebuild_\w+$/;

/** What torch.save writes: tensors stay as they are rebuilt, by name, and storages by their keys. */
export const torchWorld: PickleWorld = {
  call: (of, args) => (rebuilding.test(of.path) ? new PickleObject(of, args) : callOfData(of, args)),
  // ('storage', class, key, device, count), in older files with a view after it.
  persistent: (id) => {
    if (!(id instanceof PickleTuple)) return undefined;
    const [kind, of, key, , count, view] = id.items;
    // Older files keep the source of a module's class beside its name.
    if (kind === 'module' && of instanceof PickleGlobal) return of;
    if (kind !== 'storage' || !(of instanceof PickleGlobal) || typeof count !== 'number') return undefined;
    if (typeof key !== 'string' && typeof key !== 'number') return undefined;
    return new PickleObject(of, [String(key), count, view ?? null]);
  },
};
