import { add, div, greaterMask, magnitude, mul, neg, scale, sub, unary } from '../static/elementwise';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { clip, realInput } from './elementwise';
import type { LoweredNode, Lowering, LoweringTable } from './loweredNode';

/** x where x > 0; slope · x elsewhere. The slope is the derivative at 0, as PyTorch's. */
export function leaky(g: StaticGraph, x: Value, slope: number): Value {
  const slopes = add(g, scale(g, greaterMask(g, x, g.scalar(0)), 1 - slope), g.scalar(slope));
  return mul(g, x, slopes);
}

/** x where x > 0; α (exp(x/β) − 1) elsewhere, whose derivatives hold at 0, as PyTorch's. */
function exponentialLinear(g: StaticGraph, x: Value, alpha: number, beta: number): Value {
  const mask = greaterMask(g, x, g.scalar(0));
  const negative = mul(g, x, sub(g, g.scalar(1), mask));
  const curved = sub(g, unary(g, 'exp', scale(g, negative, 1 / beta)), g.scalar(1));
  return add(g, mul(g, x, mask), scale(g, curved, alpha));
}

export function hardSigmoid(g: StaticGraph, x: Value, alpha: number, beta: number): Value {
  const line = add(g, scale(g, x, alpha), g.scalar(beta));
  return clip(g, line, g.scalar(0), g.scalar(1), false);
}

/** x Φ(x), or its tanh approximation (Hendrycks and Gimpel 2016). */
export function gelu(g: StaticGraph, x: Value, approximate: boolean): Value {
  const inner = approximate
    ? unary(
        g,
        'tanh',
        scale(g, add(g, x, scale(g, mul(g, x, mul(g, x, x)), 0.044715)), Math.sqrt(2 / Math.PI)),
      )
    : unary(g, 'erf', scale(g, x, Math.SQRT1_2));
  return mul(g, scale(g, x, 0.5), add(g, inner, g.scalar(1)));
}

const activation =
  (compute: (g: StaticGraph, x: Value, n: LoweredNode) => Value): Lowering =>
  (n) =>
    compute(n.g, realInput(n, 0), n);

/** x pulled towards 0 by the bias where it lies beyond ±λ; 0 between. */
function shrink(g: StaticGraph, x: Value, lambda: number, bias: number): Value {
  const above = greaterMask(g, x, g.scalar(lambda));
  const below = greaterMask(g, g.scalar(-lambda), x);
  return add(g, mul(g, x, add(g, above, below)), scale(g, sub(g, below, above), bias));
}

/** log(|x| + √(x² + 1)) with the sign of x, which does not cancel. */
function inverseSinh(g: StaticGraph, x: Value): Value {
  const size = magnitude(g, x);
  const root = unary(g, 'sqrt', add(g, mul(g, x, x), g.scalar(1)));
  return mul(g, unary(g, 'sign', x), unary(g, 'log', add(g, size, root)));
}

function inverseCosh(g: StaticGraph, x: Value): Value {
  return unary(g, 'log', add(g, x, unary(g, 'sqrt', sub(g, mul(g, x, x), g.scalar(1)))));
}

function inverseTanh(g: StaticGraph, x: Value): Value {
  const one = g.scalar(1);
  return scale(g, unary(g, 'log', div(g, add(g, one, x), sub(g, one, x))), 0.5);
}

/**
 * atan(x) for |x| ≤ 1 in arithmetic, for which onnxruntime has no float64 kernel: atan(x) = 2 atan(x/(1 + √(1 + x²))) three
 * times over brings x to within tan(π/32), where 10 terms of Taylor's series leave 1e-21.
 */
function arcTangentWithin(g: StaticGraph, x: Value): Value {
  const halve = (angle: Value): Value => {
    const root = unary(g, 'sqrt', add(g, mul(g, angle, angle), g.scalar(1)));
    return div(g, angle, add(g, root, g.scalar(1)));
  };
  const t = halve(halve(halve(x)));
  const square = mul(g, t, t);
  let series = g.scalar(-1 / 19);
  for (let n = 17; n > 0; n -= 2)
    series = add(g, mul(g, series, square), g.scalar(n % 4 === 1 ? 1 / n : -1 / n));
  return scale(g, mul(g, series, t), 8);
}

