import { mkdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writePng } from '../../files/pictures/writePng';
import { temporaryFolder } from '../../formats/temporaryFolder';
import { pictureLayout } from '../../../../src/samples/pictures/pictureLayout';
import {
  normalisationOf,
  normalised,
  usualNormalisations,
} from '../../../../src/samples/pictures/normalisation';
import { readSamples, type ReadOptions } from '../../../../src/samples/readSamples';
import type { InputSpec, Samples } from '../../../../src/samples/samples';

const folder = temporaryFolder();

function read(path: string, dims: InputSpec['dims'], options: Partial<ReadOptions> = {}): Promise<Samples> {
  const source = { kind: 'file', path, inputs: {}, labels: null } as const;
  const spec = { name: 'image', type: 'float32', dims } as const;
  return readSamples(source, [spec], { scale: 1, limit: null, seed: 0, ...options });
}

/** A picture of 2 × 3 pixels whose numbers tell where they are. */
function colours(from: number): Uint8Array {
  const rows = [0, 1].map((y) =>
    [0, 1, 2].flatMap((x) => [from + 10 * y + x, from + 100 + 10 * y + x, from + 50 + x]),
  );
  return writePng({ width: 3, height: 2, type: 2, depth: 8, rows });
}

async function classes(name: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  for (const path of Object.keys(files))
    await mkdir(folder.path(`${name}/${path.split('/').slice(0, -1).join('/')}`), { recursive: true });
  for (const [path, bytes] of Object.entries(files)) await folder.write(`${name}/${path}`, bytes);
  return folder.path(name);
}

describe('a folder of pictures', () => {
  it('has a class in every folder, in both orders of the axes', async () => {
    const path = await classes('pets', {
      'dog/b.png': colours(2),
      'cat/a.png': colours(0),
      'cat/z.png': colours(1),
      'cat/notes.txt': 'x',
    });
    const last = await read(path, [2, 3, 3]);
    expect(last.labels).toMatchObject({
      kind: 'classes',
      values: Int32Array.of(0, 0, 1),
      names: ['cat', 'dog'],
    });
    expect([...(last.inputs[0]?.data ?? [])].slice(0, 6)).toEqual([0, 100, 50, 1, 101, 51]);
    const first = await read(path, [3, 2, 3]);
    expect([...(first.inputs[0]?.data ?? [])].slice(18, 36)).toEqual([
      1, 2, 3, 11, 12, 13, 101, 102, 103, 111, 112, 113, 51, 52, 53, 51, 52, 53,
    ]);
    expect(first.inputs[0]?.pictures).toMatchObject({
      order: 'channels first',
      channels: 3,
      height: 2,
      width: 3,
    });
    const named = await read(path, [3, 2, 3], { classNames: ['bird', 'dog', 'cat'] });
    expect(named.labels).toMatchObject({ values: Int32Array.of(2, 2, 1) });
    const some = await read(path, [3, null, null], { limit: 1, seed: 3 });
    expect([some.count, some.inputs[0]?.dims]).toEqual([1, [3, 2, 3]]);
  });

  it('has the classes that numbers name, and tells where text sorts them otherwise', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 11 }, (_, k) => [`${String(k)}/1.png`, colours(k)]),
    );
    const path = await classes('numbers', files);
    const { labels, inputs, notes } = await read(path, [2, 3, 3]);
    expect(labels?.values).toHaveLength(11);
    labels?.values.forEach((label, row) => expect(inputs[0]?.data[18 * row]).toBe(label));
    expect(notes?.join(' ')).toMatch(/named by numbers.*"10" is another/);
  });

  it('is brought to the size and the channels of the model, and says so', async () => {
    const path = await classes('sizes', { 'a/1.png': colours(0) });
    const { inputs, notes } = await read(path, [1, 4, 6]);
    expect(inputs[0]?.data.length).toBe(24);
    expect(notes?.join(' ')).toMatch(/4 × 6 pixels .*grey/);
  });

  it('names the pictures that are broken, counts them, and leaves them out only when told', async () => {
    const path = await classes('broken', {
      'a/1.png': colours(0),
      'a/2.png': 'none',
      'b/3.png': colours(0).subarray(0, 40),
      'b/4.png': colours(0),
    });
    await expect(read(path, [3, 2, 3])).rejects.toThrow(
      /2 of 4 pictures .*"a\/2.png" is neither.*skip-broken/,
    );
    const left = await read(path, [3, 2, 3], { leaveOutBroken: true });
    expect(left.labels).toMatchObject({ values: Int32Array.of(0, 1) });
    expect(left.notes?.join(' ')).toMatch(/2 of 4 pictures are left out.*"a\/2.png" and "b\/3.png"/);
  });

  it('is refused where its labels are not clear', async () => {
    const parts = await classes('parts', { 'train/a/1.png': colours(0), 'val/a/1.png': colours(0) });
    await expect(read(parts, [3, 2, 3])).rejects.toThrow(/"train" and "val", each with samples of its own/);
    const mixed = await classes('mixed', { '1.png': colours(0), 'a/1.png': colours(0) });
    await expect(read(mixed, [3, 2, 3])).rejects.toThrow(/beside folders of pictures/);
    const empty = await classes('empty', { 'a/readme.md': '' });
    await expect(read(empty, [3, 2, 3])).rejects.toThrow(/no PNG or JPEG/);
    const flat = await classes('flat', { '1.png': colours(0) });
    expect((await read(flat, [18])).labels).toBeNull();
    await expect(read(flat, [1, 2, 3, 4])).rejects.toThrow(/takes 1 × 2 × 3 × 4/);
  });
});

