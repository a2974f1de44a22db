import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../src/graph/graph';
import { reading, refusal } from './agreement';
import { GraphBuilder } from './graphBuilder';

const square = [1, 2, 3, 5];

/** x [N, 2] and what `write` makes of the first layer's pre-activations, before a second layer. */
function between(write: (b: GraphBuilder, z: string) => string): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', ['N', 2]);
  const z = b.node('Gemm', [
    x,
    b.weight('first.weight', [2, 2], square),
    b.weight('first.bias', [2], [1, 2]),
  ]);
  const a = write(b, z);
  return b.graph([b.node('MatMul', [a, b.weight('second.weight', [2, 3], [1, 2, 3, 4, 5, 6])])]);
}

/** What `write` makes of an input of these dimensions. */
function alone(
  dims: readonly (number | string | null)[],
  write: (b: GraphBuilder, x: string) => string,
): Graph {
  const b = new GraphBuilder();
  return b.graph([write(b, b.input('x', dims))]);
}

describe('a refusal names the node and what is in the way', () => {
  const cases: readonly (readonly [string, Graph, RegExp])[] = [
    [
      'layer normalisation',
      between((b, z) => b.node('LayerNormalization', [z], {}, 'ln')),
      /"ln" \(LayerNormalization\)/,
    ],
    [
      'a trained slope',
      between((b, z) => b.node('PRelu', [z, b.weight('slope', [2], [0.1, 0.2])], {}, 'prelu')),
      /"prelu" \(PRelu\) is no part of a perceptron/,
    ],
    [
      'a skip connection',
      between((b, z) => b.node('Add', [z, 'x'], {}, 'skip')),
      /"skip" \(Add\) combines the units of a layer with something else/,
    ],
    [
      'a second bias',
      between((b, z) => b.node('Add', [z, b.weight('again', [2], [3, 4])], {}, 'add')),
      /"add" \(Add\).*no bias of one number for each unit/,
    ],
    [
      'a softmax inside',
      between((b, z) => b.node('Softmax', [z])),
      /\(Softmax\) makes more of the units of a layer/,
    ],
    [
      'the left product',
      alone(['N', 2], (b, x) => b.node('MatMul', [b.weight('w', [2, 2], square), x], {}, 'left')),
      /"left" \(MatMul\).*rows that are not samples/,
    ],
    [
      'the left Gemm',
      alone(['N', 2], (b, x) => b.node('Gemm', [b.weight('w', [2, 2], square), x], {}, 'left')),
      /"left" \(Gemm\).*rows that are not samples/,
    ],
    [
      'transA',
      alone([2, 2], (b, x) => b.node('Gemm', [x, b.weight('w', [2, 2], square)], { transA: 1 }, 'g')),
      /"g" \(Gemm\).*rows that are not samples/,
    ],
    [
      'a bias of one number',
      alone(['N', 2], (b, x) => b.node('Gemm', [x, b.weight('w', [2, 2], square), b.number(3)], {}, 'g')),
      /"g" \(Gemm\).*no bias of one number for each unit/,
    ],
    [
      'a bias down the rows',
      alone(['N', 2], (b, x) =>
        b.node('Gemm', [x, b.weight('w', [2, 2], square), b.weight('c', [2, 1], [1, 2])], {}, 'g'),
      ),
      /"g" \(Gemm\).*not the same for every sample/,
    ],
    [
      'a constant of its own for each row',
      alone([5, 2], (b, x) => b.node('Add', [x, b.weight('c', [5, 2], [...Array(10).keys()])], {}, 'rows')),
      /^UnsupportedStructure: .*rows/,
    ],
    [
      'weights shared between rows',
      alone(['N', 3, 2], (b, x) => b.node('MatMul', [x, b.weight('w', [2, 2], square)], {}, 'tokens')),
      /"tokens" \(MatMul\) applies one weight to several rows/,
    ],
    [
      'a convolution',
      alone(['N', 1, 4, 4], (b, x) => b.node('Conv', [x, b.weight('k', [1, 1, 2, 2], square)], {}, 'conv')),
      /"conv" \(Conv\) applies one weight to several rows/,
    ],
    [
      'a padded convolution of the whole',
      alone(['N', 1, 2, 2], (b, x) =>
        b.node('Conv', [x, b.weight('k', [1, 1, 2, 2], square)], { pads: [1, 1, 1, 1] }, 'conv'),
      ),
      /"conv" \(Conv\) applies one weight to several rows/,
    ],
    [
      'moved samples',
      alone(['N', 2], (b, x) =>
        b.node(
          'MatMul',
          [b.node('Transpose', [x], { perm: [1, 0] }, 'turn'), b.weight('w', [2, 2], square)],
          {},
          'mm',
        ),
      ),
      /"mm" \(MatMul\).*rows that are not samples/,
    ],
    [
      'merged samples',
      alone(['N', 2], (b, x) =>
        b.node(
          'MatMul',
          [b.node('Flatten', [x], { axis: 0 }, 'flat'), b.weight('w', [4, 1], square)],
          {},
          'mm',
        ),
      ),
      /"mm" \(MatMul\) applies one weight to several rows/,
    ],
    [
      'split samples',
      alone(['N', 4], (b, x) =>
        b.node(
          'MatMul',
          [b.node('Reshape', [x, b.integers(-1, 2)], {}, 'split'), b.weight('w', [2, 2], square)],
          {},
          'mm',
        ),
      ),
      /"mm" \(MatMul\) applies one weight to several rows/,
    ],
    [
      'dropout in training',
      alone(['N', 2], (b, x) => b.node('Dropout', [x, b.number(0.5), training(b)], {}, 'drop')),
      /^TrainingMode: .*"drop" \(Dropout\).*at random/,
    ],
    [
      'a computed weight',
      alone(['N', 2], (b, x) =>
        b.node(
          'MatMul',
          [x, b.node('Mul', [b.weight('g', [1], [2]), b.weight('v', [2, 2], square)])],
          {},
          'mm',
        ),
      ),
      /"Mul_1" \(Mul\) uses a parameter in a way/,
    ],
    [
      'a quantised weight',
      alone(['N', 2], (b, x) =>
        b.node(
          'MatMul',
          [x, b.node('DequantizeLinear', [b.integers(1, 2), b.number(1)], {}, 'dq')],
          {},
          'mm',
        ),
      ),
      /"dq" \(DequantizeLinear\)/,
    ],
    [
      'one weight twice',
      tied((b) => [b.weight('w', [2, 2], square), 'w']),
      /"Gemm_\d+" \(Gemm\) uses "w" a second time/,
    ],
    [
      'a transposed copy',
      tied((b) => [b.weight('v', [2, 2], square), b.weight('w', [2, 2], [1, 3, 2, 5])]),
      /"Gemm_\d+" \(Gemm\) uses "v" a second time/,
    ],
    [
      'NaN',
      alone(['N', 2], (b, x) => b.node('MatMul', [x, b.weight('w', [2, 2], [1, 2, NaN, 4])])),
      /^NonFiniteWeights: The weights "w" hold NaN, infinity or numbers at the end of float64/,
    ],
    [
      'an infinite bias',
      alone(['N', 2], (b, x) =>
        b.node('Gemm', [x, b.weight('w', [2, 2], square), b.weight('c', [2], [0, -Infinity])]),
      ),
      /"Gemm_1" \(Gemm\).*differ from unit to unit/,
    ],
    ['no layer', alone(['N', 2], (b, x) => b.node('Identity', [x])), /^NoParameters: /],
    [
      'an activation of the input',
      alone(['N', 2], (b, x) => b.node('Relu', [x], {}, 'relu')),
      /^NoParameters: /,
    ],
    [
      'a weight that does not fit',
      alone(['N', 3], (b, x) => b.node('MatMul', [x, b.weight('w', [2, 2], square)], {}, 'mm')),
      /^DamagedModel: .*node "mm" \(MatMul\)/,
    ],
  ];
  it.each(cases)('%s', async (_, graph, sentence) => {
    expect(await refusal(graph)).toMatch(sentence);
  });

  it('two graph inputs', async () => {
    const b = new GraphBuilder();
    const sum = b.node('Add', [b.input('x', ['N', 2]), b.input('y', ['N', 2])], {}, 'join');
    const y = b.node('MatMul', [sum, b.weight('w', [2, 2], square)]);
    expect(await refusal(b.graph([y]))).toMatch(/made from several inputs/);
  });

  it('markup and length of names are bounded', async () => {
    const b = new GraphBuilder();
    const y = b.node('Softsign', [b.input('x', ['N', 2])], {}, '\u0007'.repeat(3) + 'n'.repeat(10_000));
    expect((await refusal(b.graph([y]))).length).toBeLessThan(600);
  });
});

