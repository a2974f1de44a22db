import { posix } from 'node:path';

/** What a list of models is sorted by; all but the name make one list of all folders. */
export const sortings = ['name', 'lambdaMax', 'loss', 'age'] as const;

export type Sorting = (typeof sortings)[number];

/** A model as a list needs it: its path below the workspace, and what is known of it. */
export interface Listed {
  readonly path: string;
  readonly lambdaMax: number | null;
  readonly loss: number | null;
  /** Milliseconds since 1970. */
  readonly finished: number | null;
}

export interface Folder<Model> {
  readonly folder: string;
  readonly children: readonly (Folder<Model> | Model)[];
}

/** The models by folder, folders first; one that holds nothing but another is one with it. */
export function treeOf<Model extends Listed>(models: readonly Model[]): readonly (Folder<Model> | Model)[] {
  return childrenOf(models, '');
}

/** The models in the order of a number: the largest first, of times the latest; what is not known last. */
export function sortModels<Model extends Listed>(
  models: readonly Model[],
  by: Exclude<Sorting, 'name'>,
): readonly Model[] {
  const key = by === 'age' ? 'finished' : by;
  return models.toSorted(
    (one, other) => (other[key] ?? -Infinity) - (one[key] ?? -Infinity) || compare(one.path, other.path),
  );
}

function childrenOf<Model extends Listed>(
  models: readonly Model[],
  parent: string,
): readonly (Folder<Model> | Model)[] {
  const below = (path: string): string => path.slice(parent === '' ? 0 : parent.length + 1);
  const folders = new Map<string, Model[]>();
  const here: Model[] = [];
  for (const model of models) {
    const [first = '', ...rest] = below(model.path).split('/');
    if (rest.length === 0) here.push(model);
    else folders.set(first, [...(folders.get(first) ?? []), model]);
  }
  const named = [...folders].sort(([one], [other]) => compare(one, other));
  return [
    ...named.map(([name, inside]): Folder<Model> => {
      const folder = posix.join(parent, name);
      const children = childrenOf(inside, folder);
      const [only, ...others] = children;
      return others.length === 0 && only !== undefined && 'folder' in only ? only : { folder, children };
    }),
    ...here.sort((one, other) => compare(one.path, other.path)),
  ];
}

/** Checkpoints in the order of their numbers. */
function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
