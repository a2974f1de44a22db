/**
 * Trains the tanh perceptron of the example with mini-batch Adam (Kingma and Ba 2015) on softmax cross-entropy.
 * Seeded, single-threaded, float64 throughout: the same seed gives the same bits.
 */
import { SeededRandom } from '../src/samples/random';

/** Affine layers z = W a + b with tanh between them, softmax cross-entropy on the last. */
export interface Network {
  /** Inputs, hidden widths, classes. */
  readonly widths: readonly number[];
  /** Layer after layer: W (outputs × inputs, row-major), then b (outputs). */
  readonly parameters: Float64Array;
}

export interface LabelledSamples {
  /** count × width of the first layer, row-major. */
  readonly inputs: Float64Array;
  readonly labels: Int32Array;
}

export interface LayerView {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** The layers of a network (or of a gradient, laid out alike) as views into its flat parameters. */
export function layersOf(widths: readonly number[], parameters: Float64Array): LayerView[] {
  let offset = 0;
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index]!;
    const weight = parameters.subarray(offset, (offset += inputs * outputs));
    const bias = parameters.subarray(offset, (offset += outputs));
    return { inputs, outputs, weight, bias };
  });
}

/** Weights and biases uniform in ±1/√inputs, PyTorch's default for a linear layer. */
export function initialNetwork(widths: readonly number[], random: SeededRandom): Network {
  const sizes = widths.slice(1).map((outputs, index) => outputs * (widths[index]! + 1));
  const parameters = new Float64Array(sizes.reduce((total, size) => total + size, 0));
  for (const layer of layersOf(widths, parameters)) {
    const limit = 1 / Math.sqrt(layer.inputs);
    for (const values of [layer.weight, layer.bias]) {
      for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * limit;
    }
  }
  return { widths, parameters };
}

interface ForwardPass {
  /** The input of every layer. */
  readonly inputs: readonly Float64Array[];
  readonly logits: Float64Array;
}

/** Passes one sample through the layers. */
function forward(layers: readonly LayerView[], sample: Float64Array): ForwardPass {
  const inputs: Float64Array[] = [];
  let input = sample;
  for (const [index, layer] of layers.entries()) {
    const output = new Float64Array(layer.outputs);
    for (let i = 0; i < layer.outputs; i++) {
      let sum = layer.bias[i]!;
      for (let j = 0; j < layer.inputs; j++) sum += layer.weight[i * layer.inputs + j]! * input[j]!;
      output[i] = index < layers.length - 1 ? Math.tanh(sum) : sum;
    }
    inputs.push(input);
    input = output;
  }
  return { inputs, logits: input };
}

/** Adds a layer's part of the gradient for one sample; returns the loss's derivative by the layer's input. */
function backpropagate(
  layer: LayerView,
  gradient: LayerView,
  input: Float64Array,
  byOutput: Float64Array,
): Float64Array {
  const byInput = new Float64Array(layer.inputs);
  for (let i = 0; i < layer.outputs; i++) {
    const delta = byOutput[i]!;
    gradient.bias[i] = gradient.bias[i]! + delta;
    for (let j = 0; j < layer.inputs; j++) {
      const at = i * layer.inputs + j;
      gradient.weight[at] = gradient.weight[at]! + delta * input[j]!;
      byInput[j] = byInput[j]! + delta * layer.weight[at]!;
    }
  }
  return byInput;
}

/** Log-softmax of the logits, the largest subtracted first. */
function logSoftmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - largest - logSum);
}

/** Mean cross-entropy over the samples named by `rows`, and its gradient laid out as the parameters. */
export function lossAndGradient(
  network: Network,
  samples: LabelledSamples,
  rows: Int32Array,
): { readonly loss: number; readonly gradient: Float64Array } {
  const layers = layersOf(network.widths, network.parameters);
  const gradient = new Float64Array(network.parameters.length);
  const gradientLayers = layersOf(network.widths, gradient);
  const width = network.widths[0]!;
  let loss = 0;
  for (const row of rows) {
    const { inputs, logits } = forward(layers, samples.inputs.subarray(row * width, (row + 1) * width));
    const logProbabilities = logSoftmax(logits);
    const label = samples.labels[row]!;
    loss -= logProbabilities[label]!;
    let delta = logProbabilities.map((value, index) => Math.exp(value) - (index === label ? 1 : 0));
    for (const [index, layer] of [...layers.entries()].reverse()) {
      const input = inputs[index]!;
      const byInput = backpropagate(layer, gradientLayers[index]!, input, delta);
      delta = byInput.map((value, unit) => value * (1 - input[unit]! ** 2));
    }
  }
  return { loss: loss / rows.length, gradient: gradient.map((value) => value / rows.length) };
}

/** Share of the samples whose largest logit is that of their label. */
export function accuracyOf(network: Network, samples: LabelledSamples): number {
  const layers = layersOf(network.widths, network.parameters);
  const width = network.widths[0]!;
  const correct = samples.labels.filter((label, row) => {
    const { logits } = forward(layers, samples.inputs.subarray(row * width, (row + 1) * width));
    return logits.indexOf(logits.reduce((a, b) => Math.max(a, b))) === label;
  });
  return correct.length / samples.labels.length;
}

/** One Adam optimiser: the running moments of the gradient. Decay rates 0.9 and 0.999, epsilon 1e-8. */
export class Adam {
  readonly #learningRate: number;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #step = 0;

  constructor(size: number, learningRate: number) {
    this.#learningRate = learningRate;
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  /** Moves the parameters, in place, one step against the gradient. */
  update(parameters: Float64Array, gradient: Float64Array): void {
    this.#step += 1;
    const firstCorrection = 1 - 0.9 ** this.#step;
    const secondCorrection = 1 - 0.999 ** this.#step;
    for (let i = 0; i < parameters.length; i++) {
      const slope = gradient[i]!;
      const first = 0.9 * this.#first[i]! + 0.1 * slope;
      const second = 0.999 * this.#second[i]! + 0.001 * slope * slope;
      this.#first[i] = first;
      this.#second[i] = second;
      const change = first / firstCorrection / (Math.sqrt(second / secondCorrection) + 1e-8);
      parameters[i] = parameters[i]! - this.#learningRate * change;
    }
  }
}

/** The rows 0..count−1 in a random order (Fisher and Yates). */
function shuffledRows(count: number, random: SeededRandom): Int32Array {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = rows[last]!;
    rows[last] = rows[other]!;
    rows[other] = kept;
  }
  return rows;
}

export interface TrainingOptions {
  readonly widths: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Called after every epoch, counted from 1, with the mean loss over its batches; the network goes on changing. */
  readonly afterEpoch: (epoch: number, network: Network, loss: number) => void;
}

/** Trains from a seeded start; every epoch passes all samples once in a new random order. */
export function trainNetwork(samples: LabelledSamples, options: TrainingOptions): Network {
  const random = SeededRandom.fromSeed(options.seed);
  const network = initialNetwork(options.widths, random);
  const adam = new Adam(network.parameters.length, options.learningRate);
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const rows = shuffledRows(samples.labels.length, random);
    let total = 0;
    for (let start = 0; start < rows.length; start += options.batchSize) {
      const batch = rows.subarray(start, start + options.batchSize);
      const { loss, gradient } = lossAndGradient(network, samples, batch);
      adam.update(network.parameters, gradient);
      total += loss * batch.length;
    }
    options.afterEpoch(epoch, network, total / rows.length);
  }
  return network;
}
