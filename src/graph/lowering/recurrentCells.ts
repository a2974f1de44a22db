import { add, mul, rectify, sub, unary } from '../static/elementwise';
import { matmul } from '../static/linear';
import { range } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';

/** What a cell hands from step to step, N × H each; null: zeros. The cell state is an LSTM's. */
export interface State {
  readonly hidden: Value | null;
  readonly cell: Value | null;
}

/** What a step leaves. */
export type NextState = State & { readonly hidden: Value };

/** The weights of one direction: H is the hidden size, G the number of gates. */
export interface CellWeights {
  /** GH × H */
  readonly recurrent: Value;
  /** GH; null: there is none. */
  readonly bias: Value | null;
  /** 3H, of an LSTM; null: there are none. */
  readonly peepholes: Value | null;
}

export type Activation = (g: StaticGraph, x: Value) => Value;

/** Those that ONNX names for recurrent nodes and that have no parameters of their own, in small letters. */
export const cellActivations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['sigmoid', (g, x) => unary(g, 'sigmoid', x)],
  ['tanh', (g, x) => unary(g, 'tanh', x)],
  ['relu', rectify],
]);

/** One step of a cell. @param x what the input gives to the gates, its bias included: N × GH */
export type Cell = (g: StaticGraph, x: Value, state: State, weights: CellWeights) => NextState;

/** h R[from to]ᵀ + b[from to]; null where both are 0. */
function fromHidden(
  g: StaticGraph,
  hidden: Value | null,
  { recurrent, bias }: CellWeights,
  from: number,
  to: number,
): Value | null {
  const own = bias === null ? null : range(g, bias, 0, from, to);
  if (hidden === null) return own;
  const product = matmul(g, hidden, range(g, recurrent, 0, from, to), false, true);
  return own === null ? product : add(g, product, own);
}

function plus(g: StaticGraph, a: Value, b: Value | null): Value {
  return b === null ? a : add(g, a, b);
}

/** h = f(x + R h + b) */
export function plainCell(size: number, f: Activation): Cell {
  return (g, x, state, weights) => ({
    hidden: f(g, plus(g, x, fromHidden(g, state.hidden, weights, 0, size))),
    cell: null,
  });
}

/**
 * Gates i, o, f and the new content in the order of the file, with peepholes from the cell state to the gates:
 * C' = f ⊙ C + i ⊙ g(…), h' = o ⊙ h(C').
 */
export function lstmCell(size: number, gate: Activation, content: Activation, output: Activation): Cell {
  return (g, x, state, weights) => {
    const { peepholes } = weights;
    const all = plus(g, x, fromHidden(g, state.hidden, weights, 0, 4 * size));
    const part = (at: number): Value => range(g, all, 1, at * size, (at + 1) * size);
    const addPeephole = (at: number, cell: Value | null): Value => {
      if (peepholes === null || cell === null) return part(at);
      return add(g, part(at), mul(g, range(g, peepholes, 0, at * size, (at + 1) * size), cell));
    };
    const gained = mul(g, gate(g, addPeephole(0, state.cell)), content(g, part(3)));
    const cell =
      state.cell === null ? gained : add(g, gained, mul(g, gate(g, addPeephole(2, state.cell)), state.cell));
    return { hidden: mul(g, gate(g, addPeephole(1, cell)), output(g, cell)), cell };
  };
}

/**
 * Gates z and r and the new content in the order of the file: h' = (1 − z) ⊙ n + z ⊙ h. The reset gate is put on what the
 * recurrent weights give (PyTorch, `linear_before_reset`) or on the hidden state before them.
 */
export function gruCell(size: number, gate: Activation, content: Activation, linearFirst: boolean): Cell {
  return (g, x, { hidden }, weights) => {
    const gates = plus(g, range(g, x, 1, 0, 2 * size), fromHidden(g, hidden, weights, 0, 2 * size));
    const update = gate(g, range(g, gates, 1, 0, size));
    const reset = gate(g, range(g, gates, 1, size, 2 * size));
    const own = range(g, x, 1, 2 * size, 3 * size);
    const inner =
      linearFirst || hidden === null
        ? fromHidden(g, hidden, weights, 2 * size, 3 * size)
        : fromHidden(g, mul(g, reset, hidden), weights, 2 * size, 3 * size);
    const fresh = content(g, plus(g, own, linearFirst && inner !== null ? mul(g, reset, inner) : inner));
    const kept = mul(g, sub(g, g.scalar(1), update), fresh);
    return { hidden: hidden === null ? kept : add(g, kept, mul(g, update, hidden)), cell: null };
  };
}
