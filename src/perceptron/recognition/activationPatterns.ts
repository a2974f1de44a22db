import type { Activation } from '../activation';
import { activationNamed } from '../activations';
import type { Expression } from './expression';
import { argument, call, constant, product, sameExpression, sum } from './expression';

const z = argument;
const cube = product(z, z, z);
const geluSlope = constant(Math.sqrt(2 / Math.PI));
const geluCubic = constant(0.044715);

/** What tanh is taken of in the tanh form of GELU: √(2/π) (z + 0.044715 z³), as exporters factor it. */
const geluTanhArguments = [
  product(geluSlope, sum(z, product(geluCubic, cube))),
  product(geluSlope, z, sum(constant(1), product(geluCubic, z, z))),
  sum(product(geluSlope, z), product(geluSlope, geluCubic, cube)),
];

/** z (1 + g) / 2 as exporters factor it. */
function gated(gate: Expression): Expression[] {
  const half = constant(0.5);
  return [
    product(half, z, sum(constant(1), gate)),
    product(z, sum(half, product(half, gate))),
    sum(product(half, z), product(half, z, gate)),
  ];
}

const three = sum(constant(3), z);
const sixth = constant(1 / 6);
/** clip(z/6 + 1/2, 0, 1) as exporters write it. */
const sixthGates = [
  product(sixth, call('clip', three, 0, 6)),
  call('clip', product(sixth, three), 0, 1),
  call('clip', sum(constant(0.5), product(sixth, z)), 0, 1),
  call('hard-sigmoid', z, 1 / 6, 0.5),
];

const patterns: readonly { readonly forms: readonly Expression[]; readonly activation: Activation }[] = [
  { forms: [z], activation: activationNamed('identity') },
  { forms: [call('clip', z, 0, Infinity)], activation: activationNamed('relu') },
  { forms: gated(call('erf', product(constant(Math.SQRT1_2), z))), activation: activationNamed('gelu') },
  {
    forms: geluTanhArguments.flatMap((inner) => gated(call('tanh', inner))),
    activation: activationNamed('gelu-tanh'),
  },
  { forms: [product(z, call('sigmoid', z))], activation: activationNamed('silu') },
  { forms: [product(z, call('tanh', call('softplus', z)))], activation: activationNamed('mish') },
  { forms: sixthGates.map((gate) => product(z, gate)), activation: activationNamed('hard-swish') },
  { forms: sixthGates, activation: activationNamed('hard-sigmoid', 1 / 6, 0.5) },
];

/** clip(α z + β, 0, 1). */
function hardSigmoidOf(expression: Expression): Activation | null {
  if (expression.kind !== 'call' || expression.name !== 'clip') return null;
  const [low, high] = expression.parameters;
  const inner = expression.argument;
  if (low !== 0 || high !== 1 || inner.kind !== 'sum' || inner.terms.length !== 1) return null;
  const [term] = inner.terms;
  if (term?.kind === 'argument') return activationNamed('hard-sigmoid', 1, inner.constant);
  if (term?.kind !== 'product' || term.factors.length !== 1 || term.factors[0]?.kind !== 'argument')
    return null;
  return activationNamed('hard-sigmoid', term.coefficient, inner.constant);
}

/** The activation that computes this function of z, or null. */
export function activationOf(expression: Expression): Activation | null {
  if (
    expression.kind === 'call' &&
    expression.name !== 'clip' &&
    !expression.parameters.every(Number.isFinite)
  )
    return null;
  const pattern = patterns.find(({ forms }) => forms.some((form) => sameExpression(form, expression)));
  if (pattern !== undefined) return pattern.activation;
  if (expression.kind === 'call' && expression.argument.kind === 'argument') {
    switch (expression.name) {
      case 'clip':
      case 'erf':
      case 'exp':
      case 'log':
      case 'reciprocal':
        break;
      default:
        return activationNamed(expression.name, ...expression.parameters);
    }
  }
  return hardSigmoidOf(expression);
}
