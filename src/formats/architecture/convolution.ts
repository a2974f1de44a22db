import { quote } from '../../files/quote';
import type { LayerOf } from '../../report/architecture';
import { shapeText, type BuildContext, type Flow } from './buildContext';
import { named, requireLength } from './dense';

/** Along each spatial axis. */
interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly ceil: boolean;
}

/** A convolution over as many axes as its weight has behind the channels. */
export function conv(c: BuildContext, x: Flow, layer: LayerOf<'conv'>): Flow {
  const weight = named(layer.conv, 'weight');
  const bias = named(layer.conv, 'bias');
  const { dims } = c.tensor(weight);
  const [out = 0, into = 0, ...kernel] = dims;
  const groups = layer.groups ?? 1;
  const [channels = null] = x.dims;
  if (kernel.length === 0 || channels !== into * groups || x.dims.length !== kernel.length + 1)
    throw c.misfit(misfitting(x, weight, dims, groups));
  if (out % groups !== 0) throw c.misfit(`has ${String(out)} channels in ${String(groups)} groups`);
  if (c.has(bias)) requireLength(c, bias, out);
  const each = (size: number | readonly number[] | undefined, usual: number): readonly number[] =>
    forAxes(c, size ?? usual, kernel.length);
  const dilation = each(layer.dilation, 1);
  const stride = each(layer.stride, 1);
  if (layer.padding === 'same' && stride.some((step) => step !== 1))
    throw c.misfit('has the padding "same", which is for a stride of 1');
  const total = kernel.map((size, i) => (dilation[i] ?? 1) * (size - 1));
  const before =
    layer.padding === 'same' ? total.map((size) => Math.floor(size / 2)) : each(layer.padding, 0);
  const after = layer.padding === 'same' ? total.map((size, i) => size - (before[i] ?? 0)) : before;
  const window = { kernel, stride, dilation, before, after, ceil: false };
  const inputs = [x.name, c.parameter(weight), ...(c.has(bias) ? [c.parameter(bias)] : [])];
  const attributes = { ...windowAttributes(window), dilations: dilation, group: groups };
  return {
    name: c.graph.add('Conv', inputs, attributes, layer.conv),
    dims: [out, ...slide(c, x, window)],
  };
}

/** The transposed product of a convolution, whose weight has the input's channels first. */
export function convTranspose(c: BuildContext, x: Flow, layer: LayerOf<'convTranspose'>): Flow {
  const own = layer.convTranspose;
  const [weight, bias] = [named(own, 'weight'), named(own, 'bias')];
  const { dims } = c.tensor(weight);
  const [into = 0, each = 0, ...kernel] = dims;
  const groups = layer.groups ?? 1;
  const out = each * groups;
  if (kernel.length === 0 || x.dims[0] !== into || x.dims.length !== kernel.length + 1 || into % groups !== 0)
    throw c.misfit(misfitting(x, weight, dims, groups));
  if (c.has(bias)) requireLength(c, bias, out);
  const along = (size: number | readonly number[] | undefined, usual: number): readonly number[] =>
    forAxes(c, size ?? usual, kernel.length);
  const [stride, dilation] = [along(layer.stride, 1), along(layer.dilation, 1)];
  const [padding, more] = [along(layer.padding, 0), along(layer.outputPadding, 0)];
  const places = kernel.map((size, i) => {
    const [step = 1, reach = 1, added = 0] = [stride[i], dilation[i], more[i]];
    if (added >= Math.max(step, reach))
      throw c.misfit('has an "outputPadding" that is not less than its stride or dilation');
    const length = x.dims[i + 1] ?? null;
    const made =
      length === null ? null : (length - 1) * step - 2 * (padding[i] ?? 0) + reach * (size - 1) + added + 1;
    if (made !== null && made < 1) throw c.misfit(`pads ${shapeText(x.dims)} until nothing is left`);
    return made;
  });
  const inputs = [x.name, c.parameter(weight), ...(c.has(bias) ? [c.parameter(bias)] : [])];
  const attributes = {
    ...{ kernel_shape: kernel, strides: stride, dilations: dilation, group: groups },
    ...{ pads: [...padding, ...padding], output_padding: more },
  };
  return { name: c.graph.add('ConvTranspose', inputs, attributes, own), dims: [out, ...places] };
}

