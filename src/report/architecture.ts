import * as v from 'valibot';

/**
 * The architecture of a file that holds weights alone, as a person says it: a list of layers by the file's own names, each
 * with what names and shapes do not tell. `media/architecture.schema.json` is made from it.
 */
export interface Architecture {
  /** Of one sample, without the axis of the samples; null: a size that is left open. Undefined: the first layer tells. */
  readonly input?: readonly (number | null)[] | undefined;
  readonly layers: readonly Layer[];
  /** Tensors of the file, or patterns of their names, that the model does not use. */
  readonly unused?: readonly string[] | undefined;
}

/** A layer that needs no word beside its name. */
export const plainLayers = [
  ...['relu', 'relu6', 'tanh', 'sigmoid', 'gelu', 'geluTanh', 'silu', 'mish', 'selu', 'elu', 'celu'],
  ...[
    'leakyRelu',
    'softplus',
    'softsign',
    'hardswish',
    'hardsigmoid',
    'hardtanh',
    'logSigmoid',
    'tanhshrink',
  ],
  ...['softmax', 'logSoftmax', 'flatten', 'dropout', 'identity', 'globalAvgPool', 'globalMaxPool'],
  ...['last', 'mean'],
] as const;

const name = v.string();
const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const finite = v.pipe(v.number(), v.finite());
/** One number for every spatial axis, or one for each. */
const sizes = v.union([size, v.pipe(v.array(size), v.minLength(1), v.readonly())]);
const paddingSize = v.pipe(v.number(), v.integer(), v.minValue(0));
const padding = v.union([paddingSize, v.pipe(v.array(paddingSize), v.minLength(1), v.readonly())]);
const eps = v.optional(positive);
const pool = { stride: v.optional(sizes), padding: v.optional(padding), ceil: v.optional(v.boolean()) };

const simpleKinds = {
  linear: v.strictObject({ linear: name, weight: v.optional(name) }),
  conv: v.strictObject({
    conv: name,
    stride: v.optional(sizes),
    padding: v.optional(v.union([padding, v.literal('same')])),
    dilation: v.optional(sizes),
    groups: v.optional(size),
  }),
  convTranspose: v.strictObject({
    convTranspose: name,
    stride: v.optional(sizes),
    padding: v.optional(padding),
    outputPadding: v.optional(padding),
    dilation: v.optional(sizes),
    groups: v.optional(size),
  }),
  batchNorm: v.strictObject({ batchNorm: name, eps }),
  layerNorm: v.strictObject({ layerNorm: name, eps }),
  groupNorm: v.strictObject({ groupNorm: name, groups: size, eps }),
  instanceNorm: v.strictObject({ instanceNorm: name, eps }),
  embedding: v.strictObject({ embedding: name, padding: v.optional(paddingSize) }),
  positions: v.strictObject({ positions: name }),
  add: v.strictObject({ add: name }),
  prelu: v.strictObject({ prelu: name }),
  lstm: v.strictObject({ lstm: name }),
  gru: v.strictObject({ gru: name }),
  rnn: v.strictObject({ rnn: name, activation: v.optional(v.picklist(['tanh', 'relu'])) }),
  attention: v.strictObject({ attention: size, causal: v.optional(v.boolean()) }),
  transformerEncoderLayer: v.strictObject({
    transformerEncoderLayer: name,
    heads: size,
    activation: v.optional(v.picklist(plainLayers)),
    normFirst: v.optional(v.boolean()),
    eps,
  }),
  maxPool: v.strictObject({ maxPool: sizes, ...pool, dilation: v.optional(sizes) }),
  avgPool: v.strictObject({ avgPool: sizes, ...pool, countPadding: v.optional(v.boolean()) }),
  reshape: v.strictObject({ reshape: v.pipe(v.array(size), v.minLength(1), v.readonly()) }),
  elu: v.strictObject({ elu: positive }),
  celu: v.strictObject({ celu: positive }),
  leakyRelu: v.strictObject({ leakyRelu: finite }),
  softplus: v.strictObject({ softplus: positive }),
  hardtanh: v.strictObject({ hardtanh: v.pipe(v.array(finite), v.length(2), v.readonly()) }),
};

export type LayerKind = keyof typeof simpleKinds | 'residual';
export type PlainLayer = (typeof plainLayers)[number];

interface Residual {
  readonly residual: readonly Layer[];
  readonly shortcut?: readonly Layer[] | undefined;
}

type Written = {
  readonly [Kind in keyof typeof simpleKinds]: v.InferOutput<(typeof simpleKinds)[Kind]>;
} & { readonly residual: Residual };

