import { deflateSync } from 'node:zlib';
import { crc32 } from '../../../../src/files/crc32';

/** A PNG file as the specification has it, written without the library that reads it; every row unfiltered. */
export function writePng({
  width,
  height,
  type,
  depth,
  rows,
  palette,
}: {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 colours, 3 palette, 4 grey and alpha, 6 colours and alpha. */
  readonly type: number;
  readonly depth: number;
  /** Bytes of every row. */
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly (readonly number[])[];
}): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, type, 0, 0, 0], 8);
  const raw = Buffer.concat(rows.map((row) => Buffer.from([0, ...row])));
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      ...(palette === undefined ? [] : [chunk('PLTE', Buffer.from(palette.flat()))]),
      chunk('IDAT', deflateSync(raw)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

function chunk(kind: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(new Uint8Array(body)) >>> 0);
  return Buffer.concat([length, body, check]);
}
