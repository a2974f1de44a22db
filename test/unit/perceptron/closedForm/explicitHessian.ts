import type { ActivationName } from '../../../../src/perceptron/activation';
import type { Loss } from '../../../../src/report/report';
import { HyperDual } from './hyperDual';

/** A small network with its samples, in plain arrays. */
export interface PlainNetwork {
  readonly widths: readonly number[];
  readonly biased: readonly boolean[];
  readonly activations: readonly ActivationName[];
  /** Per layer: rows of the weight, then the bias. */
  readonly parameters: readonly (readonly number[])[];
  readonly samples: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  readonly loss: Loss;
}

const one = new HyperDual(1);

function activate(name: ActivationName, z: HyperDual): HyperDual {
  const sigmoid = (x: HyperDual): HyperDual => x.scaled(-1).exp().plus(one).inverse();
  switch (name) {
    case 'identity':
      return z;
    case 'relu':
      return z.value > 0 ? z : new HyperDual(0);
    case 'leaky-relu':
      return z.value > 0 ? z : z.scaled(0.01);
    case 'tanh':
      return sigmoid(z.scaled(2)).scaled(2).plus(new HyperDual(-1));
    case 'sigmoid':
      return sigmoid(z);
    case 'softplus':
      return z.exp().plus(one).log();
    case 'silu':
      return z.times(sigmoid(z));
    case 'gelu':
      return z.times(z.scaled(Math.SQRT1_2).erf().plus(one)).scaled(0.5);
    default:
      throw new Error(`The oracle has no ${name}`);
  }
}

function lossOf(loss: Loss, outputs: readonly HyperDual[], target: readonly number[]): HyperDual {
  const sum = (terms: readonly HyperDual[]): HyperDual =>
    terms.reduce((total, term) => total.plus(term), new HyperDual(0));
  switch (loss) {
    case 'cross-entropy': {
      const logSum = sum(outputs.map((z) => z.exp())).log();
      return sum(outputs.map((z, c) => logSum.plus(z.scaled(-1)).scaled(target[c]!)));
    }
    case 'binary-cross-entropy':
      return sum(outputs.map((z, c) => z.exp().plus(one).log().plus(z.scaled(-target[c]!)))).scaled(
        1 / outputs.length,
      );
    case 'mean-squared-error':
      return sum(
        outputs.map((z, c) => {
          const error = z.plus(new HyperDual(-target[c]!));
          return error.times(error);
        }),
      ).scaled(1 / outputs.length);
  }
}

/** The loss of one sample with parameter i seeded in ε₁ and j in ε₂. */
function sampleLoss(network: PlainNetwork, n: number, i: number, j: number): HyperDual {
  let activation = network.samples[n]!.map((value) => new HyperDual(value));
  let offset = 0;
  network.parameters.forEach((values, l) => {
    const seeded = values.map(
      (value, at) => new HyperDual(value, offset + at === i ? 1 : 0, offset + at === j ? 1 : 0, 0),
    );
    const [inputs, outputs] = [network.widths[l]!, network.widths[l + 1]!];
    activation = Array.from({ length: outputs }, (_, row) => {
      let z = network.biased[l] === true ? seeded[inputs * outputs + row]! : new HyperDual(0);
      for (let p = 0; p < inputs; p++) z = z.plus(seeded[row * inputs + p]!.times(activation[p]!));
      return activate(network.activations[l]!, z);
    });
    offset += values.length;
  });
  return lossOf(network.loss, activation, network.targets[n]!);
}

export interface ExplicitCurvature {
  readonly loss: number;
  readonly gradient: readonly number[];
  /** P × P, of the mean loss. */
  readonly hessian: readonly (readonly number[])[];
  /** Σ_n ‖H_n‖² by blocks of layers, over N². */
  readonly sameSample: readonly (readonly number[])[];
}

/** Loss, gradient and Hessian of the mean loss, element by element. */
export function explicitCurvature(network: PlainNetwork): ExplicitCurvature {
  const layerOf = network.parameters.flatMap((values, l) => values.map(() => l));
  const order = layerOf.length;
  const count = network.samples.length;
  const hessian = Array.from({ length: order }, () => new Array<number>(order).fill(0));
  const layers = network.parameters.length;
  const sameSample = Array.from({ length: layers }, () => new Array<number>(layers).fill(0));
  const gradient = new Array<number>(order).fill(0);
  let loss = 0;
  for (let n = 0; n < count; n++) {
    loss += sampleLoss(network, n, 0, 0).value / count;
    for (let i = 0; i < order; i++) {
      gradient[i]! += sampleLoss(network, n, i, i).first / count;
      for (let j = 0; j < order; j++) {
        const element = sampleLoss(network, n, i, j).mixed;
        hessian[i]![j]! += element / count;
        sameSample[layerOf[i]!]![layerOf[j]!]! += (element / count) ** 2;
      }
    }
  }
  return { loss, gradient, hessian, sameSample };
}
