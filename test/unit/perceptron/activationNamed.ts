import type { Attribute, GraphNode } from '../../../src/graph/graph';
import { LoweredNode } from '../../../src/graph/lowering/loweredNode';
import { loweringOf } from '../../../src/graph/lowering/lowerings';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { Activation } from '../../../src/perceptron/activation';
import { activationOf } from '../../../src/perceptron/activation';

/** ONNX's operators of the activations that people have names for. */
const operators = {
  identity: 'Identity',
  relu: 'Relu',
  'leaky-relu': 'LeakyRelu',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  gelu: 'Gelu',
  'gelu-tanh': 'Gelu',
  silu: 'Swish',
  elu: 'Elu',
  selu: 'Selu',
  mish: 'Mish',
  'hard-swish': 'HardSwish',
  'hard-sigmoid': 'HardSigmoid',
  atan: 'Atan',
  asin: 'Asin',
  acos: 'Acos',
} as const;

/** Those that networks are drawn with. */
export type ActivationName = Exclude<keyof typeof operators, 'atan' | 'asin' | 'acos'>;

/** The activation that one operator is, lowered and differentiated as in a model. */
export function activationNamed(
  name: keyof typeof operators,
  attributes: Readonly<Record<string, number>> = {},
): Activation {
  const given = Object.entries(attributes).map(([key, value]): readonly [string, Attribute] => [
    key,
    { kind: 'float', value },
  ]);
  const approximate: Attribute = { kind: 'string', value: name === 'gelu-tanh' ? 'tanh' : 'none' };
  const node: GraphNode = {
    name: 'activation',
    operator: operators[name],
    domain: '',
    inputs: ['z'],
    outputs: ['a'],
    attributes: new Map([...given, ['approximate', approximate]]),
  };
  const g = new StaticGraph();
  const z = g.input('z', [], 'real');
  const lower = loweringOf(node);
  const lowered = lower?.(new LoweredNode(g, node, 20, new Map([['z', z]]), () => []));
  if (lowered === undefined || 'length' in lowered) throw new Error(`${node.operator} is no activation`);
  return activationOf(g, z, lowered);
}

/** φ, φ' and φ'' of single numbers. */
export function ofSingleNumbers(
  activation: Activation,
): Record<'value' | 'first' | 'second', (z: number) => number> {
  const of = (part: 'value' | 'first' | 'second') => (z: number) =>
    activation.derivatives(Float64Array.of(z))[part][0] ?? NaN;
  return { value: of('value'), first: of('first'), second: of('second') };
}
