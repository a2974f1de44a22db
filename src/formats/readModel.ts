import { basename, resolve } from 'node:path';
import type { Architecture, ProposedArchitecture } from '../report/architecture';
import { FailureError } from '../report/failure';
import { openRandomAccessFile } from '../files/randomAccess';
import { detectFile, detectionFailure } from './detection';
import { readExported } from './aten/readExported';
import type { FormatName } from './detection/formats';
import { readKeras, readKerasHdf5 } from './keras/readKeras';
import type { Model, RunnableModel } from './model';
import { readOutline } from './onnx/outline';
import { readOnnx } from './onnx/readOnnx';
import { readSklearn } from './sklearn/readSklearn';
import { readSafetensors, readSafetensorsIndex } from './safetensors/readSafetensors';
import { readTorchWeights } from './torch/readTorch';
import { proposalOf, weightsModel } from './weights/readWeights';
import type { WeightsFile } from './weights/weightsFile';
import { quote } from '../files/quote';

/** Protobuf allows no more. */
const largestModel = 2 ** 31 - 1;

/** How each format that can be analysed is read, by an absolute path. */
const readers: Readonly<Partial<Record<FormatName, (path: string) => Promise<Model>>>> = {
  onnx: readOnnxFile,
  keras: readKeras,
  kerasHdf5: readKerasHdf5,
  sklearn: readSklearn,
  pytorchExport: readExported,
};

/** The files that hold weights and not always what is between them. */
const weightsReaders: Readonly<Partial<Record<FormatName, (path: string) => Promise<WeightsFile>>>> = {
  pytorch: readTorchWeights,
  pytorchLegacy: readTorchWeights,
  safetensors: readSafetensors,
  safetensorsIndex: readSafetensorsIndex,
};

/**
 * The architecture of a file of weights as far as it tells it, with question marks for the rest.
 * @throws FailureError as readModel does; UsageError for a file that needs no architecture
 */
export async function proposedArchitecture(path: string): Promise<ProposedArchitecture> {
  const absolute = resolve(path);
  const format = await knownFormat(absolute);
  const reader = weightsReaders[format];
  if (reader !== undefined) return proposalOf(reader(absolute));
  throw new FailureError(
    'UsageError',
    `${quote(basename(absolute))} tells its own architecture; analyse it as it is.`,
  );
}

async function knownFormat(path: string): Promise<FormatName> {
  const { format } = await detectFile(path);
  const failure = detectionFailure(basename(path), format);
  if (failure !== null) throw failure;
  return format;
}

/**
 * Reads a model file, whose format its contents tell.
 * @param architecture what a file of weights does not tell; files that tell it take no notice
 * @param detected its format, where that is known
 * @throws FailureError for everything that may be wrong with the file: FileNotFound, FileUnreadable, NotAModel,
 * LfsPointer, UnsupportedFormat, DamagedModel, UnsupportedStructure, ExternalDataMissing, ExternalDataOutsideFolder,
 * TooLarge.
 */
export async function readModel(
  path: string,
  architecture: Architecture | null = null,
  detected: FormatName | null = null,
): Promise<Model> {
  const absolute = resolve(path);
  const format = detected ?? (await knownFormat(absolute));
  const weights = weightsReaders[format];
  if (weights !== undefined) return weightsModel(weights(absolute), architecture);
  const reader = readers[format];
  if (reader === undefined) throw new Error(`No reader for ${format}`);
  return reader(absolute);
}

/**
 * What a model is without the numbers of its weights, where its file tells that before they are read; null: it does not, or
 * there are no more than `most` numbers.
 * @throws FailureError as readModel does
 */
export async function readModelOutline(path: string, most: number): Promise<RunnableModel | null> {
  const absolute = resolve(path);
  if ((await detectFile(absolute)).format !== 'onnx') return null;
  const file = await openRandomAccessFile(absolute);
  try {
    return await readOutline(absolute, file, most);
  } finally {
    await file.close();
  }
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
