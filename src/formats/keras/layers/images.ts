import type { LayerCall } from '../layerCall';
import type { Sizes, Value } from '../value';

/** An image, or a sequence or a volume, as ONNX's operators take it: the channels before the places. */
export interface Image {
  readonly name: string;
  readonly channels: number;
  readonly places: Sizes;
  /** A result of such an operator. */
  readonly result: (name: string, channels: number, places: Sizes) => Value;
}

/** The layer's input as an image of so many axes of places, in whichever order of axes the layer takes it. */
export function imageOf(call: LayerCall, rank: number): Image {
  call.requireRank(rank + 2);
  const { input } = call;
  if (call.config.text('data_format', 'channels_last') === 'channels_first')
    return {
      name: input.name,
      channels: call.size(1),
      places: input.dims.slice(2),
      result: (name, channels, places) => call.result(name, [null, channels, ...places]),
    };
  return {
    name: input.channelsFirst,
    channels: call.size(-1),
    places: input.dims.slice(1, -1),
    result: (name, channels, places) => call.imageResult(name, [null, ...places, channels]),
  };
}

/** How a window moves over the places. */
export interface Window {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: string;
}

/** The attributes that operators with windows share. */
export function windowAttributes(
  call: LayerCall,
  { sizes, strides, dilations, padding }: Window,
): Readonly<Record<string, readonly number[] | string>> {
  const isDilated = dilations.some((each) => each > 1);
  const own = { kernel_shape: sizes, strides, ...(isDilated ? { dilations } : {}) };
  const reach = sizes.map((size, axis) => (size - 1) * (dilations[axis] ?? 1));
  switch (padding) {
    case 'valid':
      return own;
    case 'same': {
      // Keras takes no strides and dilations at once, and onnxruntime no dilations where it has to find the padding.
      if (!isDilated) return { ...own, auto_pad: 'SAME_UPPER' };
      const before = reach.map((each) => Math.floor(each / 2));
      return { ...own, pads: [...before, ...reach.map((each, axis) => each - (before[axis] ?? 0))] };
    }
    case 'causal':
      return { ...own, pads: [...reach, ...sizes.map(() => 0)] };
    default:
      throw call.damaged(`has the padding ${JSON.stringify(padding)}`);
  }
}

/** How many places a window comes to along every axis. */
export function windowPlaces(
  call: LayerCall,
  places: Sizes,
  { sizes, strides, dilations, padding }: Window,
): Sizes {
  return places.map((size, axis) => {
    if (size === null) return null;
    const stride = strides[axis] ?? 1;
    if (padding !== 'valid') return Math.ceil(size / stride);
    const reach = ((sizes[axis] ?? 1) - 1) * (dilations[axis] ?? 1);
    if (reach >= size) throw call.damaged(`has a window larger than its input of ${size}`);
    return Math.ceil((size - reach) / stride);
  });
}