function idx(dims: readonly number[], data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head.set([0, 0, 8, dims.length]);
  dims.forEach((size, axis) => head.writeUInt32BE(size, 4 + 4 * axis));
  return new Uint8Array(Buffer.concat([head, data]));
}

describe('IDX files', () => {
  const pixels = Uint8Array.from({ length: 2 * 4 * 5 }, (_, i) => 3 * i);

  it('find their labels beside them, gzipped or not', async () => {
    await folder.write('train-labels-idx1-ubyte', idx([2], Uint8Array.of(7, 3)));
    const plain = await folder.write('train-images-idx3-ubyte', idx([2, 4, 5], pixels));
    const zipped = await folder.write('train-images-idx3-ubyte.gz', gzipSync(idx([2, 4, 5], pixels)));
    for (const path of [plain, zipped]) {
      const { inputs, labels, count } = await read(path, [1, 4, 5]);
      expect(count).toBe(2);
      expect(inputs[0]?.data).toEqual(Float64Array.from(pixels));
      expect(labels).toMatchObject({ kind: 'classes', values: Int32Array.of(7, 3) });
    }
    const colour = await read(plain, [3, 4, 5]);
    expect([...(colour.inputs[0]?.data ?? [])].slice(58, 62)).toEqual([54, 57, 60, 63]);
    await expect(read(plain, [1, 8, 8])).rejects.toThrow(
      /pictures of 4 × 5 pixels in grey, but .* takes 1 × 8 × 8/,
    );
  });

  it('that are labels, damaged or none are refused', async () => {
    const labels = await folder.write('only-labels-idx1-ubyte', idx([2], Uint8Array.of(7, 3)));
    await expect(read(labels, [1, 4, 5])).rejects.toThrow(/choose the file of the pictures/);
    const cut = await folder.write('cut-idx3-ubyte', idx([2, 4, 5], pixels.subarray(1)));
    await expect(read(cut, [1, 4, 5])).rejects.toThrow(/2 × 4 × 5 numbers and holds 39/);
    const bomb = await folder.write('bomb.gz', gzipSync(idx([60000, 28, 28], pixels)).subarray(0, 30));
    await expect(read(bomb, [1, 4, 5])).rejects.toThrow(/"bomb.gz" is/);
  });
});

