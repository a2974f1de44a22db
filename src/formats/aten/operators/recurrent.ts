import { inDirections, inOnnxOrder, sideBySide, type RecurrentCell } from '../../built/gates';
import type { OperatorTable, Translate } from './table';

function recurrent(cell: RecurrentCell, activation?: string): Translate {
  return (c) => {
    const { builder: graph, scope } = c;
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
      const stacked = (parts: readonly string[]): string => inDirections(graph, parts, scope);
      const inOrder = (part: number): readonly string[] =>
        of(part).map((each) => inOnnxOrder(graph, each, { cell, hidden, scope }));
      const bias = (): string => {
        const [ofInput, ofState] = [inOrder(2), inOrder(3)];
        return stacked(ofInput.map((each, way) => c.add('Concat', [each, ofState[way] ?? ''], { axis: 0 })));
      };
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
      const inputs = [
        x,
        stacked(inOrder(0)),
        stacked(inOrder(1)),
        perCell === 4 ? bias() : '',
        '',
        ...initial,
      ];
      const made = c.addNode(cell, inputs, cell === 'LSTM' ? 3 : 2, {
        hidden_size: hidden,
        direction: ways === 2 ? 'bidirectional' : 'forward',
        linear_before_reset: cell === 'GRU' ? 1 : undefined,
        ...(activation !== undefined && {
          activations: { strings: Array.from({ length: ways }, () => activation) },
        }),
      });
      x = sideBySide(graph, made[0] ?? '', hidden * ways, scope);
      made.slice(1).forEach((state, at) => last[at]?.push(state));
    }
    const joined = (all: readonly string[]): string =>
      all.length === 1 ? (all[0] ?? '') : c.add('Concat', all, { axis: 0 });
    return [swap(x), ...last.slice(0, cell === 'LSTM' ? 2 : 1).map(joined)];
  };
}

/** Recurrent layers, stacked and in both directions. */
export const recurrentLayers: OperatorTable = {
  lstm: recurrent('LSTM'),
  gru: recurrent('GRU'),
  rnn_tanh: recurrent('RNN'),
  rnn_relu: recurrent('RNN', 'Relu'),
};
