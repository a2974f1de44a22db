import { isRecord } from '../config';
import type { LayerCall } from '../layerCall';
import type { LayerRow } from '../layers';
import type { Sizes, Value } from '../value';
import { functionNamed } from './activations';
import { concatenate } from './merging';

interface Operand {
  readonly name: string;
  readonly dims: Sizes;
}

/** What a call takes in its order: tensors, and numbers as constants of the graph. */
function operands(call: LayerCall, count: number): readonly Operand[] {
  const given = call.flags.get('args');
  const tensors = [...call.inputs];
  const areIndices = tensors.some(({ name }) => call.network.indices.has(name));
  const found = (Array.isArray(given) ? given : []).flatMap((each: unknown): readonly Operand[] => {
    if (typeof each === 'number') {
      const name = areIndices ? call.network.builder.integers([each]) : call.constant(each);
      return [{ name, dims: [1] }];
    }
    const tensor = isRecord(each) ? tensors.shift() : undefined;
    return tensor === undefined ? [] : [tensor];
  });
  if (found.length === count && tensors.length === 0) return found;
  throw call.unsupported(
    'is an operation that is not read here as it is called; write it as a layer or export the model to ONNX',
  );
}

/** Sizes as NumPy broadcasts them, from the last. */
function broadcast(one: Sizes, other: Sizes): Sizes {
  const rank = Math.max(one.length, other.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [a, b] = [one, other].map((dims) =>
      axis < rank - dims.length ? 1 : (dims[axis - rank + dims.length] ?? null),
    );
    return a === 1 ? (b ?? null) : (a ?? null);
  });
}

/** ONNX's operator of two arguments. */
function binary(operator: string, isNegated = false): LayerRow {
  return (call) => {
    const [one, other] = operands(call, 2);
    if (one === undefined || other === undefined) throw new Error('Two operands were asked for');
    const made = call.add(operator, [one.name, other.name]);
    return call.result(isNegated ? call.add('Not', [made]) : made, broadcast(one.dims, other.dims));
  };
}

/** A function of every number by itself. */
function unary(of: (call: LayerCall, x: string) => string): LayerRow {
  return (call) => {
    operands(call, 1);
    return call.input.map((x) => of(call, x));
  };
}

/** ONNX's reduction along the axes of the configuration. */
function reduction(operator: string): LayerRow {
  return (call) => {
    const { input, network } = call;
    const { axes, isKept } = reducedAxes(call);
    const reduced = call.add(operator, [input.name, network.builder.integers(axes)], {
      keepdims: Number(isKept),
    });
    return call.result(reduced, keptDims(input, axes, isKept));
  };
}

function reducedAxes(call: LayerCall): { readonly axes: readonly number[]; readonly isKept: boolean } {
  operands(call, 1);
  const rank = call.input.dims.length;
  const said = call.config.value('axis');
  const axes = [said ?? -rank].flat().map((axis) => (Number(axis) + rank) % rank);
  if (axes.includes(0) || !axes.every(Number.isInteger))
    throw call.unsupported('mixes the samples, which is not read here; reduce each sample by itself');
  return { axes, isKept: call.config.flag('keepdims', false) };
}

function keptDims({ dims }: Value, axes: readonly number[], isKept: boolean): Sizes {
  return dims.flatMap((size, axis) => (!axes.includes(axis) ? [size] : isKept ? [1] : []));
}

/** Whether anything of several is true. */
function any(call: LayerCall): Value {
  const { input, network } = call;
  const { axes, isKept } = reducedAxes(call);
  // TensorProto's numbers of the types: int32, bool.
  const whole = call.add('Cast', [input.name], { to: 6 });
  const most = call.add('ReduceMax', [whole, network.builder.integers(axes)], { keepdims: Number(isKept) });
  return call.result(call.add('Cast', [most], { to: 9 }), keptDims(input, axes, isKept));
}

/** As many equal values as the input has. */
function alike(value: boolean): LayerRow {
  return (call) => {
    const { input, config, network } = call;
    operands(call, 1);
    const isBool = config.value('dtype') === 'bool';
    const one = isBool
      ? network.builder.constant(`${call.layer.name}/constant`, {
          type: 'bool',
          dims: [],
          data: Uint8Array.of(Number(value)),
        })
      : call.constant(Number(value));
    return call.result(call.add('Expand', [one, call.add('Shape', [input.name])]), input.dims);
  };
}

function expandDims(call: LayerCall): Value {
  const { input, config, network } = call;
  operands(call, 1);
  const rank = input.dims.length + 1;
  const axis = (config.number('axis') + rank) % rank;
  const made = call.add('Unsqueeze', [input.name, network.builder.integers([axis])]);
  return call.result(made, [...input.dims.slice(0, axis), 1, ...input.dims.slice(axis)]);
}

/**
 * Operations that stand between layers, by Keras's names behind ops.: what x + y and x / 255 make, and how Keras 3 writes
 * down where masks come from.
 */
export const operations: Readonly<Partial<Record<string, LayerRow>>> = {
  'ops.Absolute': unary((call, x) => call.add('Abs', [x])),
  'ops.Add': binary('Add'),
  'ops.Any': any,
  'ops.Concatenate': concatenate,
  'ops.Divide': binary('Div'),
  'ops.Equal': binary('Equal'),
  'ops.Exp': unary((call, x) => call.add('Exp', [x])),
  'ops.ExpandDims': expandDims,
  'ops.Log': unary((call, x) => call.add('Log', [x])),
  'ops.LogicalAnd': binary('And'),
  'ops.LogicalNot': unary((call, x) => call.add('Not', [x])),
  'ops.LogicalOr': binary('Or'),
  'ops.Max': reduction('ReduceMax'),
  'ops.Maximum': binary('Max'),
  'ops.Mean': reduction('ReduceMean'),
  'ops.Min': reduction('ReduceMin'),
  'ops.Minimum': binary('Min'),
  'ops.Multiply': binary('Mul'),
  'ops.Negative': unary((call, x) => call.add('Neg', [x])),
  'ops.NotEqual': binary('Equal', true),
  'ops.OnesLike': alike(true),
  'ops.Power': binary('Pow'),
  'ops.Sqrt': unary((call, x) => call.add('Sqrt', [x])),
  'ops.Square': unary((call, x) => call.add('Mul', [x, x])),
  'ops.Subtract': binary('Sub'),
  'ops.Sum': reduction('ReduceSum'),
  'ops.TrueDivide': binary('Div'),
  'ops.ZerosLike': alike(false),
  // Those of one argument without settings.
  ...Object.fromEntries(
    ['Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Silu', 'Softsign', 'Softplus', 'Selu'].map((name) => [
      `ops.${name}`,
      unary((call, x) => functionNamed(call, name.toLowerCase(), x)),
    ]),
  ),
};
