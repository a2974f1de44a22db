import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../src/graph/graph';
import { describeArchitecture } from '../../../../src/perceptron/recognise';
import { recognised, refusal } from './agreement';
import type { WrittenLayer } from './exporterStyles';
import { activationStyles, affineStyles } from './exporterStyles';
import { GraphBuilder } from './graphBuilder';
import { randomSource } from './plainForward';

interface Statistics {
  readonly gamma: readonly number[];
  readonly beta: readonly number[];
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

function statistics(width: number, seed: number): Statistics {
  const random = randomSource(seed);
  const list = (positive = false) =>
    Array.from({ length: width }, () => Math.fround(positive ? 0.2 + Math.abs(random()) : random()));
  return { gamma: list(), beta: list(), mean: list(), variance: list(true) };
}

const epsilon = Math.fround(1e-3);

function tensors(b: GraphBuilder, name: string, { gamma, beta, mean, variance }: Statistics, dims: number[]) {
  const one = (part: string, values: readonly number[]) => b.weight(`${name}.${part}`, dims, values);
  return [one('gamma', gamma), one('beta', beta), one('mean', mean), one('variance', variance)] as const;
}

/** Ways in which exporters write batch normalisation of [N, width] in evaluation mode. */
const styles: Readonly<
  Record<string, (b: GraphBuilder, x: string, name: string, of: Statistics, width: number) => string>
> = {
  operator: (b, x, name, of, width) =>
    b.node('BatchNormalization', [x, ...tensors(b, name, of, [width])], { epsilon }, name),
  asImage: (b, x, name, of, width) => {
    const image = b.node('Transpose', [b.node('Reshape', [x, b.integers(-1, 1, 1, width)])], {
      perm: [0, 3, 1, 2],
    });
    const y = b.node('BatchNormalization', [image, ...tensors(b, name, of, [width])], { epsilon }, name);
    return b.node('Reshape', [b.node('Transpose', [y], { perm: [0, 2, 3, 1] }), b.integers(-1, width)]);
  },
  mulAdd: (b, x, name, { gamma, beta, mean, variance }, width) => {
    const scale = gamma.map((value, i) => value / Math.sqrt((variance[i] ?? NaN) + epsilon));
    const shift = beta.map((value, i) => value - (mean[i] ?? NaN) * (scale[i] ?? NaN));
    const scaled = b.node('Mul', [x, b.weight(`${name}.scale`, [width], scale)], {}, name);
    return b.node('Add', [scaled, b.weight(`${name}.shift`, [1, width], shift)]);
  },
  tensorflow: (b, x, name, of, width) => {
    const [gamma, beta, mean, variance] = tensors(b, name, of, [width]);
    const deviation = b.node('Sqrt', [b.node('Add', [variance, b.number(epsilon)])]);
    const scale = b.node('Mul', [b.node('Reciprocal', [deviation]), gamma]);
    const shift = b.node('Sub', [beta, b.node('Mul', [mean, scale])]);
    return b.node('Add', [b.node('Mul', [x, scale], {}, name), shift]);
  },
  byDefinition: (b, x, name, of, width) => {
    const [gamma, beta, mean, variance] = tensors(b, name, of, [1, width]);
    const deviation = b.node('Sqrt', [b.node('Add', [variance, b.number(epsilon)])]);
    const centred = b.node('Sub', [x, mean]);
    return b.node('Add', [beta, b.node('Mul', [gamma, b.node('Div', [centred, deviation], {}, name)])]);
  },
};
const styleNames = Object.keys(styles);

function layer(name: string, inputs: number, outputs: number, bias: boolean, seed: number): WrittenLayer {
  const random = randomSource(seed);
  const numbers = (count: number) => Array.from({ length: count }, () => Math.fround(random()));
  return { name, inputs, outputs, weight: numbers(inputs * outputs), bias: bias ? numbers(outputs) : null };
}

function expectClose(found: Float64Array | undefined, wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  // Constants that the graph computes are rounded to float32.
  wanted.forEach((value, i) => {
    expect(Math.abs((found?.[i] ?? NaN) - value)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(value)));
  });
}

