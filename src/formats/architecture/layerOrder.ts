import { convolutionOf } from './convolutionOf';
import type { Weights } from '../weights/weights';
import { isFloat } from '../weights/weights';

/** What a layer takes and gives, by the shape of its weight; a normalisation gives what it takes. */
interface Link {
  readonly name: string;
  readonly into: number;
  readonly out: number;
  readonly isNorm: boolean;
  /** Of a convolution. */
  readonly kernel?: readonly number[];
}

/** Steps of the search, at most: what is no chain is left in the order of the names. */
const mostSteps = 2000;

/**
 * Layers of a file that sorts its tensors by name, in an order in which each takes what the one before gives; where there is
 * none, in the order of their names.
 */
export function chained(names: readonly string[], weights: Weights): readonly string[] {
  const links = names.map((name) => linkOf(name, weights));
  if (links.includes(null)) return names;
  const all = links.flatMap((link) => link ?? []);
  const moving = all.filter(({ isNorm }) => !isNorm);
  let steps = 0;
  const search = (inGroups: boolean, chain: readonly Link[] = []): readonly Link[] | null => {
    if (chain.length === moving.length) return chain;
    const before = chain.at(-1);
    for (const link of moving) {
      steps += 1;
      if (steps > mostSteps) return null;
      const follows =
        before === undefined ||
        (link.into > 0 &&
          (link.into % before.out === 0 || (inGroups && link.kernel && before.out % link.into === 0)));
      if (chain.includes(link) || !follows) continue;
      const found = search(inGroups, [...chain, link]);
      if (found !== null) return found;
    }
    return null;
  };
  // A convolution in groups, such as one for every channel, has but a part of the channels in its shape.
  const chain = search(false) ?? search(true);
  if (chain === null) return names;
  const norms = all.filter(({ isNorm }) => isNorm);
  const ordered = chain.flatMap((link) => {
    const own = norms.filter(({ out }) => out === link.out);
    const norm = own.find(({ name }) => numberOf(name) === numberOf(link.name)) ?? own[0];
    if (norm === undefined) return [link];
    norms.splice(norms.indexOf(norm), 1);
    return [link, norm];
  });
  return norms.length > 0 ? names : ordered.map(({ name }) => name);
}

function linkOf(name: string, weights: Weights): Link | null {
  const dims = (tensor: string): readonly number[] | null => {
    const found = weights.get(name === '' ? tensor : `${name}.${tensor}`);
    return found === undefined || !isFloat(found.type) ? null : found.dims;
  };
  const gates = dims('weight_ih_l0');
  if (gates !== null)
    return { name, into: gates[1] ?? 0, out: dims('weight_hh_l0')?.[1] ?? 0, isNorm: false };
  const weight = dims('weight');
  if (weight === null) return null;
  const [out = 0, into = 0] = weight;
  const conv = convolutionOf(name, weights, null, null);
  return { name, ...(conv ?? { into, out }), isNorm: weight.length === 1 };
}

function numberOf(name: string): string {
  return /\d+(?=\D*$)/.exec(name)?.[0] ?? '';
}
