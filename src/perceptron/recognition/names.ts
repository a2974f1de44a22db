import { distinctNames, isAnonymous, scopeOf, stemOf } from '../../subject/layerNames';
import type { Affine } from './values';

function nameOf(affine: Affine): string | null {
  const { weightName, bias, node } = affine;
  const found = stemOf(weightName) ?? (bias === null ? null : stemOf(bias.name)) ?? scopeOf(node.name);
  if (found !== null) return found;
  return isAnonymous(weightName) ? null : weightName;
}

/** A name for each layer as a person would give it, none twice; "layer 2" where the file has only numbers. */
export function layerNames(layers: readonly Affine[]): readonly string[] {
  return distinctNames(layers.map((affine, i) => nameOf(affine) ?? `layer ${String(i + 1)}`));
}
