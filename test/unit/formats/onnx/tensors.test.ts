import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TensorProto_DataType as DataType, TensorProtoSchema } from '../../../../src/runtime/onnx/onnx_pb';
import { readTensor } from '../../../../src/formats/onnx/tensors';
import type { TensorParts } from '../../onnxModel';
import { attempt, oneSentence } from '../failures';

const source = { file: 'model.onnx', externalFiles: new Map<string, Uint8Array>() };

const read = (parts: TensorParts) =>
  readTensor(create(TensorProtoSchema, parts), 'the initialiser "W"', source);

/** Little-endian bytes of a number, by DataView. */
function bytes(length: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  write(view);
  return new Uint8Array(view.buffer);
}

describe('readTensor', () => {
  it.each([
    ['float32', DataType.FLOAT, bytes(4, (view) => view.setFloat32(0, -1.5, true)), -1.5],
    ['float64', DataType.DOUBLE, bytes(8, (view) => view.setFloat64(0, 0.1, true)), 0.1],
    ['float16', DataType.FLOAT16, Uint8Array.of(0x00, 0xc1), -2.5],
    ['bfloat16', DataType.BFLOAT16, Uint8Array.of(0x20, 0xc0), -2.5],
    ['int8', DataType.INT8, Uint8Array.of(0xff), -1],
    ['int16', DataType.INT16, Uint8Array.of(0xfe, 0xff), -2],
    ['int32', DataType.INT32, Uint8Array.of(0xfd, 0xff, 0xff, 0xff), -3],
    ['int64', DataType.INT64, bytes(8, (view) => view.setBigInt64(0, -(2n ** 62n), true)), -(2n ** 62n)],
    ['uint8', DataType.UINT8, Uint8Array.of(0xff), 255],
    ['uint16', DataType.UINT16, Uint8Array.of(0xff, 0xff), 65535],
    ['uint32', DataType.UINT32, Uint8Array.of(0xff, 0xff, 0xff, 0xff), 2 ** 32 - 1],
    ['uint64', DataType.UINT64, new Uint8Array(8).fill(0xff), 2n ** 64n - 1n],
    ['bool', DataType.BOOL, Uint8Array.of(1), 1],
  ])('reads raw %s, wherever its bytes begin', (type, dataType, rawData, value) => {
    for (const shift of [0, 1, 3, 8]) {
      const shifted = new Uint8Array(shift + rawData.length);
      shifted.set(rawData, shift);
      const tensor = read({ dims: [1n], dataType, rawData: shifted.subarray(shift) });
      expect(tensor).toMatchObject({ kind: 'tensor', value: { type, dims: [1] } });
      if (tensor.kind === 'tensor') expect(tensor.value.data[0]).toBe(value);
    }
  });

  it.each([
    [{ dataType: DataType.FLOAT, floatData: [0.5, -2] }, Float32Array.of(0.5, -2)],
    [{ dataType: DataType.DOUBLE, doubleData: [0.1, NaN] }, Float64Array.of(0.1, NaN)],
    [{ dataType: DataType.FLOAT16, int32Data: [0x3c00, 0x0001] }, Float32Array.of(1, 2 ** -24)],
    [{ dataType: DataType.BFLOAT16, int32Data: [0x3f80, 0xff80] }, Float32Array.of(1, -Infinity)],
    [{ dataType: DataType.INT8, int32Data: [-128, 127] }, Int8Array.of(-128, 127)],
    [{ dataType: DataType.INT16, int32Data: [-5, 5] }, Int16Array.of(-5, 5)],
    [{ dataType: DataType.INT32, int32Data: [-5, 5] }, Int32Array.of(-5, 5)],
    [{ dataType: DataType.INT64, int64Data: [-(2n ** 63n), 5n] }, BigInt64Array.of(-(2n ** 63n), 5n)],
    [{ dataType: DataType.UINT8, int32Data: [0, 255] }, Uint8Array.of(0, 255)],
    [{ dataType: DataType.UINT16, int32Data: [0, 65535] }, Uint16Array.of(0, 65535)],
    [{ dataType: DataType.UINT32, uint64Data: [1n, 2n ** 32n - 1n] }, Uint32Array.of(1, 2 ** 32 - 1)],
    [{ dataType: DataType.UINT64, uint64Data: [1n, 2n ** 64n - 1n] }, BigUint64Array.of(1n, 2n ** 64n - 1n)],
    [{ dataType: DataType.BOOL, int32Data: [0, 1] }, Uint8Array.of(0, 1)],
  ])('reads typed fields: %o', (parts, data) => {
    const tensor = read({ dims: [2n], ...parts });
    expect(tensor).toMatchObject({ kind: 'tensor', value: { data } });
  });

  it('widens every float16 and bfloat16 to the float32 of the same value', () => {
    const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern);
    const half = read({
      dims: [65536n],
      dataType: DataType.FLOAT16,
      rawData: new Uint8Array(patterns.buffer),
    });
    const brain = read({
      dims: [65536n],
      dataType: DataType.BFLOAT16,
      rawData: new Uint8Array(patterns.buffer),
    });
    if (half.kind !== 'tensor' || brain.kind !== 'tensor') throw new Error('Not read');
    const { data: halves } = half.value;
    const { data: brains } = brain.value;
    const differs = (pattern: number): boolean =>
      !Object.is(halves[pattern], halfByDefinition(pattern)) ||
      !Object.is(brains[pattern], bfloat16ByDefinition(pattern));
    expect(patterns.filter(differs)).toEqual(new Uint16Array());
  });

  it('reads empty tensors and scalars', () => {
    expect(read({ dims: [0n, 5n], dataType: DataType.FLOAT })).toMatchObject({ value: { dims: [0, 5] } });
    expect(read({ dims: [], dataType: DataType.FLOAT, floatData: [7] })).toMatchObject({
      value: { dims: [], data: Float32Array.of(7) },
    });
  });

  it('leaves what a Tensor cannot hold to whoever reaches it', () => {
    const strings = read({ dims: [1n], dataType: DataType.STRING, stringData: [Uint8Array.of(97)] });
    expect(strings).toEqual({ kind: 'unsupported', value: 'a tensor of strings' });
    expect(read({ dims: [1n], dataType: DataType.COMPLEX64, rawData: Uint8Array.of(1) }).kind).toBe(
      'unsupported',
    );
    expect(read({ dims: [1n], dataType: DataType.FLOAT, segment: { begin: 0n, end: 1n } }).kind).toBe(
      'unsupported',
    );
  });

  it.each<[string, TensorParts, string]>([
    [
      'raw data that are too short',
      { dims: [2n, 3n], dataType: DataType.FLOAT, rawData: new Uint8Array(20) },
      '"model.onnx" is damaged: the initialiser "W" should hold 24 bytes (2 × 3, float32) but holds 20; copy the file again or export the model again.',
    ],
    [
      'a typed field that is too long',
      { dims: [2n], dataType: DataType.FLOAT, floatData: [1, 2, 3] },
      '"model.onnx" is damaged: the initialiser "W" should hold 2 numbers (2, float32) but holds 3; copy the file again or export the model again.',
    ],
    [
      'no data',
      { dims: [2n], dataType: DataType.DOUBLE },
      '"model.onnx" is damaged: the initialiser "W" should hold 2 numbers (2, float64) but holds 0; copy the file again or export the model again.',
    ],
    [
      'a negative dimension',
      { dims: [-1n, 2n], dataType: DataType.FLOAT },
      '"model.onnx" is damaged: the initialiser "W" has a negative dimension (-1 × 2); copy the file again or export the model again.',
    ],
    [
      'dimensions whose product overflows',
      { dims: [2n ** 40n, 2n ** 40n, 0n], dataType: DataType.FLOAT },
      '"model.onnx" is damaged: the initialiser "W" has impossible dimensions (1099511627776 × 1099511627776 × 0); copy the file again or export the model again.',
    ],
    [
      'a number that its type does not have',
      { dims: [1n], dataType: DataType.INT8, int32Data: [128] },
      '"model.onnx" is damaged: the initialiser "W" holds a number that is no int8; copy the file again or export the model again.',
    ],
  ])('refuses %s', (_name, parts, message) => {
    expect(attempt(() => read(parts))).toEqual({
      kind: 'DamagedModel',
      message,
      detail: null,
    });
  });

  it('never gives other than as many numbers as the dimensions say', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(-2n, 4n), { maxLength: 3 }),
        fc.constantFrom(DataType.FLOAT, DataType.INT64, DataType.FLOAT16, DataType.BOOL, DataType.UINT32),
        fc.uint8Array({ maxLength: 40 }),
        (dims, dataType, rawData) => {
          const count = dims.reduce((product, dim) => product * Number(dim), 1);
          const outcome = attempt(() => read({ dims, dataType, rawData }));
          if ('message' in outcome) expect(outcome.message).toMatch(oneSentence);
          else expect(outcome).toHaveProperty('value.data.length', count);
        },
      ),
      { seed: 1 },
    );
  });
});

/** IEEE 754-2019, table 3.2 and section 3.4, through the float32 pattern of the same value. */
function halfByDefinition(pattern: number): number {
  const view = new DataView(new ArrayBuffer(4));
  const sign = (pattern >>> 15) << 31;
  const exponent = (pattern >>> 10) & 31;
  const fraction = pattern & 1023;
  if (exponent === 0) {
    const magnitude = fraction / 16777216;
    return sign < 0 ? -magnitude : magnitude;
  }
  view.setInt32(0, sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13));
  return view.getFloat32(0);
}

function bfloat16ByDefinition(pattern: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, pattern);
  return view.getFloat32(0);
}
