import { basename, resolve } from 'node:path';
import { FailureError } from '../report/failure';
import { openRandomAccessFile } from '../files/randomAccess';
import { detectFile, detectionFailure } from './detection';
import type { Model } from './model';
import { readOnnx } from './onnx/readOnnx';
import { quote } from '../files/quote';

/** Protobuf allows no more. */
const largestModel = 2 ** 31 - 1;

/**
 * Reads a model file, whose format its contents tell.
 * @throws FailureError for everything that may be wrong with the file: FileNotFound, FileUnreadable, NotAModel,
 * LfsPointer, UnsupportedFormat, DamagedModel, UnsupportedStructure, ExternalDataMissing, ExternalDataOutsideFolder,
 * TooLarge.
 */
export async function readModel(path: string): Promise<Model> {
  const absolute = resolve(path);
  const name = basename(absolute);
  const { format, size } = await detectFile(absolute);
  const failure = detectionFailure(name, format);
  if (failure !== null) throw failure;
  if (size > largestModel) {
    throw new FailureError(
      'TooLarge',
      `${quote(name)} has ${size.toLocaleString('en')} bytes, more than the 2 GiB of an ONNX file; save it with external data.`,
    );
  }
  return readOnnx(absolute, await readWhole(absolute));
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await openRandomAccessFile(path);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}
