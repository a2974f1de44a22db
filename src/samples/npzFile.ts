import {
  npyHeaderLimit,
  npyRows,
  parseNpy,
  parseNpyHeader,
  parseNpyWords,
  requireNpyLength,
  type NpyHeader,
} from '../files/npy';
import type { RandomAccessFile } from '../files/randomAccess';
import { readZipDirectory, readZipEntry, readZipEntryStart, type ZipEntry } from '../files/zip';
import { quote } from '../files/quote';
import type { SampleArray } from './sampleArray';
import { setting } from '../report/wording/settings';

/** Arrays by key, opened one at a time. */
export interface KeyedArrays {
  /** As sentences name it, quoted. */
  readonly title: string;
  readonly keys: readonly string[];
  /** The key whose array is the inputs unless the user chooses another; null: to be found by name. */
  readonly inputsKey: string | null;
  /** Reads the header only. FailureError where the array cannot be read. */
  readonly open: (key: string) => Promise<SampleArray>;
  /** The text of an array, one word for every row; null where it holds none. */
  readonly words: (key: string) => Promise<Words | null>;
  /** Whether labels of this name lie elsewhere. */
  readonly isElsewhere?: (key: string) => boolean;
}

/** An array of text. */
export interface Words {
  readonly title: string;
  readonly words: readonly string[];
}

/** Bytes that the text of labels may take. */
export const largestWords = 256 * 1024 ** 2;

/** Bytes that one array may hold when inflated. */
export const largestArray = 2 * 1024 ** 3;

/** The arrays of a npz file: a zip of npy files, the key being the entry's name without ".npy". */
export async function openNpz(file: RandomAccessFile): Promise<KeyedArrays> {
  const entries = new Map<string, ZipEntry>();
  for (const entry of await readZipDirectory(file)) {
    if (entry.name.endsWith('.npy')) entries.set(entry.name.slice(0, -'.npy'.length), entry);
  }
  const entryOf = (key: string): { readonly entry: ZipEntry; readonly title: string } => {
    const entry = entries.get(key);
    if (entry === undefined) throw new RangeError(`no key ${key}`);
    return { entry, title: `${quote(key)} in ${quote(file.name)}` };
  };
  return {
    title: quote(file.name),
    keys: [...entries.keys()],
    inputsKey: null,
    async words(key) {
      const { entry, title } = entryOf(key);
      return wordsOf(title, parseNpyWords(title, await readZipEntry(file, entry, largestWords)));
    },
    async open(key) {
      const { entry, title } = entryOf(key);
      const header = parseNpyHeader(title, await readZipEntryStart(file, entry, npyHeaderLimit));
      requireNpyLength(title, header, entry.size);
      return arrayOf(title, header, async () =>
        parseNpy(title, await readZipEntry(file, entry, largestArray)),
      );
    },
  };
}

/** Words under the title of their array. */
export function wordsOf(title: string, words: readonly string[] | null): Words | null {
  return words === null ? null : { title, words };
}

/** A SampleArray from a npy header and what reads the rest. */
export function arrayOf(
  title: string,
  header: NpyHeader,
  load: () => Promise<ReturnType<typeof parseNpy>>,
): SampleArray {
  const sample = header.shape.slice(1);
  return {
    title,
    shape: header.shape,
    whole: !header.type.startsWith('float'),
    holds: `${title} holds an array of shape [${header.shape.join(', ')}], ${describeSample(header.shape)}`,
    advice: () => `choose another array with ${setting('inputs', 'NAME')}, or another file`,
    read: async (rows) => npyRows(title, await load(), rows),
    place: (row, column) => `at [${[row, ...unravel(column, sample)].join(', ')}] (counted from 0)`,
  };
}

function describeSample(shape: readonly number[]): string {
  const [count] = shape;
  if (count === undefined) return 'a single number and no samples';
  return `which is ${count.toLocaleString('en')} ${count === 1 ? 'sample' : 'samples'} of ${shape.length === 1 ? '1' : shape.slice(1).join(' × ')}`;
}

/** The indices of an element of a sample, from its position in row-major order. */
function unravel(position: number, sample: readonly number[]): number[] {
  const indices: number[] = [];
  let left = position;
  for (const size of sample.toReversed()) {
    indices.unshift(left % size);
    left = Math.floor(left / size);
  }
  return indices;
}
