import { PickleGlobal, PickleObject, PickleTuple, type PickleValue } from '../../files/pickle/values';
import { isConvolution, open, type ProposedArchitecture } from '../../report/architecture';
import type { TorchModule } from './moduleTree';

/** The layers that a module is; null: what it does is not known here. */
type Layers = readonly unknown[] | null;

/**
 * The architecture of a pickled module. A Sequential of PyTorch's own modules says all that it does; of another class the
 * modules are proposed in the order in which they were registered, since its forward is code and is not run.
 */
export function moduleArchitecture(root: TorchModule): {
  readonly architecture: ProposedArchitecture;
  readonly isWhole: boolean;
} {
  const known = layersOf(root);
  const layers = known ?? withQuestions(proposed(root));
  const conv = firstConv(root);
  const input =
    conv === null ? {} : { input: [conv.channels, ...conv.kernel.map(() => (known === null ? open : null))] };
  return { architecture: { ...input, layers }, isWhole: known !== null };
}

/** Plain ones, by their class. */
const words: Readonly<Record<string, string>> = {
  ReLU: 'relu',
  ReLU6: 'relu6',
  Tanh: 'tanh',
  Sigmoid: 'sigmoid',
  SiLU: 'silu',
  Mish: 'mish',
  SELU: 'selu',
  Softsign: 'softsign',
  Hardswish: 'hardswish',
  Hardsigmoid: 'hardsigmoid',
  LogSigmoid: 'logSigmoid',
  Tanhshrink: 'tanhshrink',
  Identity: 'identity',
};

/** What reads more than a word of each class; the name's first part, since 1d, 2d and 3d are alike. */
const readers: Readonly<Record<string, (module: TorchModule) => Layers>> = {
  Linear: ({ name }) => [{ linear: name }],
  Conv: (module) => conv(module),
  ConvTranspose: ({ name, attribute }) => [
    {
      convTranspose: name,
      ...window(attribute),
      padding: sizes(attribute('padding')),
      outputPadding: sizes(attribute('output_padding')),
    },
  ],
  BatchNorm: ({ name, attribute }) =>
    attribute('track_running_stats') === false ? null : [{ batchNorm: name, ...number('eps', attribute) }],
  GroupNorm: ({ name, attribute }) => [
    { groupNorm: name, groups: attribute('num_groups'), ...number('eps', attribute) },
  ],
  InstanceNorm: ({ name, attribute }) => {
    const kind = attribute('track_running_stats') === true ? 'batchNorm' : 'instanceNorm';
    return [{ [kind]: name, ...number('eps', attribute) }];
  },
  LayerNorm: ({ name, tensors, attribute }) =>
    tensors.size === 0 ? null : [{ layerNorm: name, ...number('eps', attribute) }],
  Embedding: ({ name, attribute }) => {
    const padding = attribute('padding_idx');
    if (typeof attribute('max_norm') === 'number') return null;
    return [{ embedding: name, ...(typeof padding === 'number' ? { padding } : {}) }];
  },
  MaxPool: ({ attribute }) =>
    pool({ maxPool: sizes(attribute('kernel_size')), dilation: sizes(attribute('dilation')) }, attribute),
  AvgPool: ({ attribute }) =>
    typeof attribute('divisor_override') === 'number'
      ? null
      : pool(
          {
            avgPool: sizes(attribute('kernel_size')),
            countPadding: attribute('count_include_pad') !== false,
          },
          attribute,
        ),
  AdaptiveAvgPool: ({ attribute }) => (isOne(attribute('output_size')) ? ['globalAvgPool'] : null),
  AdaptiveMaxPool: ({ attribute }) => (isOne(attribute('output_size')) ? ['globalMaxPool'] : null),
  Flatten: ({ attribute }) =>
    attribute('start_dim') === 1 && attribute('end_dim') === -1 ? ['flatten'] : null,
  GELU: ({ attribute }) => [attribute('approximate') === 'tanh' ? 'geluTanh' : 'gelu'],
  ELU: ({ attribute }) => [{ elu: attribute('alpha') ?? 1 }],
  CELU: ({ attribute }) => [{ celu: attribute('alpha') ?? 1 }],
  LeakyReLU: ({ attribute }) => [{ leakyRelu: attribute('negative_slope') ?? 0.01 }],
  Softplus: ({ attribute }) => [{ softplus: attribute('beta') ?? 1 }],
  Hardtanh: ({ attribute }) => [{ hardtanh: [attribute('min_val') ?? -1, attribute('max_val') ?? 1] }],
  PReLU: ({ name }) => [{ prelu: name }],
  Softmax: ({ attribute }) => (isLast(attribute('dim')) ? ['softmax'] : null),
  LogSoftmax: ({ attribute }) => (isLast(attribute('dim')) ? ['logSoftmax'] : null),
  Dropout: () => ['dropout'],
  AlphaDropout: () => ['dropout'],
  FeatureAlphaDropout: () => ['dropout'],
  TransformerEncoderLayer: encoderLayer,
  Sequential: ({ children }) => {
    const all = children.map(layersOf);
    return all.every((layers) => layers !== null) ? all.flat() : null;
  },
};

