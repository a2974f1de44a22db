import type { LayerCall } from '../layerCall';
import type { Value } from '../value';
import { namedActivation } from './activations';
import type { Cell, Unrolled } from './recurrent';

/** Longer sequences are not differentiated. */
const mostSteps = 500;

/** A cell with its weights as ONNX's operators take them: [1, gates · units, …], the gates in ONNX's order. */
interface Steps {
  readonly cell: Cell;
  readonly units: number;
  readonly kernel: string;
  readonly own: string;
  /** That of the input, and behind it that of the state; null: none. */
  readonly bias: string | null;
  readonly initial: readonly Value[];
  readonly isBackward: boolean;
  readonly isResetAfter: boolean;
}

/**
 * A recurrent layer written out, step by step, for what ONNX's operators do not have: steps that a mask leaves out, at which
 * output and states stay as they were, and any function of Keras's at the gates.
 */
export function stepByStep(call: LayerCall, input: Value, steps: Steps): Unrolled {
  const { cell, units, kernel, own, bias, initial, isBackward } = steps;
  const { builder } = call.network;
  const count = call.size(1, input);
  if (count > mostSteps)
    throw call.unsupported(
      `runs over ${count} steps with a mask or functions of its own, and at most ${mostSteps} are read here; shorten the sequences`,
    );
  const width = cell.gates.length * units;
  const part = (value: string, axis: number, from: number, to: number): string =>
    call.add('Slice', [value, ...[from, to, axis].map((each) => builder.integers([each]))]);
  const matrix = (weight: string): string =>
    call.add('Transpose', [call.add('Squeeze', [weight, builder.integers([0])])], { perm: [1, 0] });
  const vector = (from: number, to: number): string | null =>
    bias === null ? null : part(call.add('Squeeze', [bias, builder.integers([0])]), 0, from, to);
  const plus = (value: string, other: string | null): string =>
    other === null ? value : call.add('Add', [value, other]);
  const split = (value: string, sizes: readonly number[], axis: number): readonly string[] =>
    builder.addNode('Split', [value, builder.integers(sizes)], sizes.length, { axis }, call.layer.name);
  const gate = (value: string): string => namedActivation(call, 'recurrent_activation', value);
  const content = (value: string): string => namedActivation(call, 'activation', value);
  const multiplied = (one: string, other: string): string => call.add('Mul', [one, other]);

  const recurrent = matrix(own);
  const stateBias = vector(width, 2 * width);
  const fromState = (state: string | null): string | null =>
    state === null ? stateBias : plus(call.add('MatMul', [state, recurrent]), stateBias);
  const halves = cell.operator === 'GRU' ? [2 * units, units] : [];
  const [gateKernel = '', contentKernel = ''] = halves.length === 0 ? [] : split(recurrent, halves, 1);
  const equal = (value: string): readonly string[] =>
    split(
      value,
      cell.gates.map(() => units),
      -1,
    );

  /** The states after a step. */
  const step = (x: string, [h = null, c = null]: readonly (string | null)[]): readonly string[] => {
    if (cell.operator === 'RNN') return [content(plus(x, fromState(h)))];
    if (cell.operator === 'LSTM') {
      const [i = '', o = '', f = '', g = ''] = equal(plus(x, fromState(h)));
      const gained = multiplied(gate(i), content(g));
      const kept = c === null ? gained : call.add('Add', [multiplied(gate(f), c), gained]);
      return [multiplied(gate(o), content(kept)), kept];
    }
    const [xz = '', xr = '', xn = ''] = equal(x);
    const after = fromState(h);
    const isAfter = steps.isResetAfter && after !== null;
    const both = isAfter ? null : h === null ? null : call.add('MatMul', [h, gateKernel]);
    const [hz = null, hr = null, hn = null] = isAfter
      ? equal(after)
      : both === null
        ? []
        : split(both, [units, units], -1);
    const [z, r] = [gate(plus(xz, hz)), gate(plus(xr, hr))];
    const inner =
      hn !== null
        ? multiplied(r, hn)
        : h === null
          ? null
          : call.add('MatMul', [multiplied(r, h), contentKernel]);
    const n = plus(xn, inner);
    const fresh = content(n);
    const rest = multiplied(call.add('Sub', [call.constant(1), z]), fresh);
    return [h === null ? rest : call.add('Add', [multiplied(z, h), rest])];
  };

  const projected = plus(call.add('MatMul', [input.name, matrix(kernel)]), vector(0, width));
  const ones = Array.from({ length: count }, () => 1);
  const at = (value: string): readonly string[] =>
    split(value, ones, 1).map((each) => call.add('Squeeze', [each, builder.integers([1])]));
  const xs = at(projected);
  const masks = call.mask === null ? null : split(call.mask, ones, 1);
  const order = ones.map((_, t) => (isBackward ? count - 1 - t : t));
  let states: readonly (string | null)[] = initial.map((state) => state.name);
  let output = '';
  const outputs: string[] = [];
  for (const t of order) {
    const made = step(xs[t] ?? '', states);
    const mask = masks?.[t];
    const kept = (now: string, before: string | null): string =>
      mask === undefined ? now : call.add('Where', [mask, now, before ?? call.constant(0)]);
    const isZero = call.config.flag('zero_output_for_mask', false);
    output = kept(made[0] ?? '', isZero ? null : (states[0] ?? null));
    states = made.map((state, index) => kept(state, states[index] ?? null));
    outputs[t] = call.add('Unsqueeze', [output, builder.integers([1])]);
  }
  return {
    sequence: call.result(call.add('Concat', outputs, { axis: 1 }), [null, count, units]),
    last: call.result(output, [null, units]),
    states: states.map((state) => call.result(state ?? '', [null, units])),
  };
}
