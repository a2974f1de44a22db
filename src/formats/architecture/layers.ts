import { kindOf, type Layer, type LayerKind, type LayerOf, type PlainLayer } from '../../report/architecture';
import { quote } from '../../files/quote';
import { activations, celu, clip, elu, leakyRelu, softplus } from './activations';
import { attention, transformerEncoderLayer } from './attention';
import { avgPool, conv, convTranspose, maxPool } from './convolution';
import { shapeText, type BuildContext, type Flow } from './buildContext';
import { recurrent } from './recurrent';
import { countOf } from '../weights/weights';
import { batchNorm, groupNorm, layerNorm, linear, named } from './dense';
import { alongChannels, type AddNode } from '../built/groupNorm';

/** Adds one layer to the graph. @param place the number of the layer, as "3", or "3.1" in a residual block */
export type BuildLayer<Of> = (context: BuildContext, x: Flow, layer: Of, place: string) => Flow;

/** How each kind of layer is built. */
const kinds: { readonly [Kind in LayerKind]: BuildLayer<LayerOf<Kind>> } = {
  linear: (c, x, layer) =>
    linear(c, x, layer.weight ?? named(layer.linear, 'weight'), named(layer.linear, 'bias'), layer.linear),
  conv,
  convTranspose,
  batchNorm,
  layerNorm: (c, x, layer) => layerNorm(c, x, layer.layerNorm, layer.eps),
  groupNorm: (c, x, layer) => groupNorm(c, x, layer.groupNorm, layer.groups, layer.eps),
  instanceNorm: (c, x, layer) => {
    const [channels = null, ...inner] = x.dims;
    if (inner.length === 0 || channels === null)
      throw c.misfit(`gets ${shapeText(x.dims)}, and needs channels and axes beside them`);
    return groupNorm(c, x, layer.instanceNorm, channels, layer.eps);
  },
  embedding,
  positions,
  add,
  prelu,
  lstm: (c, x, { lstm }) => recurrent(c, x, lstm, 'LSTM'),
  gru: (c, x, { gru }) => recurrent(c, x, gru, 'GRU'),
  rnn: (c, x, { rnn, activation }) => recurrent(c, x, rnn, 'RNN', activation),
  attention: (c, x, layer) => attention(c, x, layer.attention, layer.causal === true, ''),
  transformerEncoderLayer: (c, x, layer) =>
    transformerEncoderLayer(c, x, layer, (context, flow, word) => plain(context, flow, word, '')),
  maxPool,
  avgPool,
  reshape: (c, x, layer) => {
    const { reshape: dims } = layer;
    const before = x.dims.some((size) => size === null) ? null : countOf(x.dims.map(Number));
    if (before !== null && before !== countOf(dims))
      throw c.misfit(`makes ${shapeText(dims)} of ${shapeText(x.dims)}, which are not as many numbers`);
    return { name: c.graph.add('Reshape', [x.name, c.graph.integers([0, ...dims])]), dims };
  },
  elu: (c, x, layer) => ({ ...x, name: elu(c, x.name, layer.elu, '') }),
  celu: (c, x, layer) => ({ ...x, name: celu(c, x.name, layer.celu, '') }),
  leakyRelu: (c, x, layer) => ({ ...x, name: leakyRelu(c, x.name, layer.leakyRelu, '') }),
  softplus: (c, x, layer) => ({ ...x, name: softplus(c, x.name, layer.softplus, '') }),
  hardtanh: (c, x, layer) => ({ ...x, name: clip(c, x.name, layer.hardtanh, '') }),
  residual: (c, x, { residual, shortcut = [] }, place) => {
    const sum = buildLayers(c, x, residual, place);
    const other = buildLayers(c, x, shortcut, place);
    c.layer = `layer ${place} (residual)`;
    if (shapeText(sum.dims) !== shapeText(other.dims))
      throw c.misfit(`adds ${shapeText(sum.dims)} to ${shapeText(other.dims)}`);
    return { name: c.graph.add('Add', [other.name, sum.name]), dims: sum.dims };
  },
};

/** Adds layers one after another. @param within the number of the layer that they are in, or '' */
export function buildLayers(c: BuildContext, x: Flow, layers: readonly Layer[], within = ''): Flow {
  let flow = x;
  for (const [index, layer] of layers.entries()) {
    const place = within === '' ? String(index + 1) : `${within}.${String(index + 1)}`;
    c.layer = `layer ${place} (${describe(layer)})`;
    flow = typeof layer === 'string' ? plain(c, flow, layer, '') : build(c, flow, layer, place);
  }
  return flow;
}

function build(c: BuildContext, x: Flow, layer: Exclude<Layer, string>, place: string): Flow {
  const kind = kindOf(layer);
  if (kind === null) throw c.misfit('is of no kind');
  // The kind tells the type, which the compiler cannot follow through the table.
  return (kinds[kind] as BuildLayer<unknown>)(c, x, layer, place);
}

