import type { LayerCall } from '../layerCall';
import type { Value } from '../value';
import { imageOf, windowAttributes, windowPlaces } from './images';

type Row = (call: LayerCall) => Value;

/** The greatest or the mean of every window; a mean leaves the padding out. */
export function pooling(operator: 'MaxPool' | 'AveragePool', rank: number): Row {
  return (call) => {
    const { config } = call;
    const image = imageOf(call, rank);
    const sizes = config.sizes('pool_size', rank);
    const window = {
      sizes,
      strides: config.sizes('strides', rank, sizes),
      dilations: sizes.map(() => 1),
      padding: config.text('padding', 'valid'),
    };
    const pooled = call.add(operator, [image.name], windowAttributes(call, window));
    return image.result(pooled, image.channels, windowPlaces(call, image.places, window));
  };
}

/** The greatest or the mean of all places. */
export function globalPooling(operator: 'ReduceMax' | 'ReduceMean', rank: number): Row {
  return (call) => {
    const image = imageOf(call, rank);
    const { mask } = call;
    if (mask !== null && operator === 'ReduceMean') return maskedMean(call, mask);
    const isKept = call.config.flag('keepdims', false);
    const axes = call.network.builder.integers(image.places.map((_, axis) => axis + 2));
    const pooled = call.add(operator, [image.name, axes], { keepdims: isKept ? 1 : 0 });
    return isKept
      ? image.result(
          pooled,
          image.channels,
          image.places.map(() => 1),
        )
      : call.result(pooled, [null, image.channels]);
  };
}

/** The mean of the steps that count. */
function maskedMean(call: LayerCall, mask: string): Value {
  const { input, config, network } = call;
  const isFirst = config.text('data_format', 'channels_last') === 'channels_first';
  const axis = (at: number): string => network.builder.integers([at]);
  const steps = isFirst ? 2 : 1;
  const weights = call.add('Unsqueeze', [
    call.add('Cast', [mask], { to: network.type === 'float32' ? 1 : 11 }),
    axis(3 - steps),
  ]);
  const keepdims = config.flag('keepdims', false) ? 1 : 0;
  const sum = (value: string): string => call.add('ReduceSum', [value, axis(steps)], { keepdims });
  const mean = call.add('Div', [sum(call.add('Mul', [input.name, weights])), sum(weights)]);
  const dims = input.dims.flatMap((size, at) => (at !== steps ? [size] : keepdims === 1 ? [1] : []));
  return call.result(mean, dims);
}

/** Every place several times, or in between by interpolation. */
export function upSampling(rank: number): Row {
  return (call) => {
    const { config } = call;
    const image = imageOf(call, rank);
    const factors = config.sizes(
      'size',
      rank,
      Array.from({ length: rank }, () => 2),
    );
    const interpolation = config.text('interpolation', 'nearest');
    if (interpolation !== 'nearest' && interpolation !== 'bilinear')
      throw call.unsupported(
        `interpolates by ${JSON.stringify(interpolation)}, which is not read here; use "nearest" or "bilinear"`,
      );
    const isNearest = interpolation === 'nearest';
    const scales = call.network.builder.constant('scales', {
      type: 'float32',
      dims: [rank + 2],
      data: Float32Array.of(1, 1, ...factors),
    });
    const larger = call.add('Resize', [image.name, '', scales], {
      mode: isNearest ? 'nearest' : 'linear',
      coordinate_transformation_mode: isNearest ? 'asymmetric' : 'half_pixel',
      ...(isNearest ? { nearest_mode: 'floor' } : {}),
    });
    const places = image.places.map((size, axis) => (size === null ? null : size * (factors[axis] ?? 1)));
    return image.result(larger, image.channels, places);
  };
}
