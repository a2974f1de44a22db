import { isRecord } from './config';
import type { LayerFacts } from './layerCall';

/** One of the tensors that a call of a layer made. */
export interface Reference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

/** A layer as it stands in a model's configuration. */
export interface Listed extends LayerFacts {
  readonly shortName: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

/** One call of a layer. */
export interface NodeCall {
  readonly layer: Listed;
  readonly from: readonly Reference[];
  readonly named: ReadonlyMap<string, Reference>;
  readonly flags: ReadonlyMap<string, unknown>;
}

/** All tensors that a call takes. */
export function allReferences({ from, named }: NodeCall): readonly Reference[] {
  return [...from, ...named.values()];
}

/** What a call takes: Keras 3 lists arguments, Keras 2 references with keyword arguments behind the first. */
export function nodeCall(layer: Listed, node: unknown): NodeCall {
  const isKeras3 = isRecord(node);
  const keywords = isKeras3 ? node['kwargs'] : [node].flat(2).find(isRecord);
  const from = [...(isKeras3 ? tensorsIn(node['args']) : referencesIn(node))];
  const named = new Map<string, Reference>();
  for (const [key, value] of Object.entries(isRecord(keywords) ? keywords : {})) {
    const given = isKeras3 ? tensorsIn(value) : referencesIn(value);
    const [only] = given;
    if (key === 'inputs' || key === 'initial_state' || given.length > 1) from.push(...given);
    else if (only !== undefined) named.set(key, only);
  }
  const flags = new Map(isRecord(keywords) ? Object.entries(keywords) : []);
  // Operations take numbers beside tensors.
  if (isKeras3) flags.set('args', node['args']);
  return { layer, from, named, flags };
}

/** Keras tensors in a call's arguments, however they are nested. */
function tensorsIn(value: unknown): readonly Reference[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (!isRecord(value)) return [];
  const { class_name: className, config } = value;
  if (className === '__keras_tensor__' && isRecord(config)) return referencesIn(config['keras_history']);
  return Object.values(value).flatMap(tensorsIn);
}

/** References such as ["dense", 0, 0], in lists or by name. */
export function referencesIn(value: unknown): readonly Reference[] {
  if (isRecord(value)) return Object.values(value).flatMap(referencesIn);
  if (!Array.isArray(value)) return [];
  const [layer, node, tensor] = value as readonly unknown[];
  if (typeof layer === 'string' && typeof node === 'number' && typeof tensor === 'number')
    return [{ layer, node, tensor }];
  return value.flatMap(referencesIn);
}
/** The name of the n-th call of a layer. */
export function callKey(layer: string, node: number): string {
  return `${layer}[${String(node)}]`;
}