function describe(layer: Layer): string {
  if (typeof layer === 'string') return layer;
  const [kind = '', of] = Object.entries(layer)[0] ?? [];
  return typeof of === 'string' ? `${kind} ${quote(of)}` : kind;
}

function plain(c: BuildContext, x: Flow, word: PlainLayer, scope: string): Flow {
  const activation = activations[word];
  if (activation !== undefined) return { ...x, name: activation(c, x.name, scope) };
  const { graph } = c;
  const [first = null, ...rest] = x.dims;
  switch (word) {
    case 'flatten': {
      if (x.dims.length === 1) return x;
      const total = x.dims.some((size) => size === null) ? null : countOf(x.dims.map(Number));
      return { name: graph.add('Flatten', [x.name], { axis: 1 }, scope), dims: [total] };
    }
    case 'softmax':
    case 'logSoftmax':
      return {
        ...x,
        name: graph.add(word === 'softmax' ? 'Softmax' : 'LogSoftmax', [x.name], { axis: -1 }, scope),
      };
    case 'globalAvgPool':
    case 'globalMaxPool': {
      if (rest.length === 0)
        throw c.misfit(`pools ${shapeText(x.dims)}, which has no axes beside its channels`);
      const operator = word === 'globalAvgPool' ? 'GlobalAveragePool' : 'GlobalMaxPool';
      return { name: graph.add(operator, [x.name], {}, scope), dims: [first, ...rest.map(() => 1)] };
    }
    case 'last':
    case 'mean': {
      if (rest.length === 0) throw c.misfit(`needs a sequence, but gets ${shapeText(x.dims)}`);
      const index = { type: 'int64', dims: [], data: BigInt64Array.of(-1n) } as const;
      const name =
        word === 'last'
          ? graph.add('Gather', [x.name, graph.constant('last', index)], { axis: 1 }, scope)
          : graph.add('ReduceMean', [x.name, graph.integers([1])], { keepdims: 0 }, scope);
      return { name, dims: rest };
    }
    default:
      // dropout, identity
      return x;
  }
}

/** Rows of a table; a padding row is left alone by training. */
function embedding(c: BuildContext, x: Flow, { embedding: own, padding }: LayerOf<'embedding'>): Flow {
  const name = named(own, 'weight');
  const [rows = 0, width = 0] = c.tensor(name, 2).dims;
  if (x.name !== c.indices) throw c.misfit('looks up what the samples hold, and must be the first layer');
  const table = c.parameter(name);
  if (padding !== undefined) {
    if (padding >= rows)
      throw c.misfit(`pads with row ${String(padding)}, but ${quote(name)} has ${String(rows)} rows`);
    c.paddingRows.set(table, padding);
  }
  return { name: c.graph.add('Gather', [table, x.name], { axis: 0 }, own), dims: [...x.dims, width] };
}

/** Adds the first rows of a table, one to each place of a sequence. */
function positions(c: BuildContext, x: Flow, { positions: own }: LayerOf<'positions'>): Flow {
  const name = named(own, 'weight');
  const [rows = 0, width = 0] = c.tensor(name, 2).dims;
  const [length = null, features = null] = x.dims;
  if (length === null)
    throw c.misfit('adds a row to each place, and needs the length of a sample as "input"');
  if (x.dims.length !== 2 || features !== width || length > rows)
    throw c.misfit(`adds rows of ${quote(name)} ${shapeText([rows, width])} to ${shapeText(x.dims)}`);
  const table = c.parameter(name);
  const { graph } = c;
  const first =
    length === rows
      ? table
      : graph.add('Slice', [table, graph.integers([0]), graph.integers([length])], {}, own);
  return { name: graph.add('Add', [x.name, first], {}, own), dims: x.dims };
}

/** Adds a tensor to every sample. */
function add(c: BuildContext, x: Flow, { add: name }: LayerOf<'add'>): Flow {
  const { dims } = c.tensor(name);
  const own = dims.length === x.dims.length + 1 && dims[0] === 1 ? dims.slice(1) : dims;
  const behind = x.dims.slice(x.dims.length - own.length);
  const fits = own.length <= x.dims.length && own.every((size, i) => size === 1 || size === behind[i]);
  if (!fits) throw c.misfit(`adds ${quote(name)} ${shapeText(dims)} to ${shapeText(x.dims)}`);
  return { name: c.graph.add('Add', [x.name, c.parameter(name)]), dims: x.dims };
}

function prelu(c: BuildContext, x: Flow, { prelu: own }: LayerOf<'prelu'>): Flow {
  const name = named(own, 'weight');
  const [count = 0] = c.tensor(name, 1).dims;
  if (count !== 1 && count !== x.dims[0])
    throw c.misfit(`has ${String(count)} slopes in ${quote(name)}, but gets ${shapeText(x.dims)}`);
  const slope = c.parameter(name);
  const add: AddNode = (operator, inputs) => c.graph.add(operator, inputs, {}, own);
  const wide = alongChannels(c.graph, add, slope, count === 1 ? 0 : x.dims.length - 1);
  return { ...x, name: c.graph.add('PRelu', [x.name, wide], {}, own) };
}
