import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { findSampleCandidates } from '../../../src/samples/candidates';
import type { InputSpec } from '../../../src/samples/samples';
import { writePng } from '../files/pictures/writePng';
import { floats } from './reading';
import { folderWith, npyBytes, npzBytes } from './writers';

const x = { type: 'f4', shape: [4, 2], values: [0, 1, 2, 3, 4, 5, 6, 7] } as const;
/** A tensor of float32 in a safetensors file. */
function safetensorsBytes(name: string, shape: readonly number[]): Uint8Array {
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  const header = JSON.stringify({ [name]: { dtype: 'F32', shape, data_offsets: [0, bytes] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(bytes)]);
}

const y = { type: 'i8', shape: [4], values: [2, 0, 1, 2] } as const;

async function found(
  files: Readonly<Record<string, string | Uint8Array>>,
  specs: readonly InputSpec[] = floats(2),
  outputs: number | null = null,
): Promise<(readonly [string, boolean, string])[]> {
  const folder = await folderWith(files);
  await mkdir(join(folder, 'folder.npz'));
  const candidates = await findSampleCandidates(join(folder, 'model.onnx'), specs, outputs);
  for (const { path, name } of candidates) expect(path).toBe(join(folder, name));
  return candidates.map(({ name, fits, description }) => [name, fits, description]);
}

describe('data files beside a model', () => {
  it('come best first, with what they hold or why they do not fit', async () => {
    const wide = { ...x, shape: [2, 4] };
    expect(
      await found({
        'model.onnx': 'no matter',
        'notes.txt': '1,2,0',
        'a.npz': npzBytes({ x, y }),
        'model.npz': npzBytes({ x: wide }),
        'model.csv': '1,2,0\n3,4,0\n',
        'model_test.tsv': '1\t2\t0.5\n',
        'x.npy': npyBytes(x),
        'y.npy': npyBytes({ ...y, type: 'f4' }),
        'broken.npz': 'PK\x03\x04',
        'other.csv': 'name,place\nsomebody,somewhere\n',
        'zero.csv': '',
      }),
    ).toEqual([
      ['model.csv', true, '2 samples of 2 numbers, all labels 0'],
      ['model_test.tsv', true, '1 sample of 2 numbers, with targets'],
      ['a.npz', true, '4 samples of 2 numbers, labels 0 to 2'],
      ['x.npy', true, '4 samples of 2 numbers, with targets'],
      [
        'model.npz',
        false,
        '"x" in "model.npz" holds an array of shape [2, 4], which is 2 samples of 4, but the model\'s input "input" takes 2; choose another array with the setting “inputs: NAME”, or another file.',
      ],
      [
        'broken.npz',
        false,
        '"broken.npz" is damaged: it has no zip directory at its end; copy or save the file again.',
      ],
      [
        'other.csv',
        false,
        expect.stringContaining('"other.csv" has 1 numbers per row (column 1), but') as string,
      ],
      ['zero.csv', false, '"zero.csv" holds no samples; choose a file with at least one row of numbers.'],
    ]);
  });

  it('stand below with the reason where numbers or labels cannot be used', async () => {
    const bad = { ...y, values: [0, 1, 9, 2] };
    const files = {
      'a.npz': npzBytes({ x, y: bad }),
      'b.npz': npzBytes({ x: { ...x, values: [0, 1, 2, Number.NaN, 4, 5, 6, 7] }, y }),
      'c.npz': npzBytes({ x, y: { ...y, values: [0, 1, -3, 2] } }),
      'd.csv': '1,2,0\n3,4,7\n',
      'e.npz': npzBytes({ x, y }),
    };
    const reasons = await found(files, floats(2), 3);
    expect(reasons.map(([name, fits]) => [name, fits])).toEqual([
      ['e.npz', true],
      ['a.npz', false],
      ['b.npz', false],
      ['c.npz', false],
      ['d.csv', false],
    ]);
    const because = Object.fromEntries(reasons.map(([name, , reason]) => [name, reason]));
    expect(because['a.npz']).toContain(
      'holds the label 9 at [2] (counted from 0), but the model has 3 outputs (0 to 2).',
    );
    expect(because['b.npz']).toContain('"x" in "b.npz" holds NaN (or nothing) at [1, 1]');
    expect(because['c.npz']).toContain(
      'holds the label -3 at [2] (counted from 0), and classes count from 0',
    );
    expect(because['d.csv']).toContain('holds the label 7 in line 2, column 3, but');
    // Of a model whose outputs are not known, or one of numbers, they may be what is wanted.
    expect((await found({ 'a.npz': files['a.npz'] }, floats(2), null))[0]?.[1]).toBe(true);
    expect((await found({ 'a.npz': files['a.npz'] }, floats(2), 1))[0]?.[1]).toBe(true);
  });

  it('come in the order of what a model is trained on', async () => {
    const data = npzBytes({ x, y });
    const names = [
      'a.npz',
      'model.npz',
      'model_test.npz',
      'model_big.npz',
      'test.npz',
      'train.npz',
      'val.npz',
    ];
    expect(
      (await found(Object.fromEntries(names.map((name) => [name, data])))).map(([name]) => name),
    ).toEqual(['model.npz', 'train.npz', 'model_big.npz', 'val.npz', 'model_test.npz', 'a.npz', 'test.npz']);
  });

  it('name images, several inputs, rows of targets and missing labels', async () => {
    const images = { type: 'u1', shape: [1000, 1, 2, 2], values: new Array<number>(4000).fill(7) } as const;
    const rows = { type: 'f4', shape: [1000, 3], values: new Array<number>(3000).fill(0.5) } as const;
    expect(
      await found(
        { 'a.npz': npzBytes({ images, labels: rows }), 'b.npz': npzBytes({ images }) },
        floats(1, 2, 2),
      ),
    ).toEqual([
      ['a.npz', true, '1,000 samples of 1 × 2 × 2 numbers, with rows of 3 targets'],
      ['b.npz', true, '1,000 samples of 1 × 2 × 2 numbers, no labels'],
    ]);
    const specs: InputSpec[] = ['p', 'q'].map((name) => ({ name, type: 'float32', dims: [2] }));
    expect(await found({ 'a.npz': npzBytes({ p: x, q: x }) }, specs)).toEqual([
      ['a.npz', true, '4 samples of 2 inputs, no labels'],
    ]);
  });

  it('do not fit where the labels cannot be', async () => {
    const [first] = await found({ 'a.npz': npzBytes({ x, y: { ...y, shape: [2], values: [0, 1] } }) });
    expect(first?.slice(0, 2)).toEqual(['a.npz', false]);
    const [infinite] = await found({ 'a.csv': '1,2,0\n1,2,inf\n' });
    expect(infinite?.slice(0, 2)).toEqual(['a.csv', false]);
  });

  it('are read from the beginning where a CSV is large', async () => {
    const text = '1,2,0\n3,4,1\n'.repeat(200_000);
    expect(await found({ 'a.csv': text })).toEqual([['a.csv', true, 'samples of 2 numbers, with labels']]);
  });

  it('are no more than 200', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 205 }, (_, index) => [`${String(index)}.csv`, '1,2,0\n']),
    );
    const candidates = await found({ ...files, 'model.csv': '1,2,0\n' });
    expect(candidates).toHaveLength(200);
    expect(candidates[0]?.[0]).toBe('model.csv');
  });

  it('are pictures, tables and tensors too, of which those named as models are listed where they fit', async () => {
    const folder = await folderWith({
      'data.parquet': new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'x', data: [[1, 2, 3, 4]] },
            { name: 'label', data: [1], type: 'INT32' },
          ],
        }),
      ),
      'train-images-idx3-ubyte': Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4),
      'train-labels-idx1-ubyte': Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7),
      'x.safetensors': safetensorsBytes('x', [3, 1, 2, 2]),
      'weights.safetensors': safetensorsBytes('w', [2]),
      'checkpoint.pt': 'no matter',
    });
    const grey = writePng({ width: 2, height: 2, type: 0, depth: 8, rows: [[1, 2], [3, 4]] }); // prettier-ignore
    for (const path of ['faces/a', 'faces/b', 'split/train/a', 'split/val/b', 'docs'])
      await mkdir(join(folder, path), { recursive: true });
    for (const path of ['faces/a/1.png', 'faces/b/2.png', 'split/train/a/1.png', 'split/val/b/1.png'])
      await writeFile(join(folder, path), grey);
    // Of many no more than a few are decoded.
    for (let i = 0; i < 40; i += 1)
      await writeFile(join(folder, `faces/b/3-${i}.png`), i === 17 ? 'broken' : grey);
    await writeFile(join(folder, 'docs/page.html'), '');
    const candidates = await findSampleCandidates(join(folder, 'model.onnx'), floats(1, 2, 2), 10);
    expect(candidates.map(({ name, fits, description }) => [name, fits, description])).toEqual([
      [join('split', 'train'), true, '1 sample of 1 × 2 × 2 numbers, all labels 0'],
      ['train-images-idx3-ubyte', true, '1 sample of 1 × 2 × 2 numbers, all labels 7'],
      [join('split', 'val'), true, '1 sample of 1 × 2 × 2 numbers, all labels 0'],
      ['data.parquet', true, '1 sample of 1 × 2 × 2 numbers, all labels 1'],
      ['faces', true, '42 samples of 1 × 2 × 2 numbers, labels 0 to 1'],
      ['x.safetensors', true, '3 samples of 1 × 2 × 2 numbers, no labels'],
    ]);
    expect(candidates[0]?.path).toBe(join(folder, 'split', 'train'));
  });
});
