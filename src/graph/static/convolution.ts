import { add } from './elementwise';
import { matmul } from './linear';
import { shiftedSum } from './overlappingWindows';
import { dilate, pad, range, reshape, reverse, slice, transpose, unslice } from './shape';
import type { StaticGraph } from './staticGraph';
import type { Value, Windows } from './value';
import { sizeOf } from './value';
import { tapOffsets, windowCounts } from './windows';

/** [C, N, spatial...] → [C · kernel, N, windows...]: every window as a column, so that convolution is one product. */
export function im2col(g: StaticGraph, x: Value, windows: Windows): Value {
  const [channels = 0, count = 0, ...spatial] = x.dims;
  const counts = windowCounts(spatial, windows);
  if (isPointwise(windows)) {
    const zeros = x.dims.map(() => 0);
    return slice(
      g,
      x,
      zeros,
      [channels, count, ...counts.map((n, i) => (n - 1) * windows.strides[i]! + 1)],
      [1, 1, ...windows.strides],
    );
  }
  const dims = [channels * sizeOf(windows.kernel), count, ...counts];
  return g.make({ kind: 'im2col', windows }, [x], dims, 'real');
}

function isPointwise({ kernel, padsBefore, padsAfter }: Windows): boolean {
  return kernel.every((k) => k === 1) && [...padsBefore, ...padsAfter].every((p) => p === 0);
}

/**
 * The transpose of im2col: [C · kernel, N, windows...] → [C, N, spatial...], overlapping windows summed. Where columns
 * came from a product with a matrix and are too many to be formed, or lie further apart, the sum is a convolution with the
 * kernel turned round, whose own columns are those of the (spread) second factor.
 */
export function col2im(g: StaticGraph, columns: Value, windows: Windows, spatial: readonly number[]): Value {
  if (!isPointwise(windows)) {
    const made = shiftedSum(g, columns, windows, spatial) ?? fromProducts(g, columns, windows, spatial);
    if (made !== null) return made;
  }
  const [, count = 0, ...counts] = columns.dims;
  const taps = sizeOf(windows.kernel);
  const channels = columns.dims[0]! / taps;
  const perTap = reshape(g, columns, [channels, taps, count, ...counts]);
  const padded = spatial.map((size, i) => size + windows.padsBefore[i]! + windows.padsAfter[i]!);
  const parts = Array.from({ length: taps }, (_, tap) => {
    const values = reshape(g, range(g, perTap, 1, tap, tap + 1), [channels, count, ...counts]);
    const offsets = tapOffsets(tap, windows);
    return unslice(g, values, [channels, count, ...padded], [0, 0, ...offsets], [1, 1, ...windows.strides]);
  });
  const cutMargins = (amounts: readonly number[]): number[] => [0, 0, ...amounts.map((amount) => -amount)];
  const sum = parts.reduce((a, b) => add(g, a, b));
  return pad(g, sum, cutMargins(windows.padsBefore), cutMargins(windows.padsAfter));
}

function fromProducts(
  g: StaticGraph,
  columns: Value,
  windows: Windows,
  spatial: readonly number[],
): Value | null {
  const [inner = columns] = columns.operation.kind === 'reshape' ? columns.inputs : [columns];
  const { operation } = inner;
  if (operation.kind === 'binary' && operation.function === 'add') {
    const parts = inner.inputs.map((part) => transposeConvolution(g, part, columns.dims, windows, spatial));
    const [first = null, second = null] = parts;
    return first === null || second === null ? null : add(g, first, second);
  }
  return transposeConvolution(g, inner, columns.dims, windows, spatial);
}

/** The convolution with the kernel turned round, where `matrix` is the product of a kernel with maps; else null. */
function transposeConvolution(
  g: StaticGraph,
  matrix: Value,
  columnDims: readonly number[],
  windows: Windows,
  spatial: readonly number[],
): Value | null {
  const { operation } = matrix;
  const [weight, maps] = matrix.inputs;
  if (operation.kind !== 'matmul' || operation.transB || weight === undefined || maps === undefined)
    return null;
  if (weight.dims.length !== maps.dims.length || maps.dims.length > 3) return null;
  const groups = maps.dims.length === 3 ? maps.dims[0]! : 1;
  const [, count = 0, ...counts] = columnDims;
  const taps = sizeOf(windows.kernel);
  const inner = maps.dims.at(-2) ?? 1;
  const channels = (matrix.dims.at(-2) ?? 1) / taps;
  const images = dilate(g, reshape(g, maps, [groups * inner, count, ...counts]), [1, 1, ...windows.strides]);
  const reach = windows.kernel.map((k, i) => windows.dilations[i]! * (k - 1));
  const padsBefore = reach.map((size, i) => size - windows.padsBefore[i]!);
  const turned = {
    kernel: windows.kernel,
    strides: windows.kernel.map(() => 1),
    dilations: windows.dilations,
    padsBefore,
    padsAfter: spatial.map((size, i) => size + reach[i]! - images.dims[i + 2]! - padsBefore[i]!),
  };
  if ([...turned.padsBefore, ...turned.padsAfter].some((amount) => amount < 0)) return null;
  const columns = im2col(g, images, turned);
  const kernels = operation.transA
    ? transpose(g, reverse(g, reshape(g, weight, [groups, inner, channels, taps]), [3]), [0, 2, 1, 3])
    : transpose(g, reverse(g, reshape(g, weight, [groups, channels, taps, inner]), [2]), [0, 1, 3, 2]);
  const leading = groups === 1 ? [] : [groups];
  const positions = sizeOf(columns.dims.slice(1));
  const result = matmul(
    g,
    reshape(g, kernels, [...leading, channels, inner * taps]),
    reshape(g, columns, [...leading, inner * taps, positions]),
  );
  return reshape(g, result, [groups * channels, count, ...spatial]);
}
