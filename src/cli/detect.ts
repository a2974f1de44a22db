import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { detectFile, modelExtensions } from '../formats/detection';
import { FailureError, failureOf } from '../report/failure';
import { formatCount } from '../report/wording/number';
import { printable } from '../report/printable';
import { note, print } from './output';

/** How much of a folder `detect` looks at, so that a whole disk does not keep it busy for ever. */
const mostEntries = 100_000;
const deepest = 16;
const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** The files below a folder that have a model's extension, in the order of their paths; links are not followed. */
async function modelFilesBelow(folder: string): Promise<string[]> {
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
      if (entry.isFile() && modelExtensions.some((extension) => name.endsWith(`.${extension}`)))
        files.push(path);
    }
  };
  await walk(folder, 0);
  if (entriesLeft === 0)
    note(`Only the first ${formatCount(mostEntries)} entries of the folder were looked at.`);
  return files;
}

/** Every model file below the folder: path, format, size, whether it can be analysed, and what to do where it cannot. */
export async function detect(folder: string): Promise<void> {
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
  const files = await modelFilesBelow(folder);
  if (files.length === 0) {
    note(
      `No model files (${modelExtensions.map((extension) => `.${extension}`).join(', ')}) below ${printable(folder)}.`,
    );
    return;
  }
  const rows = [['File', 'Format', 'Bytes', 'Analysable', 'Advice']];
  for (const file of files) {
    const path = relative(folder, file);
    try {
      const { title, size, analysable, advice } = await detectFile(file);
      rows.push([path, title, formatCount(size), analysable ? 'yes' : 'no', advice ?? '']);
    } catch (error) {
      rows.push([path, 'unknown', '', 'no', failureOf(error).message]);
    }
  }
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
  await print(`${lines.join('\n')}\n`);
}
