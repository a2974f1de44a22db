import type { LayerCall } from '../layerCall';
import type { Sizes, Value } from '../value';
import { imageOf } from './images';

type Row = (call: LayerCall) => Value;

/** A layer that does something in training only. */
export function nothing(call: LayerCall): Value {
  return call.input;
}

/** Zeros for the steps that hold a certain number only, which do not count from there on. */
export function masking(call: LayerCall): Value {
  const { input, config, network } = call;
  const unlike = call.add('Not', [
    call.add('Equal', [input.name, call.constant(config.number('mask_value', 0))]),
  ]);
  // TensorProto's numbers of the types.
  const to = network.type === 'float32' ? 1 : 11;
  const last = network.builder.integers([-1]);
  const counts = call.add('ReduceMax', [call.add('Cast', [unlike], { to }), last], { keepdims: 1 });
  const value = call.result(call.add('Mul', [input.name, counts]), input.dims);
  network.masked.set(value, call.add('Cast', [call.add('Squeeze', [counts, last])], { to: 9 }));
  return value;
}

/** How many numbers there are along several axes; null where one is open. */
function sizeOf(sizes: Sizes): number | null {
  return sizes.reduce<number | null>(
    (product, each) => (product === null || each === null ? null : product * each),
    1,
  );
}

/** All axes but the samples' in one, channels last. */
export function flatten(call: LayerCall): Value {
  const { input, config, network } = call;
  const rank = input.dims.length;
  const isFirst = rank > 2 && config.text('data_format', 'channels_last') === 'channels_first';
  const perm = [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];
  const ordered = isFirst ? call.add('Transpose', [input.name], { perm }) : input.name;
  const size = sizeOf(input.dims.slice(1));
  return call.result(call.add('Reshape', [ordered, network.builder.integers([0, size ?? -1])]), [null, size]);
}

/** The numbers of every sample in another shape. */
export function reshape(call: LayerCall): Value {
  const { config, input, network } = call;
  const target = config.list('target_shape').map(Number);
  if (!target.every((size) => Number.isSafeInteger(size) && (size > 0 || size === -1)))
    throw call.damaged(`has the target shape [${target.join(', ')}]`);
  const whole = sizeOf(input.dims.slice(1));
  const rest = target.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
  const open = whole === null ? null : whole / rest;
  const fits = open === null || (target.includes(-1) ? Number.isInteger(open) : open === 1);
  if (!fits) throw call.damaged(`cannot make [${target.join(', ')}] of [${input.dims.slice(1).join(', ')}]`);
  const dims = target.map((size) => (size === -1 ? open : size));
  const shape = network.builder.integers([0, ...dims.map((size) => size ?? -1)]);
  return call.result(call.add('Reshape', [input.name, shape]), [null, ...dims]);
}

/** The axes in another order, the first of a sample counting from 1. */
export function permute(call: LayerCall): Value {
  const { input } = call;
  const perm = [0, ...call.config.list('dims').map(Number)];
  const isOrder = perm.length === input.dims.length && input.dims.every((_, axis) => perm.includes(axis));
  if (!isOrder) throw call.damaged(`has the order of axes [${perm.slice(1).join(', ')}]`);
  return call.result(
    call.add('Transpose', [input.name], { perm }),
    perm.map((axis) => input.dims[axis] ?? null),
  );
}

/** Every sample several times, along a new axis. */
export function repeatVector(call: LayerCall): Value {
  call.requireRank(2);
  const { builder } = call.network;
  const [times = 1] = call.config.sizes('n', 1);
  const one = call.add('Unsqueeze', [call.input.name, builder.integers([1])]);
  return call.result(call.add('Tile', [one, builder.integers([1, times, 1])]), [
    null,
    times,
    call.input.dims[1] ?? null,
  ]);
}

/** How far ends reach along every axis of places: a number, one for every axis, or two. */
function ends(call: LayerCall, key: string, rank: number): readonly (readonly [number, number])[] {
  const said = call.config.value(key);
  // Of sequences the two ends stand by themselves.
  const list: readonly unknown[] =
    typeof said === 'number'
      ? Array.from({ length: rank }, () => said)
      : rank === 1
        ? [said]
        : Array.isArray(said)
          ? said
          : [];
  const pairs = list.map((each): readonly [number, number] => {
    const [before, after] = (Array.isArray(each) ? each : [each, each]).map(Number);
    return [before ?? NaN, after ?? NaN];
  });
  const isWhole = pairs.flat().every((each) => Number.isSafeInteger(each) && each >= 0);
  if (pairs.length !== rank || !isWhole) throw call.damaged(`has the ${key} ${JSON.stringify(said)}`);
  return pairs;
}

/** Zeros around the places. */
export function zeroPadding(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const pairs = ends(call, 'padding', rank);
    const pads = [0, 0, ...pairs.map(([before]) => before), 0, 0, ...pairs.map(([, after]) => after)];
    const padded = call.add('Pad', [image.name, call.network.builder.integers(pads)]);
    return image.result(
      padded,
      image.channels,
      image.places.map((size, axis) => added(size, pairs[axis], 1)),
    );
  };
}

/** The places without those at the ends. */
export function cropping(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const pairs = ends(call, 'cropping', rank);
    const places = image.places.map((size, axis) => added(size, pairs[axis], -1));
    if (places.some((size) => size !== null && size < 1)) throw call.damaged('crops all of its input');
    const { builder } = call.network;
    const cropped = call.add('Slice', [
      image.name,
      builder.integers(pairs.map(([before]) => before)),
      builder.integers(pairs.map(([, after]) => (after === 0 ? 2 ** 31 - 1 : -after))),
      builder.integers(pairs.map((_, axis) => axis + 2)),
    ]);
    return image.result(cropped, image.channels, places);
  };
}

function added(
  size: number | null,
  pair: readonly [number, number] | undefined,
  sign: number,
): number | null {
  const [before, after] = pair ?? [0, 0];
  return size === null ? null : size + sign * (before + after);
}
