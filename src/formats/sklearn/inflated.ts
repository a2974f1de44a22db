import { gunzipSync, inflateSync, constants } from 'node:zlib';
import { quote } from '../../files/quote';
import { FailureError } from '../../report/failure';

/** Bytes that a compressed file may hold: a perceptron of some 60 million weights in float64. */
const largestInflated = 512 * 1024 ** 2;
/** Of the beginning: some bytes that inflate to no more than 4 MiB. */
const peeked = 4 * 1024;

/** How the bytes of a file are compressed, where joblib reads such. */
export function compressionOf(start: Uint8Array): 'zlib' | 'gzip' | 'another' | null {
  const [first = 0, second = 0] = start;
  // RFC 1950: deflate with a window of 32 KiB, and a checksum of both bytes.
  if (first === 0x78 && (first * 256 + second) % 31 === 0) return 'zlib';
  if (first === 0x1f && second === 0x8b) return 'gzip';
  const text = Buffer.from(start.subarray(0, 6)).toString('latin1');
  return ['BZh', '\xfd7zXZ\0', '\x5d\0\0', '\x04"M\x18'].some((each) => text.startsWith(each))
    ? 'another'
    : null;
}

/** What the beginning of a file inflates to, or null where it does not. */
export function inflatedStart(start: Uint8Array): Uint8Array | null {
  const compression = compressionOf(start);
  if (compression !== 'zlib' && compression !== 'gzip') return null;
  const inflate = compression === 'zlib' ? inflateSync : gunzipSync;
  try {
    return inflate(start.subarray(0, peeked), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

/**
 * The bytes of a file, inflated where they are compressed.
 * @throws FailureError DamagedModel, TooLarge
 */
export function inflated(name: string, bytes: Uint8Array): Uint8Array {
  const compression = compressionOf(bytes);
  if (compression !== 'zlib' && compression !== 'gzip') return bytes;
  const inflate = compression === 'zlib' ? inflateSync : gunzipSync;
  try {
    return inflate(bytes, { maxOutputLength: largestInflated });
  } catch (error) {
    if (error instanceof RangeError)
      throw new FailureError(
        'TooLarge',
        `${quote(name)} inflates to more than ${largestInflated.toLocaleString('en')} bytes; save it uncompressed with joblib.dump(model, "model.joblib").`,
      );
    const cause = error instanceof Error ? error.message : String(error);
    throw new FailureError(
      'DamagedModel',
      `${quote(name)} is damaged: it cannot be inflated; copy or save it again.`,
      cause,
    );
  }
}
