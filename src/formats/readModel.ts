import { basename, resolve } from 'node:path';
import { FailureError } from '../report/failure';
import { openRandomAccessFile } from '../files/randomAccess';
import { detectFile, detectionFailure } from './detection';
import { readExported } from './aten/readExported';
import type { FormatName } from './detection/formats';
import type { Model } from './model';
import { readOnnx } from './onnx/readOnnx';
import { readSklearn } from './sklearn/readSklearn';
import { quote } from '../files/quote';

/** Protobuf allows no more. */
const largestModel = 2 ** 31 - 1;

/** How each format that can be analysed is read, by an absolute path. */
const readers: Readonly<Partial<Record<FormatName, (path: string) => Promise<Model>>>> = {
  onnx: readOnnxFile,
  sklearn: readSklearn,
  pytorchExport: readExported,
};

/**
 * Reads a model file, whose format its contents tell.
 * @throws FailureError for everything that may be wrong with the file: FileNotFound, FileUnreadable, NotAModel,
 * LfsPointer, UnsupportedFormat, DamagedModel, UnsupportedStructure, ExternalDataMissing, ExternalDataOutsideFolder,
 * TooLarge.
 */
export async function readModel(path: string): Promise<Model> {
  const absolute = resolve(path);
  const { format } = await detectFile(absolute);
  const failure = detectionFailure(basename(absolute), format);
  if (failure !== null) throw failure;
  const reader = readers[format];
  if (reader === undefined) throw new Error(`No reader for ${format}`);
  return reader(absolute);
}

async function readOnnxFile(path: string): Promise<Model> {
  const file = await openRandomAccessFile(path);
  try {
    if (file.size > largestModel) {
      throw new FailureError(
        'TooLarge',
        `${quote(file.name)} has ${file.size.toLocaleString('en')} bytes, more than the 2 GiB of an ONNX file; save it with external data.`,
      );
    }
    return await readOnnx(path, await file.read(0, file.size));
  } finally {
    await file.close();
  }
}
