import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach } from 'vitest';

/** Writers of npy and zip files for tests; they share nothing with the readers. */

export type WrittenType = 'b1' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'f4' | 'f8';

export interface WrittenArray {
  readonly type: WrittenType;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: readonly number[];
  readonly bigEndian?: boolean;
  readonly fortran?: boolean;
}

/** A npy file of version 1.0. */
export function npyBytes(array: WrittenArray): Buffer {
  const size = Number(array.type.slice(1));
  const order = size === 1 ? '|' : array.bigEndian === true ? '>' : '<';
  const body = Buffer.alloc(array.values.length * size);
  const strides = array.shape.map((_, axis) =>
    (array.fortran === true ? array.shape.slice(0, axis) : array.shape.slice(axis + 1)).reduce(
      (a, b) => a * b,
      1,
    ),
  );
  array.values.forEach((value, index) => {
    let left = index;
    let position = 0;
    for (let axis = array.shape.length - 1; axis >= 0; axis--) {
      const length = array.shape[axis] ?? 1;
      position += (left % length) * (strides[axis] ?? 0);
      left = Math.floor(left / length);
    }
    writeNumber(body, array.type, position * size, value, array.bigEndian === true);
  });
  const shape = `(${array.shape.map((length) => `${String(length)}, `).join('')})`;
  return Buffer.concat([
    npyStart(
      `{'descr': '${order}${array.type}', 'fortran_order': ${array.fortran === true ? 'True' : 'False'}, 'shape': ${shape}, }`,
    ),
    body,
  ]);
}

/** What stands before the numbers, with any header text. */
export function npyStart(header: string): Buffer {
  const text = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 0, 0]);
  start.writeUInt16LE(text.length + 1, 8);
  return Buffer.concat([start, Buffer.from(`${text}\n`, 'latin1')]);
}

function writeNumber(body: Buffer, type: WrittenType, at: number, value: number, big: boolean): void {
  const bits = Number(type.slice(1)) * 8;
  if (type === 'f4') body[big ? 'writeFloatBE' : 'writeFloatLE'](value, at);
  else if (type === 'f8') body[big ? 'writeDoubleBE' : 'writeDoubleLE'](value, at);
  else {
    // Two's complement by hand, a byte at a time.
    const pattern = BigInt.asUintN(bits, BigInt(value));
    const bytes = bits / 8;
    for (let byte = 0; byte < bytes; byte++) {
      body[at + (big ? bytes - 1 - byte : byte)] = Number((pattern >> BigInt(8 * byte)) & 0xffn);
    }
  }
}

export interface WrittenEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflated?: boolean;
  /** Lies, for the tests of what is refused. */
  readonly declaredSize?: number;
  readonly declaredCrc?: number;
  readonly method?: number;
  readonly flags?: number;
}

/** A zip archive; with `zip64` all sizes and offsets stand in zip64 fields. */
export function zipBytes(entries: readonly WrittenEntry[], zip64 = false): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const stored = entry.deflated === true ? deflateRawSync(entry.data) : Buffer.from(entry.data);
    const size = entry.declaredSize ?? entry.data.length;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(zip64 ? 45 : 20, 0);
    common.writeUInt16LE(entry.flags ?? 0, 2);
    common.writeUInt16LE(entry.method ?? (entry.deflated === true ? 8 : 0), 4);
    common.writeUInt32LE(entry.declaredCrc ?? checksum(entry.data), 10);
    common.writeUInt32LE(zip64 ? 0xffffffff : stored.length, 14);
    common.writeUInt32LE(zip64 ? 0xffffffff : size, 18);
    common.writeUInt16LE(name.length, 22);
    // The local header has an extra field of its own, as NumPy writes it.
    const localExtra = Buffer.alloc(8, 1);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, localExtra]);
    local.writeUInt16LE(localExtra.length, 28);
    const extra = zip64
      ? Buffer.concat([Buffer.from([1, 0, 24, 0]), wide(size), wide(stored.length), wide(offset)])
      : Buffer.alloc(0);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(zip64 ? 0xffffffff : offset, 10);
    common.writeUInt16LE(extra.length, 24);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, tail, name, extra]));
    parts.push(local, stored);
    offset += local.length + stored.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(zip64 ? 0xffff : entries.length, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : central.length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  if (!zip64) return Buffer.concat([...parts, central, end]);
  const record = Buffer.concat([
    Buffer.from('PK\x06\x06'),
    wide(44),
    Buffer.alloc(12),
    wide(entries.length),
    wide(entries.length),
    wide(central.length),
    wide(offset),
  ]);
  const locator = Buffer.concat([
    Buffer.from('PK\x06\x07'),
    Buffer.alloc(4),
    wide(offset + central.length),
    Buffer.alloc(4),
  ]);
  return Buffer.concat([...parts, central, record, locator, end]);
}

/** A npz file of the arrays. */
export function npzBytes(arrays: Readonly<Record<string, WrittenArray>>, deflated = false): Buffer {
  return zipBytes(
    Object.entries(arrays).map(([key, array]) => ({ name: `${key}.npy`, data: npyBytes(array), deflated })),
  );
}

function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** CRC-32 bit by bit. */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const folders: string[] = [];

/** A new folder with the files, removed after the test. */
export async function folderWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});
