import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { judgeFile } from '../analysis/judgeFile';
import { ambiguousNames, modelExtensions } from '../formats/detection';
import { isModel } from '../formats/detection/formats';
import { FailureError, failureOf } from '../report/failure';
import { printable } from '../report/printable';
import { formatCount } from '../report/wording/number';
import { inTerminalWords } from '../report/wording/settings';
import type { Output } from './output';

/** How much of a folder `detect` looks at, so that a whole disk does not keep it busy for ever. */
const mostEntries = 100_000;
const deepest = 16;
const extensions = modelExtensions.map((extension) => `.${extension}`);
const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** So many files are read at a time, while one is looked into. */
const readAtOnce = 8;

/** The files below a folder that are named as models are, in the order of their paths; links are not followed. */
async function modelFilesBelow(folder: string, { note }: Output): Promise<string[]> {
  const files: string[] = [];
  let entriesLeft = mostEntries;
  const walk = async (current: string, depth: number): Promise<void> => {
    const entries = await readdir(current, { withFileTypes: true }).catch((error: unknown) => {
      note(
        `${printable(current)} cannot be listed (${error instanceof Error ? printable(error.message) : 'unknown cause'}).`,
      );
      return [];
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entriesLeft === 0) return;
      entriesLeft -= 1;
      const path = join(current, entry.name);
      if (entry.isDirectory() && !skippedFolders.has(entry.name) && depth < deepest)
        await walk(path, depth + 1);
      const name = entry.name.toLowerCase();
      const isNamed = extensions.some((extension) => name.endsWith(extension)) || ambiguousNames.test(name);
      if (entry.isFile() && isNamed) files.push(path);
    }
  };
  await walk(folder, 0);
  if (entriesLeft === 0)
    note(`Only the first ${formatCount(mostEntries)} entries of the folder were looked at.`);
  return files;
}

type Row = readonly [path: string, title: string, size: string, analysable: string, advice: string];

/** What is told of a file; null where only its name is that of a model. */
async function rowOf(file: string, folder: string): Promise<Row | null> {
  const path = relative(folder, file);
  try {
    const { format, title, size, analysable, advice } = await judgeFile(file);
    if (ambiguousNames.test(file) && !isModel(format)) return null;
    // Its folder is the model.
    const shown = format === 'savedModel' ? dirname(path) : path;
    return [shown, title, formatCount(size), analysable, inTerminalWords(advice ?? '')];
  } catch (error) {
    return ambiguousNames.test(file) ? null : [path, 'unknown', '', 'no', failureOf(error).message];
  }
}

async function rowsOf(files: readonly string[], folder: string): Promise<readonly Row[]> {
  const rows: (Row | null)[] = [];
  const waiting = files.entries();
  const work = async (): Promise<void> => {
    for (const [at, file] of waiting) rows[at] = await rowOf(file, folder);
  };
  await Promise.all(Array.from({ length: readAtOnce }, work));
  return rows.filter((row) => row !== null);
}

/** Every model below the folder: path, format, size, whether it can be analysed, and what to do where it cannot. */
export async function detect(folder: string, output: Output): Promise<void> {
  const facts = await stat(folder).catch(() => null);
  if (facts?.isFile() === true) {
    throw new FailureError(
      'UsageError',
      `${printable(folder)} is a file, but detect lists the models of a folder; name its folder (${printable(dirname(folder))}), or write "analyze ${printable(folder)}".`,
    );
  }
  if (facts?.isDirectory() !== true) {
    throw new FailureError('FileNotFound', `There is no folder ${printable(folder)}; name one that exists.`);
  }
  const found = await rowsOf(await modelFilesBelow(folder, output), folder);
  if (found.length === 0) {
    output.note(`No model files (${extensions.join(', ')}) below ${printable(folder)}.`);
    return;
  }
  const rows = [['File', 'Format', 'Bytes', 'Analysable', 'Advice'], ...found];
  const cells = rows.map((row) => row.map(printable));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  await output.print(`${lines.join('\n')}\n`);
}
