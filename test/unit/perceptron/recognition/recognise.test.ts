import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActivationName } from '../activationNamed';
import type { ReadPerceptron } from '../../../../src/analysis/readPerceptron';
import { describeArchitecture } from '../../../../src/perceptron/recognise';
import { reading, recognised } from './agreement';
import { integratedErf } from './evaluateGraph';
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

  it('take a weight as a vector, in float64', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', ['N', 3], 'float64');
    const double = (name: string, dims: readonly number[], ...values: readonly number[]) =>
      b.tensor(name, { type: 'float64', dims, data: Float64Array.from(values) });
    const first = double('a.weight', [3, 2], 0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
    const hidden = b.node('Tanh', [b.node('Gemm', [x, first])]);
    const y = b.node('MatMul', [hidden, double('b.weight', [2], 0.7, -0.7)]);
    const found = await recognised(b.graph([{ name: y, type: 'float64', dims: null }]), [3]);
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
    const found = await recognised(
      b.graph([affineStyles['gemm']?.(b, hidden, second ?? fail()) ?? ''], 20),
      [3],
    );
    expectLayers(found, layers);
    expect(found.perceptron.layers.map((layer) => layer.activation.name)).toEqual([activation, 'identity']);
  });

  it.each(activationForms.filter(([name]) => name !== 'identity' && name !== 'sigmoid'))(
    '%s on the output, written as %s, belongs to the last layer',
    async (activation, style) => {
      const layers = randomLayers([3, 2], 22, () => true);
      const b = new GraphBuilder();
      const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), layers[0] ?? fail()) ?? '';
      const found = await recognised(b.graph([writeActivation(b, z, activation, style)], 20), [3]);
      expect(found.perceptron.head).toBe('none');
      expect(describeArchitecture(found.perceptron)).toBe(`perceptron 3-2, ${activation} on the output`);
    },
  );
});

describe('any elementwise function of one variable is an activation', () => {
  const one = (b: GraphBuilder) => b.number(1);
  it.each<readonly [string, (b: GraphBuilder, z: string) => string, (z: number) => number]>([
    ['softsign', (b, z) => b.node('Softsign', [z]), (z) => z / (1 + Math.abs(z))],
    ['clip', (b, z) => b.node('Clip', [z, b.number(0), b.number(6)]), (z) => Math.min(6, Math.max(0, z))],
    [
      'quickgelu',
      (b, z) => b.node('com.microsoft:QuickGelu', [z], { alpha: 2 }),
      (z) => z / (1 + Math.exp(-2 * z)),
    ],
    ['sin-mul', (b, z) => b.node('Mul', [z, b.node('Sin', [z])]), (z) => z * Math.sin(z)],
    ['gelu', (b, z) => gelu(b, z, Math.SQRT2 * (1 + 2e-6)), (z) => plainGelu(z, Math.SQRT2 * (1 + 2e-6))],
    ['div-erf-add-mul', (b, z) => gelu(b, z, 1.2), (z) => plainGelu(z, 1.2)],
    ['scaled', (b, z) => doubled(b, z, 40), (z) => 2 ** 40 * z],
    [
      'greater-tanh-where',
      (b, z) => b.node('Where', [b.node('Greater', [z, one(b)]), z, b.node('Tanh', [z])]),
      (z) => (z > 1 ? z : Math.tanh(z)),
    ],
  ])('%s', async (name, write, wanted) => {
    const b = new GraphBuilder();
    const weight = b.weight('w', [2, 2], [1, 2, 3, 5]);
    const hidden = write(b, b.node('Gemm', [b.input('x', ['N', 2]), weight, b.weight('c', [2], [1, 2])]));
    const y = b.node('MatMul', [hidden, b.weight('v', [2, 3], [1, 2, 3, 4, 5, 7])]);
    const found = await reading(b.graph([y]));
    if (!found.ok) throw new Error(found.failure.message);
    const activation = found.read.perceptron.layers[0]?.activation ?? fail();
    expect(activation.name).toBe(name);
    const places = Float64Array.of(-3, -1.2, 0.4, 0.9, 2.5, 7);
    const { value, first, second } = activation.derivatives(places);
    places.forEach((z, i) => {
      const h = 1e-3;
      const size = 1 + Math.abs(wanted(z)) + Math.abs(wanted(2 * z));
      const slope = (wanted(z + h) - wanted(z - h)) / (2 * h);
      const curvature = (wanted(z + h) - 2 * wanted(z) + wanted(z - h)) / h ** 2;
      // The file's constants are float32; differences are off by h²/6 and h²/12 of higher derivatives.
      expect(Math.abs((value[i] ?? NaN) - wanted(z))).toBeLessThanOrEqual(1e-6 * size);
      expect(Math.abs((first[i] ?? NaN) - slope)).toBeLessThanOrEqual(5e-6 * size);
      expect(Math.abs((second[i] ?? NaN) - curvature)).toBeLessThanOrEqual(5e-6 * size);
    });
  });

  function gelu(b: GraphBuilder, z: string, root: number): string {
    const gate = b.node('Add', [b.node('Erf', [b.node('Div', [z, b.number(root)])]), b.number(1)]);
    return b.node('Mul', [b.node('Mul', [z, gate]), b.number(0.5)]);
  }
  const plainGelu = (z: number, root: number): number => 0.5 * z * (1 + integratedErf(z / root));
  function doubled(b: GraphBuilder, z: string, times: number): string {
    return times === 0 ? z : doubled(b, b.node('Add', [z, z]), times - 1);
  }
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
            const centred = b.node('Sub', [x, b.node('ReduceMax', [x, b.integers(-1)], { keepdims: 1 })]);
            const exponential = b.node('Exp', [centred]);
            const sum = b.node('ReduceSum', [exponential, b.integers(1)], { keepdims: 1 });
            x = b.node('Div', [exponential, sum]);
          }
          const found = await recognised(b.graph([b.node('Identity', [x])], 20), dims);
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
