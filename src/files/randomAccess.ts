import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FailureError } from '../report/failure';
import { quote } from './quote';

/** A file of which parts are read by position, so that a container of gigabytes costs no more than what is wanted of it. */
export interface RandomAccessFile {
  /** As shown in sentences: the file's name without its folder. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in memory of their own. FailureError (DamagedModel) beyond the end; nothing is allocated before that check. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Up to so many bytes a file is read whole: an archive's many small reads cost more than its bytes. */
const small = 2 ** 18;

/** Opens a regular file. FailureError: FileNotFound where there is none, FileUnreadable where it is a folder or not to be opened. */
export async function openRandomAccessFile(path: string): Promise<RandomAccessFile> {
  const name = basename(path);
  const readFailure = (error: unknown): never => {
    throw openFailure(name, error);
  };
  // Before it is opened: opening a pipe would wait for somebody to write to it.
  if (!(await stat(path).catch(readFailure)).isFile()) {
    throw new FailureError('FileUnreadable', `${quote(name)} is not a regular file; choose a file.`);
  }
  const handle = await open(path, 'r').catch(readFailure);
  try {
    const { size } = await handle.stat();
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      requireInside(name, size, offset, length);
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        // The file shrank while it was read.
        if (bytesRead === 0) requireInside(name, offset + filled, offset, length);
        filled += bytesRead;
      }
      return bytes;
    };
    if (size > small) return { name, size, read, close: () => handle.close() };
    const whole = await read(0, size);
    await handle.close();
    return memoryFile(name, whole);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file that lies in memory, such as an archive within an archive. */
export function memoryFile(name: string, bytes: Uint8Array): RandomAccessFile {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => {
      requireInside(name, bytes.length, offset, length);
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
    close: () => Promise.resolve(),
  };
}

function requireInside(name: string, size: number, offset: number, length: number): void {
  const inside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= size;
  if (inside) return;
  throw new FailureError(
    'DamagedModel',
    `${quote(name)} ends at byte ${String(size)} although its contents point beyond that; the file is damaged or was only partly copied, so copy or save it again.`,
    `wanted ${String(length)} bytes at ${String(offset)}`,
  );
}

function openFailure(name: string, error: unknown): FailureError {
  const cause = error instanceof Error ? error.message : String(error);
  const missing =
    error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
  return missing
    ? new FailureError('FileNotFound', `There is no file ${quote(name)}; check the path.`, cause)
    : new FailureError(
        'FileUnreadable',
        `${quote(name)} cannot be opened; check that it may be read.`,
        cause,
      );
}
