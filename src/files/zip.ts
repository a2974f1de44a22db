import { pipeline } from 'node:stream';
import { constants, createInflateRaw } from 'node:zlib';
import { FailureError } from '../report/failure';
import { quote } from './quote';
import { crc32 } from './crc32';
import type { RandomAccessFile } from './randomAccess';

/** An entry of a zip's central directory (PKWARE APPNOTE 6.3, section 4.3.12), with the zip64 fields resolved. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflate; others are refused when read. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedSize: number;
  /** Inflated size in bytes, as the directory declares it; checked when read. */
  readonly size: number;
  readonly crc32: number;
  /** Position of the local header in the file. */
  readonly headerOffset: number;
}

const endLength = 22;
const longestComment = 0xffff;
const directoryHeaderLength = 46;
const localHeaderLength = 30;
/** A directory of this size names about 600,000 entries; no model or data file comes near. */
const largestDirectory = 64 * 1024 ** 2;
/** Deflate cannot do better than 258 bytes out of 2 bits: 1032 to 1. */
const greatestDeflateRatio = 1032;
/** Bytes that the inflater hands out at once. */
const inflateStep = 256 * 1024;
const readStep = 1024 ** 2;

/** The entries of a zip file in the directory's order. FailureError (DamagedModel) where the directory is missing, runs out of the file, or names an entry twice. */
export async function readZipDirectory(file: RandomAccessFile): Promise<ZipEntry[]> {
  const { offset, size, count } = await findDirectory(file);
  if (size > largestDirectory || count * directoryHeaderLength > size) {
    throw damagedFailure(file, 'its zip directory has an impossible size');
  }
  const bytes = await file.read(offset, size);
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + directoryHeaderLength > size || view.getUint32(at, true) !== 0x02014b50) {
      throw damagedFailure(file, `entry ${String(index + 1)} of its zip directory is broken`);
    }
    const nameEnd = at + directoryHeaderLength + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > size)
      throw damagedFailure(
        file,
        `entry ${String(index + 1)} of its zip directory runs past the directory's end`,
      );
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      bytes.subarray(at + directoryHeaderLength, nameEnd),
    );
    if (names.has(name)) throw damagedFailure(file, `its zip directory names ${quote(name)} twice`);
    names.add(name);
    entries.push(entryAt(file, view, at, name, bytes.subarray(nameEnd, extraEnd)));
    at = next;
  }
  return entries;
}

/**
 * The whole of an entry, inflated and checked against its declared size and checksum.
 * FailureError: TooLarge where it declares more than `limitBytes`; DamagedModel where what it declares is impossible,
 * or it inflates to something else; UnsupportedFormat where it is encrypted or compressed in another way.
 */
export async function readZipEntry(
  file: RandomAccessFile,
  entry: ZipEntry,
  limitBytes: number,
): Promise<Uint8Array> {
  if (entry.size > limitBytes) {
    throw new FailureError(
      'TooLarge',
      `${quote(entry.name)} in ${quote(file.name)} holds ${entry.size.toLocaleString('en')} bytes, more than the ${limitBytes.toLocaleString('en')} that are read; use a smaller file.`,
    );
  }
  const bytes = await readStart(file, entry, entry.size);
  if (crc32(bytes) !== entry.crc32)
    throw damagedFailure(file, `the checksum of ${quote(entry.name)} in it is wrong`);
  return bytes;
}

/** The first `length` bytes of an entry (all of it where it is shorter), without reading the rest: for a header. Unchecked by the checksum, which covers the whole. */
export async function readZipEntryStart(
  file: RandomAccessFile,
  entry: ZipEntry,
  length: number,
): Promise<Uint8Array> {
  return readStart(file, entry, Math.min(length, entry.size));
}

async function readStart(file: RandomAccessFile, entry: ZipEntry, length: number): Promise<Uint8Array> {
  if (entry.encrypted) {
    throw new FailureError(
      'UnsupportedFormat',
      `${quote(entry.name)} in ${quote(file.name)} is encrypted; save it without a password.`,
    );
  }
  const start = await dataOffset(file, entry);
  if (entry.method === 0) {
    if (entry.compressedSize !== entry.size)
      throw damagedFailure(file, `the two sizes of ${quote(entry.name)} in it differ`);
    return file.read(start, length);
  }
  if (entry.method !== 8) {
    throw new FailureError(
      'UnsupportedFormat',
      `${quote(entry.name)} in ${quote(file.name)} is compressed by zip method ${String(entry.method)}, which is not read here; save it stored or deflated.`,
    );
  }
  // Before anything is allocated: sizes that no deflate stream can have.
  const impossible =
    entry.size > entry.compressedSize * greatestDeflateRatio ||
    entry.compressedSize > entry.size * 1.01 + 64 * 1024;
  if (impossible)
    throw damagedFailure(file, `the sizes that ${quote(entry.name)} in it declares do not fit each other`);
  return inflateStart(file, entry, start, length);
}

