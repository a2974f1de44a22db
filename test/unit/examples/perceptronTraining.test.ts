import { describe, expect, it } from 'vitest';
import {
  initialNetwork,
  layersOf,
  lossAndGradient,
  trainNetwork,
  type LabelledSamples,
  type Network,
} from '../../../examples/perceptronTraining';
import { SeededRandom } from '../../../src/samples/random';

const widths = [3, 5, 4, 3];

function drawnSamples(count: number, seed: number): LabelledSamples {
  const random = SeededRandom.fromSeed(seed);
  return {
    inputs: Float64Array.from({ length: 3 * count }, () => 4 * random.uniform() - 2),
    labels: Int32Array.from({ length: count }, (_, row) => row % 3),
  };
}

describe('lossAndGradient', () => {
  const samples = drawnSamples(7, 1);
  const rows = Int32Array.of(0, 2, 3, 6);
  const network = initialNetwork(widths, SeededRandom.fromSeed(2));

  it('agrees with central differences of the loss in every parameter', () => {
    const { gradient } = lossAndGradient(network, samples, rows);
    // Truncation h²|L‴|/6 and rounding 2⁻⁵²|L|/h are both below 1e-9 at this step.
    const step = 1e-5;
    const lossWith = (index: number, shift: number): number => {
      const parameters = network.parameters.map((value, at) => (at === index ? value + shift : value));
      return lossAndGradient({ widths, parameters }, samples, rows).loss;
    };
    expect(gradient).toHaveLength(5 * 4 + 4 * 6 + 3 * 5);
    gradient.forEach((slope, index) => {
      expect(Math.abs(slope - (lossWith(index, step) - lossWith(index, -step)) / (2 * step))).toBeLessThan(
        1e-9,
      );
    });
  });

  it('is ln C for a network that says nothing, with the gradient of the last bias p − y', () => {
    const silent: Network = { widths, parameters: network.parameters.map(() => 0) };
    const { loss, gradient } = lossAndGradient(silent, samples, Int32Array.of(1));
    expect(loss).toBeCloseTo(Math.log(3), 14);
    const last = layersOf(widths, gradient).at(-1);
    [1 / 3, 1 / 3 - 1, 1 / 3].forEach((slope, output) => {
      expect(last?.bias[output]).toBeCloseTo(slope, 14);
    });
  });

  it('does not overflow where the logits are large', () => {
    const steep: Network = { widths, parameters: network.parameters.map((value) => value * 1e4) };
    expect(Number.isFinite(lossAndGradient(steep, samples, rows).loss)).toBe(true);
  });
});

describe('trainNetwork', () => {
  const samples = drawnSamples(30, 3);
  const options = { widths, epochs: 20, batchSize: 8, learningRate: 0.02, seed: 5, afterEpoch: () => {} };

  it('gives the same bits for the same seed, and others for another', () => {
    const first = trainNetwork(samples, options).parameters;
    expect(trainNetwork(samples, options).parameters).toEqual(first);
    expect(trainNetwork(samples, { ...options, seed: 6 }).parameters).not.toEqual(first);
  });

  it('lowers the loss and calls back after every epoch', () => {
    const losses: number[] = [];
    trainNetwork(samples, { ...options, afterEpoch: (_epoch, _network, loss) => losses.push(loss) });
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] ?? 0));
  });
});
