import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  accuracyOf,
  layersOf,
  type LabelledSamples,
  type Network,
} from '../../../examples/perceptronTraining';
import { perceptronOnnx } from '../../../examples/perceptronOnnx';
import { readModel } from '../../../src/formats/readModel';
import { readSamples } from '../../../src/samples/readSamples';
import { readFileSync } from 'node:fs';

const widths = [64, 32, 16, 10];

async function digits(): Promise<LabelledSamples> {
  const { inputs, labels, count } = await readSamples(
    { kind: 'file', path: resolve('examples/digits.npz'), inputs: {}, labels: null },
    [{ name: 'input', type: 'float32', dims: [64] }],
    { scale: 1, limit: null, seed: 0 },
  );
  expect(count).toBe(1797);
  if (labels?.kind !== 'classes') throw new TypeError('the labels are classes');
  return { inputs: inputs[0]?.data ?? new Float64Array(), labels: labels.values };
}

/** The network in a checkpoint, by the names that PyTorch's exporter gives. */
async function networkIn(file: string): Promise<Network> {
  const { graph } = await readModel(resolve('examples', file));
  expect(graph.nodes.map(({ operator }) => operator)).toEqual(['Gemm', 'Tanh', 'Gemm', 'Tanh', 'Gemm']);
  expect(graph.inputs).toEqual([{ name: 'input', type: 'float32', dims: ['N', 64] }]);
  expect(graph.outputs).toEqual([{ name: 'logits', type: 'float32', dims: ['N', 10] }]);
  const values = ['fc.0', 'fc.1', 'fc.2'].flatMap((layer) =>
    ['weight', 'bias'].flatMap((part) => {
      const tensor = graph.initialisers.get(`${layer}.${part}`);
      return Array.from(tensor?.data ?? [], Number);
    }),
  );
  return { widths, parameters: Float64Array.from(values) };
}

describe('the example', () => {
  it('has digits in [0, 1], all ten of them', async () => {
    const { inputs, labels } = await digits();
    expect(inputs.every((pixel) => pixel >= 0 && pixel <= 1 && Number.isInteger(16 * pixel))).toBe(true);
    expect(new Set(labels).size).toBe(10);
  });

  it('reads at least 99 % of its digits, and fewer at the early checkpoint', async () => {
    const samples = await digits();
    const accuracy = accuracyOf(await networkIn('digits.onnx'), samples);
    const early = accuracyOf(await networkIn('digits-early.onnx'), samples);
    expect(accuracy).toBeGreaterThanOrEqual(0.99);
    expect(early).toBeGreaterThan(0.85);
    expect(early).toBeLessThan(accuracy);
  });

  it('writes the bytes of its checkpoint again', async () => {
    const network = await networkIn('digits.onnx');
    expect(layersOf(widths, network.parameters).map(({ weight }) => weight.length)).toEqual([2048, 512, 160]);
    expect(Buffer.from(perceptronOnnx(network))).toEqual(readFileSync(resolve('examples/digits.onnx')));
  });
});
