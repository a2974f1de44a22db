import { transposed, type LayerCall, type StoredTensor } from '../layerCall';
import type { Value } from '../value';
import { activation } from './activations';
import { imageOf, windowAttributes, windowPlaces, type Window } from './images';

type Row = (call: LayerCall) => Value;

function windowOf({ config }: LayerCall, rank: number): Window {
  const ones = Array.from({ length: rank }, () => 1);
  return {
    sizes: config.sizes('kernel_size', rank),
    strides: config.sizes('strides', rank, ones),
    dilations: config.sizes('dilation_rate', rank, ones),
    padding: config.text('padding', 'valid'),
  };
}

/** A bias, where the layer has one, as an operator's last input. */
function biasOf(call: LayerCall, size: number): readonly string[] {
  return call.config.flag('use_bias', true) ? [call.weight('bias', [size])] : [];
}

/** [places…, in, out] as ONNX has it: [out, in, places…]. */
const outInPlaces = (rank: number): ((tensor: StoredTensor) => StoredTensor) =>
  transposed([rank + 1, rank, ...Array.from({ length: rank }, (_, axis) => axis)]);

/** [places…, in, multiplier] as ONNX has it: [in · multiplier, 1, places…]. */
const depthwiseKernel =
  (rank: number) =>
  (tensor: StoredTensor): StoredTensor => {
    const { dims, data } = transposed([rank, rank + 1, ...Array.from({ length: rank }, (_, axis) => axis)])(
      tensor,
    );
    const [channels = 1, multiplier = 1, ...places] = dims;
    return { dims: [channels * multiplier, 1, ...places], data };
  };

/** Conv1D, Conv2D, Conv3D. */
export function convolution(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const window = windowOf(call, rank);
    const [filters = 1] = call.config.sizes('filters', 1);
    const [groups = 1] = call.config.sizes('groups', 1, [1]);
    if (image.channels % groups !== 0 || filters % groups !== 0)
      throw call.damaged(`cannot have ${groups} groups of ${image.channels} channels`);
    const kernel = call.weight(
      'kernel',
      [...window.sizes, image.channels / groups, filters],
      outInPlaces(rank),
    );
    const product = call.add('Conv', [image.name, kernel, ...biasOf(call, filters)], {
      ...windowAttributes(call, window),
      group: groups,
    });
    return activation(call, image.result(product, filters, windowPlaces(call, image.places, window)));
  };
}

/** DepthwiseConv1D and 2D: every channel by itself. */
export function depthwise(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const window = windowOf(call, rank);
    const [multiplier = 1] = call.config.sizes('depth_multiplier', 1, [1]);
    const channels = image.channels * multiplier;
    // Keras 2's name.
    const name = call.network.keras === 3 ? 'kernel' : 'depthwise_kernel';
    const kernel = call.weight(name, [...window.sizes, image.channels, multiplier], depthwiseKernel(rank));
    const product = call.add('Conv', [image.name, kernel, ...biasOf(call, channels)], {
      ...windowAttributes(call, window),
      group: image.channels,
    });
    return activation(call, image.result(product, channels, windowPlaces(call, image.places, window)));
  };
}

/** SeparableConv1D and 2D: every channel by itself, then all channels at every place. */
export function separable(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const window = windowOf(call, rank);
    const [multiplier = 1] = call.config.sizes('depth_multiplier', 1, [1]);
    const [filters = 1] = call.config.sizes('filters', 1);
    const kernel = call.weight(
      'depthwise_kernel',
      [...window.sizes, image.channels, multiplier],
      depthwiseKernel(rank),
    );
    const channels = image.channels * multiplier;
    const ones = window.sizes.map(() => 1);
    const mixing = call.weight('pointwise_kernel', [...ones, channels, filters], outInPlaces(rank));
    const own = call.add('Conv', [image.name, kernel], {
      ...windowAttributes(call, window),
      group: image.channels,
    });
    const product = call.add('Conv', [own, mixing, ...biasOf(call, filters)], { kernel_shape: ones });
    return activation(call, image.result(product, filters, windowPlaces(call, image.places, window)));
  };
}

/**
 * Conv1DTranspose, 2D and 3D: the transposed product of the convolution that would make the input of the output. Of n places
 * it makes n · stride where the padding is "same", else as many as its windows reach, or stride − reach more.
 */
export function transposedConvolution(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const window = windowOf(call, rank);
    const { strides, dilations, padding } = window;
    const [filters = 1] = call.config.sizes('filters', 1);
    const kernel = call.weight('kernel', [...window.sizes, filters, image.channels], outInPlaces(rank));
    const reaches = window.sizes.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
    const more = moreOf(call, rank);
    const cuts = reaches.map((reach, axis) =>
      cutsOf(reach, strides[axis] ?? 1, padding === 'same', more?.[axis] ?? null),
    );
    const product = call.add('ConvTranspose', [image.name, kernel, ...biasOf(call, filters)], {
      kernel_shape: window.sizes,
      strides,
      dilations,
      pads: [...cuts.map(([begin]) => begin), ...cuts.map(([, end]) => Math.max(end, 0))],
      output_padding: cuts.map(([, end]) => Math.max(-end, 0)),
    });
    const places = image.places.map((size, axis) => {
      const [begin, end] = cuts[axis] ?? [0, 0];
      return size === null ? null : (size - 1) * (strides[axis] ?? 1) + (reaches[axis] ?? 1) - begin - end;
    });
    return activation(call, image.result(product, filters, places));
  };
}

/** How many places a file asks for beyond the usual along every axis; null: it says nothing. */
function moreOf(call: LayerCall, rank: number): readonly number[] | null {
  const said = call.config.value('output_padding');
  if (said === undefined) return null;
  const list =
    typeof said === 'number' ? Array.from({ length: rank }, () => said) : [said].flat().map(Number);
  if (
    list.length !== rank ||
    !list.every((each) => Number.isSafeInteger(each) && each >= 0 && each < 2 ** 20)
  )
    throw call.damaged(`has the output_padding ${JSON.stringify(said)}`);
  return list;
}

/** How much of what the windows reach is cut off at the beginning and at the end; less than 0: places are added. */
function cutsOf(
  reach: number,
  stride: number,
  isSame: boolean,
  more: number | null,
): readonly [number, number] {
  if (!isSame) return [0, -(more ?? Math.max(stride - reach, 0))];
  const around = more === null ? stride + reach - 2 : reach + (reach % 2) - 2 + more;
  const left = Math.min(Math.ceil(around / 2), reach - 1);
  return [reach - 1 - left, reach - 1 - (around - left)];
}
