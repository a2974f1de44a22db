import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inChannels } from '../../files/pictures/picture';
import { quote } from '../../files/quote';
import { openRandomAccessFile, type RandomAccessFile } from '../../files/randomAccess';
import { FailureError } from '../../report/failure';
import type { Selection } from '../sampleArray';
import type { InputSpec } from '../samples';
import { classLabels } from './classLabels';
import { pictureArray } from './pictureArray';
import type { PictureSize } from './pictureLayout';

const side = 32;
const plane = side * side;
const pixels = 3 * plane;
/** Records begin with the class (CIFAR-10), or with the coarse and the fine one (CIFAR-100). */
const classesOf = { 10: 1, 100: 2 } as const;

/** The version of CIFAR that a file of records is, by its size and the classes in its first record; null: none. */
export async function cifarVersion(file: RandomAccessFile): Promise<keyof typeof classesOf | null> {
  if (!file.name.endsWith('.bin') || file.size === 0) return null;
  for (const version of [10, 100] as const) {
    const record = classesOf[version] + pixels;
    if (file.size % record !== 0) continue;
    const starts = await Promise.all([0, file.size - record].map((at) => file.read(at, classesOf[version])));
    const isClass = starts.every(
      (start) => (start.at(-1) ?? 255) < version && (version === 10 || (start[0] ?? 255) < 20),
    );
    if (isClass) return version;
  }
  return null;
}

/** Whether a file is named as a batch of CIFAR's training pictures. */
export function isCifarBatch(name: string): boolean {
  return /^data_batch_\d+\.bin$/.test(name);
}

/** The files of a folder that hold CIFAR's training pictures, or none. */
export async function cifarBatches(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  const batches = names.filter(isCifarBatch).sort();
  return batches.map((name) => join(folder, name));
}

/**
 * CIFAR's binary records: classes and 32 × 32 pixels, one channel after the other.
 * @throws FailureError SampleShapeMismatch, SamplesUnreadable
 */
export async function selectCifar(paths: readonly string[], spec: InputSpec): Promise<Selection> {
  const [first = ''] = paths;
  const title =
    paths.length === 1 ? quote(basename(first)) : `${quote(basename(first))} and the batches beside it`;
  const parts: Uint8Array[] = [];
  const labels: number[] = [];
  for (const path of paths) {
    const file = await openRandomAccessFile(path);
    try {
      const version = await cifarVersion(file);
      if (version === null)
        throw new FailureError(
          'SamplesUnreadable',
          `${quote(file.name)} does not hold CIFAR's records; copy or download it again.`,
        );
      const record = classesOf[version] + pixels;
      const bytes = await file.read(0, file.size);
      for (let at = 0; at < bytes.length; at += record) {
        labels.push(bytes[at + classesOf[version] - 1] ?? 0);
        parts.push(bytes.subarray(at + classesOf[version], at + record));
      }
    } finally {
      await file.close();
    }
  }
  const set = {
    title,
    count: parts.length,
    size: { height: side, width: side, channels: 3 },
    resizable: false,
    place: (row: number) => `in record ${String(row)} (counted from 0)`,
    read: (rows: Int32Array | null, { channels }: PictureSize) => {
      const chosen = rows === null ? parts : Array.from(rows, (row) => parts[row]!);
      const bytes = new Uint8Array(chosen.length * pixels);
      chosen.forEach((record, at) => {
        for (let i = 0; i < pixels; i += 1)
          bytes[at * pixels + (i % plane) * 3 + Math.floor(i / plane)] = record[i] ?? 0;
      });
      const height = bytes.length / 3;
      return Promise.resolve(inChannels({ width: 1, height, channels: 3, data: bytes }, channels).data);
    },
  } as const;
  const { array, notes } = pictureArray(set, spec);
  return {
    inputs: [array],
    labels: classLabels(title, labels),
    ...(notes.length > 0 && { notes }),
  };
}
