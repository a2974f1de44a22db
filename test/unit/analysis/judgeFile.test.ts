import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { judgeFile } from '../../../src/analysis/judgeFile';
import { failureOf } from '../../../src/report/failure';
import { requestDefaults } from '../../../src/report/request';
import { Session } from '../../../src/runtime/session';
import { floats } from '../autodiff/opening';
import { onnxModel, type ModelParts, type NodeParts, type TensorValue } from '../onnxModel';
import { folderWith } from '../samples/writers';

afterEach(() => {
  vi.restoreAllMocks();
});

async function written(parts: ModelParts): Promise<string> {
  return join(await folderWith({ 'model.onnx': onnxModel(parts) }), 'model.onnx');
}

/** An analysis of eight random samples: null, or the sentence that refuses it. */
async function refusalOf(model: string): Promise<string | null> {
  const samples = { kind: 'random', count: 8 } as const;
  return analyse({ ...requestDefaults, model, samples, threads: 1 }, () => undefined).then(
    () => null,
    (error: unknown) => failureOf(error).message,
  );
}

const first = { operator: 'MatMul', name: 'a', inputs: ['x', 'w'], outputs: ['h'] };
const last = { operator: 'MatMul', name: 'c', inputs: ['g', 'v'], outputs: ['y'] };
const initialisers = { w: floats(1, [4, 5]), v: floats(2, [5, 3]) };
const ends = { inputs: [{ name: 'x', dims: ['N', 4] }], outputs: ['y'] };

/** Two layers with something between them. */
function between(node: Partial<NodeParts>, more: Readonly<Record<string, TensorValue>> = {}): ModelParts {
  const middle = { operator: 'Relu', name: 'b', inputs: ['h'], outputs: ['g'], ...node };
  return { ...ends, nodes: [first, middle, last], initialisers: { ...initialisers, ...more } };
}

const scale = { dims: [], data: Float32Array.of(0.1) };
const tree: ModelParts = {
  ...ends,
  nodes: [
    {
      operator: 'TreeEnsembleRegressor',
      domain: 'ai.onnx.ml',
      name: 'trees',
      inputs: ['x'],
      outputs: ['y'],
      attributes: {
        n_targets: { int: 1 },
        nodes_treeids: { ints: [0] },
        nodes_nodeids: { ints: [0] },
        nodes_featureids: { ints: [0] },
        nodes_modes: { strings: ['LEAF'] },
        nodes_values: { floats: [0] },
        nodes_truenodeids: { ints: [0] },
        nodes_falsenodeids: { ints: [0] },
        target_treeids: { ints: [0] },
        target_nodeids: { ints: [0] },
        target_ids: { ints: [0] },
        target_weights: { floats: [1] },
      },
    },
  ],
  opset: { '': 17, 'ai.onnx.ml': 3 },
};

const bounded: ModelParts = {
  ...ends,
  nodes: [
    { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
    { operator: 'Tanh', inputs: ['h'], outputs: ['y'] },
  ],
  initialisers: { w: floats(3, [4, 3]) },
};

describe('what is told of a file without running it', () => {
  it.each([
    ['a network', between({}), 'yes'],
    ['an operator without a derivative', between({ operator: 'Round' }), 'no'],
    ['an operator that nobody knows', between({ domain: 'com.acme' }), 'no'],
    ['quantised numbers', between({ operator: 'QuantizeLinear', inputs: ['h', 'scale'] }, { scale }), 'no'],
    ['trees', tree, 'no'],
    ['random numbers', between({ operator: 'RandomNormalLike' }), 'no'],
    [
      'weights that are none',
      between({}, { w: { dims: [4, 5], data: new Float32Array(20).fill(NaN) } }),
      'no',
    ],
    ['no weights', { ...between({}), nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }] }, 'no'],
    ['an old file', { ...between({}), opset: 5 }, 'no'],
    ['a new file', { ...between({}), irVersion: 14 }, 'no'],
    [
      'dropout of a training',
      between({ operator: 'Dropout', inputs: ['h', '', 'on'] }, { on: { dims: [], data: Uint8Array.of(1) } }),
      'asks',
    ],
    ['bounded outputs', bounded, 'asks'],
    [
      'two heads',
      {
        ...between({}),
        nodes: [
          first,
          { operator: 'MatMul', name: 'c', inputs: ['h', 'v'], outputs: ['y'] },
          { operator: 'MatMul', name: 'd', inputs: ['h', 'v'], outputs: ['z'] },
        ],
        outputs: ['y', 'z'],
      },
      'asks',
    ],
  ] as const satisfies readonly (readonly [string, ModelParts, string])[])(
    'is what an analysis says: %s',
    async (_, parts, answer) => {
      const model = await written(parts);
      const open = vi.spyOn(Session, 'open');
      const judged = await judgeFile(model);
      expect(open).not.toHaveBeenCalled();
      expect(judged.analysable).toBe(answer);
      expect(judged.advice).toBe(await refusalOf(model));
    },
  );

  it('is refused for any number that is none, wherever it stands', async () => {
    const broken = fc.record({
      at: fc.nat(19),
      number: fc.constantFrom(NaN, Infinity, -Infinity),
      isDouble: fc.boolean(),
      // Moves the weights to bytes that no float begins at.
      name: fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b') }),
    });
    await fc.assert(
      fc.asyncProperty(broken, async ({ at, number, isDouble, name }) => {
        const data = isDouble ? new Float64Array(20).fill(0.5) : new Float32Array(20).fill(0.5);
        data.set([0.25, number], Math.min(at, 18));
        const model = await written({
          ...between({}, { w: { dims: [4, 5], data } }),
          producer: { name, version: '' },
        });
        expect((await judgeFile(model)).advice).toMatch(/^The weights "w" hold NaN, infinity or/);
      }),
      { numRuns: 30 },
    );
  });

  it('asks for the layers of a file of weights', async () => {
    const path = join(import.meta.dirname, '../../references/formats/mlp_tanh.safetensors');
    const judged = await judgeFile(path);
    expect(judged.analysable).toBe('asks');
    expect(judged.advice).toMatch(/holds weights .* complete the proposed layers/);
  });
});