function misfitting(x: Flow, weight: string, dims: readonly number[], groups: number): string {
  const inGroups = groups === 1 ? '' : ` in ${String(groups)} groups`;
  return `gets ${shapeText(x.dims)}, but its ${quote(weight)} is ${shapeText(dims)}${inGroups}`;
}

/** The largest of each window. */
export function maxPool(c: BuildContext, x: Flow, layer: LayerOf<'maxPool'>): Flow {
  const window = poolWindow(c, x, layer.maxPool, layer);
  const attributes = {
    ...windowAttributes(window),
    dilations: window.dilation,
    ceil_mode: Number(window.ceil),
  };
  return { name: c.graph.add('MaxPool', [x.name], attributes), dims: pooled(c, x, window) };
}

/** The mean of each window; zeros of the padding count, as in PyTorch, unless said otherwise. */
export function avgPool(c: BuildContext, x: Flow, layer: LayerOf<'avgPool'>): Flow {
  const window = poolWindow(c, x, layer.avgPool, layer);
  const attributes = {
    ...windowAttributes(window),
    ceil_mode: Number(window.ceil),
    count_include_pad: Number(layer.countPadding ?? true),
  };
  return { name: c.graph.add('AveragePool', [x.name], attributes), dims: pooled(c, x, window) };
}

function poolWindow(
  c: BuildContext,
  x: Flow,
  size: number | readonly number[],
  layer: Pick<LayerOf<'maxPool'>, 'stride' | 'padding' | 'ceil' | 'dilation'>,
): Window {
  const rank = x.dims.length - 1;
  if (rank < 1) throw c.misfit(`pools ${shapeText(x.dims)}, which has no axes beside its channels`);
  const kernel = forAxes(c, size, rank);
  const padding = forAxes(c, layer.padding ?? 0, rank);
  if (padding.some((each, i) => 2 * each > (kernel[i] ?? 0)))
    throw c.misfit('pads by more than half of its window');
  return {
    kernel,
    stride: forAxes(c, layer.stride ?? kernel, rank),
    dilation: forAxes(c, layer.dilation ?? 1, rank),
    before: padding,
    after: padding,
    ceil: layer.ceil === true,
  };
}

function pooled(c: BuildContext, x: Flow, window: Window): readonly (number | null)[] {
  return [x.dims[0] ?? null, ...slide(c, x, window)];
}

function windowAttributes({ kernel, stride, before, after }: Window) {
  return { kernel_shape: kernel, strides: stride, pads: [...before, ...after] };
}

/** How often the window fits along each axis. */
function slide(c: BuildContext, x: Flow, window: Window): readonly (number | null)[] {
  const { kernel, stride, dilation, before, after, ceil } = window;
  return kernel.map((size, i) => {
    const length = x.dims[i + 1] ?? null;
    if (length === null) return null;
    const padded = length + (before[i] ?? 0) + (after[i] ?? 0);
    const step = stride[i] ?? 1;
    const room = padded - (dilation[i] ?? 1) * (size - 1) - 1;
    if (room < 0)
      throw c.misfit(`has a window of ${shapeText(kernel)}, which is larger than ${shapeText(x.dims)}`);
    const whole = Math.floor(room / step) + 1;
    // A last window that is cut begins within the samples or the padding before them.
    const begins = whole * step < length + (before[i] ?? 0);
    return ceil && room % step !== 0 && begins ? whole + 1 : whole;
  });
}

function forAxes(c: BuildContext, size: number | readonly number[], rank: number): readonly number[] {
  if (typeof size === 'number') return Array.from({ length: rank }, () => size);
  if (size.length !== rank) throw c.misfit(`gives ${shapeText(size)} for ${String(rank)} axes`);
  return size;
}
