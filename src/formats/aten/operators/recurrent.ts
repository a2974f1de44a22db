import type { Call } from '../call';
import type { OperatorTable, Translate } from './table';

/** Where ONNX wants the gates that PyTorch keeps in its order: i f g o as i o f g, and r z n as z r n. */
const gates = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2], RNN: [0] } as const;

function recurrent(cell: keyof typeof gates, activation?: string): Translate {
  return (c) => {
    if (c.flag('train', false) && c.number('dropout', 0) > 0) throw c.training();
    if (c.has('data') || !c.has('input')) throw c.unsupported('sequences of several lengths');
    const ways = c.flag('bidirectional', false) ? 2 : 1;
    const perCell = c.flag('has_biases', true) ? 4 : 2;
    const parameters = c.tensors('params');
    const metas = c.metas('params');
    const layers = c.number('num_layers', 1);
    if (parameters.length !== layers * ways * perCell) throw c.unsupported('a projection of its states');
    const batchFirst = c.flag('batch_first', false);
    const swap = (value: string): string =>
      batchFirst ? c.add('Transpose', [value], { perm: [1, 0, 2] }) : value;
    const states = c.stateInputs(cell === 'LSTM');
    const last: string[][] = [[], []];
    let x = swap(c.tensor('input'));
    for (let layer = 0; layer < layers; layer += 1) {
      const first = layer * ways;
      const of = (part: number): readonly string[] =>
        Array.from({ length: ways }, (_, way) => parameters[(first + way) * perCell + part] ?? '');
      const hidden = metas[first * perCell + 1]?.dims[1] ?? 0;
      const stacked = (parts: readonly string[]): string => {
        const all = parts.map((part) => c.add('Unsqueeze', [part, c.builder.integers([0])]));
        return all.length === 1 ? (all[0] ?? '') : c.add('Concat', all, { axis: 0 });
      };
      const weight = (part: number): string =>
        stacked(of(part).map((each) => inOrder(c, each, cell, hidden)));
      const bias = (): string =>
        stacked(
          of(2).map((each, way) =>
            c.add('Concat', [inOrder(c, each, cell, hidden), inOrder(c, of(3)[way] ?? '', cell, hidden)], {
              axis: 0,
            }),
          ),
        );
      const initial = states.map((state) =>
        layers === 1
          ? state
          : c.add('Slice', [
              state,
              c.builder.integers([first]),
              c.builder.integers([first + ways]),
              c.builder.integers([0]),
            ]),
      );
      const inputs = [x, weight(0), weight(1), perCell === 4 ? bias() : '', '', ...initial];
      const made = c.addNode(cell, inputs, cell === 'LSTM' ? 3 : 2, {
        hidden_size: hidden,
        direction: ways === 2 ? 'bidirectional' : 'forward',
        linear_before_reset: cell === 'GRU' ? 1 : undefined,
        ...(activation !== undefined && {
          activations: { strings: Array.from({ length: ways }, () => activation) },
        }),
      });
      const ordered = c.add('Transpose', [made[0] ?? ''], { perm: [0, 2, 1, 3] });
      x = c.add('Reshape', [ordered, c.builder.integers([0, 0, hidden * ways])]);
      made.slice(1).forEach((state, at) => last[at]?.push(state));
    }
    const joined = (all: readonly string[]): string =>
      all.length === 1 ? (all[0] ?? '') : c.add('Concat', all, { axis: 0 });
    return [swap(x), ...last.slice(0, cell === 'LSTM' ? 2 : 1).map(joined)];
  };
}

/** The rows of a weight, its gates in ONNX's order. */
function inOrder(c: Call, tensor: string, cell: keyof typeof gates, hidden: number): string {
  const order = gates[cell];
  if (order.length === 1) return tensor;
  const parts = c.addNode('Split', [tensor, c.builder.integers(order.map(() => hidden))], order.length, {
    axis: 0,
  });
  return c.add(
    'Concat',
    order.map((gate) => parts[gate] ?? ''),
    { axis: 0 },
  );
}

/** Recurrent layers, stacked and in both directions. */
export const recurrentLayers: OperatorTable = {
  lstm: recurrent('LSTM'),
  gru: recurrent('GRU'),
  rnn_tanh: recurrent('RNN'),
  rnn_relu: recurrent('RNN', 'Relu'),
};
