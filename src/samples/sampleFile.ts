import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { isNpy } from '../files/npy';
import { openRandomAccessFile, type RandomAccessFile } from '../files/randomAccess';
import { quote } from '../files/quote';
import { zipFormat } from '../formats/detection/zipContents';
import { isLegacyTorch, isSafetensors } from '../formats/detection/signatures';
import { failureOf, FailureError, type FailureKind } from '../report/failure';
import { parseCsv } from './csvTable';
import { openNpyFiles } from './npyFiles';
import { openNpz, type KeyedArrays } from './npzFile';
import { readParquet } from './parquet/parquetTable';
import { selectParquet } from './parquet/selectParquet';
import { cifarBatches, cifarVersion, selectCifar } from './pictures/cifarFiles';
import { isIdx, selectIdx } from './pictures/idxFiles';
import { pictureInput } from './pictures/pictureArray';
import { selectPictures } from './pictures/pictureFolder';
import type { KeyChoice, Selection } from './sampleArray';
import type { InputSpec } from './samples';
import { selectArrays } from './selectArrays';
import { selectColumns } from './selectColumns';
import { openSafetensors, openTorchTensors } from './tensorFile';
import { decodeTable, utf16 } from './tableText';

/** A data file that was opened. */
export interface SampleFile {
  /** File name as shown. */
  readonly name: string;
  /** Chooses inputs and labels; reads headers only, but the whole of a CSV or Parquet file. */
  readonly select: (specs: readonly InputSpec[], choice: KeyChoice) => Promise<Selection>;
  /** The same where nothing was chosen, from no more than the beginning of such a file. */
  readonly preview: (specs: readonly InputSpec[]) => Promise<Preview>;
}

export interface Preview {
  readonly selection: Selection;
  /** Whether the first axis of its arrays is the number of samples, and not of those in the beginning of the file. */
  readonly complete: boolean;
}

const peekLength = 4096;
const largestCsv = 256 * 1024 ** 2;
const previewLength = 1024 ** 2;
const previewRows = 1000;
const nothingChosen: KeyChoice = { inputs: {}, labels: null };

/** Opens a data file, known by its contents, for as long as `use` runs. FailureError where it is none that can be read; every kind blames the samples or the usage. */
export async function withSampleFile<T>(path: string, use: (file: SampleFile) => Promise<T>): Promise<T> {
  try {
    const isFolder = await stat(path).then(
      (status) => status.isDirectory(),
      () => false,
    );
    if (isFolder) return await use(await recogniseFolder(path));
    const file = await openRandomAccessFile(path);
    try {
      return await use(await recogniseFormat(path, file));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw samplesFailure(error);
  }
}

async function recogniseFormat(path: string, file: RandomAccessFile): Promise<SampleFile> {
  const start = await file.read(0, Math.min(file.size, peekLength));
  if (isZip(start)) {
    const isTorch = (await zipFormat(file)) === 'pytorch';
    return keyedFile(file.name, await (isTorch ? openTorchTensors(file) : openNpz(file)));
  }
  if (isLegacyTorch(start)) return keyedFile(file.name, await openTorchTensors(file));
  if (isSafetensors(file, start)) return keyedFile(file.name, await openSafetensors(file));
  if (isParquet(start)) return parquetFile(path, file);
  if (isNpy(start)) return keyedFile(file.name, await openNpyFiles(path));
  if (isIdx(inflatedStart(start))) return pictureFile(file.name, (spec) => selectIdx(path, spec));
  if ((await cifarVersion(file)) !== null) return pictureFile(file.name, (spec) => selectCifar([path], spec));
  requireText(file.name, start);
  return csvFile(file);
}

function keyedFile(name: string, arrays: KeyedArrays): SampleFile {
  return {
    name,
    select: (specs, choice) => selectArrays(arrays, specs, choice),
    preview: async (specs) => ({
      selection: await selectArrays(arrays, specs, nothingChosen),
      complete: true,
    }),
  };
}

/** A folder of CIFAR's batches, or of pictures. */
async function recogniseFolder(path: string): Promise<SampleFile> {
  const name = basename(path);
  const batches = await cifarBatches(path);
  if (batches.length > 0) return pictureFile(name, (spec) => selectCifar(batches, spec));
  return {
    name,
    select: (specs, choice) => selectPictures(path, specs, choice),
    preview: async (specs) => ({
      selection: await selectPictures(path, specs, nothingChosen),
      complete: true,
    }),
  };
}

function pictureFile(name: string, select: (spec: InputSpec) => Promise<Selection>): SampleFile {
  const selectOnly = (specs: readonly InputSpec[]): Promise<Selection> =>
    select(pictureInput(quote(name), specs));
  return {
    name,
    select: selectOnly,
    preview: async (specs) => ({ selection: await selectOnly(specs), complete: true }),
  };
}

function parquetFile(path: string, file: RandomAccessFile): SampleFile {
  return {
    name: file.name,
    select: async (specs, choice) =>
      selectParquet(await readParquet(file, { path, mostRows: null }), specs, choice),
    preview: async (specs) => {
      const table = await readParquet(file, { path, mostRows: previewRows });
      return { selection: await selectParquet(table, specs, nothingChosen), complete: table.complete };
    },
  };
}

function isParquet(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, 4)).toString('latin1') === 'PAR1';
}

