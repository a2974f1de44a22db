import type { Hdf5 } from './hdf5';
import type { Dataset } from './hdf5Dataset';

/** Where a layer's variables lie in the file. */
export interface Weights {
  /**
   * A variable of the layer, by its number in the order in which the layer makes them and by its name; null where it is
   * missing or its name stands for several.
   */
  readonly variable: (index: number, name: string) => Dataset | null;
  /**
   * The variables of a layer within the layer.
   * @param attribute that Keras holds it in
   * @param name that its variables' names begin with
   */
  readonly child: (attribute: string, name: string) => Weights;
  /** Those of a model's layers, in their order. */
  readonly layers: (
    layers: readonly { readonly className: string; readonly name: string }[],
  ) => readonly Weights[];
}

/**
 * The weights of a .keras archive: layers/dense/vars/0, layers/dense_1/vars/0, … numbered within a class, whatever the layers'
 * names are. Keras 2.13 calls the first _layer_checkpoint_dependencies and leaves numbers out.
 */
export function archiveWeights(hdf5: Hdf5, path: string): Weights {
  return {
    variable: (index) => hdf5.open(`${path}/vars/${String(index)}`)?.dataset ?? null,
    child: (attribute) => archiveWeights(hdf5, `${path}/${attribute}`),
    layers: (layers) => {
      const container =
        ['layers', '_layer_checkpoint_dependencies']
          .map((each) => `${path}/${each}`)
          .find((each) => hdf5.open(each) !== null) ?? `${path}/layers`;
      const stored = [...(hdf5.open(container)?.links.keys() ?? [])];
      const seen = new Map<string, number>();
      return layers.map(({ className }) => {
        const group = snakeCase(className);
        const rank = seen.get(group) ?? 0;
        seen.set(group, rank + 1);
        const numbers = stored
          .flatMap((name) =>
            name.replace(/_\d+$/, '') === group || name === group ? [numberOf(name, group)] : [],
          )
          .sort((one, other) => one - other);
        const count = layers.filter((each) => snakeCase(each.className) === group).length;
        const number = numbers.length === count ? (numbers[rank] ?? rank) : rank;
        return archiveWeights(hdf5, `${container}/${group}${number === 0 ? '' : `_${String(number)}`}`);
      });
    },
  };
}

function numberOf(name: string, group: string): number {
  return name === group ? 0 : Number(name.slice(group.length + 1));
}

/** What Keras makes of a class's name: Conv2DTranspose is conv2d_transpose. */
function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** The weights of a model saved as HDF5: model_weights/dense, whose attribute weight_names lists dense/kernel:0 and so on. */
export function legacyWeights(hdf5: Hdf5): Weights {
  return {
    variable: () => null,
    child: () => legacyWeights(hdf5),
    layers: (layers) =>
      layers.map(({ name }) => {
        const path = `model_weights/${name}`;
        return namedWeights(hdf5, path, hdf5.open(path)?.text('weight_names') ?? []);
      }),
  };
}

/** @param names below the path, of which the last part is the variable's, perhaps with :0 behind it */
function namedWeights(hdf5: Hdf5, path: string, names: readonly string[]): Weights {
  const within = (name: string): Weights => {
    const narrowed = names.filter((each) => each.split('/').includes(name));
    return namedWeights(hdf5, path, narrowed.length === 0 ? names : narrowed);
  };
  return {
    variable: (_, name) => {
      const [found, ...others] = names.filter(
        (each) => each.slice(each.lastIndexOf('/') + 1).replace(/:\d+$/, '') === name,
      );
      return found === undefined || others.length > 0
        ? null
        : (hdf5.open(`${path}/${found}`)?.dataset ?? null);
    },
    child: (_, name) => within(name),
    layers: (layers) => layers.map(({ name }) => within(name)),
  };
}
