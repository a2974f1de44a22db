import { opendir } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { quote } from '../files/quote';
import { failureOf, FailureError } from '../report/failure';
import type { SampleCandidate } from '../report/request';
import { roleOf } from './arrayNames';
import { describeDims } from './fit';
import { fitSelection } from './fitSelection';
import { labelsOf } from './labels';
import { isCifarBatch } from './pictures/cifarFiles';
import { isPartName, isPictureName } from './pictures/pictureFolder';
import type { SampleArray } from './sampleArray';
import { withSampleFile, type Preview } from './sampleFile';
import type { InputSpec, Labels } from './samples';
import { readFinite } from './values';

/** Entries of the folder that are looked at, and data files that are opened. */
const mostEntries = 10_000;
const mostFiles = 200;
/** Labels up to this many are read to tell their range, and numbers up to this many to tell that they are numbers. */
const mostLabels = 100_000;
const mostNumbers = 4_000_000;
/** Pictures of a set that are decoded: one that cannot be is told of when all are read. */
const mostPictures = 8;
/** Entries of a folder that are looked at to tell that it holds pictures, and how long all files are looked into. */
const mostPeeked = 64;
const mostMilliseconds = 20_000;

/** Arrays, tables and pictures by their names; the labels of IDX lie beside the pictures. */
const namedData = /\.(?:npz|npy|csv|tsv|parquet)$|images.*idx3[-.]ubyte(?:\.gz)?$/i;
/** Names that models share with data: such a file is listed where it fits only. */
const sharedNames = /\.(?:pt|pth|safetensors|bin)$/i;

/**
 * The data files and folders of pictures beside a model, known by their names: first those that fit its inputs and outputs; among these the one
 * of the same name, then those whose name begins with it or says that the model was trained on them, then those for
 * validation, then by name. Reads headers, at most the first MiB of a CSV and the first rows of a Parquet table, numbers and
 * labels that are not too many, and a few pictures. A file that cannot be used is a candidate that does not fit; what is wrong with it is its description.
 * @param outputs how many numbers the model makes of a sample; null: not known, or not one row of them
 */
export async function findSampleCandidates(
  modelFile: string,
  specs: readonly InputSpec[],
  outputs: number | null,
): Promise<SampleCandidate[]> {
  const folder = dirname(modelFile);
  const names = await dataFiles(folder, basename(modelFile));
  const stem = parse(modelFile).name;
  const ordered = names.sort((a, b) => kinship(b, stem) - kinship(a, stem) || (a < b ? -1 : 1));
  const candidates: SampleCandidate[] = [];
  const ends = performance.now() + mostMilliseconds;
  for (const name of ordered.slice(0, mostFiles)) {
    const path = join(folder, name);
    const late =
      'was not looked into, since the files before it took long; choose it to see whether it fits.';
    const candidate =
      performance.now() < ends
        ? await candidateAt(path, name, specs, outputs)
        : { path, name, description: `${quote(name)} ${late}`, fits: false };
    if (candidate.fits || namedData.test(name)) candidates.push(candidate);
  }
  return candidates.sort((a, b) => Number(b.fits) - Number(a.fits));
}

async function dataFiles(folder: string, modelName: string): Promise<string[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const entry of await opendir(folder)) {
    if (++seen > mostEntries) break;
    const { name } = entry;
    if (name === modelName) continue;
    if (entry.isDirectory()) names.push(...(await pictureFolders(folder, name)));
    else if (isNamedAsData(name)) names.push(name);
  }
  return names;
}

function isNamedAsData(file: string): boolean {
  // The labels of a pair of npy files come with its inputs.
  const { name, ext } = parse(file);
  if (ext.toLowerCase() === '.npy' && roleOf(name).role === 'labels') return false;
  return namedData.test(file) || sharedNames.test(file);
}

/** The folder where it holds pictures, itself or in folders of its own, or batches of CIFAR's; else its parts that do. */
async function pictureFolders(folder: string, name: string): Promise<readonly string[]> {
  if (await holdsPictures(join(folder, name))) return [name];
  const parts = (await peek(join(folder, name))).folders.filter(isPartName).map((part) => join(name, part));
  const holding: string[] = [];
  for (const part of parts) if (await holdsPictures(join(folder, part))) holding.push(part);
  return holding;
}

