import { add, mul, sub } from '../static/elementwise';
import { expand, pad } from '../static/shape';
import type { Value } from '../static/value';
import { takeAlong } from './indexing';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';

/** By the mode: which of `size` elements stands at a position before the first, among them, or after the last. */
const continued: ReadonlyMap<string, (position: number, size: number) => number> = new Map([
  ['edge', (position, size) => Math.min(Math.max(position, 0), size - 1)],
  ['wrap', (position, size) => modulo(position, size)],
  [
    'reflect',
    (position, size) => {
      const period = Math.max(1, 2 * (size - 1));
      const turned = modulo(position, period);
      return turned < size ? turned : period - turned;
    },
  ],
]);

function modulo(value: number, size: number): number {
  return ((value % size) + size) % size;
}

function lowerPad(n: LoweredNode): Value {
  const x = n.input(0);
  const rank = x.dims.length;
  const amounts = n.ints('pads') ?? n.constantNumbers(1) ?? [];
  const axes = n.axes(3, rank) ?? x.dims.map((_, axis) => axis);
  const before = x.dims.map(() => 0);
  const after = x.dims.map(() => 0);
  axes.forEach((axis, i) => {
    before[axis] = amounts[i] ?? 0;
    after[axis] = amounts[i + axes.length] ?? 0;
  });
  const mode = n.text('mode', 'constant');
  return mode === 'constant' ? padAxis(n, before, after) : continueBy(n, mode, before, after);
}

function padAxis(n: LoweredNode, before: readonly number[], after: readonly number[]): Value {
  const { g } = n;
  const x = n.input(0);
  const inner = pad(g, x, before, after);
  const fill = n.optional(2) ?? g.scalar(n.float('value', 0));
  const { operation } = fill;
  if (operation.kind === 'constant' && operation.data.every((value) => Number(value) === 0)) return inner;
  if (x.type !== 'real') throw new CannotLower('pads integers with a number other than 0');
  const outside = sub(g, g.scalar(1), pad(g, expand(g, g.scalar(1), x.dims), before, after));
  return add(g, inner, mul(g, outside, fill));
}

function continueBy(
  n: LoweredNode,
  mode: string,
  before: readonly number[],
  after: readonly number[],
): Value {
  const source = continued.get(mode);
  if (source === undefined) throw new CannotLower(`pads by "${mode}", which has no derivative here`);
  if ([...before, ...after].some((amount) => amount < 0)) {
    throw new CannotLower(`cuts and pads by "${mode}" at once`);
  }
  return n.input(0).dims.reduce<Value>((x, size, axis) => {
    const length = before[axis]! + size + after[axis]!;
    const positions = Array.from({ length }, (_, i) => source(i - before[axis]!, size));
    return takeAlong(n.g, x, axis, positions);
  }, n.input(0));
}

export const paddingLowerings = { Pad: lowerPad } satisfies LoweringTable;
