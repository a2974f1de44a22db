import type { GraphBuilder, Part, Step } from './graphBuilder';
import { sizeOf } from './graphBuilder';

/** The numbers from 0, shuffled. */
export function shuffled(b: GraphBuilder, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = b.random.below(i + 1);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

function reshape(b: GraphBuilder, x: Part): Part {
  const size = sizeOf(x.dims);
  const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((d) => size % d === 0);
  const first = b.pick(divisors);
  const rest = size / first;
  const second = b.pick(divisors.filter((d) => rest % d === 0));
  const dims = b.pick([[size], [first, rest], [first, second, rest / second]]);
  const given = [b.pick([0, -1]), ...dims];
  return b.node('Reshape', [x.name, b.integers(given)], dims);
}

function transpose(b: GraphBuilder, x: Part): Part {
  const order = shuffled(b, x.dims.length);
  const dims = order.map((axis) => x.dims[axis] ?? 1);
  return b.node('Transpose', [x.name], dims, { perm: { ints: [0, ...order.map((axis) => axis + 1)] } });
}

function squeeze(b: GraphBuilder, x: Part): Part | null {
  const axis = x.dims.indexOf(1);
  if (axis === -1 || x.dims.length === 1) return null;
  return b.node('Squeeze', [x.name, b.integers([axis + 1])], x.dims.toSpliced(axis, 1));
}

function unsqueeze(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length > 3) return null;
  const axis = b.random.below(x.dims.length + 1);
  return b.node('Unsqueeze', [x.name, b.integers([axis + 1])], x.dims.toSpliced(axis, 0, 1));
}

function expand(b: GraphBuilder, x: Part): Part | null {
  const axis = x.dims.indexOf(1);
  if (axis === -1) return null;
  const dims = x.dims.with(axis, b.between(2, 3));
  return b.fits(dims) ? b.node('Expand', [x.name, b.integers([1, ...dims])], dims) : null;
}

function tile(b: GraphBuilder, x: Part): Part | null {
  const repeats = x.dims.map(() => b.between(1, 2));
  const dims = x.dims.map((dim, i) => dim * (repeats[i] ?? 1));
  return b.fits(dims) ? b.node('Tile', [x.name, b.integers([1, ...repeats])], dims) : null;
}

function slice(b: GraphBuilder, x: Part): Part {
  const axes = shuffled(b, x.dims.length).slice(0, b.between(1, Math.min(2, x.dims.length)));
  const dims = [...x.dims];
  const [starts, ends, steps]: [number[], number[], number[]] = [[], [], []];
  for (const axis of axes) {
    const size = x.dims[axis] ?? 1;
    const step = b.pick([1, 1, 2, -1, -2]);
    const first = b.random.below(size);
    const room = step > 0 ? size - first : first + 1;
    const count = b.between(1, Math.ceil(room / Math.abs(step)));
    const end = first + (count - 1) * step + Math.sign(step);
    const fromBack = (position: number): number =>
      b.chance(0.3) && position < size ? position - size : position;
    starts.push(fromBack(first));
    // Before the first element no index stands for itself.
    ends.push(end < 0 ? -1000 : end >= size && b.chance(0.5) ? 1000 : fromBack(end));
    steps.push(step);
    dims[axis] = count;
  }
  const given = [starts, ends, axes.map((axis) => axis + 1), steps].map((values) => b.integers(values));
  return b.node('Slice', [x.name, ...given], dims);
}

function pad(b: GraphBuilder, x: Part): Part | null {
  const before = x.dims.map(() => b.pick([0, 0, 1, 2]));
  const after = x.dims.map((dim) => b.pick(dim > 2 ? [0, 1, -1] : [0, 0, 1]));
  const dims = x.dims.map((dim, i) => dim + (before[i] ?? 0) + (after[i] ?? 0));
  if (!b.fits(dims)) return null;
  const value = b.pick([[], [b.scalar(0)], [b.scalar(b.uniform(-1, 1))]]);
  return b.node('Pad', [x.name, b.integers([0, ...before, 0, ...after]), ...value], dims);
}

function gather(b: GraphBuilder, x: Part): Part | null {
  const { own, given } = b.axis(x);
  const size = x.dims[own] ?? 1;
  const shape = b.pick<readonly number[]>([[], [1], [2], [3], [2, 2]]);
  const dims = [...x.dims.slice(0, own), ...shape, ...x.dims.slice(own + 1)];
  if (!b.fits(dims) || dims.length === 0 || dims.length > 4) return null;
  const start = b.random.below(size);
  const inARow = b.chance(0.3) && start + sizeOf(shape) <= size;
  const indices = Array.from({ length: sizeOf(shape) }, (_, i) =>
    inARow ? start + i : b.random.below(2 * size) - size,
  );
  return b.node('Gather', [x.name, b.integers(indices, shape)], dims, { axis: { int: given } });
}