async function holdsPictures(folder: string): Promise<boolean> {
  const { files, folders } = await peek(folder);
  if (files.some((file) => isPictureName(file) || isCifarBatch(file))) return true;
  for (const inside of folders) {
    if (isPartName(inside)) continue;
    if ((await peek(join(folder, inside))).files.some(isPictureName)) return true;
  }
  return false;
}

/** The first names in a folder; none where it cannot be listed. */
async function peek(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const files: string[] = [];
  const folders: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      (entry.isDirectory() ? folders : files).push(entry.name);
      if (files.length + folders.length === mostPeeked) break;
    }
  } catch {
    // What it holds is nothing to choose.
  }
  return { files, folders };
}

/** How likely the model was trained on a file of this name. */
function kinship(name: string, stem: string): number {
  const own = parse(name).name;
  if (own === stem) return 9;
  const words = own.toLowerCase().split(/[^a-z]+/);
  const has = (...wanted: readonly string[]): boolean => wanted.some((word) => words.includes(word));
  const purpose = has('train', 'training') ? 6 : has('val', 'valid', 'validation') ? 4 : has('test') ? 0 : 2;
  return purpose + (own.startsWith(stem) ? 3 : 0);
}

async function candidateAt(
  path: string,
  name: string,
  specs: readonly InputSpec[],
  outputs: number | null,
): Promise<SampleCandidate> {
  try {
    const description = await withSampleFile(path, async (file) =>
      describe(name, await file.preview(specs), specs, outputs),
    );
    return { path, name, description, fits: true };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { path, name, description: failureOf(error).message, fits: false };
  }
}

async function describe(
  name: string,
  preview: Preview,
  specs: readonly InputSpec[],
  outputs: number | null,
): Promise<string> {
  const { count, dims } = fitSelection(name, preview.selection, specs);
  for (const array of preview.selection.inputs) {
    const size = array.shape.reduce((product, length) => product * length, 1);
    if (array.pictures !== undefined) {
      const few = Math.min(count, mostPictures);
      const rows = Int32Array.from({ length: few }, (_, at) => Math.floor((at * count) / few));
      await readFinite(array, rows, few);
    } else if (size <= mostNumbers) await readFinite(array, null, count);
  }
  const labels =
    preview.selection.labels === null
      ? 'no labels'
      : await describeLabels(preview.selection.labels, preview.complete, outputs);
  const samples = preview.complete
    ? `${count.toLocaleString('en')} ${count === 1 ? 'sample' : 'samples'}`
    : 'samples';
  const [only = []] = dims;
  const what = dims.length === 1 ? `${describeDims(only)} numbers` : `${String(dims.length)} inputs`;
  return `${samples} of ${what}, ${labels}`;
}

async function describeLabels(
  array: SampleArray,
  complete: boolean,
  outputs: number | null,
): Promise<string> {
  const [count = 0, ...rest] = array.shape;
  const width = rest.reduce((product, size) => product * size, 1);
  if (count * width > mostLabels) return 'with labels';
  const labels = labelsOf(array, await readFinite(array, null, count, true), (index) => index, count);
  requireOutputs(labels, array, outputs);
  if (!complete) return 'with labels';
  if (labels.kind === 'rows') {
    if (labels.width > 1 && labels.shape?.whole === true && labels.shape.refusal !== null)
      return `with ${describeDims(labels.shape.dims)} labels each`;
    return labels.width === 1 ? 'with targets' : `with rows of ${String(labels.width)} targets`;
  }
  const least = labels.values.reduce((a, b) => Math.min(a, b));
  const greatest = labels.values.reduce((a, b) => Math.max(a, b));
  return least === greatest
    ? `all labels ${String(least)}`
    : `labels ${String(least)} to ${String(greatest)}`;
}

/** Classes must be among the model's outputs; a single number for each sample is no target of several. */
function requireOutputs(labels: Labels, array: SampleArray, outputs: number | null): void {
  if (outputs === null || outputs < 2) return;
  if (labels.kind === 'rows') {
    const { refusal } = labels.shape ?? {};
    if (labels.width === 1 && refusal instanceof FailureError) throw refusal;
    return;
  }
  const wrong = labels.values.findIndex((label) => label >= outputs);
  if (wrong !== -1) {
    throw new FailureError(
      'LabelOutOfRange',
      `${array.title} holds the label ${String(labels.values[wrong])} ${array.place(wrong, 0)}, but the model has ${String(outputs)} outputs (0 to ${String(outputs - 1)}).`,
    );
  }
}
