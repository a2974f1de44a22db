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
import type { InputSpec } from './samples';
import { readFinite } from './values';

/** Entries of the folder that are looked at, and data files that are opened. */
const mostEntries = 10_000;
const mostFiles = 200;
/** Labels up to this many are read to tell their range. */
const mostLabels = 100_000;

/**
 * The data files beside a model, known by their extension: first those that fit its inputs; among these the one of the same
 * name, then those whose name begins with it, then by name. Reads headers, at most the first MiB of a CSV, and labels that
 * are few. A file that cannot be read is a candidate that does not fit; what is wrong with it is its description.
 */
export async function findSampleCandidates(
  modelFile: string,
  specs: readonly InputSpec[],
): Promise<SampleCandidate[]> {
  const folder = dirname(modelFile);
  const names = await dataFiles(folder, basename(modelFile));
  const stem = parse(modelFile).name;
  const ordered = names.sort((a, b) => kinship(b, stem) - kinship(a, stem) || (a < b ? -1 : 1));
  const candidates: SampleCandidate[] = [];
  for (const name of ordered.slice(0, mostFiles))
    candidates.push(await candidateAt(join(folder, name), specs));
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

function kinship(name: string, stem: string): number {
  const own = parse(name).name;
  if (own === stem) return 2;
  return own.startsWith(stem) ? 1 : 0;
}

async function candidateAt(path: string, specs: readonly InputSpec[]): Promise<SampleCandidate> {
  const name = basename(path);
  try {
    const description = await withSampleFile(path, async (file) =>
      describe(name, await file.preview(specs), specs),
    );
    return { path, name, description, fits: true };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { path, name, description: failureOf(error).message, fits: false };
  }
}

async function describe(name: string, preview: Preview, specs: readonly InputSpec[]): Promise<string> {
  const { count, dims } = fitSelection(name, preview.selection, specs);
  const labels =
    preview.selection.labels === null
      ? 'no labels'
      : await describeLabels(preview.selection.labels, preview.complete);
  const samples = preview.complete
    ? `${count.toLocaleString('en')} ${count === 1 ? 'sample' : 'samples'}`
    : 'samples';
  const [only = []] = dims;
  const what = dims.length === 1 ? `${describeDims(only)} numbers` : `${String(dims.length)} inputs`;
  return `${samples} of ${what}, ${labels}`;
}

async function describeLabels(array: SampleArray, complete: boolean): Promise<string> {
  const [count = 0, ...rest] = array.shape;
  const width = rest.reduce((product, size) => product * size, 1);
  if (!complete || count * width > mostLabels) return 'with labels';
  const labels = labelsOf(array, await readFinite(array, null, count, true), (index) => index, count);
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
