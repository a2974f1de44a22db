import { fstatSync, writeSync } from 'node:fs';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Progress } from '../report/request';
import { inTerminalWords } from '../report/wording/settings';
import { writeFailureText } from '../files/writeFailure';

/** One line on standard error that is written over itself; nothing where standard error is no terminal. */
class ProgressLine {
  private shown = false;

  show({ stage, fraction, step, steps }: Progress): void {
    if (!process.stderr.isTTY) return;
    const share = fraction === null ? '' : ` ${Math.floor(100 * fraction)} %`;
    const place = step === null || steps === null ? '' : `${step}/${steps} `;
    const text = `${place}${printable(stage)}${share}`.slice(0, Math.max(0, process.stderr.columns - 1));
    process.stderr.write(`\r\u001b[K${text}`);
    this.shown = true;
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\u001b[K');
    this.shown = false;
  }
}

/** Where a command says what it has to say. */
export interface Output {
  /** A sentence beside the result. */
  readonly note: (sentence: string) => void;
  readonly progress: (progress: Progress) => void;
  /**
   * The result, or a part of it.
   * @param whole whether a reader that closes early is an error, too, and not one (`head`, a pager) that has seen enough
   * @throws FailureError where it is not written
   */
  readonly print: (text: string, whole?: boolean) => Promise<void>;
}

const progressLine = new ProgressLine();

/** Standard output for the result, standard error for the rest. */
export const terminal: Output = {
  note,
  progress: (progress) => {
    progressLine.show(progress);
  },
  print: (text, whole = false) => {
    progressLine.clear();
    return print(text, whole);
  },
};

/** A sentence on standard error. */
function note(sentence: string): void {
  progressLine.clear();
  process.stderr.write(`${inTerminalWords(sentence)}\n`);
}

/** All of it or an error: Node's own stream writes to a file once, and drops what a disk that is nearly full did not take. */
async function print(text: string, whole: boolean): Promise<void> {
  try {
    const kind = fstatSync(1);
    if (kind.isFIFO() || kind.isSocket() || process.stdout.isTTY) await writeStream(text);
    else writeFile(Buffer.from(text));
  } catch (error) {
    const closed = error instanceof Error && 'code' in error && error.code === 'EPIPE';
    if (closed && !whole) return;
    throw new FailureError(
      'InternalError',
      `The output cannot be written: ${writeFailureText(error)}; send standard output to another file or disk.`,
    );
  }
}

function writeFile(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(1, bytes, written);
}

function writeStream(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once('error', reject);
    process.stdout.write(text, (error) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}