/** Beyond ±1, where x² would overflow, atan(x) = ±π/2 + atan(−1/x). */
function arcTangent(g: StaticGraph, x: Value): Value {
  const above = greaterMask(g, x, g.scalar(1));
  const below = greaterMask(g, g.scalar(-1), x);
  const beyond = add(g, above, below);
  const within = sub(g, g.scalar(1), beyond);
  const turned = div(g, sub(g, mul(g, x, within), beyond), add(g, mul(g, x, beyond), within));
  return add(g, arcTangentWithin(g, turned), scale(g, sub(g, above, below), Math.PI / 2));
}

/** asin(x) = 2 atan(x/(1 + √((1 − x)(1 + x)))), which does not cancel towards ±1. */
function arcSine(g: StaticGraph, x: Value): Value {
  const one = g.scalar(1);
  const root = unary(g, 'sqrt', mul(g, sub(g, one, x), add(g, one, x)));
  return scale(g, arcTangentWithin(g, div(g, x, add(g, root, one))), 2);
}

/** acos(x) = 2 atan(√((1 − x)/(1 + x))) for x ≥ 0, which does not cancel towards 1; π − acos(−x) below. */
function arcCosine(g: StaticGraph, x: Value): Value {
  const below = greaterMask(g, g.scalar(0), x);
  const sign = sub(g, g.scalar(1), scale(g, below, 2));
  const size = mul(g, x, sign);
  const ratio = div(g, sub(g, g.scalar(1), size), add(g, g.scalar(1), size));
  const angle = scale(g, arcTangentWithin(g, unary(g, 'sqrt', ratio)), 2);
  return add(g, mul(g, angle, sign), scale(g, below, Math.PI));
}

export const activationLowerings = {
  LeakyRelu: activation((g, x, n) => leaky(g, x, n.float('alpha', 0.01))),
  ThresholdedRelu: activation((g, x, n) => mul(g, x, greaterMask(g, x, g.scalar(n.float('alpha', 1))))),
  Elu: activation((g, x, n) => exponentialLinear(g, x, n.float('alpha', 1), 1)),
  Celu: activation((g, x, n) => exponentialLinear(g, x, n.float('alpha', 1), n.float('alpha', 1))),
  Selu: activation((g, x, n) => {
    const alpha = n.float('alpha', 1.67326319217681884765625);
    return scale(g, exponentialLinear(g, x, alpha, 1), n.float('gamma', 1.05070102214813232421875));
  }),
  HardSigmoid: activation((g, x, n) => hardSigmoid(g, x, n.float('alpha', 0.2), n.float('beta', 0.5))),
  HardSwish: activation((g, x) => mul(g, x, hardSigmoid(g, x, 1 / 6, 0.5))),
  Mish: activation((g, x) => mul(g, x, unary(g, 'tanh', unary(g, 'softplus', x)))),
  Swish: activation((g, x, n) => mul(g, x, unary(g, 'sigmoid', scale(g, x, n.float('alpha', 1))))),
  Softsign: activation((g, x) => div(g, x, add(g, magnitude(g, x), g.scalar(1)))),
  Gelu: activation((g, x, n) => gelu(g, x, n.text('approximate', 'none') === 'tanh')),
  Shrink: activation((g, x, n) => shrink(g, x, n.float('lambd', 0.5), n.float('bias', 0))),
  Asinh: activation(inverseSinh),
  Acosh: activation(inverseCosh),
  Atanh: activation(inverseTanh),
  Asin: activation(arcSine),
  Acos: activation(arcCosine),
  Atan: activation(arcTangent),
  Sinh: activation((g, x) => scale(g, sub(g, unary(g, 'exp', x), unary(g, 'exp', neg(g, x))), 0.5)),
  Cosh: activation((g, x) => scale(g, add(g, unary(g, 'exp', x), unary(g, 'exp', neg(g, x))), 0.5)),
} satisfies LoweringTable;
