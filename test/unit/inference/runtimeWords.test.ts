import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src/report/failure';
import { ModelSession } from '../../../src/inference/modelSession';
import { runtimeWords } from '../../../src/inference/runtimeWords';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { floats, modelOf } from '../autodiff/opening';
import type { ModelParts } from '../onnxModel';

const samples = { count: 3, inputs: [{ name: 'x', dims: [4], data: new Float64Array(12) }] };

/** y made of x and w by one operator. */
function made(operator: string, parts: Partial<ModelParts> = {}, name = 'n'): ModelParts {
  return {
    nodes: [{ operator, name, inputs: ['x', 'w'], outputs: ['y'] }],
    initialisers: { w: floats(1, [4, 3]) },
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: ['y'],
    ...parts,
  };
}

const seven = { w: { dims: [2], data: BigInt64Array.of(7n, 3n) } };
const inputs = (dims: (string | number)[], type = DataType.FLOAT) => [{ name: 'x', dims, type }];

describe('what onnxruntime does not take is told in plain words', () => {
  it.each([
    [
      'shapes, on loading',
      made('MatMul', { inputs: inputs(['N', 5]) }),
      'DamagedModel',
      /at node "n" \(MatMul\) the shapes/,
    ],
    ['an operator', made('Foo'), 'DamagedModel', /at node "n" \(Foo\) the operator is not known/],
    [
      'an attribute',
      made('Concat'),
      'DamagedModel',
      /at node "n" \(Concat\) inputs or attributes are missing/,
    ],
    [
      'types',
      made('MatMul', { inputs: inputs(['N', 4], DataType.INT64) }),
      'DamagedModel',
      /at node "n" \(MatMul\) the types/,
    ],
    [
      'shapes, on running',
      made('Reshape', { initialisers: seven }),
      'UnsupportedStructure',
      /at node "n" \(Reshape\) the shapes/,
    ],
    [
      'a node without a name',
      made('Reshape', { initialisers: seven }, ''),
      'UnsupportedStructure',
      /Reshape/,
    ],
    [
      'a rank',
      made('MatMul', { inputs: inputs(['N', 4, 4]) }),
      'UnsupportedStructure',
      /at the input "x" the shapes/,
    ],
  ])('%s', async (_, parts, kind, words) => {
    const session = new ModelSession(await modelOf(parts), ['y'], 1);
    const error: unknown = await session.run(['y'], samples, 0, 3).catch((thrown: unknown) => thrown);
    await session.release();
    expect(error).toBeInstanceOf(FailureError);
    const { failure } = error as FailureError;
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(words);
    expect(failure.message).not.toMatch(/_src|::|Status|\.h:|tensor\(|Op \(/);
    expect(failure.detail).toMatch(/Error/);
  });

  it.each([
    [
      "Non-zero status code returned while running Expand node. Name:'n' Status Message: /core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool) Failed to allocate memory for requested buffer of size 38880000000000",
      'at node "n" (Expand) there is not enough memory',
    ],
    [
      "Non-zero status code returned while running Gather node. Name:'' Status Message: indices element out of data bounds, idx=9 must be within the inclusive range [-4,3]",
      'at an unnamed Gather node an index lies beyond what it chooses from',
    ],
    [
      'Got invalid dimensions for input: x for the following indices\n index: 0 Got: 3 Expected: 2\n Please fix either the inputs/outputs or the model.',
      'at the input "x" the shapes do not fit together',
    ],
  ])('%s', (text, words) => {
    expect(runtimeWords(text)).toBe(words);
  });

  it('says so where it is not known', () => {
    expect(runtimeWords('/a/b.cc:12 void f(int) x was false.')).toBe('it gives no reason that can be told');
  });
});
