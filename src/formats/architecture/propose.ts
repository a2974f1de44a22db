import { isConvolution, open, type ProposedArchitecture } from '../../report/architecture';
import { convolutionOf, type Convolution } from './convolutionOf';
import { chained } from './layerOrder';
import { isFloat, type Weights } from '../weights/weights';

/** A layer as names and shapes tell it. */
interface Found {
  readonly name: string;
  readonly layer: unknown;
  /** Whether something may stand between it and the layer before. */
  readonly kind: 'weights' | 'norm' | 'other';
  readonly conv?: Convolution;
}

/**
 * The architecture as far as names and shapes tell it, with question marks for the rest: what stands between two layers,
 * strides and paddings. Null where the tensors are no chain of known layers.
 */
export function proposeArchitecture(weights: Weights): ProposedArchitecture {
  const names = layerNames(weights);
  let channels: number | null = null;
  const all = names.flatMap((name, index) => {
    const layer = layerOf(name, weights, channels, names[index + 1] ?? null);
    channels = layer?.conv?.out ?? channels;
    return layer ?? [];
  });
  // A tensor of the model itself comes first in its file, and is added to what the first layer makes.
  const isAdded = ({ layer }: Found): boolean =>
    typeof layer === 'object' && layer !== null && 'add' in layer;
  const [start, ...others] = all.filter((each) => !isAdded(each));
  const found = start === undefined ? [] : [start, ...all.filter(isAdded), ...others];
  const layers: unknown[] = [];
  let spatial = false;
  for (const [index, { name, layer, kind }] of found.entries()) {
    const before = found[index - 1];
    if (before !== undefined) layers.push(...between(before, { name, kind }));
    const isDense = typeof layer === 'object' && layer !== null && 'linear' in layer;
    if (spatial && isDense) layers.push('flatten');
    spatial = isConvolution(layer) || (spatial && !isDense);
    const isGroups = spatial && typeof layer === 'object' && layer !== null && 'layerNorm' in layer;
    layers.push(isGroups ? { groupNorm: name, groups: open } : layer);
  }
  const conv = found[0]?.conv;
  return conv === undefined
    ? { layers }
    : { input: [conv.into, ...conv.kernel.map((): typeof open => open)], layers };
}

/** Layers in the file's order, each once; a file that sorts its names is put in the order of their numbers. */
function layerNames(weights: Weights): readonly string[] {
  const owner = (name: string): string => {
    const encoder =
      /^(.*?)\.?(?:self_attn\.(?:in_proj_weight|in_proj_bias|out_proj\.\w+)|linear[12]\.\w+|norm[12]\.\w+)$/.exec(
        name,
      )?.[1];
    if (encoder !== undefined && weights.has(`${encoder}.self_attn.in_proj_weight`)) return encoder;
    return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name;
  };
  // Those that only count batches are of another type, which some files keep apart.
  const names = [...weights].flatMap(([name, { type }]) => (isFloat(type) ? [name] : []));
  const isSorted = names.every((name, i) => i === 0 || (names[i - 1] ?? '') <= name);
  if (!isSorted) return [...new Set(names.map(owner))];
  const byNumber = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return chained([...new Set(byNumber.map(owner))], weights);
}

/** @param channels of the convolution before; null: there is none */
function layerOf(name: string, weights: Weights, channels: number | null, next: string | null): Found | null {
  const at = (tensor: string): readonly number[] | null => {
    const found = weights.get(name === '' ? tensor : `${name}.${tensor}`);
    return found === undefined || !isFloat(found.type) ? null : found.dims;
  };
  if (at('self_attn.in_proj_weight') !== null)
    return {
      name,
      kind: 'other',
      layer: { transformerEncoderLayer: name, heads: open, activation: open, normFirst: open },
    };
  const gates = at('weight_ih_l0');
  if (gates !== null) {
    const hidden = at('weight_hh_l0')?.[1] ?? 0;
    const cell = { 4: 'lstm', 3: 'gru' }[(gates[0] ?? 0) / hidden] ?? 'rnn';
    return { name, kind: 'other', layer: { [cell]: name } };
  }
  const own = weights.get(name);
  if (own !== undefined && own.dims.length > 1) return { name, kind: 'other', layer: { add: name } };
  const weight = at('weight');
  if (weight === null) return null;
  if (at('running_mean') !== null) return { name, kind: 'norm', layer: { batchNorm: name } };
  const behind = next === null ? undefined : weights.get(`${next}.weight`)?.dims;
  const conv = convolutionOf(name, weights, channels, behind?.length === 1 ? (behind[0] ?? null) : null);
  if (conv !== null) {
    const kind = conv.isTransposed ? 'convTranspose' : 'conv';
    const groups = conv.groups === 1 ? {} : { groups: conv.groups };
    return { name, kind: 'weights', layer: { [kind]: name, stride: open, padding: open, ...groups }, conv };
  }
  if (weight.length === 2) {
    const isTable = at('bias') === null && /emb|wte|wpe|token/i.test(name);
    return isTable
      ? { name, kind: 'other', layer: { [/pos|wpe/i.test(name) ? 'positions' : 'embedding']: name } }
      : { name, kind: 'weights', layer: { linear: name } };
  }
  return weight.length === 1 && (weight[0] ?? 0) > 1
    ? { name, kind: 'norm', layer: { layerNorm: name } }
    : { name, kind: 'other', layer: { prelu: name } };
}

/** One question mark for each module that the numbers of a Sequential skip; without numbers, one where a function usually is. */
function between(before: Pick<Found, 'name'>, next: Pick<Found, 'name' | 'kind'>): readonly string[] {
  const numbered = (name: string): { readonly of: string; readonly at: number } | null => {
    const parts = /^(.*?)(\d+)$/.exec(name);
    return parts === null || !/(?:^|\.)$/.test(parts[1] ?? '')
      ? null
      : { of: parts[1] ?? '', at: Number(parts[2]) };
  };
  const from = numbered(before.name);
  const to = numbered(next.name);
  if (from !== null && to !== null && from.of === to.of)
    return Array.from({ length: Math.min(4, Math.max(0, to.at - from.at - 1)) }, () => open);
  return next.kind === 'weights' ? [open] : [];
}
