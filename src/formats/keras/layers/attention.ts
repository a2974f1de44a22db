import { isRecord } from '../config';
import type { LayerCall, StoredTensor } from '../layerCall';
import type { Value } from '../value';
import { excluded } from './activations';

/** Queries that look for keys in several heads, whose values they take on average. */
export function multiHeadAttention(call: LayerCall): readonly Value[] {
  const { config, network, named } = call;
  const query = call.inputs[0] ?? named.get('query');
  const value = call.inputs[1] ?? named.get('value');
  if (query === undefined || value === undefined) throw call.damaged('has no query or no value');
  const key = call.inputs[2] ?? named.get('key') ?? value;
  const axes: readonly unknown[] = [config.value('attention_axes') ?? 1].flat();
  if ([query, value, key].some(({ dims }) => dims.length !== 3) || axes.length !== 1 || axes[0] !== 1)
    throw refused(call, 'attends along other axes than those of sequences');
  if (config.value('sliding_window') !== undefined || config.flag('use_gate', false))
    throw refused(call, 'looks through a window or a gate');
  if (
    ['query_mask', 'value_mask', 'key_mask', 'attention_mask'].some(
      (name) => isRecord(call.flags.get(name)) && !named.has(name),
    )
  )
    throw refused(call, 'takes a mask that is no tensor of the model');
  const [heads = 1] = config.sizes('num_heads', 1);
  const [keySize = 1] = config.sizes('key_dim', 1);
  const [valueSize = 1] = config.sizes('value_dim', 1, [keySize]);
  const projected = (
    attribute: string,
    name: string,
    of: Value,
    size: number,
    perm: readonly number[],
  ): string => {
    const part = call.within(`${attribute}_dense`, name);
    const flat = ({ dims, data }: StoredTensor): StoredTensor => ({
      dims: [...dims.slice(0, -2), heads * size],
      data,
    });
    const product = part.add('MatMul', [
      of.name,
      part.weight('kernel', [call.size(-1, of), heads, size], flat),
    ]);
    const sum = config.flag('use_bias', true)
      ? part.add('Add', [product, part.weight('bias', [heads, size], flat)])
      : product;
    const split = part.add('Reshape', [sum, network.builder.integers([0, 0, heads, size])]);
    return part.add('Transpose', [split], { perm });
  };
  const queries = projected('query', 'query', query, keySize, [0, 2, 1, 3]);
  const keys = projected('key', 'key', key, keySize, [0, 2, 3, 1]);
  const values = projected('value', 'value', value, valueSize, [0, 2, 1, 3]);
  const scaled = call.add('Mul', [queries, call.constant(1 / Math.sqrt(keySize))]);
  const scores = call.add('MatMul', [scaled, keys]);
  const masks = masksOf(call, query, value, key);
  const masked = (of: string, otherwise: number): string =>
    masks.reduce((left, mask) => call.add('Where', [mask, left, call.constant(otherwise)]), of);
  const isScored = call.flags.get('return_attention_scores') === true;
  const even = call.add('Softmax', [masked(scores, excluded)], { axis: -1 });
  // Where nothing counts, the shares are 0 on the way that Keras takes with scores or a dropout, and even on its fast one.
  const shares = isScored || config.number('dropout', 0) > 0 ? masked(even, 0) : even;
  const taken = call.add('MatMul', [shares, values]);
  const joined = call.add('Reshape', [
    call.add('Transpose', [taken], { perm: [0, 2, 1, 3] }),
    network.builder.integers([0, 0, heads * valueSize]),
  ]);
  const said = config.value('output_shape');
  const width = said === undefined ? call.size(-1, query) : Number(Array.isArray(said) ? said[0] : said);
  if (!Number.isSafeInteger(width) || width < 1 || (Array.isArray(said) && said.length !== 1))
    throw refused(call, `has the output shape ${JSON.stringify(said)}`);
  const output = call.within('output_dense', 'attention_output');
  const kernel = output.weight('kernel', [heads, valueSize, width], ({ data }) => ({
    dims: [heads * valueSize, width],
    data,
  }));
  const product = output.add('MatMul', [joined, kernel]);
  const sum = config.flag('use_bias', true)
    ? output.add('Add', [product, output.weight('bias', [width])])
    : product;
  const steps = query.dims[1] ?? null;
  const result = call.result(sum, [null, steps, width]);
  const mask = network.masked.get(query);
  if (mask !== undefined) network.masked.set(result, mask);
  return isScored ? [result, call.result(shares, [null, heads, steps, key.dims[1] ?? null])] : [result];
}

/** What of the scores counts, N × heads × queries × keys or with ones for some of them. */
function masksOf(call: LayerCall, query: Value, value: Value, key: Value): readonly string[] {
  const { named, network } = call;
  const raised = (mask: string, axes: readonly number[]): string =>
    call.add('Unsqueeze', [mask, network.builder.integers(axes)]);
  const of = (name: string, tensor: Value): readonly string[] => {
    const given = named.get(name);
    const mask = given === undefined ? network.masked.get(tensor) : call.asMask(given);
    return mask === undefined ? [] : [mask];
  };
  const given = named.get('attention_mask');
  return [
    ...of('query_mask', query).map((mask) => raised(mask, [1, 3])),
    ...of('value_mask', value).map((mask) => raised(mask, [1, 2])),
    ...(key === value ? [] : of('key_mask', key)).map((mask) => raised(mask, [1, 2])),
    ...(call.flags.get('use_causal_mask') === true ? [causal(call, query, key)] : []),
    ...(given === undefined ? [] : [raised(call.asMask(given), given.dims.length === 4 ? [] : [1])]),
  ];
}

function refused(call: LayerCall, what: string): Error {
  return call.unsupported(
    `${what}, which is not read here; load the model in Keras, call model.export("model.onnx", format="onnx") and analyse that file`,
  );
}

/** What does not come later. */
function causal(call: LayerCall, query: Value, key: Value): string {
  const [rows, columns] = [call.size(1, query), call.size(1, key)];
  if (rows * columns > 2 ** 24) throw refused(call, `has a causal mask of ${rows} by ${columns}`);
  const data = Uint8Array.from({ length: rows * columns }, (_, at) =>
    Number(at % columns <= Math.floor(at / columns)),
  );
  return call.network.builder.constant(`${call.layer.name}/causal_mask`, {
    type: 'bool',
    dims: [rows, columns],
    data,
  });
}
