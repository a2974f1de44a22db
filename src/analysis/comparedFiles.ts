import { readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { evenlySpaced, inOrder, placeIn } from '../comparison/order';
import { detectFile, modelExtensions } from '../formats/detection';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import { formatCount } from '../report/wording/number';
import type { RequestOptions } from '../report/request';
import { describeSource, readSidecar, withSidecar, type Sidecar } from '../samples/sidecar';

/** So many rows a comparison begins with: more would not be told apart in a chart, nor waited for. */
export const mostRows = 200;

/** What is compared, and what is to be said of the choice. */
export interface ComparedFiles {
  readonly paths: readonly string[];
  readonly notes: readonly string[];
}

/** Whether a file is taken for a saved report, JSON or page, which is not computed again. */
export function isSavedReport(path: string): boolean {
  return /\.(?:json|html?)$/i.test(path);
}

/**
 * The files that the arguments name, each once: a folder stands for its checkpoints. Of more than can be compared as many,
 * evenly spaced, are taken.
 * @throws FailureError where a file or folder is not there, or a folder holds no checkpoint
 */
export async function comparedFiles(args: readonly string[]): Promise<ComparedFiles> {
  const paths: string[] = [];
  const notes: string[] = [];
  for (const arg of args) {
    const facts = await stat(arg).catch(() => null);
    if (facts === null)
      throw new FailureError(
        'FileNotFound',
        `There is no file or folder ${printable(arg)}; name one that exists.`,
      );
    if (!facts.isDirectory()) {
      paths.push(resolve(arg));
      continue;
    }
    const found = await checkpointsOf(arg);
    if (found.length === 0)
      throw new FailureError(
        'FileNotFound',
        `${printable(arg)} holds no checkpoint that can be analysed (ONNX files, there or one folder below); export them to ONNX, or name files.`,
      );
    const taken = evenlySpaced(found, mostRows);
    if (taken.length < found.length) notes.push(thinned(arg, taken.length, found.length));
    paths.push(...taken);
  }
  const each = [...new Set(paths)];
  const taken = evenlySpaced(each, mostRows);
  if (taken.length < each.length) notes.push(thinned('The list', taken.length, each.length));
  return { paths: taken, notes };
}

function thinned(what: string, taken: number, all: number): string {
  return `${printable(what)} has ${formatCount(all)} checkpoints: ${formatCount(taken)} of them, evenly spaced, are compared; name fewer files to choose others.`;
}

/**
 * The models of a folder and of the folders in it (as in checkpoint-500/model.onnx), by epoch or natural order: its ONNX
 * files; where it has none, those of other kinds that can be analysed.
 */
export async function checkpointsOf(folder: string): Promise<string[]> {
  const here = await readdir(folder, { withFileTypes: true });
  const files = here.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  const folders = here.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  for (const { name } of folders) {
    const below = await readdir(join(folder, name), { withFileTypes: true }).catch(() => []);
    files.push(...below.filter((entry) => entry.isFile()).map((entry) => join(folder, name, entry.name)));
  }
  const ordered = inOrder(files.map((path) => ({ name: path, place: placeIn(path) })));
  const byEnding = new Map<string, string[]>();
  for (const { name } of ordered) {
    const ending = extname(name).slice(1).toLowerCase();
    if (!modelExtensions.includes(ending)) continue;
    const same = byEnding.get(ending);
    if (same === undefined) byEnding.set(ending, [resolve(name)]);
    else same.push(resolve(name));
  }
  return byEnding.get('onnx') ?? (await analysable([...byEnding.values()]));
}

/** Of the kinds of file those whose first is a model that can be analysed: thousands are not opened for it. */
async function analysable(kinds: readonly (readonly string[])[]): Promise<string[]> {
  const found: string[] = [];
  for (const [first, ...others] of kinds) {
    const detection = first === undefined ? null : await detectFile(first).catch(() => null);
    if (first !== undefined && detection?.analysable === true) found.push(first, ...others);
  }
  return found;
}

/** What a model is analysed with, and what says so beside the user. */
export interface ComparedOptions {
  readonly options: RequestOptions;
  readonly sidecar: Sidecar | null;
}

/**
 * The options of the models: the user's, completed by the model's own sidecar, and both by the first sidecar among the
 * models, so that all are analysed alike.
 */
export class SharedOptions {
  private shared: Sidecar | null = null;
  private readonly told = new Set<string>();

  /** @param isTrusted whether sidecars may name files outside of their folders */
  constructor(
    private readonly own: RequestOptions,
    private readonly note: (sentence: string) => void,
    private readonly isTrusted = true,
  ) {}

  /** Looks for the sidecar that completes the others: the first that names samples, else the first. */
  async lookThrough(models: readonly string[]): Promise<void> {
    for (const model of models) {
      if ((this.shared?.options.samples ?? null) !== null) return;
      const found = await readSidecar(model, !this.isTrusted).catch(() => null);
      if (this.shared === null || (found?.options.samples ?? null) !== null)
        this.shared = found ?? this.shared;
    }
  }

  /** Whether a data file is named by the user or by the sidecar that all share. */
  get nameSamples(): boolean {
    return (this.own.samples ?? this.shared?.options.samples ?? null) !== null;
  }

  /** @throws FailureError where the model's sidecar cannot be read */
  async of(model: string): Promise<ComparedOptions> {
    const sidecar = await readSidecar(model, !this.isTrusted);
    const options = this.complete(this.own, sidecar, '');
    return {
      options: this.complete(options, this.shared, ' (of another model, for what theirs leave open)'),
      sidecar: sidecar ?? this.shared,
    };
  }

  private complete(options: RequestOptions, sidecar: Sidecar | null, whose: string): RequestOptions {
    if (sidecar === null) return options;
    const fields = describeSource(sidecar, options);
    const message = `From ${printable(sidecar.name)}${whose}: ${fields.join(', ')}.`;
    if (fields.length > 0 && !this.told.has(message)) {
      this.told.add(message);
      this.note(message);
    }
    return withSidecar(options, sidecar);
  }
}
