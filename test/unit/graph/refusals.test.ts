import { describe, expect, it } from 'vitest';
import { failureFrom, oneSentence } from '../formats/failures';
import type { ModelParts, NodeParts } from '../onnxModel';
import { graphBytes } from '../onnxModel';
import { classTargets, floats, openParts, samplesOf } from '../autodiff/opening';

const initialisers = {
  w1: floats(1, [4, 3]),
  scale: floats(2, [3]),
  bias: floats(3, [3]),
  mean: floats(4, [3]),
  variance: { dims: [3], data: Float32Array.of(1, 2, 3) },
  scales: { dims: [2], data: Float32Array.of(1, 1) },
  step: { dims: [], data: Float32Array.of(0.1) },
  zero: { dims: [], data: Uint8Array.of(0) },
  half: { dims: [], data: Float32Array.of(0.5) },
  training: { dims: [], data: Uint8Array.of(1) },
};

/** A network with something between its first layer and its output. */
function between(nodes: readonly NodeParts[], opset = 17): ModelParts {
  return {
    opset,
    nodes: [{ operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['a'] }, ...nodes],
    initialisers,
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: ['logits'],
  };
}

const branch = graphBytes({
  nodes: [{ operator: 'Identity', inputs: ['a'], outputs: ['branch'] }],
  outputs: ['branch'],
});
const normalisation = {
  operator: 'BatchNormalization',
  inputs: ['a', 'scale', 'bias', 'mean', 'variance'],
  name: 'bn',
};

const refused: readonly (readonly [string, string, ModelParts])[] = [
  [
    'a step',
    'Node "n" (Round)',
    between([{ operator: 'Round', inputs: ['a'], outputs: ['logits'], name: 'n' }]),
  ],
  [
    'a sign',
    'Node "n" (Sign)',
    between([{ operator: 'Sign', inputs: ['a'], outputs: ['logits'], name: 'n' }]),
  ],
  [
    'an operator without a rule',
    'Node "n" (Resize)',
    between([{ operator: 'Resize', inputs: ['a', '', 'scales'], outputs: ['logits'], name: 'n' }]),
  ],
  [
    'control flow',
    'Node "n" (If)',
    between([
      {
        operator: 'If',
        inputs: ['c'],
        outputs: ['logits'],
        name: 'n',
        attributes: { then_branch: { graph: branch }, else_branch: { graph: branch } },
      },
    ]),
  ],
  [
    'a quantised layer',
    'Node "n" (QuantizeLinear)',
    between([
      { operator: 'QuantizeLinear', inputs: ['a', 'step', 'zero'], outputs: ['q'], name: 'n' },
      { operator: 'DequantizeLinear', inputs: ['q', 'step', 'zero'], outputs: ['logits'] },
    ]),
  ],
  [
    'a recurrent layer',
    'Node "n" (GRU)',
    between([{ operator: 'GRU', inputs: ['a', 'w1', 'w1'], outputs: ['logits'], name: 'n' }]),
  ],
];

