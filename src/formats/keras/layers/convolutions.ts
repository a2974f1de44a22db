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
 * Conv1DTranspose, Conv2DTranspose: the transposed product of the convolution that would make the input of the output. Of n
 * places it makes n · stride where the padding is "same", else as many as its windows reach, or stride − reach more.
 */
export function transposedConvolution(rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const window = windowOf(call, rank);
    const { strides, dilations, padding } = window;
    if (call.config.value('output_padding') !== undefined)
      throw call.unsupported(
        'has an output_padding, which is not read here; leave it out or export the model to ONNX',
      );
    const [filters = 1] = call.config.sizes('filters', 1);
    const kernel = call.weight('kernel', [...window.sizes, filters, image.channels], outInPlaces(rank));
    const excess = window.sizes.map(
      (size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1 - (strides[axis] ?? 1),
    );
    const isSame = padding === 'same';
    const cut = excess.map((each) => (isSame ? Math.max(each, 0) : 0));
    const before = cut.map((each) => Math.floor(each / 2));
    const product = call.add('ConvTranspose', [image.name, kernel, ...biasOf(call, filters)], {
      kernel_shape: window.sizes,
      strides,
      dilations,
      pads: [...before, ...cut.map((each, axis) => each - (before[axis] ?? 0))],
      output_padding: excess.map((each) => Math.max(-each, 0)),
    });
    const places = image.places.map((size, axis) =>
      size === null ? null : size * (strides[axis] ?? 1) + (isSame ? 0 : Math.max(excess[axis] ?? 0, 0)),
    );
    return activation(call, image.result(product, filters, places));
  };
}
