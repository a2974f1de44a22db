import type { ActivationName } from '../activationNamed';
import type { Loss } from '../../../../src/report/report';
import { HyperDual } from './hyperDual';

/** Batch normalisation of the units of a layer: γ (x − mean) / deviation + β, whose γ and β are parameters. */
export type PlainNormalisation = readonly { readonly mean: number; readonly deviation: number }[];

/** What an activation is to the oracle where its name does not tell. */
export type PlainActivation = (z: HyperDual) => HyperDual;

/** A small network with its samples, in plain arrays. */
export interface PlainNetwork {
  readonly widths: readonly number[];
  readonly biased: readonly boolean[];
  readonly activations: readonly (ActivationName | PlainActivation)[];
  /** Per layer, before and after its activation; null: none there. Left out: none anywhere. */
  readonly normalisations?: readonly {
    readonly before: PlainNormalisation | null;
    readonly after: PlainNormalisation | null;
  }[];
  /** Per layer: rows of the weight, then the bias, then γ and β of each normalisation. */
  readonly parameters: readonly (readonly number[])[];
  readonly samples: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  readonly loss: Loss;
}

const one = new HyperDual(1);

/** log(1 + eᶻ), whose exponential does not leave float64. */
function softplus(z: HyperDual): HyperDual {
  return z.value > 0 ? z.plus(softplus(z.scaled(-1))) : z.exp().plus(one).log();
}

function activate(name: ActivationName | PlainActivation, z: HyperDual): HyperDual {
  if (typeof name === 'function') return name(z);
  const sigmoid = (x: HyperDual): HyperDual => x.scaled(-1).exp().plus(one).inverse();
  const tanh = (x: HyperDual): HyperDual => sigmoid(x.scaled(2)).scaled(2).plus(new HyperDual(-1));
  switch (name) {
    case 'identity':
      return z;
    case 'relu':
      return z.value > 0 ? z : new HyperDual(0);
    case 'leaky-relu':
      return z.value > 0 ? z : z.scaled(0.01);
    case 'tanh':
      return tanh(z);
    case 'sigmoid':
      return sigmoid(z);
    case 'softplus':
      return softplus(z);
    case 'silu':
      return z.times(sigmoid(z));
    case 'gelu':
      return z.times(z.scaled(Math.SQRT1_2).erf().plus(one)).scaled(0.5);
    case 'gelu-tanh': {
      const inner = z.plus(z.times(z).times(z).scaled(0.044715)).scaled(Math.sqrt(2 / Math.PI));
      return z.times(tanh(inner).plus(one)).scaled(0.5);
    }
    case 'elu':
      return z.value > 0 ? z : z.exp().plus(new HyperDual(-1));
    case 'selu': {
      const positive = z.value > 0;
      const alpha = 1.67326319217681884765625;
      return (positive ? z : z.exp().plus(new HyperDual(-1)).scaled(alpha)).scaled(1.05070102214813232421875);
    }
    case 'mish':
      return z.times(tanh(z.exp().plus(one).log()));
    case 'hard-swish':
      if (z.value <= -3) return new HyperDual(0);
      return z.value >= 3 ? z : z.times(z.plus(new HyperDual(3))).scaled(1 / 6);
    case 'hard-sigmoid':
      if (z.value <= -2.5) return new HyperDual(0);
      return z.value >= 2.5 ? new HyperDual(1) : z.scaled(0.2).plus(new HyperDual(0.5));
  }
}

function lossOf(loss: Loss, outputs: readonly HyperDual[], target: readonly number[]): HyperDual {
  const sum = (terms: readonly HyperDual[]): HyperDual =>
    terms.reduce((total, term) => total.plus(term), new HyperDual(0));
  switch (loss) {
    case 'cross-entropy': {
      // Moved by the largest, a constant, so that no exponential leaves float64.
      const most = Math.max(...outputs.map(({ value }) => value));
      const logSum = sum(outputs.map((z) => z.plus(new HyperDual(-most)).exp()))
        .log()
        .plus(new HyperDual(most));
      return sum(outputs.map((z, c) => logSum.plus(z.scaled(-1)).scaled(target[c]!)));
    }
    case 'binary-cross-entropy':
      return sum(outputs.map((z, c) => softplus(z).plus(z.scaled(-target[c]!)))).scaled(1 / outputs.length);
    case 'mean-squared-error':
      return sum(
        outputs.map((z, c) => {
          const error = z.plus(new HyperDual(-target[c]!));
          return error.times(error);
        }),
      ).scaled(1 / outputs.length);
    case 'half-squared-error':
      return lossOf('mean-squared-error', outputs, target).scaled(0.5);
    case 'huber':
      return sum(
        outputs.map((z, c) => {
          const error = z.plus(new HyperDual(-target[c]!));
          if (error.value >= 1) return error.plus(new HyperDual(-0.5));
          if (error.value <= -1) return error.scaled(-1).plus(new HyperDual(-0.5));
          return error.times(error).scaled(0.5);
        }),
      ).scaled(1 / outputs.length);
    case 'output':
      return sum(outputs).scaled(1 / outputs.length);
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
    const { before = null, after = null } = network.normalisations?.[l] ?? {};
    const afterBias = inputs * outputs + (network.biased[l] === true ? outputs : 0);
    const normalised = (
      by: PlainNormalisation | null,
      from: number,
      row: number,
      x: HyperDual,
    ): HyperDual => {
      if (by === null) return x;
      const { mean, deviation } = by[row]!;
      const standard = x.plus(new HyperDual(-mean)).scaled(1 / deviation);
      return standard.times(seeded[from + row]!).plus(seeded[from + outputs + row]!);
    };
    activation = Array.from({ length: outputs }, (_, row) => {
      let z = network.biased[l] === true ? seeded[inputs * outputs + row]! : new HyperDual(0);
      for (let p = 0; p < inputs; p++) z = z.plus(seeded[row * inputs + p]!.times(activation[p]!));
      const y = activate(network.activations[l]!, normalised(before, afterBias, row, z));
      return normalised(after, afterBias + (before === null ? 0 : 2 * outputs), row, y);
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
