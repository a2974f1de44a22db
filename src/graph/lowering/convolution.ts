import { col2im, im2col } from '../static/convolution';
import { add, div, magnitude, power, scale } from '../static/elementwise';
import { maxPool } from '../static/indexing';
import { matmul, mean, reduceSum } from '../static/linear';
import { expand, pad, reshape, slice, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value, Windows } from '../static/value';
import { sizeOf } from '../static/value';
import { tapOffsets } from '../static/windows';
import { realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';
import { largestOver } from './reduction';

/** How the windows of a node slide, from its attributes; `counts` are how many there are along each axis. */
function windowsOf(
  n: LoweredNode,
  spatial: readonly number[],
  counts: readonly number[],
  kernel: readonly number[],
): Windows {
  const ones = spatial.map(() => 1);
  const strides = n.ints('strides') ?? ones;
  const dilations = n.ints('dilations') ?? ones;
  const automatic = n.text('auto_pad', 'NOTSET');
  const rank = spatial.length;
  if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
    const missing = spatial.map((size, i) => {
      const reach = dilations[i]! * (kernel[i]! - 1) + 1;
      return Math.max(0, (counts[i]! - 1) * strides[i]! + reach - size);
    });
    const smaller = missing.map((amount) => Math.floor(amount / 2));
    const larger = missing.map((amount) => Math.ceil(amount / 2));
    return automatic === 'SAME_UPPER'
      ? { kernel, strides, dilations, padsBefore: smaller, padsAfter: larger }
      : { kernel, strides, dilations, padsBefore: larger, padsAfter: smaller };
  }
  const pads = automatic === 'VALID' ? null : n.ints('pads');
  const none = spatial.map(() => 0);
  return {
    kernel,
    strides,
    dilations,
    padsBefore: pads?.slice(0, rank) ?? none,
    padsAfter: pads?.slice(rank) ?? none,
  };
}

/** Images with channels first, [N, C, …] ↔ [C, N, …]: then one matrix product serves the whole batch. */
function swapLeading(g: StaticGraph, x: Value): Value {
  return transpose(g, x, [1, 0, ...x.dims.slice(2).map((_, i) => i + 2)]);
}

function withBias(n: LoweredNode, maps: Value): Value {
  const { g } = n;
  const bias = n.optional(2);
  const sum =
    bias === null
      ? maps
      : add(g, maps, reshape(g, bias, [sizeOf(bias.dims), ...maps.dims.slice(1).map(() => 1)]));
  return swapLeading(g, sum);
}

/** A convolution is the product of its kernels with every window as a column. */
export function lowerConv(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const weight = realInput(n, 1);
  const [outputs = 0, inner = 0, ...kernel] = weight.dims;
  const groups = n.int('group', 1);
  const [count = 0, , ...counts] = n.outputDims();
  const windows = windowsOf(n, x.dims.slice(2), counts, kernel);
  const columns = im2col(g, swapLeading(g, x), windows);
  const depth = inner * sizeOf(kernel);
  const positions = count * sizeOf(counts);
  const product =
    groups === 1
      ? matmul(g, reshape(g, weight, [outputs, depth]), reshape(g, columns, [depth, positions]))
      : matmul(
          g,
          reshape(g, weight, [groups, outputs / groups, depth]),
          reshape(g, columns, [groups, depth, positions]),
        );
  return withBias(n, reshape(g, product, [outputs, count, ...counts]));
}

/** The transpose of the convolution with the same kernels. */
function lowerConvTranspose(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const weight = realInput(n, 1);
  const [inputs = 0, inner = 0, ...kernel] = weight.dims;
  if (n.text('auto_pad', 'NOTSET') !== 'NOTSET' || n.ints('output_shape') !== null) {
    throw new CannotLower('leaves its padding to its output shape');
  }
  const groups = n.int('group', 1);
  const [count = 0, , ...spatial] = n.outputDims();
  const counts = x.dims.slice(2);
  const windows = windowsOf(n, spatial, counts, kernel);
  const depth = inner * sizeOf(kernel);
  const positions = count * sizeOf(counts);
  const maps = swapLeading(g, x);
  const product =
    groups === 1
      ? matmul(g, reshape(g, weight, [inputs, depth]), reshape(g, maps, [inputs, positions]), true)
      : matmul(
          g,
          reshape(g, weight, [groups, inputs / groups, depth]),
          reshape(g, maps, [groups, inputs / groups, positions]),
          true,
        );
  const columns = reshape(g, product, [groups * depth, count, ...counts]);
  return withBias(n, col2im(g, columns, windows, spatial));
}

