import { Config, isRecord } from '../config';
import type { LayerCall } from '../layerCall';
import type { Value } from '../value';
import { activation } from './activations';

/** x W + b along the last axis. */
export function dense(call: LayerCall): Value {
  const { config, input } = call;
  const [units = 0] = config.sizes('units', 1);
  const kernel = call.weight('kernel', [input.dims.at(-1) ?? null, units]);
  const product = call.add('MatMul', [input.name, kernel]);
  const sum = config.flag('use_bias', true)
    ? call.add('Add', [product, call.weight('bias', [units])])
    : product;
  return activation(call, call.result(sum, [...input.dims.slice(0, -1), units]));
}

/** A product along the axes that an equation names. */
export function einsumDense(call: LayerCall): Value {
  const { config, input } = call;
  const equation = config.text('equation').replace(/\s/g, '');
  const [, left = '', right = '', result = ''] = /^([a-z]+),([a-z]+)->([a-z]+)$/.exec(equation) ?? [];
  if (left.length !== input.dims.length)
    throw call.unsupported(
      `has the equation ${JSON.stringify(equation)} for ${input.dims.length} axes, which is not read here; write it with a letter for every axis`,
    );
  const ofInput = (letter: string): number | null => input.dims[left.indexOf(letter)] ?? null;
  const ofResult = (letter: string): number | null => {
    const said: unknown = [config.value('output_shape')].flat()[result.indexOf(letter) - 1];
    return typeof said === 'number' ? said : null;
  };
  const size = (letter: string): number | null => ofInput(letter) ?? ofResult(letter);
  const dims = Array.from(result).map((letter, axis) => (axis === 0 ? null : size(letter)));
  const kernel = call.weight('kernel', Array.from(right).map(size));
  const product = call.add('Einsum', [input.name, kernel], { equation });
  const axes = config.value('bias_axes');
  if (typeof axes !== 'string') return activation(call, call.result(product, dims));
  // Ones behind the first of its axes that it does not have: it is added to the last axes of the result.
  const first = Math.min(...Array.from(axes).map((letter) => result.indexOf(letter)));
  const shape = Array.from(result)
    .slice(Math.max(first, 0))
    .map((letter) => (axes.includes(letter) ? size(letter) : 1));
  const sum = call.add('Add', [product, call.weight('bias', shape)]);
  return activation(call, call.result(sum, dims));
}

/** The rows of a table that whole numbers name. */
export function embedding(call: LayerCall): Value {
  const { config, input, network } = call;
  const [rows = 1] = config.sizes('input_dim', 1);
  const [width = 1] = config.sizes('output_dim', 1);
  const table = call.weight('embeddings', [rows, width]);
  // 7: int64. What is an index already stays as it is.
  const indices = network.indices.has(input.name) ? input.name : call.add('Cast', [input.name], { to: 7 });
  const value = call.result(call.add('Gather', [table, indices], { axis: 0 }), [...input.dims, width]);
  if (config.flag('mask_zero', false)) {
    const zero = network.builder.integers([0]);
    network.masked.set(value, call.add('Not', [call.add('Equal', [indices, zero])]));
  }
  return value;
}

/** A layer put on every step by itself: the steps become samples. */
export function timeDistributed(call: LayerCall): Value {
  const { config, input, network } = call;
  const entry = config.value('layer');
  if (!isRecord(entry)) throw call.damaged('has no layer within');
  const inner = new Config(entry['config'], call.subject);
  const sizes = input.dims.slice(2).map((_, axis) => call.size(axis + 2));
  const steps = call.size(1);
  const { builder } = network;
  const merged = call.add('Reshape', [input.name, builder.integers([-1, ...sizes])]);
  const within = call.within('layer', inner.text('name'), inner, String(entry['class_name']));
  const [value] = network.run(within.on([call.result(merged, [null, ...sizes])]));
  if (value === undefined) throw call.damaged('has a layer within that makes nothing');
  const after = value.dims.slice(1).map((_, axis) => call.size(axis + 1, value));
  const split = call.add('Reshape', [value.name, builder.integers([-1, steps, ...after])]);
  return call.result(split, [null, steps, ...after]);
}
