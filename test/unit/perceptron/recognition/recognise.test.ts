import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActivationName } from '../activationNamed';
import type { ReadPerceptron } from '../../../../src/analysis/readPerceptron';
import { describeArchitecture } from '../../../../src/perceptron/recognise';
import { recognised } from './agreement';
import type { WrittenLayer } from './exporterStyles';
import { activationStyles, affineStyles, flattenStyles } from './exporterStyles';
import { GraphBuilder } from './graphBuilder';
import { randomSource } from './plainForward';

function randomLayers(
  widths: readonly number[],
  seed: number,
  biases: (layer: number) => boolean,
): WrittenLayer[] {
  const random = randomSource(seed);
  const numbers = (count: number) => Array.from({ length: count }, () => Math.fround(random()));
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i] ?? 1;
    const weight = numbers(outputs * inputs);
    return { name: `fc.${String(i)}`, inputs, outputs, weight, bias: biases(i) ? numbers(outputs) : null };
  });
}

function expectLayers(found: ReadPerceptron, layers: readonly WrittenLayer[]): void {
  expect(
    found.perceptron.layers.map(({ name, inputs, outputs, weight, bias }) => ({
      name,
      inputs,
      outputs,
      weight: [...weight],
      bias: bias === null ? null : [...bias],
    })),
  ).toEqual(layers);
}

const affineNames = Object.keys(affineStyles);
const activationForms = Object.entries(activationStyles).flatMap(([activation, styles]) =>
  Object.keys(styles).map((style) => [activation as ActivationName, style] as const),
);

function writeActivation(b: GraphBuilder, z: string, activation: ActivationName, style: string): string {
  return activationStyles[activation]?.[style]?.(b, z) ?? z;
}

describe('affine layers', () => {
  it.each(affineNames.flatMap((style) => [true, false].map((bias) => [style, bias] as const)))(
    'as %s (bias: %s) are read to the same weights',
    async (style, bias) => {
      const layers = randomLayers([4, 3, 2], 11, () => bias);
      const b = new GraphBuilder();
      let x = b.input('x', ['N', 4]);
      for (const layer of layers) {
        const z = affineStyles[style]?.(b, x, layer) ?? '';
        x = layer === layers[0] ? b.node('Tanh', [z]) : z;
      }
      const found = await recognised(b.graph([x]), [4]);
      expectLayers(found, layers);
      expect(describeArchitecture(found.perceptron)).toBe('perceptron 4-3-2, tanh');
      expect(found.inputSpec).toEqual({ name: 'x', type: 'float32', dims: [4] });
    },
  );

  it('may follow each other without an activation', async () => {
    const layers = randomLayers([3, 4, 2], 12, () => true);
    const b = new GraphBuilder();
    let x = b.input('x', ['N', 3]);
    for (const layer of layers) x = affineStyles['gemm']?.(b, x, layer) ?? '';
    const found = await recognised(b.graph([x]), [3]);
    expectLayers(found, layers);
    expect(describeArchitecture(found.perceptron)).toBe('perceptron 3-4-2, identity');
  });

  it('take a weight as a vector, a scalar zero in place of a bias, and float64 weights', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', ['N', 3], 'float64');
    const first = b.tensor('a.weight', {
      type: 'float64',
      dims: [3, 2],
      data: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    });
    const zero = b.tensor('zero', { type: 'float64', dims: [], data: Float64Array.of(0) });
    const second = b.tensor('b.weight', { type: 'float64', dims: [2], data: Float64Array.of(0.7, -0.7) });
    const hidden = b.node('Tanh', [b.node('Gemm', [x, first, zero])]);
    const found = await recognised(b.graph([b.node('MatMul', [hidden, second])]), [3]);
    expect([...(found.perceptron.layers[0]?.weight ?? [])]).toEqual([0.1, 0.3, 0.5, 0.2, 0.4, 0.6]);
    expect(found.perceptron.layers.map(({ bias }) => bias)).toEqual([null, null]);
    expect(found.perceptron.layers[1]?.outputs).toBe(1);
  });
});

