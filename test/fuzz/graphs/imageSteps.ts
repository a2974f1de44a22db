import type { AttributeValue } from '../../unit/onnxModel';
import type { GraphBuilder, Part, Step } from './graphBuilder';

interface Windows {
  readonly attributes: Record<string, AttributeValue>;
  readonly kernel: readonly number[];
  /** Windows along each axis. */
  readonly counts: readonly number[];
}

/** Kernels, strides, dilations and padding that leave at least one window; null where the draw leaves none. */
function windows(
  b: GraphBuilder,
  sizes: readonly number[],
  kind: 'conv' | 'max' | 'average',
): Windows | null {
  const kernel = sizes.map((size) => b.between(1, Math.min(3, size)));
  const strides = sizes.map(() => b.pick([1, 1, 2, 3]));
  const dilations = sizes.map(() => (kind === 'average' && b.opset < 19 ? 1 : b.pick([1, 1, 1, 2])));
  const reach = kernel.map((taps, i) => (dilations[i] ?? 1) * (taps - 1) + 1);
  const attributes: Record<string, AttributeValue> = {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
  };
  if (dilations.some((dilation) => dilation > 1)) attributes['dilations'] = { ints: dilations };
  const automatic = b.chance(0.2) ? b.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID']) : null;
  if (automatic !== null) {
    // Where the padding is chosen by the operator, dilations are left alone.
    if (dilations.some((dilation) => dilation > 1) && automatic !== 'VALID') return null;
    attributes['auto_pad'] = { string: automatic };
    const counts = sizes.map((size, i) =>
      automatic === 'VALID'
        ? Math.floor((size - (reach[i] ?? 1)) / (strides[i] ?? 1)) + 1
        : Math.ceil(size / (strides[i] ?? 1)),
    );
    // onnxruntime pools nothing where windows leave a gap at the end, which would be padding below 0.
    const gap = sizes.some((size, i) => ((counts[i] ?? 1) - 1) * (strides[i] ?? 1) + (reach[i] ?? 1) < size);
    const possible = counts.every((count) => count >= 1) && !(gap && automatic !== 'VALID');
    return possible ? { attributes, kernel, counts } : null;
  }
  // Pools allow no window of padding alone.
  const most = (i: number): number => (kind === 'conv' ? 2 : Math.min(1, (kernel[i] ?? 1) - 1));
  const before = sizes.map((_, i) => b.random.below(most(i) + 1));
  const after = sizes.map((_, i) => b.random.below(most(i) + 1));
  if ([...before, ...after].some((amount) => amount > 0))
    attributes['pads'] = { ints: [...before, ...after] };
  const ceil = kind !== 'conv' && b.opset >= 10 && b.chance(0.3);
  if (ceil) attributes['ceil_mode'] = { int: 1 };
  const counts = sizes.map((size, i) => {
    const [front, stride] = [before[i] ?? 0, strides[i] ?? 1];
    const room = size + front + (after[i] ?? 0) - (reach[i] ?? 1);
    if (room < 0) return 0;
    const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    // What becomes of a last window that begins beyond the image differs from one onnxruntime to the next.
    return ceil && (count - 1) * stride >= size + front ? 0 : count;
  });
  return counts.every((count) => count >= 1) ? { attributes, kernel, counts } : null;
}

/** Channels and one to three axes of positions. */
function isImage({ dims }: Part): boolean {
  return dims.length >= 2 && dims.length <= 4;
}

function convolution(b: GraphBuilder, x: Part): Part | null {
  if (!isImage(x)) return null;
  const [channels = 1, ...sizes] = x.dims;
  const found = windows(b, sizes, 'conv');
  if (found === null) return null;
  const groups = b.pick([1, 1, ...[2, 3, channels].filter((count) => channels % count === 0)]);
  const outputs = groups * b.between(1, groups > 2 ? 1 : 3);
  const dims = [outputs, ...found.counts];
  if (!b.fits(dims)) return null;
  const weight = b.parameter([outputs, channels / groups, ...found.kernel]);
  const inputs = [x.name, weight, ...(b.chance(0.7) ? [b.parameter([outputs])] : [])];
  return b.node('Conv', inputs, dims, { ...found.attributes, group: { int: groups } });
}

function transposedConvolution(b: GraphBuilder, x: Part): Part | null {
  if (!isImage(x) || x.dims.length > 3) return null;
  const [channels = 1, ...sizes] = x.dims;
  const kernel = sizes.map(() => b.between(1, 3));
  const strides = sizes.map(() => b.between(1, 2));
  const dilations = sizes.map(() => b.pick([1, 1, 2]));
  const before = kernel.map((taps) => b.random.below(taps));
  const after = kernel.map((taps) => b.random.below(taps));
  const extra = strides.map((stride) => b.random.below(stride));
  const groups = b.pick([1, 1, ...(channels % 2 === 0 ? [2] : [])]);
  const inner = b.between(1, 2);
  const counts = sizes.map(
    (size, i) =>
      (strides[i] ?? 1) * (size - 1) +
      (extra[i] ?? 0) +
      (dilations[i] ?? 1) * ((kernel[i] ?? 1) - 1) +
      1 -
      (before[i] ?? 0) -
      (after[i] ?? 0),
  );
  const dims = [inner * groups, ...counts];
  if (!b.fits(dims)) return null;
  const weight = b.parameter([channels, inner, ...kernel]);
  return b.node(
    'ConvTranspose',
    [x.name, weight, ...(b.chance(0.5) ? [b.parameter([inner * groups])] : [])],
    dims,
    {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      dilations: { ints: dilations },
      pads: { ints: [...before, ...after] },
      output_padding: { ints: extra },
      group: { int: groups },
    },
  );
}

const pool =
  (operator: 'MaxPool' | 'AveragePool'): Step =>
  (b, x) => {
    if (!isImage(x)) return null;
    const [channels = 1, ...sizes] = x.dims;
    const found = windows(b, sizes, operator === 'MaxPool' ? 'max' : 'average');
    if (found === null) return null;
    const attributes = { ...found.attributes };
    if (operator === 'AveragePool' && b.chance(0.5)) attributes['count_include_pad'] = { int: 1 };
    return b.node(operator, [x.name], [channels, ...found.counts], attributes);
  };

const globalPool =
  (operator: string): Step =>
  (b, x) =>
    isImage(x)
      ? b.node(
          operator,
          [x.name],
          x.dims.map((dim, i) => (i === 0 ? dim : 1)),
        )
      : null;

export const imageSteps: Readonly<Record<string, Step>> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MaxPool: pool('MaxPool'),
  AveragePool: pool('AveragePool'),
  GlobalAveragePool: globalPool('GlobalAveragePool'),
  GlobalMaxPool: globalPool('GlobalMaxPool'),
};
