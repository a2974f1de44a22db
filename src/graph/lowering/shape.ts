import { add, convert, greaterMask, mul, scale, select, sub } from '../static/elementwise';
import { concat, expand, range, reshape, slice, transpose } from '../static/shape';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower, normalisedAxis } from './loweredNode';

/** The same numbers in the shape that the run showed: Reshape, Flatten, Squeeze, Unsqueeze. */
function toTracedShape(n: LoweredNode): Value {
  return reshape(n.g, n.input(0), n.outputDims());
}

function lowerTranspose(n: LoweredNode): Value {
  const x = n.input(0);
  return transpose(n.g, x, n.ints('perm') ?? x.dims.map((_, axis) => x.dims.length - 1 - axis));
}

function lowerConcat(n: LoweredNode): Value {
  const parts = n.inputs.filter((part) => sizeOf(part.dims) > 0);
  return concat(n.g, parts, normalisedAxis(n.int('axis', 0), n.input(0).dims.length));
}

function lowerSplit(n: LoweredNode): readonly Value[] {
  const x = n.input(0);
  const axis = normalisedAxis(n.int('axis', 0), x.dims.length);
  let from = 0;
  return n.node.outputs.map((_, index) => {
    const to = from + n.outputDims(index)[axis]!;
    const part = range(n.g, x, axis, from, to);
    from = to;
    return part;
  });
}

function lowerSlice(n: LoweredNode): Value {
  const x = n.input(0);
  const starts = n.ints('starts') ?? n.constantNumbers(1) ?? [];
  const ends = n.ints('ends') ?? n.constantNumbers(2) ?? [];
  const axes = n.axes(3, x.dims.length) ?? starts.map((_, axis) => axis);
  const given = n.ints('starts') === null ? n.constantNumbers(4) : null;
  const region = {
    starts: x.dims.map(() => 0),
    ends: [...x.dims],
    steps: x.dims.map(() => 1),
  };
  axes.forEach((axis, i) => {
    const size = x.dims[axis]!;
    const step = given?.[i] ?? 1;
    const position = (value: number): number => (value < 0 ? value + size : value);
    const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
    const forward = step > 0;
    region.steps[axis] = step;
    region.starts[axis] = clamp(position(starts[i]!), 0, forward ? size : size - 1);
    region.ends[axis] = clamp(position(ends[i]!), forward ? 0 : -1, size);
  });
  return slice(n.g, x, region.starts, region.ends, region.steps);
}

function lowerTile(n: LoweredNode): Value {
  const x = n.input(0);
  const repeats = n.constantNumbers(1) ?? [];
  const spread = reshape(
    n.g,
    x,
    x.dims.flatMap((dim) => [1, dim]),
  );
  const repeated = expand(
    n.g,
    spread,
    x.dims.flatMap((dim, axis) => [repeats[axis] ?? 1, dim]),
  );
  return reshape(n.g, repeated, n.outputDims());
}

/** The upper or lower triangle, chosen by a mask: a product would make NaN of the infinity of a causal mask. */
function lowerTriangle(n: LoweredNode): Value {
  const { g } = n;
  const x = n.input(0);
  if (x.type !== 'real') throw new CannotLower('computes with integers');
  const diagonal = n.constantNumbers(1)?.[0] ?? 0;
  const [rows, columns] = [x.dims.at(-2) ?? 1, x.dims.at(-1) ?? 1];
  const upper = n.int('upper', 1) !== 0;
  const mask = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const offset = (i % columns) - Math.floor(i / columns);
    return Number(upper ? offset >= diagonal : offset <= diagonal);
  });
  return select(g, g.constant(mask, [rows, columns]), x, g.scalar(0));
}

function lowerDepthToSpace(n: LoweredNode): Value {
  const x = n.input(0);
  const [count = 0, channels = 0, height = 0, width = 0] = x.dims;
  const block = n.int('blocksize', 1);
  const outer = channels / (block * block);
  const columnsFirst = n.text('mode', 'DCR') === 'CRD';
  const split = columnsFirst
    ? reshape(n.g, x, [count, outer, block, block, height, width])
    : transpose(n.g, reshape(n.g, x, [count, block, block, outer, height, width]), [0, 3, 1, 2, 4, 5]);
  return reshape(n.g, transpose(n.g, split, [0, 1, 4, 2, 5, 3]), n.outputDims());
}

function lowerSpaceToDepth(n: LoweredNode): Value {
  const x = n.input(0);
  const [count = 0, channels = 0, height = 0, width = 0] = x.dims;
  const block = n.int('blocksize', 1);
  const split = reshape(n.g, x, [count, channels, height / block, block, width / block, block]);
  return reshape(n.g, transpose(n.g, split, [0, 3, 5, 1, 2, 4]), n.outputDims());
}

/** 1 at the index of each integer: on, off by default, along a new axis. */
function lowerOneHot(n: LoweredNode): Value {
  const { g } = n;
  const indices = n.input(0);
  if (indices.type !== 'int64' || n.input(2).type !== 'real') throw new CannotLower('encodes no integers');
  const dims = n.outputDims();
  const axis = normalisedAxis(n.int('axis', -1), dims.length);
  const depth = dims[axis]!;
  const spread = reshape(g, indices, dims.with(axis, 1));
  const positions = g.constant(
    BigInt64Array.from({ length: depth }, (_, i) => BigInt(i)),
    [depth, ...dims.slice(axis + 1).map(() => 1)],
  );
  const half = (value: Value): Value => convert(g, value, 'real');
  const offset = sub(g, half(spread), half(positions));
  // Integers are equal where their difference is under a half.
  const hot = greaterMask(g, g.scalar(0.25), mul(g, offset, offset));
  const [off, on] = [0, 1].map((i) => reshape(g, range(g, n.input(2), 0, i, i + 1), []));
  if (off === undefined || on === undefined) throw new CannotLower('has no values');
  return add(g, mul(g, hot, sub(g, on, off)), scale(g, off, 1));
}

/** Of a shape that the samples' numbers do not change. */
function lowerConstantOfShape(n: LoweredNode): Value {
  n.constantNumbers(0);
  const value = n.node.attributes.get('value');
  const [number = 0] = value?.kind === 'tensor' ? value.value.data : [];
  if (typeof number === 'bigint') throw new CannotLower('makes integers');
  const dims = n.outputDims();
  return n.g.constant(new Float64Array(sizeOf(dims)).fill(number), dims);
}

export const shapeLowerings = {
  Reshape: toTracedShape,
  Flatten: toTracedShape,
  Squeeze: toTracedShape,
  Unsqueeze: toTracedShape,
  Transpose: lowerTranspose,
  Expand: (n) => expand(n.g, n.input(0), n.outputDims()),
  Concat: lowerConcat,
  Split: lowerSplit,
  Slice: lowerSlice,
  Tile: lowerTile,
  Trilu: lowerTriangle,
  DepthToSpace: lowerDepthToSpace,
  SpaceToDepth: lowerSpaceToDepth,
  OneHot: lowerOneHot,
  ConstantOfShape: lowerConstantOfShape,
} satisfies LoweringTable;
