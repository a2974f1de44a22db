import { randomBytes } from 'node:crypto';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';

/**
 * Writes a file whole or not at all: an existing one keeps its content until the new one is on the disk.
 * @throws FailureError UsageError where something stands there that is no file (renaming would replace a device); what
 * writing throws
 */
export async function atomicWrite(path: string, content: string | Uint8Array): Promise<void> {
  const target = await followLinks(path);
  const facts = await stat(target).catch(() => null);
  if (facts !== null && !facts.isFile()) {
    throw new FailureError('UsageError', `${printable(path)} exists and is no file; name another.`);
  }
  // Not after the target, whose name may be as long as names can be.
  const temporary = join(dirname(target), `.model-sharpness.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** A link is kept and what it points to is replaced, as with any other way of saving. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}
