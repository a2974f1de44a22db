import type { ElementType } from '../../../graph/graph';
import { alongChannels } from '../../built/groupNorm';
import type { Call } from '../call';
import type { OperatorTable, Translate } from './table';

/** The type in which two arguments meet: the result's, and of a comparison the wider of both. */
function commonType(c: Call, first: string, second: string): ElementType {
  const types = [first, second].flatMap((name) => (c.isTensor(name) ? [c.meta(name).type] : []));
  const order: readonly ElementType[] = ['bool', 'uint8', 'int32', 'int64', 'float32', 'float64'];
  const [widest = 'float32'] = [...types].sort((a, b) => order.indexOf(b) - order.indexOf(a));
  const isFraction = [first, second].some(
    (name) => !c.isTensor(name) && !Number.isInteger(c.number(name, 0)),
  );
  return isFraction && !widest.startsWith('float') ? 'float32' : widest;
}

/** ONNX's operator of two arguments in the type of the result. */
function arithmetic(operator: string, first = 'self', second = 'other'): Translate {
  return (c) => {
    const { type } = c.result();
    const [a, b] = [c.operand(first, type), c.operand(second, type)];
    const alpha = c.number('alpha', 1);
    return c.add(operator, [a, alpha === 1 ? b : c.add('Mul', [b, c.scalar(alpha, type)])]);
  };
}

function comparison(operator: string, negated = false): Translate {
  return (c) => {
    const type = commonType(c, 'self', 'other');
    const found = c.add(operator, [c.operand('self', type), c.operand('other', type)]);
    return negated ? c.add('Not', [found]) : found;
  };
}

function logical(operator: string): Translate {
  return (c) => c.add(operator, [c.operand('self', 'bool'), c.operand('other', 'bool')]);
}

/** ONNX's operator of one argument with fixed attributes. */
function unary(operator: string, attributes: Readonly<Record<string, number>> = {}): Translate {
  const floats = Object.fromEntries(Object.entries(attributes).map(([key, float]) => [key, { float }]));
  return (c) => c.add(operator, [c.operand('self', c.result().type)], floats);
}

/** ONNX's operator whose attribute is an argument. */
function withFloat(operator: string, attribute: string, argument: string, otherwise: number): Translate {
  return (c) => c.add(operator, [c.tensor()], { [attribute]: { float: c.number(argument, otherwise) } });
}

/** Between two bounds, either of which may be open. */
function clip(low: (c: Call) => number | null, high: (c: Call) => number | null): Translate {
  return (c) => {
    const { type } = c.result();
    const bound = (value: number | null): string => (value === null ? '' : c.scalar(value, type));
    return c.add('Clip', [c.operand('self', type), bound(low(c)), bound(high(c))]);
  };
}

const optional =
  (name: string) =>
  (c: Call): number | null =>
    c.has(name) ? c.number(name) : null;

const where: Translate = (c) => {
  const { type } = c.result();
  return c.add('Where', [c.tensor('condition'), c.operand('self', type), c.operand('other', type)]);
};

const maskedFill: Translate = (c) => {
  const { type } = c.result();
  return c.add('Where', [c.operand('mask', 'bool'), c.operand('value', type), c.operand('self', type)]);
};

const softplus: Translate = (c) => {
  const beta = c.number('beta', 1);
  if (beta === 1) return c.add('Softplus', [c.tensor()]);
  const factor = c.scalar(beta, c.result().type);
  return c.add('Div', [c.add('Softplus', [c.add('Mul', [c.tensor(), factor])]), factor]);
};

const elu: Translate = (c) => {
  if (c.number('input_scale', 1) !== 1) throw c.unsupported('a scale of its input');
  const value = c.add('Elu', [c.tensor()], { alpha: { float: c.number('alpha', 1) } });
  const scale = c.number('scale', 1);
  return scale === 1 ? value : c.add('Mul', [value, c.scalar(scale, c.result().type)]);
};

const prelu: Translate = (c) => {
  const rank = c.meta().dims.length;
  const count = c.meta('weight').dims[0] ?? 1;
  const inner = count === 1 ? 0 : Math.max(0, rank - 2);
  const slope = alongChannels(c.builder, (...node) => c.add(...node), c.tensor('weight'), inner);
  return c.add('PRelu', [c.tensor(), slope]);
};

/** 0 where |x| ≤ λ, elsewhere x, or x pulled towards 0 by λ. */
function shrink(isPulled: boolean): Translate {
  return (c) => {
    const lambda = c.number('lambd', 0.5);
    return c.add('Shrink', [c.tensor()], {
      lambd: { float: lambda },
      bias: { float: isPulled ? lambda : 0 },
    });
  };
}

/** x + value · a · b or x + value · a / b. */
function fused(operator: 'Mul' | 'Div'): Translate {
  return (c) => {
    const { type } = c.result();
    const made = c.add(operator, [c.operand('tensor1', type), c.operand('tensor2', type)]);
    const factor = c.number('value', 1);
    const scaled = factor === 1 ? made : c.add('Mul', [made, c.scalar(factor, type)]);
    return c.add('Add', [c.operand('self', type), scaled]);
  };
}

