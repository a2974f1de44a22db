import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inChannels } from '../../files/pictures/picture';
import { quote } from '../../files/quote';
import { openRandomAccessFile } from '../../files/randomAccess';
import { FailureError } from '../../report/failure';
import type { SampleArray, Selection } from '../sampleArray';
import type { InputSpec } from '../samples';
import { classLabels } from './classLabels';
import { pictureArray } from './pictureArray';

const largest = 2 ** 31 - 1;

/** An IDX file as MNIST is in: unsigned bytes of one to three axes, behind a magic number and the sizes. */
interface Idx {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/** Whether a file, inflated, begins as IDX of unsigned bytes with so many axes. */
export function isIdx(start: Uint8Array): boolean {
  const axes = start[3] ?? 0;
  return start[0] === 0 && start[1] === 0 && start[2] === 8 && axes >= 1 && axes <= 3;
}

/**
 * The pictures of an IDX file, and the labels of the file beside it that is called as it but for the kind
 * (`train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, gzipped or not).
 * @throws FailureError UsageError for a file of labels; SamplesUnreadable where one is damaged
 */
export async function selectIdx(path: string, spec: InputSpec): Promise<Selection> {
  const images = await readIdx(path);
  const title = quote(basename(path));
  const [count = 0, height = 1, width = 1] = images.dims;
  if (images.dims.length !== 3) {
    throw new FailureError(
      'UsageError',
      `${title} holds numbers of ${String(images.dims.length)} axes, as labels are; choose the file of the pictures (such as train-images-idx3-ubyte), and the labels beside it are found.`,
    );
  }
  const pixels = height * width;
  const { array, notes } = pictureArray(
    {
      title,
      count,
      size: { height, width, channels: 1 },
      resizable: false,
      place: (row) => `in picture ${String(row)} (counted from 0)`,
      read: (rows, size) => {
        const chosen = rows ?? Int32Array.from({ length: count }, (_, row) => row);
        const grey = new Uint8Array(chosen.length * pixels);
        chosen.forEach((row, at) => {
          grey.set(images.data.subarray(row * pixels, (row + 1) * pixels), at * pixels);
        });
        return Promise.resolve(
          inChannels({ width: 1, height: grey.length, channels: 1, data: grey }, size.channels).data,
        );
      },
    },
    spec,
  );
  const labels = await labelsBeside(path);
  return { inputs: [array], labels, ...(notes.length > 0 && { notes }) };
}

async function labelsBeside(path: string): Promise<SampleArray | null> {
  const own = basename(path);
  const name = own.replace(/images?/i, 'labels').replace(/idx3/i, 'idx1');
  if (name === own) return null;
  for (const candidate of [name, name.endsWith('.gz') ? name.slice(0, -'.gz'.length) : `${name}.gz`]) {
    const beside = join(dirname(path), candidate);
    const isThere = await access(beside).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    const { dims, data } = await readIdx(beside);
    return classLabels(quote(candidate), data.subarray(0, dims[0] ?? 0));
  }
  return null;
}

async function readIdx(path: string): Promise<Idx> {
  const file = await openRandomAccessFile(path);
  try {
    const damaged = (what: string): FailureError =>
      new FailureError(
        'SamplesUnreadable',
        `${quote(file.name)} is damaged: ${what}; copy or download it again.`,
      );
    const stored = await file.read(0, file.size);
    const bytes = stored[0] === 0x1f ? inflated(stored, damaged) : stored;
    if (!isIdx(bytes)) throw damaged('it does not begin as an IDX file of bytes');
    const axes = bytes[3] ?? 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const from = 4 + 4 * axes;
    if (bytes.length < from) throw damaged('it ends within its sizes');
    const dims = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
    const count = dims.reduce((product, size) => product * size, 1);
    if (bytes.length !== from + count)
      throw damaged(
        `it should hold ${dims.join(' × ')} numbers and holds ${(bytes.length - from).toLocaleString('en')}`,
      );
    return { dims, data: bytes.subarray(from) };
  } finally {
    await file.close();
  }
}

function inflated(bytes: Uint8Array, damaged: (what: string) => FailureError): Uint8Array {
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: largest }));
  } catch {
    throw damaged('it does not inflate');
  }
}