/** A layer as it is written: a word, or an object that begins with its kind. */
export type Layer = PlainLayer | Written[LayerKind];

/** A layer that is written with what it says, by its kind. */
export type LayerOf<Kind extends LayerKind> = Written[Kind];

const layers: v.GenericSchema<readonly Layer[]> = v.pipe(
  v.array(v.lazy((): v.GenericSchema<Layer> => layerSchema)),
  v.readonly(),
);

/** The layers that say more, each known by its own key. */
export const layerKinds: Readonly<Record<LayerKind, v.GenericSchema<object>>> = {
  ...simpleKinds,
  residual: v.strictObject({ residual: layers, shortcut: v.optional(layers) }),
};

/** A layer; the published schemas refer to it by name. */
export const layerSchema = v.union([
  v.picklist(plainLayers),
  ...Object.values(layerKinds),
]) as v.GenericSchema<Layer>;

export const architectureSchema = v.strictObject({
  input: v.optional(v.pipe(v.array(v.nullable(size)), v.minLength(1), v.readonly())),
  layers: v.pipe(v.array(layerSchema), v.minLength(1), v.readonly()),
  unused: v.optional(v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.readonly())),
});

/** What stands in a proposal for what a file does not tell. */
export const open = '?';

/** A proposal: an architecture with holes. */
export interface ProposedArchitecture {
  readonly input?: readonly (number | null | typeof open)[];
  readonly layers: readonly unknown[];
}

/** The kind of a layer that is an object: the first of its keys that is one. */
export function kindOf(layer: object): LayerKind | null {
  const key = Object.keys(layer).find((each) => Object.hasOwn(layerKinds, each));
  return (key as LayerKind | undefined) ?? null;
}

/** Whether a layer, which may be of a proposal, gives channels with axes behind them. */
export function isConvolution(layer: unknown): boolean {
  return typeof layer === 'object' && layer !== null && ('conv' in layer || 'convTranspose' in layer);
}

/** Reads an architecture from JSON; where it is none, says what is wrong with which layer, as the middle of a sentence. */
export function parseArchitecture(
  json: unknown,
): { readonly ok: true; readonly value: Architecture } | { readonly ok: false; readonly fault: string } {
  const checked = v.safeParse(architectureSchema, json);
  if (checked.success) return { ok: true, value: checked.output };
  return { ok: false, fault: faultOf(json) ?? checked.issues[0].message };
}

function faultOf(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return 'it is no object with the field "layers"';
  const { layers: list, ...others } = json as Readonly<Record<string, unknown>>;
  if (!Array.isArray(list) || list.length === 0) return 'its field "layers" is no list of layers';
  const field = Object.keys(others).find((each) => each !== 'input' && each !== 'unused');
  if (field !== undefined) return `it has no field "${field}" (input, layers, unused)`;
  if (JSON.stringify(others).includes(`"${open}"`))
    return `its "input" still has "${open}": write the size of a sample there, or null where it is open`;
  return layersFault(list, '');
}

/** @param where what stands in front of a layer's number, as "3." in a residual block */
function layersFault(list: readonly unknown[], where: string): string | null {
  for (const [index, layer] of list.entries()) {
    const fault = layerFault(layer, `${where}${String(index + 1)}`);
    if (fault !== null) return fault;
  }
  return null;
}

function layerFault(layer: unknown, at: string): string | null {
  if (layer === open)
    return `layer ${at} is still "${open}": write there what the file does not tell (an activation such as "relu", pooling, or nothing)`;
  if (typeof layer === 'string')
    return plainLayers.some((word) => word === layer)
      ? null
      : `layer ${at} is "${layer}", which is no layer by itself (${plainLayers.join(', ')})`;
  if (typeof layer !== 'object' || layer === null) return `layer ${at} is no layer`;
  const kind = kindOf(layer);
  if (kind === null) return `layer ${at} is none of the kinds ${Object.keys(layerKinds).join(', ')}`;
  for (const [key, value] of Object.entries(layer)) {
    if (JSON.stringify(value) === `"${open}"`)
      return `"${key}" of layer ${at} is still "${open}": write there what the file does not tell`;
    if ((key === 'residual' || key === 'shortcut') && Array.isArray(value)) {
      const inner = layersFault(value, `${at}.`);
      if (inner !== null) return inner;
    }
  }
  const checked = v.safeParse(layerKinds[kind], layer);
  if (checked.success) return null;
  const [issue] = checked.issues;
  const key = issue.path?.[0]?.key;
  return `layer ${at} (${kind}) has a wrong ${typeof key === 'string' ? `"${key}"` : 'form'} (${issue.message})`;
}
