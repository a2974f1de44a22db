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

/** The outputs for one sample with parameter i seeded in ε₁ and j in ε₂. */
function sampleOutputs(network: PlainNetwork, n: number, i: number, j: number): HyperDual[] {
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
  return activation;
}

export interface ExplicitCurvature {
  readonly loss: number;
  readonly gradient: readonly number[];
  /** P × P, of the mean loss. */
  readonly hessian: readonly (readonly number[])[];
  /** P × P: the mean of Jᵀ (∂²ℓ/∂outputs²) J. */
  readonly gaussNewton: readonly (readonly number[])[];
  /** Σ_n ‖H_n‖² by blocks of layers, over N². */
  readonly sameSample: readonly (readonly number[])[];
  /** ⟨H_n, H⟩/N of every sample. */
  readonly sampleRows: readonly number[];
}

/** Loss, gradient and Hessian of the mean loss, element by element. */
export function explicitCurvature(network: PlainNetwork): ExplicitCurvature {
  const layerOf = network.parameters.flatMap((values, l) => values.map(() => l));
  const order = layerOf.length;
  const count = network.samples.length;
  const layers = network.parameters.length;
  const hessian = zeros(order);
  const gaussNewton = zeros(order);
  const sameSample = zeros(layers);
  const gradient = new Array<number>(order).fill(0);
  let loss = 0;
  const ofSamples = network.samples.map((_, n) => {
    const target = network.targets[n]!;
    const ofSample = zeros(order);
    loss += lossOf(network.loss, sampleOutputs(network, n, 0, 0), target).value / count;
    const lossHessian = outputHessian(network.loss, sampleOutputs(network, n, 0, 0), target);
    for (let i = 0; i < order; i++) {
      for (let j = 0; j < order; j++) {
        const outputs = sampleOutputs(network, n, i, j);
        const { first, mixed } = lossOf(network.loss, outputs, target);
        if (i === j) gradient[i]! += first / count;
        ofSample[i]![j] = mixed;
        hessian[i]![j]! += mixed / count;
        sameSample[layerOf[i]!]![layerOf[j]!]! += (mixed / count) ** 2;
        outputs.forEach((left, c) => {
          outputs.forEach((right, d) => {
            gaussNewton[i]![j]! += (left.first * lossHessian[c]![d]! * right.second) / count;
          });
        });
      }
    }
    return ofSample;
  });
  const sampleRows = ofSamples.map((ofSample) => {
    let row = 0;
    ofSample.forEach((elements, i) =>
      elements.forEach((element, j) => (row += (element * hessian[i]![j]!) / count)),
    );
    return row;
  });
  return { loss, gradient, hessian, gaussNewton, sameSample, sampleRows };
}

function zeros(order: number): number[][] {
  return Array.from({ length: order }, () => new Array<number>(order).fill(0));
}

function outputHessian(loss: Loss, outputs: readonly HyperDual[], target: readonly number[]): number[][] {
  return outputs.map((_, c) =>
    outputs.map(
      (__, d) =>
        lossOf(
          loss,
          outputs.map(({ value }, at) => new HyperDual(value, at === c ? 1 : 0, at === d ? 1 : 0)),
          target,
        ).mixed,
    ),
  );
}
