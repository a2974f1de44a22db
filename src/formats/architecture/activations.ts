import type { PlainLayer } from '../../report/architecture';
import type { BuildContext } from './buildContext';

/** Functions of every number by itself, as PyTorch defines them where nothing is said. @returns the output's name */
export const activations: Readonly<
  Partial<Record<PlainLayer, (context: BuildContext, x: string, scope: string) => string>>
> = {
  relu: operator('Relu'),
  tanh: operator('Tanh'),
  sigmoid: operator('Sigmoid'),
  gelu: (c, x, scope) => c.graph.add('Gelu', [x], { approximate: 'none' }, scope),
  geluTanh: (c, x, scope) => c.graph.add('Gelu', [x], { approximate: 'tanh' }, scope),
  silu: (c, x, scope) => c.graph.add('Mul', [x, c.graph.add('Sigmoid', [x], {}, scope)], {}, scope),
  mish: operator('Mish'),
  selu: operator('Selu'),
  elu: (c, x, scope) => elu(c, x, 1, scope),
  celu: (c, x, scope) => celu(c, x, 1, scope),
  leakyRelu: (c, x, scope) => leakyRelu(c, x, 0.01, scope),
  softplus: operator('Softplus'),
  softsign: operator('Softsign'),
  hardswish: operator('HardSwish'),
  hardsigmoid: (c, x, scope) =>
    c.graph.add('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }, scope),
  hardtanh: (c, x, scope) => clip(c, x, [-1, 1], scope),
  relu6: (c, x, scope) => clip(c, x, [0, 6], scope),
  logSigmoid: ({ graph }, x, scope) =>
    graph.add('Neg', [graph.add('Softplus', [graph.add('Neg', [x], {}, scope)], {}, scope)], {}, scope),
  tanhshrink: ({ graph }, x, scope) => graph.add('Sub', [x, graph.add('Tanh', [x], {}, scope)], {}, scope),
};

/** Exponential linear units. */
export function elu({ graph }: BuildContext, x: string, alpha: number, scope: string): string {
  return graph.add('Elu', [x], { alpha: { float: alpha } }, scope);
}

/** Continuously differentiable exponential linear units. */
export function celu({ graph }: BuildContext, x: string, alpha: number, scope: string): string {
  return graph.add('Celu', [x], { alpha: { float: alpha } }, scope);
}

/** Rectified linear units with a slope below zero. */
export function leakyRelu({ graph }: BuildContext, x: string, slope: number, scope: string): string {
  return graph.add('LeakyRelu', [x], { alpha: { float: slope } }, scope);
}

/** The numbers between two ends. */
export function clip(c: BuildContext, x: string, [least, most]: readonly number[], scope: string): string {
  return c.graph.add('Clip', [x, c.number(least ?? 0), c.number(most ?? 0)], {}, scope);
}

/** log(1 + exp(βx)) / β. */
export function softplus(c: BuildContext, x: string, beta: number, scope: string): string {
  const scaled = c.graph.add('Mul', [x, c.number(beta)], {}, scope);
  return c.graph.add('Div', [c.graph.add('Softplus', [scaled], {}, scope), c.number(beta)], {}, scope);
}

function operator(name: string) {
  return ({ graph }: BuildContext, x: string, scope: string): string => graph.add(name, [x], {}, scope);
}
