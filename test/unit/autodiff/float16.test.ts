import { describe, expect, it } from 'vitest';
import { narrowToFloat16, widenFloat16 } from '../../../src/runtime/floats16';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import type { ModelParts, TensorParts, TensorValue } from '../onnxModel';
import { numbers, relativeError } from './evaluation';
import { classTargets, floats, openParts, samplesOf } from './opening';

const weights: Readonly<Record<string, TensorValue>> = {
  w1: floats(1, [4, 6]),
  b1: floats(2, [6]),
  scale: floats(3, [6]),
  shift: floats(4, [6]),
  w2: floats(5, [6, 3]),
};

const half = ({ dims, data }: TensorValue): TensorParts => ({
  dims: dims.map(BigInt),
  dataType: DataType.FLOAT16,
  rawData: new Uint8Array(narrowToFloat16(Float64Array.from(data as Float32Array)).buffer),
});

/** The numbers that are left of a tensor in float16. */
const rounded = ({ dims, data }: TensorValue): TensorValue => ({
  dims,
  data: widenFloat16(narrowToFloat16(Float64Array.from(data as Float32Array))),
});

function network(convert: (tensor: TensorValue) => TensorValue | TensorParts, type: DataType): ModelParts {
  return {
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['a'] },
      { operator: 'Add', inputs: ['a', 'b1'], outputs: ['b'] },
      { operator: 'Tanh', inputs: ['b'], outputs: ['c'] },
      { operator: 'LayerNormalization', inputs: ['c', 'scale', 'shift'], outputs: ['d'] },
      { operator: 'MatMul', inputs: ['d', 'w2'], outputs: ['logits'] },
    ],
    initialisers: Object.fromEntries(
      Object.entries(weights).map(([name, tensor]) => [name, convert(tensor)]),
    ),
    inputs: [{ name: 'x', dims: ['N', 4], type }],
    outputs: ['logits'],
  };
}

describe('a model in float16', () => {
  it('has the products of the same weights in float32, inputs and outputs in float16 or not', async () => {
    const samples = samplesOf('x', 6, [4]);
    for (const { data } of samples.inputs) data.set(widenFloat16(narrowToFloat16(data)));
    const open = (parts: ModelParts): ReturnType<typeof openParts> =>
      openParts(parts, samples, classTargets(6, 3));
    const short = await open(network(half, DataType.FLOAT16));
    const long = await open(network(rounded, DataType.FLOAT));
    const v = numbers(short.order, 7);
    expect(short.order).toBe(4 * 6 + 6 + 6 + 6 + 18);
    expect(relativeError(await short.multiply(v), await long.multiply(v))).toBeLessThan(1e-14);
    expect(short.meanLoss).toBeCloseTo(long.meanLoss, 13);
    await short.release();
    await long.release();
  });
});
