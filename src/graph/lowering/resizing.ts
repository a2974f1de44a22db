import { matmul } from '../static/linear';
import type { Value } from '../static/value';
import { realInput } from './elementwise';
import { takeAlong } from './indexing';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower, normalisedAxis } from './loweredNode';
import { fromRows, rowsAlong } from './rows';

/** One axis that is resized. */
interface Resized {
  readonly from: number;
  readonly to: number;
  /** As the node gives it, which is not always to / from. */
  readonly scale: number;
}

/** Rounds after every step as onnxruntime does: between two neighbours a last digit decides. */
const round = Math.fround;

/** Where a position of the result lies in the input, by the mode (ONNX, Resize; onnxruntime, upsamplebase.h). */
const origins: ReadonlyMap<string, (at: number, axis: Resized) => number> = new Map([
  ['asymmetric', (at, { scale }) => round(at / scale)],
  ['half_pixel', halfPixel],
  ['pytorch_half_pixel', (at, axis) => (axis.to > 1 ? halfPixel(at, axis) : 0)],
  ['tf_half_pixel_for_nn', (at, { scale }) => round((at + 0.5) / scale)],
  ['align_corners', (at, { from, to }) => (to === 1 ? 0 : round(round(at * (from - 1)) / (to - 1)))],
  [
    'half_pixel_symmetric',
    (at, axis) => {
      const adjustment = round(axis.to / round(axis.scale * axis.from));
      return round(round((axis.from / 2) * round(1 - adjustment)) + halfPixel(at, axis));
    },
  ],
]);

function halfPixel(at: number, { scale }: Resized): number {
  return round(round((at + 0.5) / scale) - 0.5);
}

type Rounding = (origin: number, axis: Resized) => number;

const nearest: ReadonlyMap<string, Rounding> = new Map<string, Rounding>([
  ['round_prefer_floor', (origin) => Math.ceil(origin - 0.5)],
  ['round_prefer_ceil', (origin) => Math.floor(origin + 0.5)],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  // Before operator set 11.
  ['', (origin, { scale }) => (scale < 1 ? Math.ceil(origin) : Math.floor(origin))],
]);

type Taps = readonly (readonly [position: number, weight: number])[];

/** Two neighbours by their distance. */
function linearTaps(origin: number, { from }: Resized): Taps {
  const inside = Math.min(Math.max(origin, 0), from - 1);
  const first = Math.floor(inside);
  const share = inside - first;
  return [
    [first, 1 - share],
    [first + 1, share],
  ];
}

/** Four neighbours by Keys' cubic convolution (IEEE Transactions on Acoustics, Speech, and Signal Processing, 1981). */
function cubicTaps(origin: number, { from }: Resized, a: number, excludesOutside: boolean): Taps {
  const first = Math.floor(origin);
  const taps = [-1, 0, 1, 2].map((offset): readonly [number, number] => {
    const d = Math.abs(origin - first - offset);
    const weight = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return [first + offset, weight];
  });
  if (!excludesOutside) return taps;
  const inside = taps.filter(([position]) => position >= 0 && position < from);
  const sum = inside.reduce((total, [, weight]) => total + weight, 0);
  return inside.map(([position, weight]) => [position, weight / sum]);
}

/** Numbers of the largest matrix that is made for one axis. */
const largestMatrix = 2 ** 24;

/** [to, from]: every element of the result as a sum of weighted elements of the input. */
function weightsOf({ from, to }: Resized, tapsAt: (at: number) => Taps): Float64Array {
  if (from * to > largestMatrix) throw new CannotLower(`resizes ${from} to ${to}, which is too much here`);
  const weights = new Float64Array(to * from);
  for (let at = 0; at < to; at++) {
    for (const [position, weight] of tapsAt(at)) {
      weights[at * from + Math.min(Math.max(position, 0), from - 1)]! += weight;
    }
  }
  return weights;
}

/** The factors of all axes, from the scales, or the sizes, of some of them. */
function scalesOf(n: LoweredNode, dims: readonly number[], to: readonly number[]): readonly number[] {
  const rank = dims.length;
  const axes = n.ints('axes')?.map((axis) => normalisedAxis(axis, rank)) ?? dims.map((_, axis) => axis);
  const isOld = n.node.operator === 'Upsample' || n.opset < 11;
  const scales = n.floats('scales') ?? n.constantNumbers(isOld ? 1 : 2) ?? [];
  const given = new Array<number>(rank).fill(1);
  if (scales.length > 0) {
    axes.forEach((axis, i) => (given[axis] = scales[i] ?? 1));
    return given;
  }
  if (n.text('keep_aspect_ratio_policy', 'stretch') === 'stretch') {
    return dims.map((from, axis) => round(to[axis]! / from));
  }
  const sizes = n.constantNumbers(3) ?? [];
  const ratios = axes.map((axis, i) => round((sizes[i] ?? 1) / dims[axis]!));
  const pick = n.text('keep_aspect_ratio_policy', '') === 'not_larger' ? Math.min : Math.max;
  axes.forEach((axis) => (given[axis] = pick(...ratios)));
  return given;
}

/** Every axis by itself: the nearest element, or a constant matrix of weights. */
function lowerResize(n: LoweredNode): Value {
  const { g } = n;
  const isOld = n.node.operator === 'Upsample' || n.opset < 11;
  const mode = n.text('mode', 'nearest');
  const transformation = isOld ? 'asymmetric' : n.text('coordinate_transformation_mode', 'half_pixel');
  const originOf = origins.get(transformation);
  const roundingOf = nearest.get(isOld ? '' : n.text('nearest_mode', 'round_prefer_floor'));
  if (originOf === undefined || roundingOf === undefined || n.int('antialias', 0) !== 0) {
    throw new CannotLower(
      `resizes by ${transformation}${n.int('antialias', 0) === 0 ? '' : ' with antialiasing'}, which has no derivative here`,
    );
  }
  const cubic = n.float('cubic_coeff_a', -0.75);
  const excludesOutside = n.int('exclude_outside', 0) !== 0;
  const tapsOf = (axis: Resized, at: number): Taps =>
    mode === 'cubic'
      ? cubicTaps(originOf(at, axis), axis, cubic, excludesOutside)
      : linearTaps(originOf(at, axis), axis);
  if (!['nearest', 'linear', 'bilinear', 'cubic'].includes(mode)) {
    throw new CannotLower(`resizes by "${mode}", which has no derivative here`);
  }
  const whole = realInput(n, 0);
  const to = n.outputDims();
  const scales = scalesOf(n, whole.dims, to);
  return whole.dims.reduce<Value>((x, from, i) => {
    const axis = { from, to: to[i]!, scale: scales[i]! };
    if (axis.to === from && axis.scale === 1) return x;
    if (mode === 'nearest') {
      const places = Array.from({ length: axis.to }, (_, at) =>
        Math.min(Math.max(roundingOf(originOf(at, axis), axis), 0), from - 1),
      );
      return takeAlong(g, x, i, places);
    }
    const weights = g.constant(
      weightsOf(axis, (at) => tapsOf(axis, at)),
      [axis.to, from],
    );
    return fromRows(g, matmul(g, rowsAlong(g, x, i), weights, false, true), x.dims.with(i, axis.to), i);
  }, whole);
}

export const resizingLowerings = { Resize: lowerResize, Upsample: lowerResize } satisfies LoweringTable;
