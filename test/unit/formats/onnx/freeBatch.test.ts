import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../../../src/formats/onnx/decode';
import { readModel } from '../../../../src/formats/readModel';
import { onnxModel } from '../../onnxModel';
import type { ModelParts, TensorValue } from '../../onnxModel';
import { namesIn, results, values } from '../running';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();

async function read(parts: ModelParts) {
  return readModel(await folder.write('model.onnx', onnxModel(parts)));
}

const shape = (...elements: number[]): TensorValue => ({
  dims: [elements.length],
  data: BigInt64Array.from(elements, BigInt),
});

describe('a batch size that the file fixes', () => {
  const flattened = (target: TensorValue, batch = 1): ModelParts => ({
    nodes: [
      { operator: 'Relu', inputs: ['x'], outputs: ['active'] },
      { operator: 'Reshape', inputs: ['active', 'target'], outputs: ['flat'] },
      { operator: 'MatMul', inputs: ['flat', 'W'], outputs: ['y'] },
    ],
    initialisers: { W: values([12, 2]), target },
    inputs: [{ name: 'x', dims: [batch, 3, 4] }],
    outputs: [{ name: 'y', dims: [batch, 2] }],
  });

  it.each([
    ['a size', shape(1, 12), 1],
    ['−1', shape(1, -1), 1],
    ['a size, of five samples', shape(5, 12), 5],
    ['−1, of five samples', shape(5, -1), 5],
  ])('is freed where a Reshape names it beside %s', async (_name, target, batch) => {
    const model = await read(flattened(target, batch));
    const { y } = await results(model.executable(['y']), { x: values([7, 3, 4]) });
    expect(y?.dims).toEqual([7, 2]);
  });

  it('is freed where the target is a Constant node, which other nodes may read as it was', async () => {
    const parts = flattened(shape());
    const model = await read({
      ...parts,
      nodes: [
        {
          operator: 'Constant',
          inputs: [],
          outputs: ['target'],
          attributes: { value_ints: { ints: [1, 12] } },
        },
        ...parts.nodes,
      ],
      initialisers: { W: values([12, 2]) },
    });
    const { y, target } = await results(model.executable(['y', 'target']), {
      x: values([2, 3, 4]),
    });
    expect(y?.dims).toEqual([2, 2]);
    expect([...(target?.data ?? [])]).toEqual([1n, 12n]);
  });

  it('is a symbol that no dimension has already', async () => {
    const model = await read({
      nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', dims: [1, 'batch'] }],
      outputs: [{ name: 'y', dims: [1, 'batch'] }],
    });
    const { graph } = decodeModel(model.executable(['y']).bytes, 'model.onnx', false);
    for (const { type } of [...graph.input, ...graph.output]) {
      expect(type?.tensorType?.shape?.dim.map((dim) => dim.value.value)).toEqual(['batch_', 'batch']);
    }
  });

  it('leaves a Reshape of weights as it is', async () => {
    const model = await read({
      nodes: [
        { operator: 'Reshape', inputs: ['W', 'target'], outputs: ['wide'] },
        { operator: 'Mul', inputs: ['x', 'wide'], outputs: ['y'] },
      ],
      initialisers: { W: values([12]), target: shape(1, 12) },
      inputs: [{ name: 'x', dims: [1, 12] }],
      outputs: ['y'],
    });
    const executable = model.executable(['y']);
    expect(namesIn(executable).initialisers).toEqual(['W', 'target']);
    expect((await results(executable, { x: values([3, 12]) }))['y']?.dims).toEqual([3, 12]);
  });

  it('leaves a target with −1 as it is where the batch may not come first', async () => {
    const model = await read({
      nodes: [
        { operator: 'Transpose', inputs: ['x'], outputs: ['turned'], attributes: { perm: { ints: [1, 0] } } },
        { operator: 'Reshape', inputs: ['turned', 'target'], outputs: ['y'] },
      ],
      initialisers: { target: shape(1, -1) },
      inputs: [{ name: 'x', dims: [1, 4] }],
      outputs: ['y'],
    });
    const executable = model.executable(['y']);
    expect(namesIn(executable).initialisers).toEqual(['target']);
    // At the file's own batch size the result is the file's.
    expect((await results(executable, { x: values([1, 4]) }))['y']?.dims).toEqual([1, 4]);
  });
});
