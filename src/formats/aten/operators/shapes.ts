import type { Call } from '../call';
import type { OperatorTable, Translate } from './table';

const same: Translate = (c) => c.tensor(c.has('input') ? 'input' : 'self');

/** To the sizes of the result: of one symbol −1, which any batch fits; of more what the program gives. */
function reshape(argument: string | null): Translate {
  return (c) => {
    const { dims } = c.result();
    const symbols = dims.filter((size) => size === null).length;
    if (symbols <= 1 && (symbols === 0 || !dims.includes(0)))
      return c.add('Reshape', [c.tensor(), c.builder.integers(dims.map((size) => size ?? -1))]);
    if (argument === null) throw c.unsupported('several sizes that are left open');
    return c.add('Reshape', [c.tensor(), c.sizes(argument)]);
  };
}

const permute: Translate = (c) => {
  const rank = c.meta().dims.length;
  return c.add('Transpose', [c.tensor()], { perm: c.numbers('dims').map((axis) => (axis + rank) % rank) });
};

/** Two axes in each other's place. */
function swapped(
  first: (c: Call, rank: number) => number,
  second: (c: Call, rank: number) => number,
): Translate {
  return (c) => {
    const rank = c.meta().dims.length;
    const perm = Array.from({ length: rank }, (_, at) => at);
    if (rank < 2) return c.tensor();
    const [a, b] = [first(c, rank), second(c, rank)];
    perm[a] = b;
    perm[b] = a;
    return c.add('Transpose', [c.tensor()], { perm });
  };
}

const lastTwo = swapped(
  (_, rank) => rank - 2,
  (_, rank) => rank - 1,
);

const squeeze: Translate = (c) => {
  const { dims } = c.meta();
  const rank = dims.length;
  const asked = c.numbers(
    'dim',
    dims.flatMap((size, at) => (size === 1 ? [at] : [])),
  );
  const axes = asked.map((axis) => (axis < 0 ? axis + rank : axis)).filter((axis) => dims[axis] === 1);
  return axes.length === 0 ? c.tensor() : c.add('Squeeze', [c.tensor(), c.builder.integers(axes)]);
};

const unsqueeze: Translate = (c) =>
  c.add('Unsqueeze', [c.tensor(), c.builder.integers([c.axis('dim', c.meta().dims.length + 1)])]);

const cat: Translate = (c) => {
  const { type, dims } = c.result();
  const metas = c.metas('tensors');
  const parts = c.tensors('tensors').map((part, at) => c.cast(part, metas[at]?.type ?? type, type));
  return c.add('Concat', parts, { axis: c.axis('dim', dims.length, 0) });
};

const stack: Translate = (c) => {
  const axis = c.axis('dim', c.result().dims.length, 0);
  const parts = c.tensors('tensors').map((part) => c.add('Unsqueeze', [part, c.builder.integers([axis])]));
  return c.add('Concat', parts, { axis });
};

/** Into as many parts as the program says, of the sizes that it says. */
const split: Translate = (c) => {
  const axis = c.axis('dim', c.meta().dims.length, 0);
  const sizes = Array.from({ length: c.resultCount }, (_, at) => {
    const size = c.result(at).dims[axis];
    if (size === null || size === undefined) throw c.unsupported('parts whose size is left open');
    return size;
  });
  return c.addNode('Split', [c.tensor(), c.builder.integers(sizes)], sizes.length, { axis });
};

const unbind: Translate = (c) => {
  const axis = c.axis('dim', c.meta().dims.length, 0);
  return Array.from({ length: c.resultCount }, (_, at) =>
    c.add('Gather', [c.tensor(), c.constant('index', [], [at], 'int64')], { axis }),
  );
};

const select: Translate = (c) =>
  c.add('Gather', [c.tensor(), c.constant('index', [], [c.number('index')], 'int64')], {
    axis: c.axis('dim', c.meta().dims.length),
  });

const slice: Translate = (c) => {
  const { dims } = c.meta();
  const axis = c.axis('dim', dims.length, 0);
  const far = 2 ** 31 - 1;
  // From the first to the last by one, as x[:, 1:] has it for its first axis.
  const isWhole = c.starts('start') && c.reaches('end', dims[axis] ?? far) && c.number('step', 1) === 1;
  if (isWhole) return c.tensor();
  const step = c.builder.integers([c.number('step', 1)]);
  return c.add('Slice', [
    c.tensor(),
    c.index('start', 0),
    c.index('end', far),
    c.builder.integers([axis]),
    step,
  ]);
};