function training(b: GraphBuilder): string {
  return b.tensor('training', { type: 'bool', dims: [], data: Uint8Array.of(1) });
}

function tied(weights: (b: GraphBuilder) => readonly [string, string]): Graph {
  const b = new GraphBuilder();
  const [first, second] = weights(b);
  const hidden = b.node('Tanh', [b.node('Gemm', [b.input('x', ['N', 2]), first])]);
  return b.graph([b.node('Gemm', [hidden, second], { transB: first === second ? 1 : 0 })]);
}

describe('the choice of an output', () => {
  function twoHeads(): { readonly graph: Graph; readonly outputs: readonly [string, string] } {
    const b = new GraphBuilder();
    const x = b.input('x', ['N', 2]);
    const first = b.node('MatMul', [x, b.weight('v', [2, 2], square)]);
    const second = b.node('MatMul', [x, b.weight('w', [2, 1], [1, 2])]);
    return { graph: b.graph([first, second]), outputs: [first, second] };
  }

  it('is asked for where several outputs qualify, and obeyed', async () => {
    const { graph, outputs } = twoHeads();
    expect(await refusal(graph)).toBe(
      `UsageError: The model has several outputs that a loss can be put on ("${outputs[0]}", "${outputs[1]}"); choose one with the setting “output”.`,
    );
    const chosen = await reading(graph, outputs[1]);
    expect(chosen.ok && chosen.read.perceptron.logits).toBe(outputs[1]);
  });

  it('may be a tensor inside, such as the logits of a file that puts out its loss', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', [null, 2]);
    const inner = b.node('MatMul', [x, b.weight('w', [2, 2], [1, 2, 3, 4])]);
    const outer = b.node('ReduceSum', [inner]);
    const chosen = await reading(b.graph([outer]), inner);
    expect(chosen.ok && chosen.read.perceptron.logits).toBe(inner);
  });

  it('must be made by the graph', async () => {
    expect(await refusal(twoHeads().graph, 'nope')).toMatch(
      /^UsageError: The model has no output "nope"; it has "t\d_0", "t\d_0": name one with the setting “output”, or any tensor inside the model/,
    );
  });
});

