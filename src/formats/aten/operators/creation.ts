import type { Call } from '../call';
import type { OperatorTable, Translate } from './table';

/** As many equal numbers as the result has, or as the program computes. @param value or null: an argument says it */
function filled(value: number | null): Translate {
  return (c) => {
    const { dims, type } = c.result();
    const number = value ?? c.number('fill_value', c.number('value', 0));
    const scalar = c.scalar(number, type);
    if (dims.length === 0) return scalar;
    return c.add('Expand', [scalar, sizesOf(c)]);
  };
}

function sizesOf(c: Call): string {
  const { dims } = c.result();
  if (dims.every((size) => size !== null)) return c.builder.integers(dims.map((size) => size));
  return c.has('self') ? c.add('Shape', [c.tensor()]) : c.sizes('size');
}

const arange: Translate = (c) => {
  const { dims, type } = c.result();
  const [count = null] = dims;
  if (count !== null) {
    const [start, step] = [c.number('start', 0), c.number('step', 1)];
    return c.constant(
      'range',
      [count],
      Array.from({ length: count }, (_, at) => start + at * step),
      type,
    );
  }
  if (type !== 'int64') throw c.unsupported('an end that is left open, in another type than whole numbers');
  const scalar = (name: string, otherwise: number): string =>
    c.add('Squeeze', [c.index(name, otherwise), c.builder.integers([0])]);
  return c.add('Range', [scalar('start', 0), scalar('end', 0), scalar('step', 1)]);
};

/** Tensors that come of no other. */
export const creation: OperatorTable = {
  zeros: filled(0),
  ones: filled(1),
  full: filled(null),
  zeros_like: filled(0),
  ones_like: filled(1),
  full_like: filled(null),
  new_zeros: filled(0),
  new_ones: filled(1),
  new_full: filled(null),
  scalar_tensor: (c) => c.scalar(c.number('s'), c.result().type),
  arange,
};

/** Whole numbers on one axis, of sizes that the program computes with. */
export const symbolic: OperatorTable = {
  'aten.sym_size.int': (c) => {
    const axis = c.axis('dim', c.meta().dims.length);
    return c.add('Shape', [c.tensor()], { start: axis, end: axis + 1 });
  },
  '_operator.mul': (c) => c.add('Mul', [c.symbol('a'), c.symbol('b')]),
  '_operator.add': (c) => c.add('Add', [c.symbol('a'), c.symbol('b')]),
  '_operator.sub': (c) => c.add('Sub', [c.symbol('a'), c.symbol('b')]),
  // Sizes are not negative.
  '_operator.floordiv': (c) => c.add('Div', [c.symbol('a'), c.symbol('b')]),
};