const sentence =
  /^Batch normalisation "bn1" is taken in evaluation mode, its scale and shift are not counted as parameters\.$/;

describe('batch normalisation in evaluation mode', () => {
  it.each(styleNames.flatMap((style) => [true, false].map((bias) => [style, bias] as const)))(
    'written as %s between a layer (bias: %s) and its activation is kept beside W and b',
    (style, bias) => {
      const [first, second] = [layer('fc.0', 3, 4, bias, 1), layer('fc.1', 4, 2, true, 2)];
      const of = statistics(4, 3);
      const b = new GraphBuilder();
      const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), first) ?? '';
      const a = b.node('Tanh', [styles[style]?.(b, z, 'bn1', of, 4) ?? '']);
      const { perceptron, notes } = recognised(b.graph([affineStyles['gemm']?.(b, a, second) ?? '']), [3]);
      const [found, next] = perceptron.layers;
      // Without a bias, a mean that is subtracted first is no bias.
      expect(found?.bias === null ? null : [...(found?.bias ?? [])]).toEqual(first.bias);
      expect([...(found?.weight ?? [])]).toEqual(first.weight);
      const scale = of.gamma.map((value, i) => value / Math.sqrt((of.variance[i] ?? NaN) + epsilon));
      expectClose(found?.normalisation?.scale, scale);
      expectClose(
        found?.normalisation?.shift,
        of.beta.map((value, i) => value - (of.mean[i] ?? NaN) * (scale[i] ?? NaN)),
      );
      expect(found?.outputNormalisation).toBeNull();
      expect(next).toMatchObject({ normalisation: null, outputNormalisation: null });
      expect(describeArchitecture(perceptron)).toBe('perceptron 3-4-2, tanh');
      if (style === 'operator' || style === 'asImage')
        expect(notes).toEqual([expect.stringMatching(sentence)]);
      else expect(notes.join()).toMatch(/"bn1" \((Mul|Div)\) scales the units .*not counted as parameters/);
    },
  );

  it.each(styleNames)('written as %s after the activation is a scale and shift of its values', (style) => {
    const b = new GraphBuilder();
    const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), layer('a', 3, 4, true, 1)) ?? '';
    const a = styles[style]?.(b, b.node('Relu', [z]), 'bn1', statistics(4, 3), 4) ?? '';
    const { perceptron } = recognised(
      b.graph([affineStyles['gemm']?.(b, a, layer('b', 4, 2, true, 2)) ?? '']),
      [3],
    );
    expect(perceptron.layers[0]?.normalisation).toBeNull();
    expect(perceptron.layers[0]?.outputNormalisation?.scale).toHaveLength(4);
  });

  it.each(styleNames)('written as %s before the first layer is preprocessing', (style) => {
    const b = new GraphBuilder();
    const x = styles[style]?.(b, b.input('x', ['N', 3]), 'bn1', statistics(3, 3), 3) ?? '';
    const found = recognised(b.graph([affineStyles['gemm']?.(b, x, layer('b', 3, 2, true, 2)) ?? '']), [3]);
    expect(found.perceptron.preprocessing?.scale).toHaveLength(3);
    expect(found.perceptron.layers).toMatchObject([{ normalisation: null, outputNormalisation: null }]);
    if (style === 'operator') expect(found.notes).toContainEqual(expect.stringMatching(sentence));
  });

  it('of the channels of an image is spread over its positions, in the order of the flattened sample', () => {
    const b = new GraphBuilder();
    const image = b.node('Transpose', [b.input('x', ['N', 2, 3, 2])], { perm: [0, 3, 1, 2] });
    const normalised = styles['operator']?.(b, image, 'bn1', statistics(2, 3), 2) ?? '';
    const flat = b.node('Flatten', [normalised]);
    recognised(b.graph([affineStyles['gemm']?.(b, flat, layer('b', 12, 2, true, 2)) ?? '']), [2, 3, 2]);
  });

  it('after a whole convolution normalises its units', () => {
    const b = new GraphBuilder();
    const kernel = b.weight('k', [3, 2, 2, 2], layer('k', 8, 3, false, 4).weight.slice());
    const z = b.node('Conv', [b.input('x', ['N', 2, 2, 2]), kernel]);
    const a = b.node('Tanh', [styles['operator']?.(b, z, 'bn1', statistics(3, 3), 3) ?? '']);
    const { perceptron } = recognised(
      b.graph([affineStyles['gemm']?.(b, b.node('Flatten', [a]), layer('b', 3, 2, true, 2)) ?? '']),
      [2, 2, 2],
    );
    expect(perceptron.layers[0]?.normalisation?.scale).toHaveLength(3);
  });

  it.each(['Softmax', 'Sigmoid'])('of the logits belongs to the last layer, before a %s', (head) => {
    const b = new GraphBuilder();
    const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), layer('a', 3, 4, true, 1)) ?? '';
    const logits = styles['operator']?.(b, z, 'bn1', statistics(4, 3), 4) ?? '';
    const { perceptron } = recognised(b.graph([b.node(head, [logits])]), [3]);
    expect(perceptron).toMatchObject({ head: head.toLowerCase(), logits });
    expect(perceptron.layers[0]?.normalisation?.shift).toHaveLength(4);
  });

  it('after a sigmoid leaves the sigmoid to the last layer, no head', () => {
    const b = new GraphBuilder();
    const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), layer('a', 3, 4, true, 1)) ?? '';
    const y = styles['operator']?.(b, b.node('Sigmoid', [z]), 'bn1', statistics(4, 3), 4) ?? '';
    const { perceptron } = recognised(b.graph([y]), [3]);
    expect(perceptron).toMatchObject({ head: 'none', logits: y });
    expect(describeArchitecture(perceptron)).toBe('perceptron 3-4, sigmoid on the output');
  });

  it('in any style, place and depth computes what the graph does', () => {
    const place = fc.option(fc.constantFrom(...styleNames), { freq: 2 });
    const forms = fc.record({
      affine: fc.constantFrom(...Object.keys(affineStyles)),
      bias: fc.boolean(),
      activation: fc.constantFrom('relu', 'tanh', 'gelu', 'silu', 'hard-swish', 'mish'),
      width: fc.integer({ min: 2, max: 4 }),
      before: place,
      after: place,
    });
    fc.assert(
      fc.property(
        fc.array(forms, { minLength: 1, maxLength: 4 }),
        place,
        fc.integer(),
        (list, first, seed) => {
          const b = new GraphBuilder();
          let x = b.input('x', ['N', 3]);
          let inputs = 3;
          const normalised = (style: string | null, name: string): void => {
            if (style !== null)
              x = styles[style]?.(b, x, name, statistics(inputs, seed + inputs), inputs) ?? '';
          };
          normalised(first, 'first');
          list.forEach(({ affine, bias, activation, width, before, after }, l) => {
            x = affineStyles[affine]?.(b, x, layer(`fc.${l}`, inputs, width, bias, seed + l)) ?? '';
            inputs = width;
            normalised(before, `before.${l}`);
            const forms = Object.values(activationStyles[activation as 'relu'] ?? {});
            x = forms[Math.abs(seed) % forms.length]?.(b, x) ?? '';
            normalised(after, `after.${l}`);
          });
          const { perceptron } = recognised(b.graph([x]), [3]);
          expect(
            perceptron.layers.map((found) => [
              found.bias !== null,
              found.normalisation !== null,
              found.outputNormalisation !== null,
            ]),
          ).toEqual(list.map(({ bias, before, after }) => [bias, before !== null, after !== null]));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('normalisation that is refused, by the node in the way', () => {
  /** x [N, 3] → 4 units → `write` → 2 units. */
  function between(
    write: (b: GraphBuilder, z: string, operands: readonly string[]) => string,
    opset = 17,
  ): Graph {
    const b = new GraphBuilder();
    const z = affineStyles['gemm']?.(b, b.input('x', ['N', 3]), layer('a', 3, 4, true, 1)) ?? '';
    const a = write(b, z, tensors(b, 'bn1', statistics(4, 3), [4]));
    return b.graph([affineStyles['gemm']?.(b, a, layer('b', 4, 2, true, 2)) ?? ''], opset);
  }
  const operator = (b: GraphBuilder, x: string, operands: readonly string[], name = 'bn1') =>
    b.node('BatchNormalization', [x, ...operands], {}, name);
  const perUnit = (b: GraphBuilder, name: string) => b.weight(name, [4], [1, 2, 3, 4]);

  const cases: readonly (readonly [string, Graph, RegExp])[] = [
    [
      'training mode from operator set 14 on',
      between((b, z, of) => b.node('BatchNormalization', [z, ...of], { training_mode: 1 }, 'bn1')),
      /"bn1" \(BatchNormalization\).*training mode\); export the model in evaluation mode/,
    ],
    [
      'training mode before operator set 14',
      between((b, z, of) => b.nodes('BatchNormalization', [z, ...of], 5, {}, 'bn1')[0] ?? '', 9),
      /"bn1" \(BatchNormalization\).*training mode/,
    ],
    [
      'no word of the mode before operator set 7',
      between((b, z, of) => operator(b, z, of), 6),
      /"bn1" \(BatchNormalization\).*training mode/,
    ],
    [
      'statistics of different lengths',
      between((b, z, of) => operator(b, z, [...of.slice(0, 3), b.weight('v', [3], [1, 2, 3])])),
      /^DamagedModel: .*"bn1".*different lengths/,
    ],
    [
      'statistics of another width',
      between((b, z) => operator(b, z, tensors(b, 'other', statistics(3, 4), [3]))),
      /"bn1" \(BatchNormalization\)/,
    ],
    [
      'a negative variance',
      between((b, z, of) => operator(b, z, [...of.slice(0, 3), b.weight('v', [4], [1, -2, 3, 4])])),
      /^NonFiniteWeights: .*"bn1" \(BatchNormalization\) scales feature 1/,
    ],
    [
      'a scale that is computed from the samples',
      between((b, z, of) => operator(b, z, [z, ...of.slice(1)])),
      /"bn1" \(BatchNormalization\) has no constant as the scale/,
    ],
    [
      'a second normalisation',
      between((b, z, of) => operator(b, operator(b, z, of), of, 'bn2')),
      /"bn2" \(BatchNormalization\).*normalised already/,
    ],
    [
      'a second bias after a normalisation',
      between((b, z, of) => b.node('Add', [operator(b, z, of), perUnit(b, 'again')], {}, 'add')),
      /"add" \(Add\).*normalised already/,
    ],
    [
      'numbers added to the values of an activation',
      between((b, z) => b.node('Add', [b.node('Tanh', [z]), perUnit(b, 'c')], {}, 'add')),
      /"add" \(Add\) adds one number to each unit/,
    ],
    [
      'an activation after one and its normalisation',
      between((b, z, of) => b.node('Tanh', [operator(b, b.node('Relu', [z]), of)], {}, 'second')),
      /"second" \(Tanh\) goes on computing after a layer that is normalised/,
    ],
    [
      'a gate across a normalisation',
      between((b, z, of) => b.node('Mul', [z, b.node('Sigmoid', [operator(b, z, of)])], {}, 'gate')),
      /"gate" \(Mul\) combines a layer with the same layer before its normalisation/,
    ],
    [
      'a slope for each unit',
      between((b, z) => {
        const negative = b.node('Min', [z, b.number(0)]);
        const sloped = b.node('Mul', [negative, perUnit(b, 'slopes')], {}, 'slopes');
        return b.node('Add', [b.node('Relu', [z]), sloped]);
      }),
      /"slopes" \(Mul\).*no known activation/,
    ],
    [
      'a number for each row',
      between((b, z) => b.node('Mul', [z, b.weight('rows', [2, 1], [1, 2])], {}, 'rows')),
      /"rows" \(Mul\).*rows are not samples/,
    ],
  ];
  it.each(cases)('%s', (_, graph, wanted) => {
    expect(refusal(graph)).toMatch(wanted);
  });

  it('not where an old file says that it tests', () => {
    const graph = between((b, z, of) => b.node('BatchNormalization', [z, ...of], { is_test: 1 }, 'bn1'), 6);
    expect(recognised(graph, [3]).perceptron.layers[0]?.normalisation).not.toBeNull();
  });
});
