import { createHash } from 'node:crypto';
import type { RandomAccessFile } from '../../files/randomAccess';

/** Bytes that are read at once. */
const chunk = 2 ** 22;

/** The hash of a whole file, of which some megabytes are in memory at a time. */
export async function sha256Of(file: RandomAccessFile): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < file.size; at += chunk)
    hash.update(await file.read(at, Math.min(chunk, file.size - at)));
  return hash.digest('hex');
}