/** Index tensors on one axis, x[:, indices], or on several that lie beside each other, x[rows, columns]. */
const index: Translate = (c) => {
  const found = c.optionalTensors('indices');
  const [first, ...others] = found;
  if (first === undefined) return c.tensor();
  if (found.some(({ type }) => type === 'bool')) throw c.unsupported('a mask as an index');
  if (others.length === 0) return c.add('Gather', [c.tensor(), first.value], { axis: first.at });
  if (!found.every(({ at }, place) => at === first.at + place))
    throw c.unsupported('tensors of indices with axes between them');
  // The axes as one, whose numbers the indices give together.
  const { dims } = c.meta();
  const sizes = found.map(({ at }) => dims[at] ?? null);
  const before = dims.slice(0, first.at);
  if (sizes.includes(null) || before.filter((size) => size === null).length > 1)
    throw c.unsupported('tensors of indices on axes that are left open');
  const whole = (value: number): string => c.constant('size', [], [value], 'int64');
  const joined = found.reduce((sum, { value, type }, place) => {
    const size = whole(sizes[place] ?? 1);
    const wide = c.cast(value, type, 'int64');
    const positive = c.add('Where', [c.add('Less', [wide, whole(0)]), c.add('Add', [wide, size]), wide]);
    return sum === '' ? positive : c.add('Add', [c.add('Mul', [sum, size]), positive]);
  }, '');
  const shape = [
    ...before.map((size) => size ?? 0),
    sizes.reduce<number>((product, size) => product * (size ?? 1), 1),
    ...dims.slice(first.at + found.length).map((size) => size ?? 0),
  ];
  if (dims.slice(first.at + found.length).includes(null))
    throw c.unsupported('tensors of indices before an axis that is left open');
  const flat = c.add('Reshape', [c.tensor(), c.builder.integers(shape)]);
  return c.add('Gather', [flat, joined], { axis: first.at });
};

const expand: Translate = (c) => {
  // A size of −1 stays as it is, as one of 1 does in ONNX.
  return c.add('Expand', [c.tensor(), c.sizes('size', (size) => (size === -1 ? 1 : size))]);
};

const repeat: Translate = (c) => {
  const [rank, wanted] = [c.meta().dims.length, c.result().dims.length];
  const axes = Array.from({ length: wanted - rank }, (_, at) => at);
  const raised = axes.length === 0 ? c.tensor() : c.add('Unsqueeze', [c.tensor(), c.builder.integers(axes)]);
  return c.add('Tile', [raised, c.sizes('repeats')]);
};

const to: Translate = (c) => c.cast(c.tensor(), c.meta().type, c.result().type);

/** The axes that are named, or the only one that rolls all numbers as if they lay in a row. */
const roll: Translate = (c) => {
  const { dims } = c.meta();
  const [shifts, axes] = [c.numbers('shifts'), c.numbers('dims', [])];
  if (axes.length !== shifts.length) throw c.unsupported('a shift of all numbers in a row');
  return shifts.reduce((value, shift, at) => {
    const axis = ((axes[at] ?? 0) + dims.length) % dims.length;
    const size = dims[axis] ?? null;
    if (size === null) throw c.unsupported('a shift along an axis that is left open');
    // Where the number stands that comes first.
    const first = (((size - shift) % size) + size) % size;
    if (first === 0) return value;
    const part = (from: number, to: number): string =>
      c.add('Slice', [value, ...[from, to, axis].map((each) => c.builder.integers([each]))]);
    return c.add('Concat', [part(first, size), part(0, first)], { axis });
  }, c.tensor());
};

/** From the last to the first along the named axes. */
const flip: Translate = (c) => {
  const rank = c.meta().dims.length;
  const axes = c.numbers('dims').map((axis) => (axis + rank) % rank);
  if (axes.length === 0) return c.tensor();
  const all = (value: number): string => c.builder.integers(axes.map(() => value));
  return c.add('Slice', [c.tensor(), all(-1), all(-(2 ** 31 - 1)), c.builder.integers(axes), all(-1)]);
};

/** A part of a tensor in another's place. */
const sliceScatter: Translate = (c) => {
  const { dims } = c.meta();
  const axis = c.axis('dim', dims.length, 0);
  const size = dims[axis] ?? null;
  if (size === null || c.number('step', 1) !== 1)
    throw c.unsupported('a part along an axis that is left open');
  const bound = (name: string, otherwise: number): number => {
    const value = c.number(name, otherwise);
    return Math.min(size, Math.max(0, value < 0 ? value + size : value));
  };
  const [start, end] = [bound('start', 0), bound('end', size)];
  return spliced(c, axis, start, Math.max(start, end), c.tensor('src'));
};

