import { opendir } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { npyHeaderLimit, parseNpy, parseNpyHeader, requireNpyLength } from '../files/npy';
import { openRandomAccessFile, type RandomAccessFile } from '../files/randomAccess';
import { quote } from '../files/quote';
import { FailureError } from '../report/failure';
import { roleOf } from './arrayNames';
import { arrayOf, largestArray, type KeyedArrays } from './npzFile';
import type { SampleArray } from './sampleArray';

/** Files of a folder that are looked at for labels. */
const mostFiles = 10_000;

/**
 * A npy file of inputs together with the npy files beside it, whose names without ".npy" are the keys: x.npy finds its labels
 * in y.npy, digits_test.npy in digits_test_labels.npy. FailureError (UsageError) where the file itself is named as labels.
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
  return {
    title: `the folder of ${quote(base)}`,
    keys: [...keys].sort(),
    inputsKey,
    open: (key) => openNpyFile(key === inputsKey ? path : join(dir, `${key}.npy`)),
  };
}

async function openNpyFile(path: string): Promise<SampleArray> {
  const title = quote(parse(path).base);
  const header = await reading(path, async (file) => {
    const found = parseNpyHeader(title, await file.read(0, Math.min(file.size, npyHeaderLimit)));
    requireNpyLength(title, found, file.size);
    return found;
  });
  return arrayOf(title, header, () =>
    reading(path, async (file) => {
      if (file.size > largestArray) {
        throw new FailureError(
          'TooLarge',
          `${title} holds ${file.size.toLocaleString('en')} bytes, more than are read; save fewer samples.`,
        );
      }
      return parseNpy(title, await file.read(0, file.size));
    }),
  );
}

async function reading<T>(path: string, use: (file: RandomAccessFile) => Promise<T>): Promise<T> {
  const file = await openRandomAccessFile(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
