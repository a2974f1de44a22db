import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartialReport, Report } from '../report/report';
import type { ComputationChoice, SampleSource } from '../report/request';
import { hasSkipped } from '../report/skipped';
import type { Contents } from './contents';

/** What the last report of a model was made from, and its numbers for a list. */
export interface LastRun {
  readonly file: string;
  /** Of the report. */
  readonly key: string;
  readonly source: SampleSource;
  readonly computation: ComputationChoice;
  readonly contents: Contents;
  /** What the model's sidecar said, as JSON. */
  readonly settings: string;
  /** Milliseconds since 1970. */
  readonly finished: number;
  readonly lambdaMax: { readonly lower: number; readonly upper: number } | null;
  readonly loss: number | null;
}

/** A report that was kept: whole, or what was known when it was cancelled. */
export type KeptReport =
  | { readonly whole: true; readonly report: Report; readonly finished: number }
  | { readonly whole: false; readonly report: PartialReport; readonly finished: number };

export interface Limits {
  readonly files: number;
  readonly bytes: number;
}

const reportLimits: Limits = { files: 500, bytes: 256 * 1024 ** 2 };
const runLimits: Limits = { files: 2000, bytes: 32 * 1024 ** 2 };

/**
 * Every report that was made, by the hash of what it was made from, and for every model which was the last. Files of a
 * folder: each is written whole or not at all, and found by its name alone, so that several windows may share it. What was
 * used longest ago goes first.
 */
export class KeptReports {
  private readonly reports: string;
  private readonly runs: string;
  private readonly limits: Limits;
  private readonly listeners = new Set<() => void>();

  constructor(folder: string, limits: Limits = reportLimits) {
    this.reports = join(folder, 'reports');
    this.runs = join(folder, 'runs');
    this.limits = limits;
  }

  /** Calls the listener whenever this window kept a report, or cleared them. */
  onDidChange(listener: () => void): { dispose: () => void } {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  /** The report of this key, or null where there is none that this version can show. */
  async find(key: string): Promise<KeptReport | null> {
    const path = this.reportPath(key);
    const stored = await readJson(path);
    if (stored === null) return null;
    // Loaded only here, with the schema of reports: the start of the editor does not wait for it.
    const { readKeptReport } = await import('./keptReport');
    const kept = readKeptReport(stored);
    const now = new Date();
    if (kept !== null) await utimes(path, now, now).catch(() => undefined);
    return kept;
  }

  /** The same where it tells all that a run of its options tells: it is whole, and no step of it was skipped. */
  async findComplete(key: string): Promise<Extract<KeptReport, { whole: true }> | null> {
    const kept = await this.find(key);
    return kept?.whole === true && !hasSkipped(kept.report) ? kept : null;
  }

  /**
   * Keeps a report; one that is not complete never takes the place of one that is.
   * @param isLast whether the model is shown with it when it is opened again
   */
  async keep(run: LastRun, report: PartialReport, whole: boolean, isLast = true): Promise<void> {
    const isComplete = whole && !hasSkipped(report);
    if (!isComplete && (await this.findComplete(run.key)) !== null) return;
    if (!whole && (await this.find(run.key))?.whole === true) return;
    await write(this.reportPath(run.key), { version: 1, whole, finished: run.finished, report });
    if (isLast) await write(this.runPath(run.file), run);
    await prune(this.reports, this.limits);
    await prune(this.runs, runLimits);
    for (const listener of this.listeners) listener();
  }

  /** What is known of the last run of a model file. */
  async recall(file: string): Promise<LastRun | null> {
    const run = (await readJson(this.runPath(file))) as LastRun | null;
    // Only this class writes there; a file that is not one of its own says so by its first field.
    return run?.file === file ? run : null;
  }

  async clear(): Promise<void> {
    for (const folder of [this.reports, this.runs]) await rm(folder, { recursive: true, force: true });
    for (const listener of this.listeners) listener();
  }

  private reportPath(key: string): string {
    return join(this.reports, `${key}.json`);
  }

  private runPath(file: string): string {
    return join(this.runs, `${sha256(file).slice(0, 32)}.json`);
  }
}

/** The hash of a text, in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function write(path: string, value: unknown): Promise<void> {
  const { atomicWrite } = await import('../files/atomicWrite');
  await mkdir(join(path, '..'), { recursive: true });
  await atomicWrite(path, JSON.stringify(value));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return null; // not there, or damaged: it is made again
  }
}

/** Deletes what was used longest ago, beyond the limits. */
async function prune(folder: string, { files, bytes }: Limits): Promise<void> {
  const facts = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      return { path, used: found?.mtimeMs ?? 0, size: found?.size ?? 0 };
    }),
  );
  let total = 0;
  for (const [place, { path, size }] of facts.sort((a, b) => b.used - a.used).entries()) {
    total += size;
    // Another window may have deleted it meanwhile.
    if (place > 0 && (place >= files || total > bytes)) await unlink(path).catch(() => undefined);
  }
}
