import { floats } from '../../autodiff/opening';
import type { AttributeValue, TensorValue } from '../../onnxModel';
import type { OperatorCase } from './operatorCase';

const hidden = 2;

/** Over the first axis of a sample, [N, 3, 2], with every state of both directions as its output. */
function recurrentCase(
  operator: string,
  note: string,
  gates: number,
  directions: 1 | 2,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  peepholes = false,
): OperatorCase {
  const tensors: Readonly<Record<string, TensorValue>> = {
    w: floats(5, [directions, gates * hidden, 2]),
    r: floats(6, [directions, gates * hidden, hidden]),
    b: floats(7, [directions, 2 * gates * hidden]),
    ...(peepholes && { p: floats(8, [directions, 3 * hidden]) }),
  };
  const inputs = ['turned', 'w', 'r', 'b', ...(peepholes ? ['', '', '', 'p'] : [])];
  return {
    operator,
    note,
    shape: [3, 2],
    size: 3 * directions * hidden,
    tensors,
    float32Only: true,
    nodes: [
      {
        operator: 'Transpose',
        inputs: ['x'],
        outputs: ['turned'],
        attributes: { perm: { ints: [1, 0, 2] } },
      },
      {
        operator,
        inputs,
        outputs: ['states'],
        attributes: {
          hidden_size: { int: hidden },
          ...(directions === 2 && { direction: { string: 'bidirectional' } }),
          ...attributes,
        },
        name: 'subject',
      },
      {
        operator: 'Transpose',
        inputs: ['states'],
        outputs: ['y'],
        attributes: { perm: { ints: [2, 0, 1, 3] } },
      },
    ],
  };
}

export const recurrentCases: readonly OperatorCase[] = [
  recurrentCase('RNN', 'forward', 1, 1),
  recurrentCase('RNN', 'both directions', 1, 2),
  recurrentCase('GRU', 'reset before the weights', 3, 1),
  recurrentCase('GRU', 'reset after the weights, reverse', 3, 1, {
    linear_before_reset: { int: 1 },
    direction: { string: 'reverse' },
  }),
  recurrentCase('LSTM', 'both directions', 4, 2),
  recurrentCase('LSTM', 'with peepholes', 4, 1, {}, true),
  {
    operator: 'ConstantOfShape',
    shape: [6],
    // Its zeros are float32 unless told.
    float32Only: true,
    nodes: [
      { operator: 'Shape', inputs: ['x'], outputs: ['dims'] },
      { operator: 'ConstantOfShape', inputs: ['dims'], outputs: ['zeros'], name: 'subject' },
      { operator: 'Add', inputs: ['x', 'zeros'], outputs: ['y'] },
    ],
  },
];