describe('equal constants are no ties', () => {
  it('two biases of zeros that the exporter merged', async () => {
    const b = new GraphBuilder();
    const zeros = b.weight('zeros', [2], [0, 0]);
    const hidden = b.node('Tanh', [
      b.node('Gemm', [b.input('x', ['N', 2]), b.weight('v', [2, 2], square), zeros]),
    ]);
    const found = await reading(
      b.graph([b.node('Gemm', [hidden, b.weight('w', [2, 2], [7, 8, 9, 1]), zeros])]),
      null,
    );
    expect(found.ok && found.read.perceptron.layers.every(({ bias }) => bias !== null)).toBe(true);
  });
});

describe('hostile graphs', () => {
  it('that rearrange a weight many times are read', async () => {
    const b = new GraphBuilder();
    let w = b.weight(
      'w',
      [100, 99],
      Array.from({ length: 9900 }, (_, i) => Math.sin(i)),
    );
    for (let i = 0; i < 41; i += 1) w = b.node('Transpose', [w], { perm: [1, 0] });
    const found = await reading(b.graph([b.node('MatMul', [b.input('x', ['N', 99]), w])]));
    expect(found.ok && found.read.perceptron.layers[0]).toMatchObject({ inputs: 99, outputs: 100 });
  });

  const operators = [
    'Gemm',
    'MatMul',
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Concat',
    'Shape',
    'Gather',
    'Slice',
    'Cast',
    'Conv',
    'Clip',
    'Softmax',
    'ReduceMax',
    'ReduceSum',
    'Exp',
    'Erf',
    'Dropout',
    'Identity',
    'ArgMax',
    'BatchNormalization',
    'ai.onnx.ml:Scaler',
    'ai.onnx.ml:LinearClassifier',
    'ai.onnx.ml:ZipMap',
    'ai.onnx.ml:Normalizer',
    'ai.onnx.ml:ArrayFeatureExtractor',
  ];
  it('of known operators wired at random are recognised or refused, never a fault', async () => {
    const wire = fc.record({
      operator: fc.constantFrom(...operators),
      from: fc.array(fc.nat(30), { maxLength: 4 }),
      axis: fc.integer({ min: -4, max: 4 }),
      axes: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(wire, { minLength: 1, maxLength: 14 }), async (wires) => {
        const b = new GraphBuilder();
        const names = [
          b.input('x', ['N', 1, 2, 2]),
          b.weight('w', [2, 2], square),
          b.weight('v', [4, 3], [...Array(12).keys()]),
          b.weight('c', [3], [1, 2, 3]),
          b.weight('d', [2], [0.5, 2]),
          b.weight('e', [2], [1.5, 3]),
          b.weight('f', [1, 2], [1.5, 3]),
          b.number(2),
          b.integers(0, -1),
          b.integers(-1, 4),
          b.integer(1),
          b.weight('empty', [0], []),
          '',
        ];
        for (const { operator, from, axis, axes } of wires)
          names.unshift(
            b.node(
              operator,
              from.map((i) => names[i % names.length] ?? ''),
              { axis, axes, perm: axes, to: 1, coefficients: [1, 2], offset: [1], scale: [2] },
            ),
          );
        const recognition = await reading(b.graph([names[0] ?? '']));
        if (!recognition.ok) expect(recognition.failure.kind).not.toBe('InternalError');
      }),
      { numRuns: 3000 },
    );
  });
});
