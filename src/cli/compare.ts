import { open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { comparedFiles, isSavedReport, SharedOptions } from '../analysis/comparedFiles';
import { comparedRow, type RowCalls } from '../analysis/comparedRow';
import { TwinComparison } from '../analysis/comparedTwins';
import type { Evaluation } from '../analysis/evaluate';
import { FollowedFolder, lookMilliseconds } from '../analysis/followedFolder';
import { comparisonPage } from '../charts/comparisonPage';
import { compare } from '../comparison/compare';
import type { ComparedRow } from '../comparison/row';
import { comparisonJson, type Comparison } from '../comparison/schema';
import { comparisonText, failureLines, rowLine } from '../comparison/text';
import { atomicWrite } from '../files/atomicWrite';
import { describeSource, namingSidecar } from '../samples/sidecar';
import { requestOfCommand, type ComparisonWish } from '../report/commandLine';
import { FailureError, failureSubjects, type FailureKind } from '../report/failure';
import { CutShortError } from '../report/cutShort';
import { requirePageTarget } from '../report/pageTarget';
import { printable } from '../report/printable';
import type { PrintedReport } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';

/** What the terminal shows beside the result. */
export interface Terminal {
  /** A line on standard error. */
  readonly note: (sentence: string) => void;
  readonly progress: (progress: Progress) => void;
  /** The result, on standard output. */
  readonly print: (text: string) => void | Promise<void>;
  readonly analyse: (
    request: AnalysisRequest,
    onProgress: (progress: Progress) => void,
  ) => Promise<PrintedReport>;
  readonly evaluate: (
    request: AnalysisRequest,
    onProgress: (progress: Progress) => void,
  ) => Promise<Evaluation>;
}

/**
 * Compares models one after another, in one process. With a folder to watch it never ends by itself: every checkpoint that
 * joins is told, printed and written anew.
 * @throws FailureError where there is nothing to compare, or a target cannot be written
 */
export async function compareInTerminal(wish: ComparisonWish, terminal: Terminal): Promise<void> {
  const { files, watch } = wish;
  if (watch !== null && (await stat(watch).catch(() => null))?.isDirectory() !== true)
    throw new FailureError(
      'FileNotFound',
      `There is no folder ${printable(watch)} to watch; name one that exists.`,
    );
  const chosen = await comparedFiles(files);
  for (const sentence of chosen.notes) terminal.note(sentence);
  if (chosen.paths.length < 2 && watch === null)
    throw new FailureError(
      'UsageError',
      'One model alone is not compared; name a second, or a folder with several.',
    );
  await requireTargets(wish, chosen.paths);
  const run = new ComparisonRun(wish, terminal);
  await run.prepare(chosen.paths);
  for (const path of chosen.paths) await run.add(path);
  if (watch === null) {
    const comparison = await run.comparison();
    requireTwo(comparison);
    await run.show(comparison);
    return;
  }
  if (chosen.paths.length > 0) await run.show(await run.comparison());
  await follow(watch, chosen.paths, run);
}

/** The rows so far, and what becomes of them. */
class ComparisonRun {
  private readonly rows = new Map<string, ComparedRow>();
  private readonly options: SharedOptions;
  private readonly calls: RowCalls;
  private readonly twins = new TwinComparison();
  private saidRandom = false;

  constructor(
    private readonly wish: ComparisonWish,
    private readonly terminal: Terminal,
  ) {
    this.options = new SharedOptions(wish.options, terminal.note);
    this.calls = {
      analyse: (model) => this.told(model, terminal.analyse),
      evaluate: (model) => this.told(model, terminal.evaluate),
    };
  }

  async prepare(paths: readonly string[]): Promise<void> {
    await this.options.lookThrough(paths.filter((path) => !isSavedReport(path)));
  }

  /** Adds a row, or puts a newer one in the place of an older. */
  async add(path: string): Promise<void> {
    const row = await comparedRow(path, this.wish.options.training, this.calls);
    this.rows.set(path, row);
    this.terminal.note(printable(rowLine(row.row)));
  }

  async comparison(): Promise<Comparison> {
    const rows = [...this.rows.values()];
    return compare(rows, await this.twins.of(rows, this.calls.evaluate));
  }

  /** Writes what was asked for; the table where no JSON was. */
  async show(comparison: Comparison): Promise<void> {
    const { html, json, jsonFile, watch } = this.wish;
    if (html !== null) await atomicWrite(html, comparisonPage(comparison));
    const text = json || jsonFile !== null ? comparisonJson(comparison) : '';
    if (jsonFile !== null) await atomicWrite(jsonFile, `${text}\n`);
    if (!json) await this.terminal.print(comparisonText(comparison));
    // Documents that follow each other stand in a line each.
    else await this.terminal.print(`${watch === null ? text : JSON.stringify(comparison)}\n`);
  }

  /** Runs what tells of a model, with the options that are its own. */
  private async told<Found>(
    model: string,
    tell: (request: AnalysisRequest, onProgress: (progress: Progress) => void) => Promise<Found>,
  ): Promise<Found> {
    const { options, sidecar } = await this.options.of(model);
    const request = requestOfCommand({ ...this.wish, model }, options);
    if (request.samples.kind === 'random' && !this.saidRandom) {
      this.saidRandom = true;
      this.terminal.note(
        'Warning: there is no --samples, so the losses are computed on random inputs and the numbers say nothing about your data.',
      );
    }
    return tell(request, this.terminal.progress).catch((error: unknown) => {
      if (sidecar === null || error instanceof CutShortError) throw error;
      throw namingSidecar(error, sidecar, describeSource(sidecar, this.wish.options));
    });
  }
}

/** Lets each new or rewritten checkpoint of the folder join once it has stopped growing. */
async function follow(folder: string, known: readonly string[], run: ComparisonRun): Promise<never> {
  const followed = new FollowedFolder(folder);
  await followed.take(known);
  for (;;) {
    const ready = await followed.look();
    await run.prepare(ready);
    for (const path of ready) await run.add(path);
    if (ready.length > 0) await run.show(await run.comparison());
    await pause(lookMilliseconds);
  }
}

/** @throws FailureError of the kind of the first failure where fewer than two rows have numbers */
function requireTwo(comparison: Comparison): void {
  const { rows } = comparison;
  if (rows.filter(({ numbers }) => numbers !== null).length >= 2) return;
  const kind = rows.find(({ failure }) => failure !== null)?.failure?.kind ?? 'InternalError';
  throw new FailureError(
    isKind(kind) ? kind : 'InternalError',
    `Fewer than two of the ${rows.length} could be analysed, so that nothing is compared: ${failureLines(comparison).join(' ')}`,
  );
}

function isKind(kind: string): kind is FailureKind {
  return Object.hasOwn(failureSubjects, kind);
}

/** Before anything is computed: targets that cannot be written are found out early. */
async function requireTargets({ html, jsonFile }: ComparisonWish, paths: readonly string[]): Promise<void> {
  if (html !== null)
    await requirePageTarget(
      html,
      paths.map((path) => ({ path, title: 'one of the compared files' })),
    );
  if (jsonFile !== null && !(await mayReplace(jsonFile)))
    throw new FailureError(
      'UsageError',
      `--json is "${printable(jsonFile)}", a file that holds something else than a comparison; name another, or delete it if it is of no use.`,
    );
}

/** A comparison’s first words: no other file is written over. */
const comparisonStart = /^\{\s*"schema": 1,\s*"rows"/;

async function mayReplace(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return true;
  try {
    const start = Buffer.alloc(64);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    return bytesRead === 0 || comparisonStart.test(start.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}
