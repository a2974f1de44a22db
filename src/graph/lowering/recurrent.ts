import { printable } from '../../report/printable';
import { add } from '../static/elementwise';
import { matmul } from '../static/linear';
import { concat, range, reshape } from '../static/shape';
import { uniformNumber, type StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { realInput } from './elementwise';
import type { LoweredNode, Lowering, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';
import {
  cellActivations,
  gruCell,
  lstmCell,
  plainCell,
  type Activation,
  type Cell,
  type CellWeights,
  type State,
} from './recurrentCells';

/** Of a sequence: every step is tens of operators of the product, and onnxruntime takes minutes to load more of them. */
const mostSteps = 500;

/** How a kind of recurrent node is read. */
interface Kind {
  /** G */
  readonly gates: number;
  /** Its functions where the node names none. */
  readonly activations: readonly string[];
  readonly cell: (n: LoweredNode, size: number, activation: (place: number) => Activation) => Cell;
}

/**
 * LSTM, GRU and RNN, step by step. Outputs: the hidden states of all steps T × D × N × H, the last D × N × H, and the last
 * cell states of an LSTM.
 */
function recurrent(kind: Kind): Lowering {
  return (n) => {
    const { g } = n;
    refuseVariants(n);
    const x = realInput(n, 0);
    const [steps = 0, count = 0] = x.dims;
    const size = n.int('hidden_size', 0);
    if (steps > mostSteps)
      throw new CannotLower(
        `runs over ${steps} steps, and more than ${mostSteps} are not differentiated here`,
      );
    const direction = n.text('direction', 'forward');
    const backwards = direction === 'bidirectional' ? [false, true] : [direction === 'reverse'];
    const runs = backwards.map((isBackwards, d) => {
      const cell = kind.cell(n, size, (place) => activationOf(n, kind, d, place));
      return unroll(n, x, { d, isBackwards, wide: kind.gates * size, cell });
    });
    const join = (values: readonly Value[], dims: readonly number[], axis: number): Value =>
      concat(
        g,
        values.map((value) => reshape(g, value, dims)),
        axis,
      );
    const all = runs.map(({ hidden }) => join(hidden, [1, count, size], 0));
    const last = (values: readonly (Value | null)[]): Value =>
      join(
        values.filter((value) => value !== null),
        [1, count, size],
        0,
      );
    const outputs = [
      join(all, [steps, 1, count, size], 1),
      last(runs.map(({ state }) => state.hidden)),
      ...(runs.some(({ state }) => state.cell === null) ? [] : [last(runs.map(({ state }) => state.cell))]),
    ];
    return outputs.slice(0, n.node.outputs.length);
  };
}

/** What other files would need. */
function refuseVariants(n: LoweredNode): void {
  if (n.hasInput(4)) throw new CannotLower('is told a length for every sequence');
  if (n.int('layout', 0) !== 0) throw new CannotLower('has the samples as its first axis (layout)');
  if (n.optionalFloat('clip') !== null) throw new CannotLower('clips what its gates get');
  if (n.int('input_forget', 0) !== 0) throw new CannotLower('couples its gates (input_forget)');
}

/** The function in a place of the node's list for a direction. */
function activationOf(n: LoweredNode, { activations }: Kind, direction: number, place: number): Activation {
  const names = n.texts('activations') ?? [];
  const name = names[direction * activations.length + place] ?? activations[place] ?? '';
  const found = cellActivations.get(name.toLowerCase());
  if (found !== undefined) return found;
  throw new CannotLower(`has the activation ${printable(name)}, which has no derivative here`);
}

/** One direction: its hidden states in the order of the sequence, and its last state. @param wide GH */
function unroll(
  n: LoweredNode,
  x: Value,
  {
    d,
    isBackwards,
    wide,
    cell,
  }: { readonly d: number; readonly isBackwards: boolean; readonly wide: number; readonly cell: Cell },
): { readonly hidden: readonly Value[]; readonly state: State } {
  const { g } = n;
  const own = (index: number): Value | null => {
    const input = n.optional(index);
    return input === null ? null : reshape(g, range(g, input, 0, d, d + 1), input.dims.slice(1));
  };
  const needed = (index: number): Value => own(index) ?? n.input(index);
  const [steps = 0, count = 0, width = 0] = x.dims;
  const bias = own(3);
  const weights: CellWeights = {
    recurrent: needed(2),
    // The file's second half, which recurrentBiases.ts may have taken away.
    bias: bias?.dims[0] === 2 * wide ? range(g, bias, 0, wide, 2 * wide) : null,
    peepholes: own(7),
  };
  // All steps at once: what the input gives does not depend on the state.
  const product = matmul(g, reshape(g, x, [steps * count, width]), needed(1), false, true);
  const projected = bias === null ? product : add(g, product, range(g, bias, 0, 0, wide));
  const parts = unstack(g, reshape(g, projected, [steps, count, wide]));
  const ordered = isBackwards ? parts.toReversed() : parts;
  const initial = (index: number): Value | null => {
    const value = own(index);
    return value === null || uniformNumber(value) === 0 ? null : value;
  };
  let state: State = { hidden: initial(5), cell: initial(6) };
  const hidden = ordered.map((part) => {
    const next = cell(g, reshape(g, part, [count, wide]), state, weights);
    state = next;
    return next.hidden;
  });
  return { hidden: isBackwards ? hidden.toReversed() : hidden, state };
}

/**
 * The slices of the first axis, each 1 long. They are halved again and again: the derivative of a slice goes back into zeros
 * of the size that it was cut from, and from the whole that would be T² rows for T slices.
 */
function unstack(g: StaticGraph, x: Value): readonly Value[] {
  const [length = 0] = x.dims;
  if (length <= 1) return [x];
  const middle = Math.floor(length / 2);
  return [...unstack(g, range(g, x, 0, 0, middle)), ...unstack(g, range(g, x, 0, middle, length))];
}

export const recurrentLowerings = {
  RNN: recurrent({
    gates: 1,
    activations: ['Tanh'],
    cell: (_, size, f) => plainCell(size, f(0)),
  }),
  GRU: recurrent({
    gates: 3,
    activations: ['Sigmoid', 'Tanh'],
    cell: (n, size, f) => gruCell(size, f(0), f(1), n.int('linear_before_reset', 0) !== 0),
  }),
  LSTM: recurrent({
    gates: 4,
    activations: ['Sigmoid', 'Tanh', 'Tanh'],
    cell: (_, size, f) => lstmCell(size, f(0), f(1), f(2)),
  }),
} satisfies LoweringTable;
