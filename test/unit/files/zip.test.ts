import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRandomAccessFile, type RandomAccessFile } from '../../../src/files/randomAccess';
import { readZipDirectory, readZipEntry, readZipEntryStart } from '../../../src/files/zip';
import { FailureError } from '../../../src/report/failure';
import { failureIn } from '../samples/failures';
import { folderWith, zipBytes, type WrittenEntry } from '../samples/writers';

const limit = 1024 ** 2;

/** A file in memory that records the largest read. */
function inMemory(bytes: Uint8Array): RandomAccessFile & { largestRead: () => number } {
  let largest = 0;
  return {
    name: 'a.zip',
    size: bytes.length,
    largestRead: () => largest,
    close: () => Promise.resolve(),
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
        throw new FailureError('DamagedModel', 'beyond the end');
      }
      largest = Math.max(largest, length);
      return Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length)));
    },
  };
}

async function contents(bytes: Uint8Array, limitBytes = limit): Promise<Map<string, Uint8Array>> {
  const file = inMemory(bytes);
  const read = new Map<string, Uint8Array>();
  for (const entry of await readZipDirectory(file))
    read.set(entry.name, await readZipEntry(file, entry, limitBytes));
  return read;
}

const writtenEntries = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(200_000).map((length) => new Uint8Array(length)),
    ),
    deflated: fc.boolean(),
  }),
  { selector: (entry) => entry.name, maxLength: 4 },
);

