import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { HessianProducts } from '../../../src/autodiff/hessianProducts';
import type { Model } from '../../../src/formats/model';
import { readModel } from '../../../src/formats/readModel';
import type { ModelParts } from '../onnxModel';
import { onnxModel } from '../onnxModel';
import { numbers, relativeError } from './evaluation';
import { classTargets, floats, openProducts, samplesOf } from './opening';

/** The model as it is, and as onnxruntime writes it for its own use. */
async function optimised(parts: ModelParts): Promise<{ readonly own: Model; readonly fused: Model }> {
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-'));
  const [before, after] = [join(folder, 'own.onnx'), join(folder, 'fused.onnx')];
  try {
    await writeFile(before, onnxModel(parts));
    const session = await InferenceSession.create(before, {
      graphOptimizationLevel: 'extended',
      optimizedModelFilePath: after,
      logSeverityLevel: 3,
    });
    await session.release();
    return { own: await readModel(before), fused: await readModel(after) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const scalar = (value: number): { dims: []; data: Float32Array } => ({
  dims: [],
  data: Float32Array.of(value),
});

/** A convolution, then a block of a transformer: GELU written out, a residual and a normalisation. */
const network: ModelParts = {
  nodes: [
    { operator: 'Conv', inputs: ['x', 'conv.weight', 'conv.bias'], outputs: ['maps'] },
    { operator: 'Relu', inputs: ['maps'], outputs: ['positive'] },
    { operator: 'Reshape', inputs: ['positive', 'rows'], outputs: ['r'] },
    { operator: 'MatMul', inputs: ['r', 'up.weight'], outputs: ['m'] },
    { operator: 'Add', inputs: ['m', 'up.bias'], outputs: ['a'] },
    { operator: 'Div', inputs: ['a', 'root'], outputs: ['d'] },
    { operator: 'Erf', inputs: ['d'], outputs: ['e'] },
    { operator: 'Add', inputs: ['e', 'one'], outputs: ['p'] },
    { operator: 'Mul', inputs: ['a', 'p'], outputs: ['q'] },
    { operator: 'Mul', inputs: ['q', 'half'], outputs: ['g'] },
    { operator: 'MatMul', inputs: ['g', 'down.weight'], outputs: ['w'] },
    { operator: 'Add', inputs: ['w', 'r'], outputs: ['s'] },
    { operator: 'LayerNormalization', inputs: ['s', 'norm.weight', 'norm.bias'], outputs: ['n'] },
    { operator: 'Flatten', inputs: ['n'], outputs: ['flat'] },
    { operator: 'Gemm', inputs: ['flat', 'head.weight', 'head.bias'], outputs: ['logits'] },
  ],
  initialisers: {
    'conv.weight': floats(1, [4, 1, 2, 2]),
    'conv.bias': floats(2, [4]),
    'up.weight': floats(3, [4, 5]),
    'up.bias': floats(4, [5]),
    'down.weight': floats(5, [5, 4]),
    'norm.weight': floats(6, [4]),
    'norm.bias': floats(7, [4]),
    'head.weight': floats(8, [24, 3]),
    'head.bias': floats(9, [3]),
    rows: { dims: [3], data: BigInt64Array.of(-1n, 6n, 4n) },
    root: scalar(Math.SQRT2),
    one: scalar(1),
    half: scalar(0.5),
  },
  inputs: [{ name: 'x', dims: ['N', 1, 3, 4] }],
  outputs: ['logits'],
};

describe('what onnxruntime makes of a model for itself', () => {
  it('has the layers and the products of the model as it was exported', async () => {
    const { own, fused } = await optimised(network);
    const operators = new Set(fused.graph.nodes.map(({ domain, operator }) => `${domain} ${operator}`));
    expect([...operators]).toEqual(
      expect.arrayContaining(['com.microsoft FusedConv', 'com.microsoft BiasGelu']),
    );
    const open = (model: Model): Promise<HessianProducts> =>
      openProducts(model, samplesOf('x', 5, [1, 3, 4]), classTargets(5, 3));
    const [first, second] = [await open(own), await open(fused)];
    expect(second.layers).toEqual(first.layers);
    const v = numbers(first.order, 3);
    // √2 is written as a float32 in the one and computed in the other.
    expect(relativeError(await second.multiply(v), await first.multiply(v))).toBeLessThan(1e-6);
    await first.release();
    await second.release();
  });
});
