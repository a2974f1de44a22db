import { quote } from '../../files/quote';
import type { LayerOf } from '../../report/architecture';
import { alongChannels, groupNormalised, type AddNode } from '../built/groupNorm';
import { shapeText, type BuildContext, type Flow } from './buildContext';

const usualEpsilon = 1e-5;

/** The tensor of a layer; at the root of a model it has no name in front. */
export function named(layer: string, tensor: string): string {
  return layer === '' ? tensor : `${layer}.${tensor}`;
}

/** Along the last axis: x Wᵀ + b, without b where the file has none. */
export function linear(c: BuildContext, x: Flow, weight: string, bias: string, scope: string): Flow {
  const { dims } = c.tensor(weight, 2);
  const [out = 0, into = 0] = dims;
  const features = x.dims.at(-1) ?? null;
  if (features === null && !c.isOpen)
    throw c.misfit(
      'gets what depends on the size of the samples, which "input" has to say, such as [1, 28, 28]',
    );
  if (features !== null && features !== into)
    throw c.misfit(
      `gets ${shapeText(x.dims)}, but its ${quote(weight)} is ${shapeText(dims)}, for ${String(into)} numbers`,
    );
  if (c.has(bias)) requireLength(c, bias, out);
  const own = c.parameter(weight);
  const added = c.has(bias) ? [c.parameter(bias)] : [];
  const outDims = [...x.dims.slice(0, -1), out];
  if (x.dims.length === 1)
    return { name: c.graph.add('Gemm', [x.name, own, ...added], { transB: 1 }, scope), dims: outDims };
  const turned = c.graph.add('Transpose', [own], { perm: [1, 0] }, scope);
  const product = c.graph.add('MatMul', [x.name, turned], {}, scope);
  const name = added.length === 0 ? product : c.graph.add('Add', [product, ...added], {}, scope);
  return { name, dims: outDims };
}

/** With the running statistics, as in evaluation. */
export function batchNorm(c: BuildContext, x: Flow, { batchNorm: own, eps }: LayerOf<'batchNorm'>): Flow {
  const [channels = null] = x.dims;
  const mean = named(own, 'running_mean');
  if (channels === null) throw c.misfit(`does not know the channels of ${shapeText(x.dims)}`);
  const [weight, bias, variance] = ['weight', 'bias', 'running_var'].map((name) => named(own, name));
  for (const name of [mean, variance, ...[weight, bias].filter((each) => c.has(each ?? ''))])
    requireLength(c, name ?? '', channels);
  const affine = (name: string, value: number): string =>
    c.has(name)
      ? c.parameter(name)
      : c.floats(
          name,
          [channels],
          Array.from({ length: channels }, () => value),
        );
  const inputs = [
    x.name,
    affine(weight ?? '', 1),
    affine(bias ?? '', 0),
    c.buffer(mean),
    c.buffer(variance ?? ''),
  ];
  const epsilon = { float: eps ?? usualEpsilon };
  return { ...x, name: c.graph.add('BatchNormalization', inputs, { epsilon }, own) };
}

/** Over as many of the last axes as its weight has. */
export function layerNorm(c: BuildContext, x: Flow, own: string, eps = usualEpsilon): Flow {
  const weight = named(own, 'weight');
  const bias = named(own, 'bias');
  const { dims } = c.tensor(weight);
  const behind = x.dims.slice(x.dims.length - dims.length);
  if (dims.length === 0 || shapeText(behind) !== shapeText(dims))
    throw c.misfit(`gets ${shapeText(x.dims)}, but its ${quote(weight)} is ${shapeText(dims)}`);
  const inputs = [x.name, c.parameter(weight), ...(c.has(bias) ? [c.parameter(bias)] : [])];
  const attributes = { axis: -dims.length, epsilon: { float: eps } };
  return { ...x, name: c.graph.add('LayerNormalization', inputs, attributes, own) };
}

/** Over each group of channels with all that lies behind them; scaled where the file has a scale. */
export function groupNorm(c: BuildContext, x: Flow, own: string, groups: number, eps = usualEpsilon): Flow {
  const { graph, type } = c;
  const [channels = null] = x.dims;
  if (channels === null || channels % groups !== 0)
    throw c.misfit(`gets ${shapeText(x.dims)}, whose channels are not ${String(groups)} equal groups`);
  const add: AddNode = (operator, inputs, attributes) => graph.add(operator, inputs, attributes, own);
  const normal = groupNormalised(graph, add, x.name, { groups, epsilon: eps, type });
  const name = [['Mul', 'weight'] as const, ['Add', 'bias'] as const].reduce((value, [operator, part]) => {
    const tensor = named(own, part);
    if (!c.has(tensor)) return value;
    requireLength(c, tensor, channels);
    return add(operator, [value, alongChannels(graph, add, c.parameter(tensor), x.dims.length - 1)]);
  }, normal);
  return { ...x, name };
}

/** @throws FailureError where a tensor is no vector of that length */
export function requireLength(c: BuildContext, name: string, length: number): void {
  const { dims } = c.tensor(name);
  if (dims.length !== 1 || dims[0] !== length)
    throw c.misfit(
      `wants ${quote(name)} with ${String(length)} numbers, but its shape is ${shapeText(dims)}`,
    );
}