function lowerMaxPool(n: LoweredNode): Value {
  const x = realInput(n, 0);
  if (n.node.outputs.slice(1).some((name) => name !== '')) throw new CannotLower('gives indices');
  const counts = n.outputDims().slice(2);
  const spatial = x.dims.slice(2);
  const windows = windowsOf(n, spatial, counts, n.ints('kernel_shape') ?? spatial.map(() => 1));
  return maxPool(n.g, x, windows, counts, n.int('ceil_mode', 0) !== 0);
}

/** The windows' sums over the number of their elements, in which the padding counts or not. */
function lowerAveragePool(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const counts = n.outputDims().slice(2);
  const spatial = x.dims.slice(2);
  const given = windowsOf(n, spatial, counts, n.ints('kernel_shape') ?? spatial.map(() => 1));
  const ownAfter = given.padsAfter;
  const windows = reachingWindows(given, spatial, counts);
  const { padsAfter } = windows;
  const includesPadding = n.int('count_include_pad', 0) !== 0;
  const sums = windowSums(g, x, windows, counts);
  const counted = spatial.map((size, i) =>
    includesPadding ? size + given.padsBefore[i]! + ownAfter[i]! : size,
  );
  const ones = expand(g, g.scalar(1), [1, 1, ...counted]);
  if ([...windows.padsBefore, ...windows.padsAfter].every((amount) => amount === 0)) {
    return scale(g, sums, 1 / sizeOf(windows.kernel));
  }
  const remaining = includesPadding
    ? {
        ...windows,
        padsBefore: spatial.map(() => 0),
        padsAfter: padsAfter.map((amount, i) => amount - ownAfter[i]!),
      }
    : windows;
  return div(g, sums, windowSums(g, ones, remaining, counts));
}

/** With ceil_mode the last window may reach beyond the padding, which counts for nothing. */
function reachingWindows(given: Windows, spatial: readonly number[], counts: readonly number[]): Windows {
  const padsAfter = spatial.map((size, i) => {
    const reach = given.dilations[i]! * (given.kernel[i]! - 1) + 1;
    const last = (counts[i]! - 1) * given.strides[i]! + reach;
    return Math.max(given.padsAfter[i]!, last - size - given.padsBefore[i]!);
  });
  return { ...given, padsAfter };
}

/** (Σ |x|ᵖ)^(1/p) over what `sum` sums. */
function lpNorm(n: LoweredNode, sum: (powers: Value) => Value): Value {
  const { g } = n;
  const exponent = n.int('p', 2);
  const size = magnitude(g, realInput(n, 0));
  return power(g, sum(power(g, size, exponent)), 1 / exponent);
}

function lowerLpPool(n: LoweredNode): Value {
  const counts = n.outputDims().slice(2);
  const spatial = n.input(0).dims.slice(2);
  const given = windowsOf(n, spatial, counts, n.ints('kernel_shape') ?? spatial.map(() => 1));
  const windows = reachingWindows(given, spatial, counts);
  return lpNorm(n, (powers) => windowSums(n.g, powers, windows, counts));
}

function windowSums(g: StaticGraph, x: Value, windows: Windows, counts: readonly number[]): Value {
  const [count = 0, channels = 0] = x.dims;
  const padded = pad(g, x, [0, 0, ...windows.padsBefore], [0, 0, ...windows.padsAfter]);
  const parts = Array.from({ length: sizeOf(windows.kernel) }, (_, tap) => {
    const offsets = tapOffsets(tap, windows);
    const ends = offsets.map((offset, i) => offset + (counts[i]! - 1) * windows.strides[i]! + 1);
    return slice(g, padded, [0, 0, ...offsets], [count, channels, ...ends], [1, 1, ...windows.strides]);
  });
  return parts.reduce((a, b) => add(g, a, b));
}

function spatialAxes(x: Value): number[] {
  return x.dims.slice(2).map((_, i) => i + 2);
}

export const convolutionLowerings = {
  Conv: lowerConv,
  ConvTranspose: lowerConvTranspose,
  MaxPool: lowerMaxPool,
  AveragePool: lowerAveragePool,
  LpPool: lowerLpPool,
  GlobalLpPool: (n) => lpNorm(n, (powers) => reduceSum(n.g, powers, spatialAxes(n.input(0)))),
  GlobalAveragePool: (n) => mean(n.g, realInput(n, 0), spatialAxes(n.input(0))),
  GlobalMaxPool: (n) => largestOver(n.g, realInput(n, 0), spatialAxes(n.input(0))),
} satisfies LoweringTable;
