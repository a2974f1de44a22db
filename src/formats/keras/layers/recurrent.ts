import { quote } from '../../../files/quote';
import { Config, isRecord } from '../config';
import { transposed, type LayerCall, type StoredTensor } from '../layerCall';
import type { Value } from '../value';
import { activationName } from './activations';
import { stepByStep } from './recurrentSteps';

/** How a recurrent layer of Keras becomes ONNX's. */
export interface Cell {
  readonly operator: 'LSTM' | 'GRU' | 'RNN';
  /** The layer within, as its variables' names begin. */
  readonly name: string;
  /** For every gate of ONNX's its place among Keras's. */
  readonly gates: readonly number[];
  /** Which activation each of ONNX's is. */
  readonly activations: readonly ('activation' | 'recurrent_activation')[];
  readonly states: number;
}

const cells: Readonly<Partial<Record<string, Cell>>> = {
  // Keras: input, forget, cell, output; ONNX: input, output, forget, cell.
  LSTM: {
    operator: 'LSTM',
    name: 'lstm_cell',
    gates: [0, 3, 1, 2],
    activations: ['recurrent_activation', 'activation', 'activation'],
    states: 2,
  },
  // Both: update, reset, new.
  GRU: {
    operator: 'GRU',
    name: 'gru_cell',
    gates: [0, 1, 2],
    activations: ['recurrent_activation', 'activation'],
    states: 1,
  },
  SimpleRNN: { operator: 'RNN', name: 'simple_rnn_cell', gates: [0], activations: ['activation'], states: 1 },
};

/** What onnxruntime's recurrent operators have, and can be differentiated here; with others they are written step by step. */
const gateActivations: Readonly<Partial<Record<string, string>>> = {
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
};

/** LSTM, GRU, SimpleRNN. */
export function recurrent(call: LayerCall): readonly Value[] {
  const [input, ...initial] = call.inputs;
  if (input?.dims.length !== 3) throw call.damaged('takes sequences, and gets something else');
  const { output, states } = run(call, input, initial, call.config.flag('go_backwards', false));
  return call.config.flag('return_state', false) ? [output, ...states] : [output];
}

/** What a recurrent layer gives, its steps in the order in which they were computed. */
function run(
  call: LayerCall,
  input: Value,
  initial: readonly Value[],
  isBackward: boolean,
): { readonly output: Value; readonly states: readonly Value[] } {
  const { sequence, last, states } = unrolled(call, input, initial, isBackward);
  if (!call.config.flag('return_sequences', false)) return { output: last, states };
  // Both ways of writing it leave every step where it was.
  const output = isBackward ? reversed(call, sequence) : sequence;
  const { masked } = call.network;
  const mask = call.mask ?? masked.get(input);
  if (mask !== undefined) masked.set(output, mask);
  return { output, states };
}

/** Two of them, the second in the other direction, put together. */
export function bidirectional(call: LayerCall): readonly Value[] {
  const [input, ...initial] = call.inputs;
  if (input?.dims.length !== 3) throw call.damaged('takes sequences, and gets something else');
  const parts = (['forward', 'backward'] as const).map((side) => {
    const own = side === 'backward' ? call.config.value('backward_layer') : undefined;
    const entry = own ?? call.config.value('layer');
    if (!isRecord(entry)) throw call.damaged('has no layer within');
    const className = String(entry['class_name']);
    const config = new Config(entry['config'], call.subject);
    const said = config.text('name');
    const name = own === undefined ? `${side}_${said.replace(/^(forward|backward)_/, '')}` : said;
    const within = call.within(`${side}_layer`, name, config, className);
    const count = cellOf(within).states;
    const from = initial.slice(side === 'forward' ? 0 : count).slice(0, count);
    // Without a layer of its own the way back is the first one turned around.
    const isTurned = side === 'backward' && own === undefined;
    const isBackward = config.flag('go_backwards', false) !== isTurned;
    return { config, ...run(within, input, from, isBackward) };
  });
  const [forward, backward] = parts;
  if (forward === undefined || backward === undefined) throw new Error('Two sides were asked for');
  const isSequence = backward.config.flag('return_sequences', false);
  const turned = isSequence ? reversed(call, backward.output) : backward.output;
  const merged = mergedSides(call, forward.output, turned);
  const { masked } = call.network;
  const mask = masked.get(forward.output);
  if (isSequence && mask !== undefined) for (const value of merged) masked.set(value, mask);
  return forward.config.flag('return_state', false)
    ? [...merged, ...forward.states, ...backward.states]
    : merged;
}

function mergedSides(call: LayerCall, forward: Value, backward: Value): readonly Value[] {
  const mode = call.config.value('merge_mode');
  const names = [forward.name, backward.name];
  const { dims } = forward;
  switch (mode) {
    case undefined:
      return [forward, backward];
    case 'concat': {
      const width = call.size(-1, forward) + call.size(-1, backward);
      return [call.result(call.add('Concat', names, { axis: -1 }), [...dims.slice(0, -1), width])];
    }
    case 'sum':
      return [call.result(call.add('Add', names), dims)];
    case 'mul':
      return [call.result(call.add('Mul', names), dims)];
    case 'ave':
      return [call.result(call.add('Mean', names), dims)];
    default:
      throw call.damaged(`merges by ${JSON.stringify(mode)}`);
  }
}

