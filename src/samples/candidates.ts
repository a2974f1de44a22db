import { opendir } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { failureOf, FailureError } from '../report/failure';
import type { SampleCandidate } from '../report/request';
import { roleOf } from './arrayNames';
import { describeDims } from './fit';
import { fitSelection } from './fitSelection';
import { labelsOf } from './labels';
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

/**
 * The data files beside a model, known by their extension: first those that fit its inputs and outputs; among these the one
 * of the same name, then those whose name begins with it or says that the model was trained on them, then those for
 * validation, then by name. Reads headers, at most the first MiB of a CSV, and numbers and labels that are not too many. A
 * file that cannot be used is a candidate that does not fit; what is wrong with it is its description.
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
  for (const name of ordered.slice(0, mostFiles))
    candidates.push(await candidateAt(join(folder, name), specs, outputs));
  return candidates.sort((a, b) => Number(b.fits) - Number(a.fits));
}

async function dataFiles(folder: string, modelName: string): Promise<string[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const entry of await opendir(folder)) {
    if (++seen > mostEntries) break;
    const { name, ext } = parse(entry.name);
    if (entry.isDirectory() || entry.name === modelName || !/^\.(?:npz|npy|csv|tsv)$/i.test(ext)) continue;
    // The labels of a pair of npy files come with its inputs.
    if (ext.toLowerCase() === '.npy' && roleOf(name).role === 'labels') continue;
    names.push(entry.name);
  }
  return names;
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
  specs: readonly InputSpec[],
  outputs: number | null,
): Promise<SampleCandidate> {
  const name = basename(path);
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
    if (size <= mostNumbers) await readFinite(array, null, count);
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