function csvFile(file: RandomAccessFile): SampleFile {
  const { name, size } = file;
  const title = quote(name);
  return {
    name,
    select: async (specs, choice) => {
      if (size > largestCsv) {
        throw new FailureError(
          'SamplesUnreadable',
          `${title} is a CSV of ${size.toLocaleString('en')} bytes, more than the ${largestCsv.toLocaleString('en')} that are read; save the samples as npz.`,
        );
      }
      return selectColumns(
        title,
        parseCsv(title, decodeTable(name, await file.read(0, size))),
        specs,
        choice,
      );
    },
    preview: async (specs) => {
      const complete = size <= previewLength;
      const bytes = await file.read(0, Math.min(size, previewLength));
      // The last line of a beginning is cut somewhere.
      const start = decodeTable(name, bytes, complete);
      const text = complete ? start : start.slice(0, start.lastIndexOf('\n') + 1);
      return { selection: selectColumns(title, parseCsv(title, text), specs, nothingChosen), complete };
    },
  };
}

/** The beginning of what gzip compressed, or the bytes as they are. */
function inflatedStart(start: Uint8Array): Uint8Array {
  if (start[0] !== 0x1f || start[1] !== 0x8b) return start;
  try {
    // What is cut off is not missed; what would be more than a beginning is no IDX file's.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 8 * 1024 ** 2 };
    return new Uint8Array(gunzipSync(start, options));
  } catch {
    return start;
  }
}

function isZip(start: Uint8Array): boolean {
  const third = start[2] ?? 0;
  // "PK\5\6" begins an archive without entries.
  return (
    start[0] === 0x50 &&
    start[1] === 0x4b &&
    ((third === 3 && start[3] === 4) || (third === 5 && start[3] === 6))
  );
}

const otherFormats: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x89, 0x48, 0x44, 0x46], 'an HDF5 file'],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow file'],
  [[0x1f, 0x8b], 'compressed with gzip'],
  [[0x80], 'a Python pickle'],
];

/** FailureError (SamplesUnreadable) for what is known not to be text. */
function requireText(name: string, start: Uint8Array): void {
  if (new TextDecoder('latin1').decode(start.subarray(0, 19)) === 'version https://git') {
    throw new FailureError(
      'SamplesUnreadable',
      `${quote(name)} is a Git LFS pointer and not the data; run "git lfs pull" in its folder.`,
    );
  }
  const other = otherFormats.find(([bytes]) => bytes.every((byte, index) => start[index] === byte));
  const what = other?.[1] ?? (start.includes(0) && utf16(start) === null ? 'neither npz, npy nor CSV' : null);
  if (what === null) return;
  throw new FailureError(
    'SamplesUnreadable',
    `${quote(name)} is ${what}; save the samples with numpy.savez(file, x=inputs, y=labels) or as a CSV.`,
  );
}

/** What the containers blame on the model, they share with its reader, is here the fault of the samples. */
const kindsHere: Partial<Record<FailureKind, FailureKind>> = {
  FileNotFound: 'SamplesNotFound',
  FileUnreadable: 'SamplesUnreadable',
  DamagedModel: 'SamplesUnreadable',
  UnsupportedFormat: 'SamplesUnreadable',
  TooLarge: 'SamplesUnreadable',
};

function samplesFailure(error: unknown): unknown {
  if (!(error instanceof FailureError)) return error;
  const { kind, message, detail } = failureOf(error);
  const here = kindsHere[kind];
  return here === undefined ? error : new FailureError(here, message, detail);
}