async function inflateStart(
  file: RandomAccessFile,
  entry: ZipEntry,
  start: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let produced = 0;
  async function* compressed(): AsyncGenerator<Uint8Array> {
    for (let read = 0; read < entry.compressedSize; read += readStep)
      yield file.read(start + read, Math.min(readStep, entry.compressedSize - read));
  }
  // A stream that is cut is told by what it inflates to.
  const inflater = createInflateRaw({ chunkSize: inflateStep, finishFlush: constants.Z_SYNC_FLUSH });
  pipeline(compressed, inflater, () => undefined);
  try {
    for await (const chunk of inflater as AsyncIterable<Uint8Array>) {
      bytes.set(chunk.subarray(0, Math.max(0, length - produced)), Math.min(produced, length));
      produced += chunk.length;
      if (produced > entry.size || (length < entry.size && produced >= length)) break;
    }
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw damagedFailure(file, `${quote(entry.name)} in it cannot be inflated`, cause);
  }
  if (produced > entry.size)
    throw damagedFailure(file, `${quote(entry.name)} in it inflates to more than it declares`);
  if (produced < length)
    throw damagedFailure(file, `${quote(entry.name)} in it inflates to less than it declares`);
  return bytes;
}

/** Where the entry's data begins: behind its local header, whose name and extra field may be longer than the directory's. */
async function dataOffset(file: RandomAccessFile, entry: ZipEntry): Promise<number> {
  const header = viewOf(await file.read(entry.headerOffset, localHeaderLength));
  if (header.getUint32(0, true) !== 0x04034b50)
    throw damagedFailure(file, `the local header of ${quote(entry.name)} in it is broken`);
  const start =
    entry.headerOffset + localHeaderLength + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.compressedSize > file.size) {
    throw damagedFailure(file, `${quote(entry.name)} in it runs past the end of the file`);
  }
  return start;
}

interface DirectoryPlace {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

async function findDirectory(file: RandomAccessFile): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, file.size - endLength - longestComment);
  const tail = viewOf(await file.read(tailStart, file.size - tailStart));
  for (let at = tail.byteLength - endLength; at >= 0; at--) {
    const found =
      tail.getUint32(at, true) === 0x06054b50 &&
      at + endLength + tail.getUint16(at + 20, true) === tail.byteLength;
    if (!found) continue;
    const place = {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const needs64 = place.count === 0xffff || place.size === 0xffffffff || place.offset === 0xffffffff;
    const resolved = (needs64 ? await findZip64Directory(file, tailStart + at) : null) ?? place;
    if (resolved.offset + resolved.size > tailStart + at)
      throw damagedFailure(file, 'its zip directory lies outside the file');
    return resolved;
  }
  throw damagedFailure(file, 'it has no zip directory at its end');
}

/** null where there is no zip64 locator: 65,535 entries can be just that. */
async function findZip64Directory(file: RandomAccessFile, end: number): Promise<DirectoryPlace | null> {
  if (end < 20) return null;
  const locator = viewOf(await file.read(end - 20, 20));
  if (locator.getUint32(0, true) !== 0x07064b50) return null;
  const record = viewOf(await file.read(size64(file, locator, 8), 56));
  if (record.getUint32(0, true) !== 0x06064b50) throw damagedFailure(file, 'its zip64 directory is broken');
  return {
    count: size64(file, record, 32),
    size: size64(file, record, 40),
    offset: size64(file, record, 48),
  };
}

function entryAt(
  file: RandomAccessFile,
  view: DataView,
  at: number,
  name: string,
  extra: Uint8Array,
): ZipEntry {
  const zip64 = zip64Values(file, extra);
  const resolve = (value: number): number => {
    if (value !== 0xffffffff) return value;
    const wide = zip64.shift();
    if (wide === undefined) throw damagedFailure(file, `the zip64 sizes of ${quote(name)} in it are missing`);
    return wide;
  };
  // The zip64 field holds only the values that overflowed, in this order.
  const size = resolve(view.getUint32(at + 24, true));
  const compressedSize = resolve(view.getUint32(at + 20, true));
  const headerOffset = resolve(view.getUint32(at + 42, true));
  return {
    name,
    method: view.getUint16(at + 10, true),
    encrypted: (view.getUint16(at + 8, true) & 1) === 1,
    compressedSize,
    size,
    crc32: view.getUint32(at + 16, true),
    headerOffset,
  };
}

function zip64Values(file: RandomAccessFile, extra: Uint8Array): number[] {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      const values: number[] = [];
      const end = Math.min(at + 4 + length, extra.length);
      for (let value = at + 4; value + 8 <= end && values.length < 3; value += 8) {
        values.push(size64(file, view, value));
      }
      return values;
    }
    at += 4 + length;
  }
  return [];
}

function size64(file: RandomAccessFile, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw damagedFailure(file, 'its zip directory declares an impossible size');
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damagedFailure(file: RandomAccessFile, what: string, detail: string | null = null): FailureError {
  return new FailureError(
    'DamagedModel',
    `${quote(file.name)} is damaged: ${what}; copy or save the file again.`,
    detail,
  );
}
