import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Failure } from '../../../src/report/failure';
import { failureOf } from '../../../src/report/failure';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { floats } from '../autodiff/opening';
import { onnxModel, type ModelParts } from '../onnxModel';
import { folderWith, npzBytes } from '../samples/writers';

/** What becomes of a model: the failure, or null where there is a report. */
async function failureFrom(model: string, request: Partial<AnalysisRequest> = {}): Promise<Failure | null> {
  const samples = { kind: 'random', count: 8 } as const;
  return analyse({ ...requestDefaults, model, samples, threads: 1, ...request }, () => undefined).then(
    () => null,
    failureOf,
  );
}

async function written(parts: ModelParts): Promise<string> {
  return join(await folderWith({ 'model.onnx': onnxModel(parts) }), 'model.onnx');
}

/** Words of onnxruntime, of C++, of its sources. */
const native = /onnxruntime::|\.cc|\.h:|Status|ORT_|\[ONNXRuntimeError\]|0x/;

const mlp = {
  nodes: [
    { operator: 'MatMul', name: 'a', inputs: ['x', 'w'], outputs: ['h'] },
    { operator: 'Relu', name: 'b', inputs: ['h'], outputs: ['g'] },
    { operator: 'MatMul', name: 'c', inputs: ['g', 'v'], outputs: ['y'] },
  ],
  initialisers: { w: floats(1, [4, 5]), v: floats(2, [5, 3]) },
  inputs: [{ name: 'x', dims: ['N', 4] }],
  outputs: ['y'],
} as const satisfies ModelParts;

describe('a fault is told in sentences of our own', () => {
  it.each(['com.acme', 'ai.onnx.ml', 'com.microsoft', 'ai.onnx.training', 'ai.onnx.preview.training'])(
    'a version of the operators of %s that nobody knows',
    async (domain) => {
      const failure = await failureFrom(await written({ ...mlp, opset: { '': 17, [domain]: 99 } }));
      expect(failure?.message ?? '').not.toMatch(native);
      expect(failure?.kind ?? 'UnsupportedStructure').not.toBe('InternalError');
    },
  );

  it('more memory than there is', async () => {
    const size = { dims: [3], data: BigInt64Array.of(1_000_000n, 1_000_000n, 5n) };
    const nodes = [
      mlp.nodes[0],
      { operator: 'Expand', name: 'huge', inputs: ['h', 'size'], outputs: ['wide'] },
      {
        operator: 'ReduceMean',
        name: 'mean',
        inputs: ['wide'],
        outputs: ['g'],
        attributes: { axes: { ints: [0] } },
      },
      mlp.nodes[2],
    ];
    const model = await written({ ...mlp, nodes, initialisers: { ...mlp.initialisers, size } });
    const failure = await failureFrom(model);
    expect(failure?.kind).toBe('TooLarge');
    expect(failure?.message).not.toMatch(native);
  });
});

describe('a gradient that is not finite', () => {
  // √|h| has a loss at h = 0, and no derivative.
  const nodes = [
    mlp.nodes[0],
    { operator: 'Abs', name: 'abs', inputs: ['h'], outputs: ['k'] },
    { operator: 'Sqrt', name: 'root', inputs: ['k'], outputs: ['g'] },
    mlp.nodes[2],
  ];
  const x = Array.from({ length: 40 }, (_, at) => (Math.floor(at / 4) === 7 ? 0 : ((at % 7) + 1) / 10));
  const y = Array.from({ length: 10 }, (_, at) => at % 3);

  it.each([
    ['exact', null],
    ['estimate', null],
    // A draw: the sample is named as it is counted in its file.
    ['exact', 9],
  ] as const)('names its sample: %s, limit %s', async (method, limit) => {
    const model = await written({ ...mlp, nodes });
    const folder = await folderWith({
      'data.npz': npzBytes({
        x: { type: 'f4', shape: [10, 4], values: x },
        y: { type: 'i8', shape: [10], values: y },
      }),
    });
    const samples = { kind: 'file', path: join(folder, 'data.npz'), inputs: {}, labels: null } as const;
    const failure = await failureFrom(model, { method, limit, samples });
    expect(failure).toMatchObject({
      kind: 'NonFiniteLoss',
      message: expect.stringContaining('The gradient of the loss of sample 7 is not finite') as string,
    });
  });
});
