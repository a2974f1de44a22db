import { quote } from '../../files/quote';
import { inDirections, inOnnxOrder, sideBySide, torchGates, type RecurrentCell } from '../built/gates';
import { shapeText, type BuildContext, type Flow } from './buildContext';
import { named, requireLength } from './dense';

/** A stack of recurrent layers, as many and in as many directions as the file has; gives the states of all steps. */
export function recurrent(
  c: BuildContext,
  x: Flow,
  own: string,
  cell: RecurrentCell,
  activation: 'tanh' | 'relu' = 'tanh',
): Flow {
  const { graph } = c;
  if (x.dims.length !== 2) throw c.misfit(`needs a sequence, but gets ${shapeText(x.dims)}`);
  const directions = c.has(named(own, 'weight_ih_l0_reverse')) ? ['', '_reverse'] : [''];
  let name = graph.add('Transpose', [x.name], { perm: [1, 0, 2] }, own);
  let width = x.dims[1] ?? null;
  for (let level = 0; level === 0 || c.has(named(own, `weight_ih_l${String(level)}`)); level += 1) {
    const made = directions.map((direction) =>
      weightsOf(c, own, cell, `l${String(level)}${direction}`, width),
    );
    const hidden = made[0]?.hidden ?? 0;
    const stacked = (part: 'input' | 'state' | 'bias'): string =>
      inDirections(
        graph,
        made.map((each) => each[part]),
        own,
      );
    const attributes = {
      hidden_size: hidden,
      direction: directions.length === 2 ? 'bidirectional' : 'forward',
      linear_before_reset: cell === 'GRU' ? 1 : undefined,
      activations:
        cell === 'RNN' && activation === 'relu' ? { strings: directions.map(() => 'Relu') } : undefined,
    };
    const inputs = [name, stacked('input'), stacked('state'), stacked('bias')];
    const states = graph.add(cell, inputs, attributes, own);
    width = hidden * directions.length;
    name = sideBySide(graph, states, width, own);
  }
  return { name: graph.add('Transpose', [name], { perm: [1, 0, 2] }, own), dims: [x.dims[0] ?? null, width] };
}

/** The weights of one direction, their gates in ONNX's order. */
function weightsOf(
  c: BuildContext,
  own: string,
  cell: RecurrentCell,
  suffix: string,
  width: number | null,
): { readonly input: string; readonly state: string; readonly bias: string; readonly hidden: number } {
  const { graph } = c;
  const order = torchGates[cell];
  const at = (part: string): string => named(own, `${part}_${suffix}`);
  const [tall = 0, into = 0] = c.tensor(at('weight_ih'), 2).dims;
  const { dims } = c.tensor(at('weight_hh'), 2);
  const hidden = dims[1] ?? 0;
  if (tall !== order.length * hidden || dims[0] !== tall)
    throw c.misfit(
      `wants ${String(order.length)} gates, but ${quote(at('weight_ih'))} is ${shapeText([tall, into])} and ${quote(at('weight_hh'))} ${shapeText(dims)}`,
    );
  if (into !== width)
    throw c.misfit(
      `gets ${width === null ? 'an open number of' : String(width)} features, but its ${quote(at('weight_ih'))} is ${shapeText([tall, into])}`,
    );
  const inOrder = (tensor: string): string => inOnnxOrder(graph, tensor, { cell, hidden, scope: own });
  const bias = (part: string): string => {
    if (!c.has(at(part)))
      return c.floats(
        'zeros',
        [tall],
        Array.from({ length: tall }, () => 0),
      );
    requireLength(c, at(part), tall);
    return inOrder(c.parameter(at(part)));
  };
  return {
    input: inOrder(c.parameter(at('weight_ih'))),
    state: inOrder(c.parameter(at('weight_hh'))),
    bias: graph.add('Concat', [bias('bias_ih'), bias('bias_hh')], { axis: 0 }, own),
    hidden,
  };
}