/** Elementwise functions by PyTorch's names; what ends in _ is written into its argument as well. */
export const elementwise: OperatorTable = {
  add: arithmetic('Add'),
  sub: arithmetic('Sub'),
  rsub: arithmetic('Sub', 'other', 'self'),
  mul: arithmetic('Mul'),
  div: (c) => {
    if (c.has('rounding_mode')) throw c.unsupported('a rounding mode');
    return arithmetic('Div')(c);
  },
  true_divide: arithmetic('Div'),
  pow: arithmetic('Pow', 'self', 'exponent'),
  // A step, which is refused where it depends on parameters.
  fmod: (c) => {
    const { type } = c.result();
    return c.add('Mod', [c.operand('self', type), c.operand('other', type)], { fmod: 1 });
  },
  maximum: arithmetic('Max'),
  minimum: arithmetic('Min'),
  neg: unary('Neg'),
  exp: unary('Exp'),
  expm1: (c) => c.add('Sub', [c.add('Exp', [c.tensor()]), c.scalar(1, c.result().type)]),
  exp2: (c) => {
    const { type } = c.result();
    return c.add('Exp', [c.add('Mul', [c.operand('self', type), c.scalar(Math.LN2, type)])]);
  },
  log2: (c) => {
    const { type } = c.result();
    return c.add('Mul', [c.add('Log', [c.operand('self', type)]), c.scalar(Math.LOG2E, type)]);
  },
  log: unary('Log'),
  log1p: (c) => c.add('Log', [c.add('Add', [c.tensor(), c.scalar(1, c.result().type)])]),
  sqrt: unary('Sqrt'),
  rsqrt: (c) => c.add('Reciprocal', [c.add('Sqrt', [c.tensor()])]),
  reciprocal: unary('Reciprocal'),
  square: (c) => c.add('Mul', [c.tensor(), c.tensor()]),
  abs: unary('Abs'),
  sign: unary('Sign'),
  sin: unary('Sin'),
  cos: unary('Cos'),
  tan: unary('Tan'),
  asin: unary('Asin'),
  acos: unary('Acos'),
  sinh: unary('Sinh'),
  cosh: unary('Cosh'),
  asinh: unary('Asinh'),
  acosh: unary('Acosh'),
  atanh: unary('Atanh'),
  atan: unary('Atan'),
  erf: unary('Erf'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  log_sigmoid: (c) => c.add('Neg', [c.add('Softplus', [c.add('Neg', [c.tensor()])])]),
  relu: unary('Relu'),
  threshold: (c) => {
    const { type } = c.result();
    const above = c.add('Greater', [c.tensor(), c.scalar(c.number('threshold'), type)]);
    return c.add('Where', [above, c.tensor(), c.scalar(c.number('value'), type)]);
  },
  hardshrink: shrink(false),
  softshrink: shrink(true),
  relu6: clip(
    () => 0,
    () => 6,
  ),
  hardtanh: clip(
    (c) => c.number('min_val', -1),
    (c) => c.number('max_val', 1),
  ),
  clamp: clip(optional('min'), optional('max')),
  clamp_min: clip(optional('min'), () => null),
  clamp_max: clip(() => null, optional('max')),
  gelu: (c) => c.add('Gelu', [c.tensor()], { approximate: c.text('approximate', 'none') }),
  silu: (c) => c.add('Mul', [c.tensor(), c.add('Sigmoid', [c.tensor()])]),
  elu,
  selu: unary('Selu'),
  celu: withFloat('Celu', 'alpha', 'alpha', 1),
  leaky_relu: withFloat('LeakyRelu', 'alpha', 'negative_slope', 0.01),
  prelu,
  _prelu_kernel: prelu,
  softplus,
  softsign: unary('Softsign'),
  mish: unary('Mish'),
  hardswish: unary('HardSwish'),
  hardsigmoid: unary('HardSigmoid', { alpha: 1 / 6, beta: 0.5 }),
  eq: comparison('Equal'),
  ne: comparison('Equal', true),
  lt: comparison('Less'),
  gt: comparison('Greater'),
  le: comparison('LessOrEqual'),
  ge: comparison('GreaterOrEqual'),
  logical_and: logical('And'),
  logical_or: logical('Or'),
  logical_not: (c) => c.add('Not', [c.operand('self', 'bool')]),
  bitwise_and: logical('And'),
  bitwise_or: logical('Or'),
  __and__: logical('And'),
  __or__: logical('Or'),
  bitwise_not: (c) => c.add('Not', [c.operand('self', 'bool')]),
  logical_xor: logical('Xor'),
  bitwise_xor: logical('Xor'),
  addcmul: fused('Mul'),
  addcdiv: fused('Div'),
  where,
  masked_fill: maskedFill,
};
