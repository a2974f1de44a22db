import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { quote } from '../../files/quote';
import type { RandomAccessFile } from '../../files/randomAccess';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';

/** What a file of some bytes may take of time and memory, several times what files take that are whole. */
const leastMilliseconds = 10_000;
const millisecondsOfMebibyte = 1000;
const leastMebibytes = 512;
const mebibytesOfMebibyte = 8;

/** Numbers of a list, or of lists within lists. */
export interface ListCell {
  readonly dims: readonly number[];
  /** Row-major. */
  readonly values: Float64Array;
}

export type Cell = number | string | null | ListCell | Uint8Array;

/** What the thread is given. */
export interface ThreadData {
  readonly path: string;
  /** So many rows are read from the beginning; null: all. */
  readonly mostRows: number | null;
}

/** What the thread says: the head, the cells of each group of rows by column, the end; or a failure. */
export interface ThreadMessage {
  readonly head?: { readonly columns: readonly string[]; readonly written: string | null };
  readonly cells?: readonly (readonly Cell[])[];
  readonly end?: { readonly count: number };
  readonly failure?: string;
}

export interface ParquetTable {
  /** As sentences name it. */
  readonly title: string;
  /** Rows that were read. */
  readonly count: number;
  /** Whether these are all. */
  readonly complete: boolean;
  readonly columns: ReadonlyMap<string, readonly Cell[]>;
  /** The names of classes, by the column of their numbers, where Hugging Face's library wrote them. */
  readonly classNames: (column: string) => readonly string[] | null;
}

/**
 * Reads a Parquet file, of which damage cannot make more than a sentence: a thread reads it, within bounds of time and memory.
 * @throws FailureError SamplesUnreadable
 */
export async function readParquet(
  { name, size }: RandomAccessFile,
  data: ThreadData,
  milliseconds = leastMilliseconds + (millisecondsOfMebibyte * size) / 2 ** 20,
): Promise<ParquetTable> {
  const title = quote(name);
  let columns: readonly string[] = [];
  let written: string | null = null;
  const cells = new Map<string, Cell[]>();
  // Beside the bundle, and beside this file in tests.
  const thread = new Worker(join(__dirname, 'parquetThread.mjs'), {
    workerData: data,
    resourceLimits: {
      maxOldGenerationSizeMb: leastMebibytes + Math.ceil((mebibytesOfMebibyte * size) / 2 ** 20),
    },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const total = await new Promise<number>((resolve, reject) => {
      const refuse = (why: string, cause?: string): void => {
        reject(new FailureError('SamplesUnreadable', `${title} ${why}`, cause));
      };
      timer = setTimeout(() => {
        refuse(
          `was not read as Parquet within ${String(Math.ceil(milliseconds / 1000))} s, so it is damaged or holds too much; copy or save it again, or with fewer rows.`,
        );
      }, milliseconds);
      thread.on('message', ({ head, cells: group = [], end, failure }: ThreadMessage) => {
        if (head !== undefined) ({ columns, written } = head);
        group.forEach((column, at) => {
          const key = columns[at] ?? '';
          cells.set(key, (cells.get(key) ?? []).concat(column));
        });
        if (end !== undefined) resolve(end.count);
        if (failure !== undefined) refuse(...told(failure));
      });
      thread.on('error', (error) => {
        if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY')
          refuse(
            'takes more memory than Parquet files of its size; copy or save it again, or with fewer rows.',
          );
        else refuse(...told(error.message));
      });
      thread.on('exit', () => {
        refuse(...told('its thread ended'));
      });
    });
    const count = cells.get(columns[0] ?? '')?.length ?? 0;
    if (data.mostRows === null && count !== total)
      throw new FailureError(
        'SamplesUnreadable',
        `${title} says that it has ${total.toLocaleString('en')} rows, but holds ${count.toLocaleString('en')}; copy or save it again.`,
      );
    return {
      title,
      count,
      complete: count === total,
      columns: cells,
      classNames: (column) => classNames(written, column),
    };
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

function told(cause: string): [why: string, cause: string] {
  const codec = /unsupported compression codec: (\w+)/i.exec(cause)?.[1];
  return [
    codec === undefined
      ? `cannot be read as Parquet (${printable(cause)}); copy or save it again.`
      : `is compressed by ${printable(codec)}, which is not read here; save it with snappy, gzip or brotli.`,
    cause,
  ];
}

function classNames(written: string | null, column: string): readonly string[] | null {
  try {
    const parsed = JSON.parse(written ?? '{}') as {
      readonly info?: { readonly features?: Readonly<Record<string, { readonly names?: unknown }>> };
    };
    const names = parsed.info?.features?.[column]?.names;
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : null;
  } catch {
    return null;
  }
}
