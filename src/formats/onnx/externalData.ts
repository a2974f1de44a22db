import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FailureError } from '../../report/failure';
import { isInside, namesOutside } from '../../files/insideFolder';
import { openRandomAccessFile } from '../../files/randomAccess';
import { quote } from '../../files/quote';
import { damagedModel } from './damaged';
import { TensorProto_DataLocation as DataLocation } from '../../runtime/onnx/onnx_pb';
import type { TensorProto } from '../../runtime/onnx/onnx_pb';

/** The whole contents of external files, by the location that the model names. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>;

const largestFile = 2 ** 31 - 1;
const lfsPointer = 'version https://git-lfs';

/** Whether a tensor keeps its numbers in another file (onnx.ai/onnx/repo-docs/ExternalData.html). */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === DataLocation.EXTERNAL;
}

/** The file that an external tensor names, relative to the model's folder. FailureError (DamagedModel) where it names none. */
export function externalLocation(tensor: TensorProto, file: string): string {
  const location = entryOf(tensor, 'location');
  if (location === undefined || location === '') {
    throw damagedModel(file, `the external tensor ${quote(tensor.name)} does not say in which file it is`);
  }
  return location;
}

/**
 * The bytes of an external tensor, a view of its file.
 * @param expected the bytes that its type and dimensions take.
 * @throws FailureError DamagedModel where offset and length do not lie in the file or do not fit the dimensions.
 */
export function externalBytes(
  tensor: TensorProto,
  expected: number,
  where: string,
  source: { readonly file: string; readonly externalFiles: ExternalFiles },
): Uint8Array {
  const location = externalLocation(tensor, source.file);
  const contents = source.externalFiles.get(location);
  if (contents === undefined) throw missing(source.file, location);
  const { offset, length } = externalPlace(tensor, expected);
  const sizes = [offset, length];
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0) || offset + length > contents.length) {
    throw damagedModel(
      source.file,
      `${where} lies beyond the end of ${quote(location)}, which has ${contents.length} bytes`,
    );
  }
  return contents.subarray(offset, offset + length);
}

/** Where an external tensor lies in its file, as the model has it. */
export function externalPlace(
  tensor: TensorProto,
  expected: number,
): { readonly offset: number; readonly length: number } {
  return {
    offset: Number(entryOf(tensor, 'offset') ?? 0),
    length: Number(entryOf(tensor, 'length') ?? expected),
  };
}

/**
 * Reads the files that external tensors name.
 * @param modelPath absolute.
 * @throws FailureError ExternalDataMissing, ExternalDataOutsideFolder, LfsPointer, FileUnreadable, TooLarge
 */
export async function readExternalFiles(
  modelPath: string,
  file: string,
  locations: ReadonlySet<string>,
): Promise<ExternalFiles> {
  const files = new Map<string, Uint8Array>();
  for (const location of locations)
    files.set(location, await readWhole(await realPathOf(modelPath, file, location), file, location));
  return files;
}

/**
 * The file that a location names. It must lie in the model's folder, or, where the model's path is a symbolic link (as in
 * download caches), in the folder of the file that it leads to.
 * @throws FailureError ExternalDataMissing, ExternalDataOutsideFolder
 */
export async function realPathOf(modelPath: string, file: string, location: string): Promise<string> {
  if (namesOutside(location)) throw outside(file, location);
  const folder = dirname(modelPath);
  const folders = [await realpath(folder), dirname(await realpath(modelPath))];
  const real = await realpath(join(folder, location)).catch(() => null);
  if (real === null) throw missing(file, location);
  if (!folders.some((allowed) => isInside(real, allowed))) throw outside(file, location);
  return real;
}

async function readWhole(path: string, file: string, location: string): Promise<Uint8Array> {
  const status = await stat(path);
  if (!status.isFile()) throw missing(file, location);
  if (status.size > largestFile) {
    throw new FailureError(
      'TooLarge',
      `The weights file ${quote(location)} of ${quote(file)} has ${status.size.toLocaleString('en')} bytes, more than the 2 GiB that can be read; analyse a smaller model.`,
    );
  }
  const opened = await openRandomAccessFile(path);
  try {
    const bytes = await opened.read(0, opened.size);
    if (new TextDecoder('latin1').decode(bytes.subarray(0, lfsPointer.length)) === lfsPointer) {
      throw new FailureError(
        'LfsPointer',
        `The weights file ${quote(location)} of ${quote(file)} is a Git LFS pointer instead of the weights; run "git lfs pull" in its folder.`,
      );
    }
    return bytes;
  } finally {
    await opened.close();
  }
}

function entryOf(tensor: TensorProto, key: string): string | undefined {
  return tensor.externalData.find((entry) => entry.key === key)?.value;
}

function missing(file: string, location: string): FailureError {
  return new FailureError(
    'ExternalDataMissing',
    `${quote(file)} keeps weights in ${quote(location)}, which is not there; put that file into the model's folder.`,
  );
}

function outside(file: string, location: string): FailureError {
  return new FailureError(
    'ExternalDataOutsideFolder',
    `${quote(file)} asks for weights in ${quote(location)}, which is outside the model's folder and is not read; put the weights beside the model and export it again with a plain file name.`,
  );
}
