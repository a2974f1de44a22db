import { constants, fstatSync, type BigIntStats } from 'node:fs';
import { access, lstat, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FailureError } from './failure';
import { pageMark } from './pageMark';
import { printable } from './printable';

/** The mark stands among the first bytes. */
const markedBytes = 256;

/** A file that an analysis reads, and what it is to a person: "the model". */
export interface ReadFile {
  readonly path: string;
  readonly title: string;
}

/**
 * Refuses a file for the report's page before anything is computed: one that the analysis reads, one that exists and is
 * no regular file, no page of a report or not writable, one in a folder that is absent or not writable. Nothing is written to find out.
 * @param page what --html says
 * @param readFiles what must not be written over, whether it exists or not
 * @throws FailureError UsageError that says what the target is and what to do
 */
export async function requirePageTarget(page: string, readFiles: readonly ReadFile[]): Promise<void> {
  const refuse = (what: string): never => {
    throw new FailureError('UsageError', `--html is "${printable(page)}", ${what}`);
  };
  if (/[/\\]$/.test(page)) refuse('which names a folder and no file; name a file in it.');
  const here = await lstat(page).catch((error: unknown) => {
    const tooLong = error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG';
    return tooLong ? refuse('a name too long for this disk; name a shorter one.') : null;
  });
  for (const { path, title } of readFiles)
    if (await isSameFile(page, path)) refuse(`which is ${title}; name another file, so that it is kept.`);
  const facts = await factsOf(page);
  if (facts !== null && [1, 2].some((output) => isOpenAs(output, facts)))
    refuse('where the text of this program goes; name another file.');
  if (facts === null && here?.isSymbolicLink() === true)
    refuse('a link that leads nowhere; name another file, or delete the link.');
  if (facts !== null && !facts.isFile()) refuse(`which is ${kindOf(facts)} and no file; name another.`);
  if (facts !== null && !(await isWritable(page, facts)))
    refuse('a file that may not be written; name another, or make it writable.');
  if (facts !== null && !(await isPage(page)))
    refuse(
      'a file that holds something else than the page of a report; name another, or delete it if it is of no use.',
    );
  const folder = dirname(await followLinks(page));
  const folderFacts = await factsOf(folder);
  if (folderFacts?.isDirectory() !== true)
    refuse(`but there is no folder ${printable(folder)}; make it, or name a file in another.`);
  else if (!(await isWritable(folder, folderFacts)))
    refuse(`but the folder ${printable(folder)} may not be written to; name a file in another.`);
}

async function factsOf(path: string): Promise<BigIntStats | null> {
  return stat(path, { bigint: true }).catch(() => null);
}

/** The absolute path without links, as far as it exists. */
async function followLinks(path: string): Promise<string> {
  const whole = resolve(path);
  return realpath(whole).catch(async () =>
    join(await realpath(dirname(whole)).catch(() => dirname(whole)), basename(whole)),
  );
}

/** Whether a file is what this process writes its text to. */
function isOpenAs(output: number, facts: BigIntStats): boolean {
  try {
    const target = fstatSync(output, { bigint: true });
    return target.isFile() && target.dev === facts.dev && target.ino === facts.ino;
  } catch {
    // A closed output is nothing that could be written over.
    return false;
  }
}

/** By device and inode where both exist (a link, another spelling), else by path. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([factsOf(one), factsOf(other)]);
  if (first !== null && second !== null) return first.dev === second.dev && first.ino === second.ino;
  return (await followLinks(one)) === (await followLinks(other));
}

/** Whether a file is empty or the page of a report: anything else may be weights of the model, or somebody's only copy. */
async function isPage(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const start = Buffer.alloc(markedBytes);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    return bytesRead === 0 || start.toString('latin1', 0, bytesRead).includes(pageMark);
  } finally {
    await file.close();
  }
}

/** Root may write everywhere, so the mode is asked, too; a folder's means something else on Windows. */
async function isWritable(path: string, facts: BigIntStats): Promise<boolean> {
  const modeCounts = process.platform !== 'win32' || facts.isFile();
  if (modeCounts && (facts.mode & 0o222n) === 0n) return false;
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function kindOf(facts: BigIntStats): string {
  if (facts.isDirectory()) return 'a folder';
  if (facts.isFIFO()) return 'a pipe';
  if (facts.isSocket()) return 'a socket';
  return 'a device';
}
