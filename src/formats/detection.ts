import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FailureError } from '../report/failure';
import { openRandomAccessFile } from '../files/randomAccess';
import type { RandomAccessFile } from '../files/randomAccess';
import { formats } from './detection/formats';
import type { FormatName } from './detection/formats';
import { peekLength, signatures } from './detection/signatures';
import { quote } from '../files/quote';

/** Extensions by which files are found that may be models; what they are is told by their contents. */
export const modelExtensions: readonly string[] = [
  'onnx',
  'keras',
  'h5',
  'hdf5',
  'pt',
  'pth',
  'ckpt',
  'bin',
  'pt2',
  'pte',
  'safetensors',
  'joblib',
  'pkl',
  'tflite',
  'ort',
  'gguf',
  'mlmodel',
];

/** Names that models share with much else: such a file is listed only where its contents are a model's. */
export const ambiguousNames = /\.(bin|pb|ckpt)$|model[^/\\]*\.json$/i;

export interface Detection {
  readonly format: FormatName;
  /** For a person. */
  readonly title: string;
  /** Bytes. */
  readonly size: number;
  readonly analysable: boolean;
  /** One sentence that says what to do with a file that is not analysable, else null. */
  readonly advice: string | null;
}

/**
 * Tells what a file is by its contents, of which it reads the beginning and, in an archive, the directory.
 * @throws FailureError FileNotFound, FileUnreadable; NotAModel or UnsupportedFormat for a folder.
 */
export async function detectFile(path: string): Promise<Detection> {
  await requireFile(path);
  const file = await openRandomAccessFile(path);
  try {
    return await detectContents(file);
  } finally {
    await file.close();
  }
}

/** The same of a file that is open. */
export async function detectContents(file: RandomAccessFile): Promise<Detection> {
  const format = await detectFormat(file);
  const { title, failure, advice } = formats[format];
  return { format, title, size: file.size, analysable: failure === null, advice: sentence(advice) };
}

/**
 * The failure to throw for a file that is no analysable model; null where it is one.
 * @param name the file's name without its folder.
 */
export function detectionFailure(name: string, format: FormatName): FailureError | null {
  const { title, failure, advice } = formats[format];
  if (failure === null) return null;
  return new FailureError(failure, `${quote(name)} is ${withArticle(title)}; ${advice}.`);
}

async function detectFormat(file: RandomAccessFile): Promise<FormatName> {
  const head = await file.read(0, Math.min(peekLength, file.size));
  for (const signature of signatures) {
    const format = await signature({ file, head });
    if (format !== null) return format;
  }
  return 'unknown';
}

/** Before anything is opened: opening a pipe waits for its other end. */
async function requireFile(path: string): Promise<void> {
  // What cannot be looked at fails with its reason when it is opened.
  const status = await stat(path).catch(() => null);
  if (status === null || status.isFile()) return;
  const name = basename(path);
  if (!status.isDirectory()) {
    throw new FailureError('FileUnreadable', `${quote(name)} is no regular file; choose a model file.`);
  }
  const savedModel = await stat(join(path, 'saved_model.pb')).catch(() => null);
  if (savedModel === null) {
    throw new FailureError('NotAModel', `${quote(name)} is a folder; choose the model file in it.`);
  }
  throw detectionFailure(name, 'savedModel') ?? new Error('A SavedModel cannot be analysable');
}

function sentence(clause: string | null): string | null {
  return clause === null ? null : `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

function withArticle(title: string): string {
  return /^([aeio]|HDF5)/i.test(title) ? `an ${title}` : `a ${title}`;
}
