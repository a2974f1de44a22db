import { describe, expect, it } from 'vitest';
import { failureFrom, oneSentence } from '../formats/failures';
import type { ModelParts, NodeParts } from '../onnxModel';
import { graphBytes } from '../onnxModel';
import { classTargets, floats, openParts, samplesOf } from '../autodiff/opening';

const initialisers = {
  w1: floats(1, [4, 3]),
  k: { dims: [1], data: BigInt64Array.of(3n) },
  axis: { dims: [], data: Int32Array.of(1) },
  labels: { dims: [3], data: BigInt64Array.of(0n, 1n, 2n) },
  scale: floats(2, [3]),
  bias: floats(3, [3]),
  mean: floats(4, [3]),
  variance: { dims: [3], data: Float32Array.of(1, 2, 3) },
  scales: { dims: [2], data: Float32Array.of(1, 1) },
  region: { dims: [4], data: Float32Array.of(0, 0, 1, 1) },
  step: { dims: [], data: Float32Array.of(0.1) },
  zero: { dims: [], data: Uint8Array.of(0) },
  half: { dims: [], data: Float32Array.of(0.5) },
  training: { dims: [], data: Uint8Array.of(1) },
};

/** A network with something between its first layer and its output. */
function between(nodes: readonly NodeParts[], opset: ModelParts['opset'] & {} = 17): ModelParts {
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
    'Node "n" (EyeLike) has no derivative here',
    between([{ operator: 'EyeLike', inputs: ['a'], outputs: ['logits'], name: 'n' }]),
  ],
  [
    'a mode of an operator',
    'Node "n" (Resize) resizes by tf_crop_and_resize, which has no derivative here',
    between([
      {
        operator: 'Resize',
        inputs: ['a', 'region', 'scales'],
        outputs: ['logits'],
        name: 'n',
        attributes: { coordinate_transformation_mode: { string: 'tf_crop_and_resize' } },
      },
    ]),
  ],
  [
    'resizing with antialiasing',
    'Node "n" (Resize) resizes by half_pixel with antialiasing, which has no derivative here',
    between(
      [
        {
          operator: 'Resize',
          inputs: ['a', '', 'scales'],
          outputs: ['logits'],
          name: 'n',
          attributes: { antialias: { int: 1 }, mode: { string: 'linear' } },
        },
      ],
      18,
    ),
  ],
  [
    'an operator of a domain that nobody knows, whatever its name',
    'Node "n" (Relu) belongs to the domain "acme"',
    between([{ operator: 'Relu', domain: 'acme', inputs: ['a'], outputs: ['logits'], name: 'n' }]),
  ],
  [
    "an operator of onnxruntime's without a rule",
    'Node "n" (ExpandDims) of the domain com.microsoft has no derivative here',
    between(
      [
        {
          operator: 'ExpandDims',
          domain: 'com.microsoft',
          inputs: ['a', 'axis'],
          outputs: ['logits'],
          name: 'n',
        },
      ],
      { '': 17, 'com.microsoft': 1 },
    ),
  ],
  [
    'a loss inside the model',
    'Node "n" (SoftmaxCrossEntropyLoss) computes a loss inside the model, where the loss is put on the outputs here; choose the outputs that it is computed from, --output a',
    between([
      {
        operator: 'SoftmaxCrossEntropyLoss',
        inputs: ['a', 'labels'],
        outputs: ['logits'],
        name: 'n',
      },
    ]),
  ],
  [
    'a loss of log-probabilities inside the model',
    'Node "n" (NegativeLogLikelihoodLoss) computes a loss inside the model, where the loss is put on the outputs here; choose the outputs that it is computed from, --output a',
    between([
      { operator: 'LogSoftmax', inputs: ['a'], outputs: ['p'] },
      { operator: 'NegativeLogLikelihoodLoss', inputs: ['p', 'labels'], outputs: ['logits'], name: 'n' },
    ]),
  ],
  [
    'places taken as numbers',
    'Node "n" (Cast) takes positions as numbers, which no gradient reaches',
    between([
      { operator: 'TopK', inputs: ['a', 'k'], outputs: ['top', 'places'] },
      {
        operator: 'Cast',
        inputs: ['places'],
        outputs: ['logits'],
        name: 'n',
        attributes: { to: { int: 1 } },
      },
    ]),
  ],
  [
    'integers as the output',
    'The output "logits" holds integers or truth values',
    between([{ operator: 'TopK', inputs: ['a', 'k'], outputs: ['top', 'logits'] }]),
  ],
  [
    'a scatter of the largest',
    'Node "n" (ScatterElements) scatters by "max", which has no derivative here',
    between(
      [
        { operator: 'TopK', inputs: ['a', 'k'], outputs: ['top', 'places'] },
        {
          operator: 'ScatterElements',
          inputs: ['a', 'places', 'top'],
          outputs: ['logits'],
          name: 'n',
          attributes: { axis: { int: 1 }, reduction: { string: 'max' } },
        },
      ],
      18,
    ),
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