describe("CIFAR's records", () => {
  const record = (head: readonly number[], from: number): Uint8Array =>
    Uint8Array.of(...head, ...Array.from({ length: 3072 }, (_, i) => (from + i) % 251));

  it('are read by their version, and all batches of a folder together', async () => {
    const ten = await folder.write('test_batch.bin', Buffer.concat([record([9], 1), record([4], 2)]));
    const { inputs, labels } = await read(ten, [3, 32, 32]);
    expect(labels).toMatchObject({ values: Int32Array.of(9, 4) });
    expect(inputs[0]?.data).toEqual(Float64Array.from([...record([], 1), ...record([], 2)]));
    const hundred = await folder.write('train.bin', Buffer.concat([record([3, 99], 1)]));
    expect((await read(hundred, [32, 32, 3])).labels).toMatchObject({ values: Int32Array.of(99) });
    await mkdir(folder.path('batches'));
    for (const [at, name] of ['data_batch_2.bin', 'data_batch_1.bin'].entries())
      await folder.write(`batches/${name}`, record([at], at));
    expect((await read(folder.path('batches'), [3, 32, 32])).labels).toMatchObject({
      values: Int32Array.of(1, 0),
    });
  });
});

describe('a normalisation', () => {
  it('is of every channel by its own numbers, in both orders', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('channels first' as const, 'channels last' as const),
        fc.constantFrom(1 as const, 3 as const),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('imagenet', '-1-1', '0-1', '0-255', '0.1,0.2,0.3/0.4', '0.25/0.5,0.25,0.125'),
        (order, channels, size, name) => {
          const normalisation = normalisationOf(name);
          if (normalisation === null) throw new Error(name);
          const count = 2 * channels * size * size;
          const layout = { order, channels, height: size, width: size, dims: [] };
          const input = {
            name: 'x',
            dims: [],
            pictures: layout,
            data: Float64Array.from({ length: count }, (_, i) => (i * 37) % 256),
          };
          const samples = { source: 's', count: 2, inputs: [input], indices: null, labels: null, scale: 1 };
          const [made] = normalised(samples, normalisation).inputs;
          for (let n = 0; n < 2; n += 1)
            for (let c = 0; c < channels; c += 1)
              for (let y = 0; y < size; y += 1)
                for (let x = 0; x < size; x += 1) {
                  const at =
                    order === 'channels first'
                      ? ((n * channels + c) * size + y) * size + x
                      : ((n * size + y) * size + x) * channels + c;
                  const mean = normalisation.mean[c] ?? normalisation.mean[0] ?? NaN;
                  const deviation = normalisation.deviation[c] ?? normalisation.deviation[0] ?? NaN;
                  expect(made?.data[at]).toBeCloseTo((((at * 37) % 256) / 255 - mean) / deviation, 12);
                }
        },
      ),
    );
  });

  it('is read from its name or its numbers, and nothing else', () => {
    expect(normalisationOf('0.5/0.25')).toMatchObject({ mean: [0.5], deviation: [0.25] });
    for (const text of ['', '/', '0.5', '0.5/0', '0.5/-1', 'a/b', '1/2/3', ',/1'])
      expect(normalisationOf(text)).toBeNull();
    expect(usualNormalisations(1).some(({ name }) => name === 'imagenet')).toBe(false);
    expect(usualNormalisations(3).some(({ name }) => name === 'imagenet')).toBe(true);
  });
});

describe('the layout of pictures', () => {
  it.each([
    [[3, 32, 32], 'channels first'],
    [[32, 32, 3], 'channels last'],
    [[null, null, 3], 'channels last'],
    [[3, null, null], 'channels first'],
    [[1, 28, 28], 'channels first'],
    [[28, 28, 1], 'channels last'],
  ] as const)('of %j is told by the channels', (dims, order) => {
    expect(pictureLayout(dims, { height: 32, width: 32, channels: 3 })?.order).toBe(order);
  });
});