describe('activations', () => {
  it.each(activationForms)('%s written as %s', async (activation, style) => {
    const layers = randomLayers([3, 5, 2], 21, () => true);
    const b = new GraphBuilder();
    const x = b.input('x', ['N', 3]);
    const [first, second] = layers;
    const hidden = writeActivation(b, affineStyles['gemm']?.(b, x, first ?? fail()) ?? '', activation, style);
    const found = await recognised(b.graph([affineStyles['gemm']?.(b, hidden, second ?? fail()) ?? '']), [3]);
    expectLayers(found, layers);
    expect(found.perceptron.layers.map((layer) => layer.activation.name)).toEqual([activation, 'identity']);
  });

  it.each(activationForms.filter(([name]) => name !== 'identity' && name !== 'sigmoid'))(
    '%s on the output, written as %s, belongs to the last layer',
    async (activation, style) => {
      const layers = randomLayers([3, 2], 22, () => true);
      const b = new GraphBuilder();
      const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), layers[0] ?? fail()) ?? '';
      const found = await recognised(b.graph([writeActivation(b, z, activation, style)]), [3]);
      expect(found.perceptron.head).toBe('none');
      expect(describeArchitecture(found.perceptron)).toBe(`perceptron 3-2, ${activation} on the output`);
    },
  );
});

function fail(): never {
  throw new Error('the test is missing a part');
}

describe('a random perceptron in a random exporter style', () => {
  const layerForm = fc.record({
    affine: fc.constantFrom(...affineNames),
    activation: fc.constantFrom(...activationForms),
    dropout: fc.boolean(),
    bias: fc.boolean(),
    width: fc.integer({ min: 2, max: 5 }),
  });
  it('is read to the same weights and computes the same logits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(layerForm, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...Object.keys(flattenStyles)),
        fc.constantFrom('none' as const, 'softmax', 'logsoftmax', 'written', 'sigmoid'),
        fc.constantFrom('none', 'scalar', 'perFeature', 'channels'),
        fc.boolean(),
        fc.integer(),
        async (forms, flatten, head, scaling, channelsLast, seed) => {
          const [channels, height, width] = [2, 3, 2];
          const count = channels * height * width;
          const b = new GraphBuilder();
          const dims = channelsLast ? [height, width, channels] : [channels, height, width];
          let x = b.input('image', ['N', ...dims]);
          if (scaling === 'scalar') x = b.node('Sub', [b.node('Mul', [x, b.number(1 / 255)]), b.number(0.5)]);
          const values = Array.from({ length: count }, (_, i) => 0.25 + i);
          if (scaling === 'perFeature') x = b.node('Div', [x, b.weight('std', [1, ...dims], values)]);
          if (channelsLast) x = b.node('Transpose', [x], { perm: [0, 3, 1, 2] });
          if (scaling === 'channels') x = b.node('Sub', [x, b.weight('mean', [channels, 1, 1], [0.3, 0.6])]);
          x = flattenStyles[flatten]?.(b, x, count) ?? fail();
          const layers = randomLayers(
            [count, ...forms.map((form) => form.width)],
            seed,
            (i) => forms[i]?.bias ?? true,
          );
          layers.forEach((layer, i) => {
            const form = forms[i] ?? fail();
            const z = affineStyles[form.affine]?.(b, x, layer) ?? fail();
            x = i < layers.length - 1 ? writeActivation(b, z, ...form.activation) : z;
            if (form.dropout) x = b.node('Dropout', [x]);
          });
          if (head === 'softmax') x = b.node('Softmax', [x], { axis: 1 });
          if (head === 'logsoftmax') x = b.node('LogSoftmax', [x], { axis: -1 });
          if (head === 'sigmoid') x = b.node('Sigmoid', [x]);
          if (head === 'written') {
            const centred = b.node('Sub', [x, b.node('ReduceMax', [x], { axes: [-1], keepdims: 1 })]);
            const exponential = b.node('Exp', [centred]);
            const sum = b.node('ReduceSum', [exponential, b.integers(1)], { keepdims: 1 });
            x = b.node('Div', [exponential, sum]);
          }
          const found = await recognised(b.graph([b.node('Identity', [x])]), dims);
          const heads = {
            none: 'none',
            sigmoid: 'sigmoid',
            softmax: 'softmax',
            logsoftmax: 'softmax',
            written: 'softmax',
          };
          expect(found.perceptron.head).toBe(heads[head]);
          expect(found.perceptron.layers.map(({ activation }) => activation.name)).toEqual([
            ...forms.slice(0, -1).map((form) => form.activation[0]),
            'identity',
          ]);
          found.perceptron.layers.forEach(({ weight, bias }, i) => {
            // The transposed image permutes the first weight's columns: `recognised` compares the logits.
            if (i > 0 || !channelsLast) expect([...weight]).toEqual(layers[i]?.weight);
            expect(bias === null ? null : [...bias]).toEqual(layers[i]?.bias);
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});