function layersOf(module: TorchModule): Layers {
  if (!module.isOfTorch) return null;
  const word = words[module.kind];
  if (word !== undefined) return [word];
  const kind = module.kind.replace(/^NonDynamicallyQuantizable/, '').replace(/[123]d$/, '');
  return Object.hasOwn(readers, kind) ? (readers[kind]?.(module) ?? null) : null;
}

/** The known modules within one whose own code is not known. */
function proposed(module: TorchModule): readonly unknown[] {
  const known = layersOf(module);
  if (known !== null) return known;
  const { kind, name, isOfTorch, tensors, children } = module;
  if (isOfTorch && ['LSTM', 'GRU', 'RNN'].includes(kind)) return [{ [kind.toLowerCase()]: name }];
  if (children.length === 0) return [...tensors].length === 0 ? [] : [open];
  const [first = [], ...others] = children.map(proposed);
  const own = [...tensors.keys()].map((tensor) => ({ add: tensor }));
  return [...first, ...own, ...others.flat()];
}

/** Where two layers with weights follow each other, a function may stand that is no module. */
function withQuestions(layers: readonly unknown[]): readonly unknown[] {
  let isSpatial = false;
  return layers.flatMap((layer, index) => {
    const asks = index > 0 && isWeighted(layer) && isLinearMap(layers[index - 1]);
    const isDense = has(layer, 'linear');
    const flat = isSpatial && isDense ? ['flatten'] : [];
    isSpatial = isConvolution(layer) || (isSpatial && !isDense && layer !== 'flatten');
    return [...(asks ? [open] : []), ...flat, layer];
  });
}

function isWeighted(layer: unknown): boolean {
  return has(layer, 'linear') || isConvolution(layer);
}

/** What a function usually follows, unless one is registered there. */
function isLinearMap(layer: unknown): boolean {
  const bent = ['elu', 'celu', 'leakyRelu', 'softplus', 'hardtanh', 'prelu', 'maxPool', 'avgPool'];
  return typeof layer === 'object' && !bent.some((kind) => has(layer, kind));
}

function has(layer: unknown, kind: string): boolean {
  return typeof layer === 'object' && layer !== null && kind in layer;
}

function conv({ name, attribute }: TorchModule): Layers {
  const padding = attribute('padding');
  if (attribute('transposed') === true || attribute('padding_mode') !== 'zeros') return null;
  return [
    {
      conv: name,
      ...window(attribute),
      padding: padding === 'same' ? padding : padding === 'valid' ? 0 : sizes(padding),
    },
  ];
}

function window(attribute: TorchModule['attribute']): object {
  const [stride, dilation] = [sizes(attribute('stride')), sizes(attribute('dilation'))];
  return { stride, dilation, groups: attribute('groups') ?? 1 };
}

function pool(layer: object, attribute: TorchModule['attribute']): Layers {
  if (attribute('return_indices') === true) return null;
  return [
    {
      ...layer,
      stride: sizes(attribute('stride')),
      padding: sizes(attribute('padding')),
      ceil: attribute('ceil_mode') === true,
    },
  ];
}

function encoderLayer({ name, children, attribute }: TorchModule): Layers {
  const heads = children.find((child) => child.name.endsWith('self_attn'))?.attribute('num_heads');
  const chosen = attribute('activation');
  const called =
    chosen instanceof PickleGlobal
      ? chosen.name
      : chosen instanceof PickleObject
        ? chosen.of.name.toLowerCase()
        : '';
  if ((called !== 'relu' && called !== 'gelu') || typeof heads !== 'number') return null;
  const eps = children.find((child) => child.name.endsWith('norm1'))?.attribute('eps');
  return [
    {
      transformerEncoderLayer: name,
      heads,
      activation: called,
      normFirst: attribute('norm_first') === true,
      ...(typeof eps === 'number' ? { eps } : {}),
    },
  ];
}

function number(name: string, attribute: TorchModule['attribute']): object {
  const value = attribute(name);
  return typeof value === 'number' ? { [name]: value } : {};
}

/** One number, or one for each axis. */
function sizes(value: PickleValue | undefined): unknown {
  return value instanceof PickleTuple ? value.items : (value ?? undefined);
}

function isOne(value: PickleValue | undefined): boolean {
  return value === 1 || (value instanceof PickleTuple && value.items.every((size) => size === 1));
}

/** The last axis, or that of the classes behind the samples. */
function isLast(dim: PickleValue | undefined): boolean {
  return dim === -1 || dim === 1;
}

function firstConv(
  root: TorchModule,
): { readonly channels: number; readonly kernel: readonly unknown[] } | null {
  const { kind, isOfTorch, attribute, children, tensors } = root;
  if (isOfTorch && /^Conv[123]d$/.test(kind)) {
    const kernel = attribute('kernel_size');
    const channels = attribute('in_channels');
    return kernel instanceof PickleTuple && typeof channels === 'number'
      ? { channels, kernel: kernel.items }
      : null;
  }
  if (tensors.size > 0) return null;
  for (const child of children) {
    const found = firstConv(child);
    if (found !== null) return found;
    if (hasTensors(child)) return null;
  }
  return null;
}

function hasTensors({ tensors, children }: TorchModule): boolean {
  return tensors.size > 0 || children.some(hasTensors);
}
