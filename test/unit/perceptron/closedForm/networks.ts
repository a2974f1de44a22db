import fc from 'fast-check';
import { losses } from '../../../../src/loss/losses';
import { activationNamed, type ActivationName } from '../activationNamed';
import type { Problem } from '../../../../src/perceptron/closedForm/sampleTile';
import type { Loss } from '../../../../src/report/report';
import type { PlainNetwork } from './explicitHessian';

const all: ActivationName[] = [
  'identity',
  'tanh',
  'sigmoid',
  'softplus',
  'silu',
  'gelu',
  'gelu-tanh',
  'mish',
  'relu',
  'leaky-relu',
  'elu',
  'selu',
  'hard-swish',
  'hard-sigmoid',
];
const number = fc.double({ min: -1.5, max: 1.5, noNaN: true }).map((value) => value + 0.0123);
const lossNames = Object.keys(losses) as Loss[];

/** Networks of 1 to `deepest` affine layers with every pattern of biases, activations and losses. */
export function networks(deepest: number, widest: number, most: number): fc.Arbitrary<PlainNetwork> {
  return fc
    .record({
      loss: fc.constantFrom(...lossNames),
      hidden: fc.array(fc.integer({ min: 1, max: widest }), { maxLength: deepest - 1 }),
      inputs: fc.integer({ min: 1, max: widest }),
      outputs: fc.integer({ min: 1, max: widest }),
      count: fc.integer({ min: 1, max: most }),
      last: fc.constantFrom<ActivationName>('identity', 'identity', 'sigmoid'),
    })
    .chain(({ loss, hidden, inputs, outputs, count, last }) => {
      const widths = [
        inputs,
        ...hidden,
        losses[loss].targets === 'distributions' ? Math.max(2, outputs) : outputs,
      ];
      const layers = widths.length - 1;
      return fc.array(fc.boolean(), { minLength: layers, maxLength: layers }).chain((biased) =>
        fc.record({
          loss: fc.constant(loss),
          widths: fc.constant(widths),
          biased: fc.constant(biased),
          activations: fc
            .array(fc.constantFrom(...all), { minLength: layers - 1, maxLength: layers - 1 })
            .map((names) => [...names, last]),
          parameters: fc.tuple(
            ...biased.map((bias, l) => {
              const length = widths[l]! * widths[l + 1]! + (bias ? widths[l + 1]! : 0);
              return fc.array(number, { minLength: length, maxLength: length });
            }),
          ),
          samples: fc.array(fc.array(number, { minLength: inputs, maxLength: inputs }), {
            minLength: count,
            maxLength: count,
          }),
          targets: fc.array(targetRows(loss, widths.at(-1)!), { minLength: count, maxLength: count }),
        }),
      );
    });
}

function targetRows(loss: Loss, width: number): fc.Arbitrary<number[]> {
  const row = { minLength: width, maxLength: width };
  const kind = losses[loss].targets;
  if (kind === 'numbers') return fc.array(number, row);
  if (kind === 'probabilities') return fc.array(fc.constantFrom(0, 1, 0.25), row);
  const oneHot = fc
    .nat(width - 1)
    .map((label) => Array.from({ length: width }, (_, c) => (c === label ? 1 : 0)));
  const soft = fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), row).map((values) => {
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map((value) => value / sum);
  });
  return fc.oneof(oneHot, soft);
}

/** The network as the closed form takes it. */
export function problemOf(network: PlainNetwork): Problem {
  const { widths, biased, activations, parameters, samples, targets, loss } = network;
  return {
    perceptron: {
      layers: parameters.map((values, l) => {
        const size = widths[l]! * widths[l + 1]!;
        return {
          name: `layer ${l + 1}`,
          inputs: widths[l]!,
          outputs: widths[l + 1]!,
          weight: Float64Array.from(values.slice(0, size)),
          bias: biased[l] === true ? Float64Array.from(values.slice(size)) : null,
          activation: activationNamed(nameOf(activations[l])),
        };
      }),
      input: 'x',
      preprocessing: null,
      logits: 'y',
      head: 'none',
    },
    inputs: { rows: samples.length, columns: widths[0]!, data: Float64Array.from(samples.flat()) },
    loss,
    matrix: 'hessian',
    targets: { count: targets.length, width: widths.at(-1)!, values: Float64Array.from(targets.flat()) },
  };
}

function nameOf(activation: PlainNetwork['activations'][number] | undefined): ActivationName {
  if (typeof activation !== 'string') throw new Error('No activation that has a name');
  return activation;
}
