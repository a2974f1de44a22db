import type { AttributeValue } from '../../unit/onnxModel';
import type { GraphBuilder, Part, Step } from './graphBuilder';

const float = (value: number): AttributeValue => ({ float: value });

/** An operator of one tensor, with attributes that are drawn. */
const unary =
  (
    operator: string,
    since = 1,
    attributes: (b: GraphBuilder) => Record<string, AttributeValue> = () => ({}),
  ): Step =>
  (b, x) =>
    b.opset < since ? null : b.node(operator, [x.name], x.dims, b.chance(0.3) ? {} : attributes(b));

const alpha = (b: GraphBuilder): Record<string, AttributeValue> => ({ alpha: float(b.uniform(0.1, 1.5)) });

const ofTamed =
  (operator: string): Step =>
  (b, x) =>
    b.node(operator, [b.tame(x).name], x.dims);

const ofPositive =
  (operator: string): Step =>
  (b, x) =>
    b.node(operator, [b.positive(x).name], x.dims);

/** A weight whose shape broadcasts to that of `x`. */
function broadcastWeight(b: GraphBuilder, x: Part, low = -1, high = 1): string {
  const dims = x.dims.map((dim) => (b.chance(0.3) ? 1 : dim));
  const kept = dims.slice(b.chance(0.4) ? b.random.below(dims.length) : 0);
  return b.parameter(b.chance(0.2) ? [1, ...dims] : kept, low, high);
}

const withWeight =
  (operator: string): Step =>
  (b, x) => {
    const isDivision = operator === 'Div';
    const weight = broadcastWeight(b, x, isDivision ? 0.5 : -1, isDivision ? 1.5 : 1);
    if (b.chance(0.7)) return b.node(operator, [x.name, weight], x.dims);
    const other = isDivision ? b.positive(x) : x;
    return b.node(operator, [weight, other.name], x.dims);
  };

const withPartner =
  (operator: string): Step =>
  (b, x) => {
    const other = b.partner(x);
    if (other === null) return null;
    if (operator === 'Div') return b.node(operator, [x.name, b.positive(other).name], x.dims);
    const [left, right] = operator === 'Mul' ? [b.tame(x), b.tame(other)] : [x, other];
    const names = [left.name, right.name];
    return b.node(operator, b.chance(0.5) ? names : names.reverse(), x.dims);
  };

const ofSeveral =
  (operator: string): Step =>
  (b, x) => {
    const others = [b.partner(x), b.partner(x)].flatMap((part) => (part === null ? [] : [part.name]));
    return b.node(operator, [x.name, ...others.slice(b.random.below(2)), broadcastWeight(b, x)], x.dims);
  };

function clip(b: GraphBuilder, x: Part): Part {
  const low = b.pick(['', b.scalar(0), b.scalar(b.uniform(-0.8, -0.1))]);
  const high = b.pick(['', b.scalar(6), b.scalar(b.uniform(0.1, 0.8))]);
  return b.node('Clip', [x.name, low, high], x.dims);
}

function power(b: GraphBuilder, x: Part): Part {
  const exponent = b.pick([2, 3, -1, 0.5, -0.5, 1.7, 1, 0, null]);
  if (exponent === null) return b.node('Pow', [b.positive(x).name, broadcastWeight(b, x, 0.5, 2.5)], x.dims);
  const base = Number.isInteger(exponent) && exponent >= 0 ? b.tame(x) : b.positive(x);
  return b.node('Pow', [base.name, b.scalar(exponent)], x.dims);
}

/** Chosen between by comparisons, which are put together. */
function where(b: GraphBuilder, x: Part): Part {
  const compared = (operator: string): string => b.raw(operator, [x.name, b.scalar(b.uniform(-0.5, 0.5))]);
  const relations = ['Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual'];
  let condition = compared(b.pick(relations));
  if (b.chance(0.4)) condition = b.raw(b.pick(['And', 'Or']), [condition, compared(b.pick(relations))]);
  if (b.chance(0.3)) condition = b.raw('Not', [condition]);
  const other = b.partner(x);
  const otherName = other === null || b.chance(0.5) ? broadcastWeight(b, x) : other.name;
  const branches = [b.chance(0.5) ? x.name : b.node('Sin', [x.name], x.dims).name, otherName];
  return b.node('Where', [condition, ...(b.chance(0.5) ? branches : branches.reverse())], x.dims);
}

function castThere(b: GraphBuilder, x: Part): Part {
  const wide = b.raw('Cast', [x.name], { to: { int: 11 } });
  return b.node('Cast', [b.raw('Tanh', [wide])], x.dims, { to: { int: 1 } });
}

function prelu(b: GraphBuilder, x: Part): Part {
  // One slope for each channel, or as many as broadcast.
  const dims = b.chance(0.5) ? [x.dims[0] ?? 1, ...x.dims.slice(1).map(() => 1)] : [x.dims.at(-1) ?? 1];
  return b.node('PRelu', [x.name, b.parameter(dims)], x.dims);
}

const plain = 'Relu Tanh Sigmoid Softplus Erf Sin Cos Abs Neg Softsign Identity Dropout'.split(' ');

export const elementwiseSteps: Readonly<Record<string, Step>> = {
  ...Object.fromEntries(plain.map((operator) => [operator, unary(operator)])),
  ...Object.fromEntries(['Exp', 'Sinh', 'Cosh', 'Tan'].map((operator) => [operator, ofTamed(operator)])),
  ...Object.fromEntries(['Log', 'Sqrt', 'Reciprocal'].map((operator) => [operator, ofPositive(operator)])),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div'].flatMap((operator) => [
      [`${operator} of a weight`, withWeight(operator)],
      [`${operator} of two`, withPartner(operator)],
    ]),
  ),
  ...Object.fromEntries(['Max', 'Min', 'Sum', 'Mean'].map((operator) => [operator, ofSeveral(operator)])),
  LeakyRelu: unary('LeakyRelu', 1, alpha),
  ThresholdedRelu: unary('ThresholdedRelu', 1, alpha),
  Elu: unary('Elu', 1, alpha),
  Celu: unary('Celu', 1, alpha),
  Selu: unary('Selu', 1, (b) => ({ ...alpha(b), gamma: float(b.uniform(0.5, 1.5)) })),
  HardSigmoid: unary('HardSigmoid', 1, (b) => ({
    alpha: float(b.uniform(0.1, 0.5)),
    beta: float(b.uniform(0.2, 0.8)),
  })),
  HardSwish: unary('HardSwish', 14),
  Mish: unary('Mish', 18),
  Gelu: unary('Gelu', 20, () => ({ approximate: { string: 'tanh' } })),
  Clip: clip,
  Pow: power,
  Where: where,
  Cast: castThere,
  PRelu: prelu,
};