const selectScatter: Translate = (c) => {
  const { dims } = c.meta();
  const axis = c.axis('dim', dims.length);
  const size = dims[axis] ?? null;
  if (size === null) throw c.unsupported('a part along an axis that is left open');
  const index = c.number('index');
  const at = index < 0 ? index + size : index;
  return spliced(c, axis, at, at + 1, c.add('Unsqueeze', [c.tensor('src'), c.builder.integers([axis])]));
};

function spliced(c: Call, axis: number, start: number, end: number, part: string): string {
  const size = c.meta().dims[axis] ?? 0;
  const own = (from: number, to: number): readonly string[] =>
    from >= to
      ? []
      : [c.add('Slice', [c.tensor(), ...[from, to, axis].map((each) => c.builder.integers([each]))])];
  const parts = [...own(0, start), ...(start < end ? [part] : []), ...own(end, size)];
  return parts.length === 1 ? (parts[0] ?? '') : c.add('Concat', parts, { axis });
}

/** Sizes are kept for every axis from the last, first before and behind. */
const pad: Translate = (c) => {
  const { dims } = c.meta();
  const given = c.numbers('pad');
  const mode = c.text('mode', 'constant');
  const modes: Readonly<Record<string, string>> = {
    constant: 'constant',
    reflect: 'reflect',
    replicate: 'edge',
  };
  const own = Object.hasOwn(modes, mode) ? modes[mode] : undefined;
  if (own === undefined) throw c.unsupported(`the mode ${mode}`);
  const side = (offset: number): number[] =>
    dims.map((_, at) => given[2 * (dims.length - 1 - at) + offset] ?? 0);
  const value = c.scalar(c.number('value', 0), c.result().type);
  return c.add('Pad', [c.tensor(), c.builder.integers([...side(0), ...side(1)]), value], { mode: own });
};

/** Each number less the one before it, along an axis and as often as is asked. */
const diff: Translate = (c) => {
  if (c.has('prepend') || c.has('append')) throw c.unsupported('numbers before or behind its own');
  const { dims } = c.meta();
  const axis = c.axis('dim', dims.length, -1);
  const part = (value: string, from: number, to: number): string =>
    c.add('Slice', [value, ...[from, to, axis].map((each) => c.builder.integers([each]))]);
  let value = c.tensor();
  for (let times = c.number('n', 1); times > 0; times -= 1)
    value = c.add('Sub', [part(value, 1, 2 ** 31 - 1), part(value, 0, -1)]);
  return value;
};

function triangle(upper: number): Translate {
  return (c) =>
    c.add('Trilu', [c.tensor(), c.constant('diagonal', [], [c.number('diagonal', 0)], 'int64')], { upper });
}

/** What only arranges numbers. */
export const shapes: OperatorTable = {
  view: reshape('size'),
  _unsafe_view: reshape('size'),
  reshape: reshape('shape'),
  flatten: reshape(null),
  unflatten: reshape(null),
  permute,
  transpose: swapped(
    (c, rank) => c.axis('dim0', rank),
    (c, rank) => c.axis('dim1', rank),
  ),
  t: lastTwo,
  numpy_T: lastTwo,
  mT: lastTwo,
  squeeze,
  unsqueeze,
  cat,
  concat: cat,
  stack,
  split,
  split_with_sizes: split,
  chunk: split,
  unbind,
  select,
  slice,
  index,
  index_select: (c) =>
    c.add('Gather', [c.tensor(), c.tensor('index')], { axis: c.axis('dim', c.meta().dims.length) }),
  gather: (c) =>
    c.add('GatherElements', [c.tensor(), c.tensor('index')], { axis: c.axis('dim', c.meta().dims.length) }),
  expand,
  expand_as: (c) => c.add('Expand', [c.tensor(), c.add('Shape', [c.tensor('other')])]),
  repeat,
  roll,
  flip,
  diff,
  slice_scatter: sliceScatter,
  select_scatter: selectScatter,
  pad,
  constant_pad_nd: pad,
  triu: triangle(1),
  tril: triangle(0),
  contiguous: same,
  clone: same,
  alias: same,
  detach: (c) => {
    if (c.isLearned()) throw c.unsupported('what depends on parameters, whose derivative it ends');
    return c.tensor();
  },
  lift_fresh_copy: same,
  lift_fresh: same,
  fill: (c) => c.add('Expand', [c.operand('value', c.result().type), c.add('Shape', [c.tensor()])]),
  copy: (c) => {
    const source = c.cast(c.tensor('src'), c.meta('src').type, c.result().type);
    return c.add('Expand', [source, c.add('Shape', [c.tensor()])]);
  },
  to,
  _to_copy: to,
  type_as: to,
};
