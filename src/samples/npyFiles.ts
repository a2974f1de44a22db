import { opendir } from 'node:fs/promises';
import { dirname, isAbsolute, join, parse } from 'node:path';
import { npyHeaderLimit, parseNpy, parseNpyHeader, parseNpyWords, requireNpyLength } from '../files/npy';
import { openRandomAccessFile, type RandomAccessFile } from '../files/randomAccess';
import { quote } from '../files/quote';
import { FailureError } from '../report/failure';
import { roleOf } from './arrayNames';
import { arrayOf, largestArray, largestWords, wordsOf, type KeyedArrays, type Words } from './npzFile';
import type { SampleArray } from './sampleArray';

/** Files of a folder that are looked at for labels. */
const mostFiles = 10_000;

/**
 * A npy file of inputs together with the npy files beside it, whose names without ".npy" are the keys: x.npy finds its labels
 * in y.npy, digits_test.npy in digits_test_labels.npy. Labels may lie anywhere where their whole path is given. FailureError (UsageError) where the file itself is named as labels.
 */
export async function openNpyFiles(path: string): Promise<KeyedArrays> {
  const { dir, base, name: inputsKey } = parse(path);
  if (roleOf(inputsKey).role === 'labels') {
    throw new FailureError(
      'UsageError',
      `${quote(base)} is named as labels are; choose the file of the inputs, and the labels beside it are found.`,
    );
  }
  const keys = new Set([inputsKey]);
  let seen = 0;
  for await (const entry of await opendir(dirname(path))) {
    if (++seen > mostFiles) break;
    if (entry.name.endsWith('.npy')) keys.add(parse(entry.name).name);
  }
  const pathOf = (key: string): string =>
    key === inputsKey ? path : isAbsolute(key) ? key : join(dir, `${key}.npy`);
  return {
    title: `the folder of ${quote(base)}`,
    keys: [...keys].sort(),
    inputsKey,
    open: (key) => openNpyFile(pathOf(key)),
    words: (key) => readWords(pathOf(key)),
    isElsewhere: (key) => isAbsolute(key) && key.endsWith('.npy'),
  };
}

async function openNpyFile(path: string): Promise<SampleArray> {
  const title = quote(parse(path).base);
  const header = await reading(path, async (file) => {
    const found = parseNpyHeader(title, await file.read(0, Math.min(file.size, npyHeaderLimit)));
    requireNpyLength(title, found, file.size);
    return found;
  });
  return arrayOf(title, header, async () => parseNpy(title, await readWhole(path, largestArray)));
}

async function readWords(path: string): Promise<Words | null> {
  const title = quote(parse(path).base);
  return wordsOf(title, parseNpyWords(title, await readWhole(path, largestWords)));
}

function readWhole(path: string, most: number): Promise<Uint8Array> {
  return reading(path, async (file) => {
    if (file.size > most) {
      throw new FailureError(
        'TooLarge',
        `${quote(parse(path).base)} holds ${file.size.toLocaleString('en')} bytes, more than are read; save fewer samples.`,
      );
    }
    return file.read(0, file.size);
  });
}

async function reading<T>(path: string, use: (file: RandomAccessFile) => Promise<T>): Promise<T> {
  const file = await openRandomAccessFile(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
