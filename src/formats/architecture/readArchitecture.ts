import { basename } from 'node:path';
import { openRandomAccessFile } from '../../files/randomAccess';
import { quote } from '../../files/quote';
import { parseArchitecture, type Architecture } from '../../report/architecture';
import { FailureError, failureOf } from '../../report/failure';

/** An architecture has a line for each layer; what is far beyond is none. */
const largest = 1024 ** 2;

/** Reads a file that says the layers of a file of weights. @throws FailureError UsageError, naming what is wrong */
export async function readArchitecture(path: string): Promise<Architecture> {
  const unusable = (what: string): FailureError =>
    new FailureError(
      'UsageError',
      `The architecture ${quote(basename(path))} cannot be used: ${what}; correct it and try again.`,
    );
  let json: unknown;
  try {
    const file = await openRandomAccessFile(path);
    try {
      if (file.size > largest) throw unusable('it is far larger than a list of layers');
      json = JSON.parse(Buffer.from(await file.read(0, file.size)).toString('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw unusable('it is no JSON');
    const { kind, message } = failureOf(error);
    throw kind === 'InternalError' ? error : new FailureError('UsageError', message);
  }
  const parsed = parseArchitecture(json);
  if (!parsed.ok) throw unusable(parsed.fault);
  return parsed.value;
}
