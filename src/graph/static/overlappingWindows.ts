import { add } from './elementwise';
import { matmul } from './linear';
import { pad, reshape, slice } from './shape';
import type { StaticGraph } from './staticGraph';
import type { Value, Windows } from './value';
import { sizeOf } from './value';
import { tapOffsets } from './windows';

/** Columns of one sample that are formed: they take several times the memory of the image that they make. */
const mostFormed = 2 ** 20;

/**
 * The transpose of im2col for windows that lie one apart, of columns that are products of a matrix with maps: the maps get
 * margins of zeros, so wide that a tap's share of the image is its columns shifted along one flat axis, across rows and
 * samples. Such shifts copy memory as it lies, and products with the same maps or the same matrix are added before them.
 * @param columns [C · taps, N, windows...]
 * @returns [C, N, spatial...], or null for other windows, other columns, and more than should be formed
 */
export function shiftedSum(
  g: StaticGraph,
  columns: Value,
  windows: Windows,
  spatial: readonly number[],
): Value | null {
  const [rows = 0, count = 0, ...counts] = columns.dims;
  if (windows.strides.some((stride) => stride !== 1) || rows * sizeOf(counts) > mostFormed) return null;
  const taps = Array.from({ length: sizeOf(windows.kernel) }, (_, tap) =>
    tapOffsets(tap, windows).map((offset, i) => offset - windows.padsBefore[i]!),
  );
  // No cell of the image may read across the margin into the maps of the next row, sample or channel.
  const grid = spatial.map((size, i) => {
    const shifts = taps.map((shift) => shift[i]!);
    return Math.max(counts[i]! + Math.max(0, ...shifts), size - Math.min(0, ...shifts));
  });
  const flatShifts = taps.map((shift) =>
    shift.reduce((sum, amount, i) => sum + amount * sizeOf(grid.slice(i + 1)), 0),
  );
  const before = Math.max(0, ...flatShifts);
  const after = Math.max(0, ...flatShifts.map((shift) => -shift));
  const cells = count * sizeOf(grid);
  const withMargins = (maps: Value): Value => {
    const leading = maps.dims.slice(0, -1);
    const images = reshape(g, maps, [sizeOf(leading), count, ...counts]);
    const none = images.dims.map(() => 0);
    const margins = [0, 0, ...grid.map((size, i) => size - counts[i]!)];
    const flat = reshape(g, pad(g, images, none, margins), [...leading, cells]);
    const zeros = leading.map(() => 0);
    return pad(g, flat, [...zeros, before], [...zeros, after]);
  };
  const [matrix = columns] = columns.operation.kind === 'reshape' ? columns.inputs : [columns];
  const product = withOtherMaps(g, matrix, withMargins);
  if (product === null) return null;
  const channels = rows / taps.length;
  const perTap = reshape(g, product, [channels, taps.length, before + cells + after]);
  const shares = flatShifts.map((shift, tap) => {
    const from = before - shift;
    return slice(g, perTap, [0, tap, from], [channels, tap + 1, from + cells], [1, 1, 1]);
  });
  const sum = shares.reduce((a, b) => add(g, a, b));
  const image = reshape(g, sum, [channels, count, ...grid]);
  const zeros = image.dims.map(() => 0);
  return slice(
    g,
    image,
    zeros,
    [channels, count, ...spatial],
    zeros.map(() => 1),
  );
}

/** A product, or a sum of products, with each right operand made into another of more columns; null where it is none. */
function withOtherMaps(g: StaticGraph, matrix: Value, change: (maps: Value) => Value): Value | null {
  const { operation, inputs } = matrix;
  const [first, second] = inputs;
  if (first === undefined || second === undefined) return null;
  if (operation.kind === 'binary' && operation.function === 'add') {
    const [a = null, b = null] = inputs.map((part) => withOtherMaps(g, part, change));
    return a === null || b === null ? null : add(g, a, b);
  }
  if (operation.kind !== 'matmul' || operation.transB || first.dims.length !== second.dims.length)
    return null;
  // Where each channel has its own kernel, a convolution takes less time than it takes to form the columns.
  if (second.dims.length === 3 && second.dims[1] === 1) return null;
  return matmul(g, first, change(second), operation.transA);
}
