import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { inspectModel } from '../../../src/analysis/inspect';
import { requestDefaults } from '../../../src/report/request';
import { FailureError } from '../../../src/report/failure';
import type { ModelInspection } from '../../../src/report/request';
import { floats } from '../autodiff/opening';
import { temporaryFolder } from '../formats/temporaryFolder';
import { TensorProto_DataType } from '../../../src/runtime/onnx/onnx_pb';
import { onnxModel, type ModelParts } from '../onnxModel';

const references = fileURLToPath(new URL('../../references/', import.meta.url));
const files = ['parameters', 'products', 'recurrent', 'rows'].flatMap((folder) =>
  readdirSync(references + folder).flatMap((name) => (name.endsWith('.onnx') ? [`${folder}/${name}`] : [])),
);

describe('what the panel says before anything is computed', () => {
  it.each(['a.onnx', 'csmall.onnx', ...files])('of %s is what the report says', async (file) => {
    const model = references + file;
    const { facts } = await inspectModel(model);
    const samples = { kind: 'random', count: 2 } as const;
    // The facts stand in what is told as soon as the graph is differentiated.
    let output: string | undefined;
    let parameters: number | undefined;
    const stop = new FailureError('Interrupted', 'Enough is known.');
    const request = { ...requestDefaults, model, samples, threads: 1, method: 'estimate' } as const;
    await analyse(request, ({ report }) => {
      if (report.model === undefined) return;
      ({ output, parameters } = report.model);
      throw stop;
    }).catch((error: unknown) => {
      if (error !== stop) throw error;
    });
    expect(facts.model).toMatchObject({ output, parameters });
    expect(parameters).toBeGreaterThan(0);
  });
});

describe('the inputs of which the file leaves sizes open', () => {
  const folder = temporaryFolder();
  const inspected = async (shapes: object): Promise<ModelInspection> => {
    await folder.write('free.sharpness.json', JSON.stringify({ shapes }));
    return inspectModel(await folder.write('free.onnx', onnxModel(parts)));
  };
  /** Averages an image of any size. */
  const parts: ModelParts = {
    nodes: [
      { operator: 'Conv', inputs: ['image', 'k'], outputs: ['c'] },
      { operator: 'GlobalAveragePool', inputs: ['c'], outputs: ['p'] },
      { operator: 'Flatten', inputs: ['p'], outputs: ['f'] },
      { operator: 'Gather', inputs: ['table', 'ids'], outputs: ['rows'] },
      {
        operator: 'ReduceMean',
        inputs: ['rows'],
        outputs: ['r'],
        attributes: { axes: { ints: [1] }, keepdims: { int: 0 } },
      },
      { operator: 'Add', inputs: ['f', 'r'], outputs: ['a'] },
      { operator: 'MatMul', inputs: ['a', 'w'], outputs: ['m'] },
      { operator: 'Add', inputs: ['m', 'x'], outputs: ['logits'] },
    ],
    initialisers: { k: floats(1, [4, 2, 3, 3]), table: floats(3, [5, 4]), w: floats(2, [4, 3]) },
    inputs: [
      { name: 'image', dims: ['N', 2, 'H', 'W'] },
      { name: 'ids', dims: ['N', 'T'], type: TensorProto_DataType.INT64 },
      { name: 'x', dims: ['N', 3] },
    ],
    outputs: ['logits'],
  };

  it('are told with what the sidecar says of them, whether it fits or not', async () => {
    const image = { name: 'image', dims: [null, 2, null, null], optional: false };
    const ids = { name: 'ids', dims: [null, null], optional: true, shape: null };
    expect((await inspected({})).openInputs).toEqual([{ ...image, shape: null }, ids]);
    const shape = [1, 2, 6, 5];
    expect((await inspected({ image: shape })).openInputs).toEqual([{ ...image, shape }, ids]);
    const other = [1, 3, 6, 5];
    expect((await inspected({ image: other })).openInputs).toEqual([{ ...image, shape: other }, ids]);
  });
});
