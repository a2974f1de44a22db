import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hdf5 } from '../../../../src/formats/keras/hdf5';
import { readModel } from '../../../../src/formats/readModel';
import { corpusNote, corpusPresent, sharedFile } from '../corpus';
import { attempt, attemptAsync } from '../failures';
import { temporaryFolder } from '../temporaryFolder';
import { entriesOf, kerasFile, tensorsOf } from './kerasFiles';

const folder = temporaryFolder();

/** The HDF5 of a file, which an archive holds as an entry. */
function hdf5Of(bytes: Uint8Array): Uint8Array {
  if (Buffer.from(bytes.subarray(1, 4)).toString() === 'HDF') return bytes;
  return entriesOf(bytes)['model.weights.h5'] ?? new Uint8Array();
}

/** Holds every tensor of floating-point numbers against jsfive's. */
function compare(bytes: Uint8Array): number {
  const own = new Hdf5('file.h5', bytes);
  const tensors = [...tensorsOf(bytes)].filter(([, { dtype }]) => String(dtype).includes('f'));
  for (const [path, { shape, value }] of tensors) {
    const dataset = own.open(path)?.dataset;
    expect(dataset?.dims, path).toEqual(shape);
    const found = dataset?.read() ?? [];
    expect(found.length, path).toBe(value.length);
    expect(
      value.every((each, at) => Object.is(each, found[at])),
      path,
    ).toBe(true);
  }
  return tensors.length;
}

describe('the tensors of an HDF5 file', () => {
  it.each([
    ['images.keras', 48],
    ['images.h5', 48],
    ['sequences.keras', 96],
    ['vectors.h5', 21],
    // Chunks, shuffled, deflated and with checksums.
    ['keras2.h5', 7],
  ])('are in %s what jsfive reads', (name, least) => {
    expect(compare(hdf5Of(kerasFile(name)))).toBeGreaterThanOrEqual(least);
  });

  it
    .skipIf(!corpusPresent)
    .each([
      'keras-mnist-mlp3.keras',
      'keras-nested_container.keras',
      'keras-subhadip-mnist-cnn.keras',
      'keras-subhadip-mnist-mlp.keras',
      'marabou-cnn_max_mnist2.h5',
      'marabou-fc_2-2sigmoids-3.h5',
    ])(`are in %s what jsfive reads${corpusNote}`, (name) => {
    expect(compare(hdf5Of(readFileSync(sharedFile(`corpus/${name}`))))).toBeGreaterThanOrEqual(4);
  });
});

/** Where four letters stand first, from some position on. */
function find(bytes: Uint8Array, letters: string, from = 0): number {
  const at = Buffer.from(bytes).indexOf(letters, from, 'latin1');
  if (at < 0) throw new Error(`No ${letters} in the file`);
  return at;
}

function changed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  change(new DataView(copy.buffer));
  return copy;
}

describe('a hostile HDF5 file', () => {
  const plain = hdf5Of(kerasFile('compiled.keras'));
  const openAll = (bytes: Uint8Array): unknown =>
    attempt(() => new Hdf5('bad.h5', bytes).open('layers/dense/vars/0')?.dataset?.read());

  it('whose tree is its own child is damaged', () => {
    const tree = find(plain, 'TREE');
    const cyclic = changed(plain, (view) => {
      view.setUint8(tree + 5, 1);
      view.setBigUint64(tree + 32, BigInt(tree), true);
    });
    expect(openAll(cyclic)).toMatchObject({
      kind: 'DamagedModel',
      message: '"bad.h5" is damaged: a tree in it has a node twice; copy the file or save the model again.',
    });
  });

  it('whose header continues in itself is damaged', () => {
    // The root group's header, whose address stands in the superblock.
    const root = Number(new DataView(plain.buffer, plain.byteOffset).getBigUint64(64, true));
    const cyclic = changed(plain, (view) => {
      view.setUint16(root + 16, 0x10, true);
      view.setBigUint64(root + 24, BigInt(root + 16), true);
      view.setBigUint64(root + 32, 24n, true);
    });
    expect(openAll(cyclic)).toMatchObject({
      kind: 'DamagedModel',
      message: expect.stringContaining('continues in itself') as string,
    });
  });

  it('that is cut anywhere is refused', () => {
    for (let length = 0; length < plain.length; length += 97) {
      const outcome = openAll(plain.slice(0, length));
      expect(outcome, String(length)).toMatchObject({
        kind: expect.stringMatching(/^(DamagedModel|UnsupportedFormat)$/) as string,
      });
    }
  });

  it('of absurd sizes takes no memory', () => {
    const chunked = kerasFile('keras2.h5');
    const before = process.memoryUsage().rss;
    // Every 8 bytes that say a small size say an absurd one.
    for (let at = 0; at + 8 <= chunked.length; at += 8) {
      const view = new DataView(chunked.buffer, chunked.byteOffset);
      const value = view.getBigUint64(at, true);
      if (value < 2n || value > 9n) continue;
      const absurd = changed(chunked, (copy) => copy.setBigUint64(at, 1n << 40n, true));
      const hdf5 = attempt(() => new Hdf5('bad.h5', absurd));
      if (!(hdf5 instanceof Hdf5)) continue;
      for (const path of tensorsOf(chunked).keys()) attempt(() => hdf5.open(path)?.dataset?.read());
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 ** 2);
  });

  it.each(['compiled.h5', 'keras2.h5', 'tokens.h5'])(
    'made of %s with any bytes changed is read or refused, and soon: 150 of them within one test',
    async (name) => {
      const bytes = kerasFile(name);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
          async (changes) => {
            const path = await folder.write(
              name,
              changed(bytes, (view) => changes.forEach(([at, value]) => view.setUint8(at, value))),
            );
            const outcome = await attemptAsync(() => readModel(path));
            expect(outcome).not.toMatchObject({ kind: 'InternalError' });
          },
        ),
        { numRuns: 150, seed: 18 },
      );
    },
  );
});
