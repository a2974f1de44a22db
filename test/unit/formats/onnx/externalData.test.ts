import { mkdir, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
} from '../../../../src/runtime/onnx/onnx_pb';
import { readModel } from '../../../../src/formats/readModel';
import { graphBytes, onnxModel, tensorParts } from '../../onnxModel';
import type { TensorParts } from '../../onnxModel';
import { failureFrom } from '../failures';
import { numbers, results } from '../running';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();
const weights = new Uint8Array(numbers(64).buffer);

function external(location: string | null, extent: Readonly<Record<string, string>> = {}): TensorParts {
  const entries = Object.entries({ ...(location === null ? {} : { location }), ...extent });
  return {
    dims: [2n, 3n],
    dataType: DataType.FLOAT,
    dataLocation: DataLocation.EXTERNAL,
    externalData: entries.map(([key, value]) => ({ key, value })),
  };
}

const model = (W: TensorParts): Uint8Array =>
  onnxModel({
    nodes: [{ operator: 'MatMul', inputs: ['x', 'W'], outputs: ['y'] }],
    initialisers: { W },
    inputs: [{ name: 'x', dims: ['N', 2] }],
    outputs: ['y'],
  });

const x = { dims: [1, 2], data: Float32Array.of(1, 0) };

describe('external data', () => {
  it.each([
    ['at an offset', { offset: '8', length: '24' }, 2],
    ['at an odd offset', { offset: '4' }, 1],
    ['without offset and length', {}, 0],
  ])('is read %s, and run', async (_name, extent, first) => {
    await mkdir(folder.path('data'), { recursive: true });
    await folder.write('data/weights.bin', weights);
    const path = await folder.write('model.onnx', model(external('data/weights.bin', extent)));
    const { graph, executable } = await readModel(path);
    const expected = numbers(64).slice(first, first + 6);
    expect(graph.initialisers.get('W')).toEqual({ type: 'float32', dims: [2, 3], data: expected });
    const runnable = executable(['y']);
    expect(runnable.externalData).toEqual([{ path: 'data/weights.bin', data: weights }]);
    expect((await results(runnable, { x }))['y']?.data).toEqual(expected.subarray(0, 3));
    // What the asked output does not need is not given.
    expect(executable(['x']).externalData).toEqual([]);
  });

  it('is read from a cache in which the model and the data are links', async () => {
    await mkdir(folder.path('blobs'));
    await mkdir(folder.path('snapshot'));
    await folder.write('blobs/1', model(external('weights.bin')));
    await folder.write('blobs/2', weights);
    await symlink('../blobs/1', folder.path('snapshot/model.onnx'));
    await symlink('../blobs/2', folder.path('snapshot/weights.bin'));
    const { graph } = await readModel(folder.path('snapshot/model.onnx'));
    expect(graph.initialisers.get('W')?.data).toEqual(numbers(64).slice(0, 6));
  });

  it('of a subgraph is found too', async () => {
    const branch = graphBytes({
      nodes: [],
      initialisers: [{ name: 'V', ...external('branch.bin') }],
      outputs: ['V'],
    });
    const bytes = onnxModel({
      nodes: [
        {
          operator: 'If',
          inputs: ['c'],
          outputs: ['y'],
          attributes: { then_branch: { graph: branch }, else_branch: { graph: branch } },
        },
      ],
      initialisers: { c: { dims: [], dataType: DataType.BOOL, int32Data: [1] } },
      outputs: ['y'],
    });
    const path = await folder.write('branches.onnx', bytes);
    expect((await failureFrom(() => readModel(path))).kind).toBe('ExternalDataMissing');
    await folder.write('branch.bin', weights);
    const runnable = (await readModel(path)).executable(['y']);
    expect(runnable.externalData.map((file) => file.path)).toEqual(['branch.bin']);
  });

  it.each([
    ['a parent folder', '../secret.bin'],
    ['a parent folder on the way', 'data/../../secret.bin'],
    ['a parent folder as Windows writes it', '..\\secret.bin'],
    ['an absolute path', '/etc/hostname'],
    ['an absolute path of Windows', 'C:\\secret.bin'],
    ['a drive of Windows', 'C:secret.bin'],
    ['a name with a null', 'a\0b'],
    ['a link that leads outside', 'link.bin'],
    ['a linked folder that leads outside', 'linked/secret.bin'],
    ['the folder itself', '.'],
  ])('in %s is refused', async (_name, location) => {
    await mkdir(folder.path('inner'), { recursive: true });
    await folder.write('secret.bin', weights);
    await symlink('../secret.bin', folder.path('inner/link.bin')).catch(() => undefined);
    await symlink('..', folder.path('inner/linked')).catch(() => undefined);
    const path = await folder.write('inner/model.onnx', model(external(location)));
    const failure = await failureFrom(() => readModel(path));
    expect(failure.kind).toBe('ExternalDataOutsideFolder');
    expect(failure.message).toContain("is outside the model's folder and is not read");
  });

  it.each<[string, TensorParts, string, string]>([
    [
      'that is not there',
      external('absent.bin'),
      'ExternalDataMissing',
      '"model.onnx" keeps weights in "absent.bin", which is not there; put that file into the model\'s folder.',
    ],
    [
      'that is a folder',
      external('folder'),
      'ExternalDataMissing',
      '"model.onnx" keeps weights in "folder", which is not there; put that file into the model\'s folder.',
    ],
    [
      'that is a Git LFS pointer',
      external('pointer.bin'),
      'LfsPointer',
      'The weights file "pointer.bin" of "model.onnx" is a Git LFS pointer instead of the weights; run "git lfs pull" in its folder.',
    ],
    [
      'that is not named',
      external(null),
      'DamagedModel',
      '"model.onnx" is damaged: the external tensor "W" does not say in which file it is; copy the file again or export the model again.',
    ],
    [
      'that ends before the offset',
      external('weights.bin', { offset: '240' }),
      'DamagedModel',
      '"model.onnx" is damaged: the initialiser "W" lies beyond the end of "weights.bin", which has 256 bytes; copy the file again or export the model again.',
    ],
    [
      'that ends before the length',
      external('weights.bin', { length: '1000' }),
      'DamagedModel',
      '"model.onnx" is damaged: the initialiser "W" lies beyond the end of "weights.bin", which has 256 bytes; copy the file again or export the model again.',
    ],
    [
      'at a negative offset',
      external('weights.bin', { offset: '-8' }),
      'DamagedModel',
      '"model.onnx" is damaged: the initialiser "W" lies beyond the end of "weights.bin", which has 256 bytes; copy the file again or export the model again.',
    ],
    [
      'at an offset that is no number',
      external('weights.bin', { offset: 'x' }),
      'DamagedModel',
      '"model.onnx" is damaged: the initialiser "W" lies beyond the end of "weights.bin", which has 256 bytes; copy the file again or export the model again.',
    ],
    [
      'of a length that the dimensions do not have',
      external('weights.bin', { length: '20' }),
      'DamagedModel',
      '"model.onnx" is damaged: the initialiser "W" should hold 24 bytes (2 × 3, float32) but holds 20; copy the file again or export the model again.',
    ],
  ])('in a file %s is refused', async (_name, W, kind, message) => {
    await mkdir(folder.path('folder'), { recursive: true });
    await folder.write('weights.bin', weights);
    await folder.write('pointer.bin', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 256\n');
    const path = await folder.write('model.onnx', model(W));
    expect(await failureFrom(() => readModel(path))).toEqual({ kind, message, detail: null });
  });

  it('is not read for tensors that the file holds', async () => {
    const path = await folder.write(
      'model.onnx',
      model(tensorParts('W', { dims: [2, 3], data: numbers(6) })),
    );
    expect((await readModel(path)).graph.initialisers.get('W')?.data).toEqual(numbers(6));
  });
});