/** The samples' axis goes behind the one whose elements are chosen, and back. */
function gatherND(b: GraphBuilder, x: Part): Part {
  const size = x.dims[0] ?? 1;
  const count = b.between(1, 3);
  const swap = [1, 0, ...x.dims.slice(1).map((_, i) => i + 2)];
  const swapped = b.raw('Transpose', [x.name], { perm: { ints: swap } });
  const indices = Array.from({ length: count }, () => b.random.below(2 * size) - size);
  const taken = b.raw('GatherND', [swapped, b.integers(indices, [count, 1])]);
  return b.node('Transpose', [taken], [count, ...x.dims.slice(1)], { perm: { ints: swap } });
}

/** Elements of a weight, which are added. */
function gatherElements(b: GraphBuilder, x: Part): Part {
  const width = x.dims.at(-1) ?? 1;
  const [rows, count] = [b.between(1, 4), x.dims.length > 1 && b.chance(0.5) ? (x.dims.at(-2) ?? 1) : 1];
  const byRow = b.chance(0.5);
  const table = b.parameter(byRow ? [rows, width] : [count, rows]);
  const indices = Array.from({ length: count * width }, () => b.random.below(2 * rows) - rows);
  const taken = b.raw('GatherElements', [table, b.integers(indices, [count, width])], {
    axis: { int: byRow ? 0 : b.pick([1, -1]) },
  });
  return b.node('Add', [x.name, taken], x.dims);
}

function split(b: GraphBuilder, x: Part): Part | null {
  const { own, given } = b.axis(x);
  const size = x.dims[own] ?? 1;
  if (size < 2) return null;
  const first = b.between(1, size - 1);
  const outputs = [`a${b.nodes.length}`, `b${b.nodes.length}`];
  const inputs = [x.name, b.integers([first, size - first])];
  b.nodes.push({
    operator: 'Split',
    inputs,
    outputs,
    name: `node ${b.nodes.length}`,
    attributes: { axis: { int: given } },
  });
  const [left = '', right = ''] = outputs;
  b.pool.push({ name: left, dims: x.dims.with(own, first) });
  const rightPart = { name: right, dims: x.dims.with(own, size - first) };
  if (b.chance(0.4)) {
    b.pool.push(rightPart);
    return rightPart;
  }
  return b.node('Concat', [right, left], x.dims, { axis: { int: given } });
}

function concat(b: GraphBuilder, x: Part): Part | null {
  const { own, given } = b.axis(x);
  const others = b.pool.filter(
    ({ dims }) => dims.length === x.dims.length && dims.every((dim, i) => i === own || dim === x.dims[i]),
  );
  const parts = [x, b.pick(others), ...(b.chance(0.3) ? [b.pick(others)] : [])];
  const dims = x.dims.with(
    own,
    parts.reduce((sum, part) => sum + (part.dims[own] ?? 0), 0),
  );
  if (!b.fits(dims)) return null;
  return b.node(
    'Concat',
    parts.map(({ name }) => name),
    dims,
    { axis: { int: given } },
  );
}

function triangle(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length < 2 || b.opset < 14) return null;
  const diagonal = b.chance(0.5) ? [b.integers([b.between(-1, 1)], [])] : [];
  return b.node('Trilu', [x.name, ...diagonal], x.dims, { upper: { int: b.random.below(2) } });
}

function depthToSpace(b: GraphBuilder, x: Part): Part | null {
  const [channels = 0, height = 0, width = 0] = x.dims;
  if (x.dims.length !== 3 || channels % 4 !== 0) return null;
  const mode = b.pick(['DCR', 'CRD']);
  return b.node('DepthToSpace', [x.name], [channels / 4, 2 * height, 2 * width], {
    blocksize: { int: 2 },
    mode: { string: mode },
  });
}

function spaceToDepth(b: GraphBuilder, x: Part): Part | null {
  const [channels = 0, height = 0, width = 0] = x.dims;
  if (x.dims.length !== 3 || height % 2 !== 0 || width % 2 !== 0) return null;
  return b.node('SpaceToDepth', [x.name], [4 * channels, height / 2, width / 2], { blocksize: { int: 2 } });
}

export const shapeSteps: Readonly<Record<string, Step>> = {
  Flatten: (b, x) => b.node('Flatten', [x.name], [sizeOf(x.dims)], { axis: { int: 1 } }),
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
  Tile: tile,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  GatherND: gatherND,
  GatherElements: gatherElements,
  Split: split,
  Concat: concat,
  Trilu: triangle,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