describe('what cannot be differentiated is refused', () => {
  it.each(refused)('%s: %s', async (_, node, parts) => {
    const declared = { ...parts, inputs: [...(parts.inputs ?? []), { name: 'c', dims: [] }] };
    const used = parts.nodes.some(({ inputs }) => inputs.includes('c')) ? declared : parts;
    const { kind, message } = await failureFrom(() =>
      openParts(used, samplesOf('x', 3, [4]), classTargets(3, 3)),
    );
    expect(['UnsupportedOperator', 'UnsupportedStructure']).toContain(kind);
    expect(message).toContain(node);
    expect(message).toMatch(oneSentence);
  });

  const dropout = {
    operator: 'Dropout',
    inputs: ['a', 'half', 'training'],
    outputs: ['logits'],
    name: 'drop',
  };
  const inTrainingMode: readonly (readonly [string, string, ModelParts])[] = [
    [
      'normalisation before operator set 14',
      '"bn" (BatchNormalization)',
      between([{ ...normalisation, outputs: ['logits', 'm', 'v', 'sm', 'sv'] }], 9),
    ],
    [
      'normalisation',
      '"bn" (BatchNormalization)',
      between([
        { ...normalisation, outputs: ['logits', 'm', 'v'], attributes: { training_mode: { int: 1 } } },
      ]),
    ],
    ['dropout', '"drop" (Dropout)', between([dropout])],
  ];

  it.each(inTrainingMode)('in training mode, by a kind of its own: %s', async (_, node, parts) => {
    const { kind, message } = await failureFrom(() =>
      openParts(parts, samplesOf('x', 3, [4]), classTargets(3, 3)),
    );
    expect(kind).toBe('TrainingMode');
    expect(message).toContain(`Node ${node} is in training mode`);
    expect(message).toMatch(/model\.eval\(\), or ask for --evaluation/);
    expect(message).toMatch(oneSentence);
  });

  it.each([
    ['without a switch', ['a', 'half'], 17],
    ['switched off', ['a', 'half', 'zero'], 17],
    ['before there was a switch', ['a'], 11],
  ])('but not dropout in evaluation mode: %s', async (_, inputs, opset) => {
    const parts = between([{ ...dropout, inputs }], opset);
    const products = await openParts(parts, samplesOf('x', 3, [4]), classTargets(3, 3));
    expect(products.order).toBe(12);
    await products.release();
  });

  it('nor dropout of a training-mode export where evaluation is asked for', async () => {
    const asked = { evaluation: true };
    const products = await openParts(
      between([dropout]),
      samplesOf('x', 3, [4]),
      classTargets(3, 3),
      'cross-entropy',
      asked,
    );
    expect(products.order).toBe(12);
    await products.release();
  });

  it('but normalisation of a training-mode export is analysed where evaluation is asked for', async () => {
    const parts = between([
      { ...normalisation, outputs: ['logits', 'm', 'v'], attributes: { training_mode: { int: 1 } } },
    ]);
    const products = await openParts(parts, samplesOf('x', 3, [4]), classTargets(3, 3), 'cross-entropy', {
      evaluation: true,
    });
    expect(products.layers.map(({ kind }) => kind)).toEqual(['Linear', 'BatchNorm']);
    expect(products.order).toBe(18);
    await products.release();
  });

  it('and a step on the way of the samples alone does no harm', async () => {
    const parts: ModelParts = {
      ...between([{ operator: 'Identity', inputs: ['a'], outputs: ['logits'] }]),
      nodes: [
        { operator: 'Round', inputs: ['x'], outputs: ['r'] },
        { operator: 'MatMul', inputs: ['r', 'w1'], outputs: ['logits'] },
      ],
    };
    const products = await openParts(parts, samplesOf('x', 3, [4]), classTargets(3, 3));
    expect(products.order).toBe(12);
    await products.release();
  });

  it('weights that are not finite, and samples whose loss is not', async () => {
    const parts = between([{ operator: 'Identity', inputs: ['a'], outputs: ['logits'] }]);
    const broken = { dims: [4, 3], data: new Float32Array(12).fill(Number.NaN) };
    const weights = await failureFrom(() =>
      openParts(
        { ...parts, initialisers: { ...initialisers, w1: broken } },
        samplesOf('x', 3, [4]),
        classTargets(3, 3),
      ),
    );
    expect(weights.kind).toBe('NonFiniteWeights');
    const samples = samplesOf('x', 3, [4]);
    samples.inputs[0]?.data.fill(1e38, 4, 8);
    const huge = {
      dims: [4, 3],
      data: Float32Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 3e38 : -3e38)),
    };
    const loss = await failureFrom(() =>
      openParts(
        {
          ...parts,
          nodes: [
            { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['a'] },
            { operator: 'Exp', inputs: ['a'], outputs: ['logits'] },
          ],
          initialisers: { ...initialisers, w1: huge },
        },
        samples,
        classTargets(3, 3),
      ),
    );
    expect(['NonFiniteLoss', 'ForwardPassMismatch']).toContain(loss.kind);
    expect(loss.message).toMatch(oneSentence);
  });
});