describe('zip files', () => {
  it('gives back what was written, stored and deflated, zip64 or not', async () => {
    await fc.assert(
      fc.asyncProperty(writtenEntries, fc.boolean(), async (entries, zip64) => {
        const read = await contents(zipBytes(entries, zip64));
        expect([...read.keys()]).toEqual(entries.map((entry) => entry.name));
        for (const { name, data } of entries)
          expect(Buffer.compare(read.get(name) ?? Buffer.of(1), data)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('reads the beginning of an entry and no more', async () => {
    const data = Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * 2654435761) % 251);
    for (const deflated of [false, true]) {
      const file = inMemory(zipBytes([{ name: 'a', data, deflated }]));
      const [entry] = await readZipDirectory(file);
      if (entry === undefined) throw new Error('no entry');
      expect(await readZipEntryStart(file, entry, 1000)).toEqual(data.subarray(0, 1000));
      expect(file.largestRead()).toBeLessThanOrEqual(1024 ** 2);
    }
  });

  it('finds the directory before a comment', async () => {
    const bytes = Buffer.concat([
      zipBytes([{ name: 'a', data: Buffer.from('text') }]),
      Buffer.from('PK\x05\x06 a remark'),
    ]);
    bytes.writeUInt16LE(13, bytes.length - 15);
    expect((await contents(bytes)).get('a')).toEqual(Uint8Array.from(Buffer.from('text')));
  });

  const text = Buffer.from('some text, some text, some text');
  const refused: readonly (readonly [string, WrittenEntry, string, RegExp])[] = [
    [
      'a larger entry than the limit',
      { name: 'a', data: Buffer.alloc(2000), deflated: true },
      'TooLarge',
      /2,000 bytes, more than the 1,000/,
    ],
    [
      'a bomb',
      { name: 'a', data: Buffer.alloc(5_000_000), deflated: true, declaredSize: 900 },
      'DamagedModel',
      /inflates to more than it declares/,
    ],
    [
      'a size that no deflate stream reaches',
      { name: 'a', data: Buffer.alloc(0), deflated: true, declaredSize: 1000 * 1032 },
      'TooLarge',
      /more than/,
    ],
    [
      'an inflated size that is too small',
      { name: 'a', data: text, deflated: true, declaredSize: 30 },
      'DamagedModel',
      /more than it declares/,
    ],
    [
      'an inflated size that is too large',
      { name: 'a', data: text, deflated: true, declaredSize: 32 },
      'DamagedModel',
      /less than it declares/,
    ],
    [
      'a stored size that differs',
      { name: 'a', data: text, declaredSize: 30 },
      'DamagedModel',
      /two sizes of "a" in it differ/,
    ],
    ['a wrong checksum', { name: 'a', data: text, declaredCrc: 1 }, 'DamagedModel', /checksum/],
    ['another method', { name: 'a', data: text, method: 14 }, 'UnsupportedFormat', /zip method 14/],
    ['a password', { name: 'a', data: text, flags: 1 }, 'UnsupportedFormat', /encrypted/],
    [
      'what is no deflate stream',
      { name: 'a', data: Buffer.alloc(40, 0xff), method: 8 },
      'DamagedModel',
      /cannot be inflated/,
    ],
  ];
  it.each(refused)('refuses %s', async (_, entry, kind, sentence) => {
    const failure = await failureIn(() => contents(zipBytes([entry]), 1000));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(sentence);
    expect(failure.message).toContain('"a.zip"');
  });

  it('allocates nothing for a size that no deflate stream reaches', async () => {
    const bytes = zipBytes([{ name: 'a', data: Buffer.alloc(0), deflated: true, declaredSize: 2 ** 31 }]);
    expect((await failureIn(() => contents(bytes, 2 ** 32))).message).toContain('do not fit each other');
  });

  it('refuses the beginning of an entry that runs past the end', async () => {
    const file = inMemory(zipBytes([{ name: 'a', data: text }]));
    const [entry] = await readZipDirectory(file);
    if (entry === undefined) throw new Error('no entry');
    const longer = { ...entry, size: 1000, compressedSize: 1000 };
    expect((await failureIn(() => readZipEntryStart(file, longer, 4))).message).toContain(
      'runs past the end',
    );
  });

  it('refuses a name that occurs twice', async () => {
    const entry = { name: 'a', data: text };
    expect((await failureIn(() => contents(zipBytes([entry, entry])))).message).toContain('names "a" twice');
  });

  it('refuses an archive that is cut anywhere', async () => {
    const bytes = zipBytes([{ name: 'a.npy', data: text, deflated: true }]);
    for (let length = 0; length < bytes.length; length++) {
      expect((await failureIn(() => contents(bytes.subarray(0, length)))).kind).toBe('DamagedModel');
    }
  });

  it('answers any change of bytes with what was written or a FailureError', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (zip64, deflated, changes) => {
          const bytes = zipBytes([{ name: 'a', data: text, deflated }], zip64);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          try {
            for (const data of (await contents(bytes)).values()) expect(data).toEqual(Uint8Array.from(text));
          } catch (error) {
            expect(error).toBeInstanceOf(FailureError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('random access', () => {
  it('reads parts of a file and refuses what lies beyond', async () => {
    const folder = await folderWith({ 'a.bin': Uint8Array.of(1, 2, 3, 4) });
    const file = await openRandomAccessFile(join(folder, 'a.bin'));
    try {
      expect(file.size).toBe(4);
      expect(await file.read(1, 2)).toEqual(Uint8Array.of(2, 3));
      expect(await file.read(4, 0)).toEqual(new Uint8Array(0));
      for (const [offset, length] of [
        [3, 2],
        [-1, 1],
        [0, 2 ** 52],
        [0, -1],
        [0.5, 1],
        [5, 0],
      ] as const) {
        expect((await failureIn(() => file.read(offset, length))).kind).toBe('DamagedModel');
      }
    } finally {
      await file.close();
    }
  });

  it('names what is missing and what is a folder', async () => {
    const folder = await folderWith({ 'a.bin': '' });
    expect(await failureIn(() => openRandomAccessFile(join(folder, 'b.bin')))).toMatchObject({
      kind: 'FileNotFound',
      message: 'There is no file "b.bin"; check the path.',
    });
    expect((await failureIn(() => openRandomAccessFile(join(folder, 'a.bin', 'c')))).kind).toBe(
      'FileNotFound',
    );
    expect((await failureIn(() => openRandomAccessFile(folder))).kind).toBe('FileUnreadable');
  });
});