function cellOf(call: LayerCall): Cell {
  const cell = cells[call.layer.className];
  if (cell === undefined)
    throw call.unsupported(
      `is made of ${quote(call.layer.className)}, which is not read here; load the model in Keras, call model.export("model.onnx", format="onnx") and analyse that file`,
    );
  return cell;
}

/** What a cell makes of a sequence: the outputs of all steps, each where its input is, the last of them, and the states. */
export interface Unrolled {
  readonly sequence: Value;
  readonly last: Value;
  readonly states: readonly Value[];
}

function unrolled(call: LayerCall, input: Value, initial: readonly Value[], isBackward: boolean): Unrolled {
  const { config, network } = call;
  const { builder } = network;
  const cell = cellOf(call);
  const { operator, name, gates, activations, states } = cell;
  if (initial.length !== 0 && initial.length !== states)
    throw call.damaged(`gets ${initial.length} initial states in place of ${states}`);
  if (config.flag('time_major', false))
    throw call.unsupported('takes time as its first axis, which is not read here');
  const [units = 1] = config.sizes('units', 1);
  const within = call.within('cell', name);
  const width = gates.length * units;
  const arrange = gatesArranged(gates, units);
  const turned = transposed([1, 0]);
  const arranged = (tensor: StoredTensor): StoredTensor => withAxis(turned(arrange(tensor)));
  const kernel = within.weight('kernel', [call.size(-1, input), width], arranged);
  const own = within.weight('recurrent_kernel', [units, width], arranged);
  const isResetAfter = operator === 'GRU' && config.flag('reset_after', network.keras === 3);
  const bias = config.flag('use_bias', true) ? biases(within, { width, arrange, isResetAfter }) : null;
  const names = activations.map((key) => activationName(call, key) ?? 'linear');
  const functions = names.flatMap((each) => gateActivations[each] ?? []);
  if (call.mask !== null || functions.length < names.length)
    return stepByStep(call, input, { cell, units, kernel, own, bias, initial, isBackward, isResetAfter });
  const axis = (at: number): string => builder.integers([at]);
  const inputs = [call.add('Transpose', [input.name], { perm: [1, 0, 2] }), kernel, own, bias ?? ''];
  if (initial.length > 0)
    inputs.push('', ...initial.map((state) => call.add('Unsqueeze', [state.name, axis(0)])));
  const [all = '', ...ends] = builder.addNode(
    operator,
    inputs,
    1 + states,
    {
      hidden_size: units,
      direction: isBackward ? 'reverse' : 'forward',
      activations: { strings: functions },
      ...(operator === 'GRU' ? { linear_before_reset: isResetAfter ? 1 : 0 } : {}),
    },
    call.layer.name,
  );
  const steps = call.add('Transpose', [call.add('Squeeze', [all, axis(1)])], { perm: [1, 0, 2] });
  const values = ends.map((state) => call.result(call.add('Squeeze', [state, axis(0)]), [null, units]));
  const sequence = call.result(steps, [null, input.dims[1] ?? null, units]);
  return { sequence, last: values[0] ?? sequence, states: values };
}

/** One bias, or with reset_after one of the input and one of the state; ONNX always has two. */
function biases(
  cell: LayerCall,
  {
    width,
    arrange,
    isResetAfter,
  }: {
    readonly width: number;
    readonly arrange: (tensor: StoredTensor) => StoredTensor;
    readonly isResetAfter: boolean;
  },
): string {
  if (isResetAfter)
    return cell.weight('bias', [2, width], (tensor) => ({ ...arrange(tensor), dims: [1, 2 * width] }));
  const bias = cell.weight('bias', [width], (tensor) => withAxis(arrange(tensor)));
  const zeros = cell.constant(Array.from({ length: width }, () => 0));
  const { builder } = cell.network;
  return cell.add('Concat', [bias, cell.add('Unsqueeze', [zeros, builder.integers([0])])], { axis: 1 });
}

function withAxis({ dims, data }: StoredTensor): StoredTensor {
  return { dims: [1, ...dims], data };
}

/** The last axis holds the gates one behind the other: their order becomes ONNX's. */
function gatesArranged(gates: readonly number[], units: number): (tensor: StoredTensor) => StoredTensor {
  const width = gates.length * units;
  return ({ dims, data }) => ({
    dims,
    data: data.map((_, at) => {
      const column = at % width;
      const gate = gates[Math.floor(column / units)] ?? 0;
      return (data[at - column + gate * units + (column % units)] ?? 0) as never;
    }),
  });
}

function reversed(call: LayerCall, sequence: Value): Value {
  const { builder } = call.network;
  const backwards = call.add('Slice', [
    sequence.name,
    builder.integers([-1]),
    builder.integers([-(2 ** 31)]),
    builder.integers([1]),
    builder.integers([-1]),
  ]);
  return call.result(backwards, sequence.dims);
}
