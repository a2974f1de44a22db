import { createHash } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../../src/formats/readModel';
import { attemptAsync, failureFrom, oneSentence } from './failures';
import { graphBytes, onnxModel } from '../onnxModel';
import { values } from './running';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();

const bytes = onnxModel({
  nodes: [
    { operator: 'Constant', inputs: [], outputs: ['shape'], attributes: { value_ints: { ints: [1, 4] } } },
    { operator: 'Reshape', inputs: ['x', 'shape'], outputs: ['flat'] },
    { operator: 'Gemm', inputs: ['flat', 'W', 'b'], outputs: ['y'], attributes: { transB: { int: 1 } } },
  ],
  initialisers: { W: values([3, 4]), b: values([3]) },
  inputs: [{ name: 'x', dims: [1, 2, 2] }],
  outputs: [{ name: 'y', dims: [1, 3] }],
  producer: { name: 'pytorch', version: '2.8.0' },
});

describe('readModel', () => {
  it('gives the file, its hash, its producer and its graph', async () => {
    const path = await folder.write('whole.onnx', bytes);
    expect(await readModel(path)).toMatchObject({
      file: path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      format: 'ONNX',
      producer: 'PyTorch 2.8.0',
    });
  });

  it('refuses the file cut anywhere, as damaged where anything is left', async () => {
    for (let length = 0; length < bytes.length; length += 7) {
      const path = await folder.write('cut.onnx', bytes.subarray(0, length));
      const failure = await failureFrom(() => readModel(path));
      expect(failure.message).toMatch(oneSentence);
      expect([length, failure.kind]).toEqual([length, length === 0 ? 'NotAModel' : 'DamagedModel']);
    }
  });

  it('reads a file with changed bytes or refuses it in a sentence, and so does what it makes of it', async () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const noisy = Uint8Array.from(bytes);
        for (const [at, byte] of changes) noisy[at] = byte;
        const path = await folder.write('noisy.onnx', noisy);
        const outcome = await attemptAsync(async () => {
          const { graph, executable } = await readModel(path);
          return executable(graph.outputs.map((output) => output.name)).bytes.length;
        });
        if (typeof outcome === 'number') expect(outcome).toBeGreaterThan(0);
        else expect(outcome).not.toMatchObject({ kind: 'InternalError' });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('refuses random bytes behind the beginning of a model', async () => {
    const start = fc.constantFrom(
      [],
      [0x08, 0x08],
      [0x08, 0x08, 0x3a],
      [0x08, 0x08, 0x42, 0x02, 0x10, 0x11, 0x3a],
    );
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 200 }), async (first, rest) => {
        const path = await folder.write('random.onnx', Uint8Array.of(...first, ...rest));
        const failure = await failureFrom(() => readModel(path));
        expect(failure.kind).not.toBe('InternalError');
        expect(failure.message).toMatch(oneSentence);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('refuses lengths beyond the file without reserving room for them', async () => {
    // The graph declares 2 GiB less one byte.
    const path = await folder.write(
      'long.onnx',
      Uint8Array.of(0x08, 0x08, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x07, 0x0a),
    );
    expect(await failureFrom(() => readModel(path))).toMatchObject({
      kind: 'DamagedModel',
      message:
        '"long.onnx" is damaged: it ends early or cannot be decoded as an ONNX model; copy the file again or export the model again.',
    });
  });

  it('reads subgraphs nested 5,000 deep', async () => {
    let graph = graphBytes({ nodes: [], outputs: ['x'] });
    for (let depth = 0; depth < 5000; depth++) {
      graph = graphBytes({
        nodes: [
          { operator: 'If', inputs: ['c'], outputs: [`o${depth}`], attributes: { then_branch: { graph } } },
        ],
        outputs: [],
      });
    }
    const deep = onnxModel({
      nodes: [{ operator: 'If', inputs: ['c'], outputs: ['y'], attributes: { then_branch: { graph } } }],
      inputs: [{ name: 'x' }, { name: 'c' }],
      outputs: ['y'],
    });
    const model = await readModel(await folder.write('deep.onnx', deep));
    expect(model.graph.nodes).toHaveLength(1);
    expect(model.executable(['y']).bytes.length).toBeGreaterThan(5000);
  });

  it('refuses groups nested without end', async () => {
    const nested = Uint8Array.from([0x08, 0x08, 0x3a, 0x90, 0x4e, ...Array<number>(10_000).fill(0xa3)]);
    const path = await folder.write('groups.onnx', nested);
    expect((await failureFrom(() => readModel(path))).kind).toBe('DamagedModel');
  });

  it('refuses a file that is not there, and one that may not be read', async () => {
    expect(await failureFrom(() => readModel(folder.path('absent.onnx')))).toMatchObject({
      kind: 'FileNotFound',
      message: 'There is no file "absent.onnx"; check the path.',
    });
    const path = await folder.write('locked.onnx', bytes);
    await chmod(path, 0o000);
    const outcome = await attemptAsync(() => readModel(path));
    // Who is root may read everything.
    if (process.getuid?.() === 0) expect(outcome).toHaveProperty('format', 'ONNX');
    else expect(outcome).toHaveProperty('kind', 'FileUnreadable');
  });
});
