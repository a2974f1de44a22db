import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { version } from '../package.json';
import { analyse } from './analysis/analyse';
import { reportPage } from './charts/reportPage';
import { detectFile, modelExtensions } from './formats/detection';
import { atomicWrite } from './files/atomicWrite';
import { parseCommandLine, requestOfCommand, type Command } from './report/commandLine';
import { helpText } from './report/helpText';
import { costText, durationText, worthTelling } from './report/wording/cost';
import { FailureError, failureOf, failureSubjects, type FailureKind } from './report/failure';
import { formatCount } from './report/wording/number';
import { requirePageTarget, type ReadFile } from './report/pageTarget';
import { printable } from './report/printable';
import { CutShortError } from './report/cutShort';
import type { Report } from './report/report';
import type { AnalysisRequest, Progress, RequestOptions } from './report/request';
import { reportJson } from './report/schema';
import { cutReportText, reportText } from './report/text';
import { inTerminalWords } from './report/wording/settings';
import { writeFailureText } from './files/writeFailure';
import { namingSidecar, readSidecar, describeSource, withSidecar } from './samples/sidecar';
import { sidecarPath } from './samples/sidecarPath';

const exitCodes = {
  usage: 2,
  model: 3,
  samples: 4,
  interruption: 130,
  internal: 1,
} as const satisfies Record<(typeof failureSubjects)[FailureKind], number>;

/** One line on standard error that is written over itself; nothing where standard error is no terminal. */
class ProgressLine {
  private shown = false;

  show({ stage, fraction, step, steps }: Progress): void {
    if (!process.stderr.isTTY) return;
    const share = fraction === null ? '' : ` ${Math.floor(100 * fraction)} %`;
    const place = step === null || steps === null ? '' : `${step}/${steps} `;
    const text = `${place}${printable(stage)}${share}`.slice(0, Math.max(0, process.stderr.columns - 1));
    process.stderr.write(`\r\u001b[K${text}`);
    this.shown = true;
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\u001b[K');
    this.shown = false;
  }
}

const progressLine = new ProgressLine();

function note(sentence: string): void {
  progressLine.clear();
  process.stderr.write(`${inTerminalWords(sentence)}\n`);
}

/** Says before a long stage what it will take. */
class CostNotes {
  private told: string | null = null;

  tell({ stage, cost, remainingSeconds, step, steps }: Progress): void {
    if (cost === null || remainingSeconds === null || stage === this.told) return;
    this.told = stage;
    if (cost.seconds < worthTelling) return;
    note(
      `${stage}${step === null || steps === null ? '' : ` (step ${step} of ${steps})`}: ${costText(cost)}; about ${durationText(remainingSeconds)} to the end.`,
    );
  }
}

async function analyze(command: Extract<Command, { kind: 'analyze' }>): Promise<void> {
  const sidecar = await readSidecar(command.model);
  const options = withSidecar(withLabelsPath(command.options), sidecar);
  const request = requestOfCommand(command, options);
  // Before anything is computed: a page that cannot be written is found out early.
  if (command.html !== null) await requirePageTarget(command.html, filesReadFor(request));
  const taken = sidecar === null ? [] : describeSource(sidecar, command.options);
  let noted = false;
  const costs = new CostNotes();
  const noteOnce = (progress: Progress): void => {
    // Not before the model is read: where it cannot be, its samples matter to nobody.
    if (noted || progress.report.model === undefined) return;
    noted = true;
    if (sidecar !== null && taken.length > 0) note(`From ${printable(sidecar.name)}: ${taken.join(', ')}.`);
    if (request.samples.kind === 'random') {
      note(
        'Warning: there is no --samples, so the loss is computed on random inputs and the numbers say nothing about ' +
          'your data.',
      );
    }
  };
  const report = await analyse(request, (progress) => {
    noteOnce(progress);
    costs.tell(progress);
    progressLine.show(progress);
  }).catch((error: unknown): CutShortError => {
    if (error instanceof CutShortError) return error;
    throw sidecar === null ? error : namingSidecar(error, sidecar, taken);
  });
  progressLine.clear();
  if (report instanceof CutShortError) {
    if (command.html !== null)
      note(
        `${printable(command.html)} is not written, since a page needs trace and norm; allow more time with --time.`,
      );
    const known = report.report;
    process.stdout.write(command.json ? `${reportJson(known)}\n` : inTerminalWords(cutReportText(known)));
    return;
  }
  try {
    // First, because the program ends where the reader of standard output (`head`, a pager) has seen enough.
    if (command.html !== null) await writePage(command.html, report);
  } finally {
    // A page that fails does not take the report with it.
    process.stdout.write(command.json ? `${reportJson(report)}\n` : inTerminalWords(reportText(report)));
  }
}

/** Labels that are named with their folder are a file as seen from here, and not beside the samples. */
function withLabelsPath(options: RequestOptions): RequestOptions {
  const { labels } = options;
  const isPath =
    labels !== null && /[\\/].*\.npy$/.test(labels) && options.samples?.endsWith('.npy') === true;
  return isPath ? { ...options, labels: resolve(labels) } : options;
}

/** What a page must not be written over. */
function filesReadFor({ model, samples }: AnalysisRequest): ReadFile[] {
  return [
    { path: model, title: 'the model' },
    ...(samples.kind === 'file' ? [{ path: samples.path, title: 'the file of the samples' }] : []),
    ...(samples.kind === 'file' && samples.labels !== null && isAbsolute(samples.labels)
      ? [{ path: samples.labels, title: 'the file of the labels' }]
      : []),
    { path: sidecarPath(model), title: 'the place of the settings beside the model' },
  ];
}

async function writePage(path: string, report: Report): Promise<void> {
  const page = reportPage(report);
  try {
    await atomicWrite(path, page);
  } catch (error) {
    throw new FailureError(
      'UsageError',
      `The page ${printable(path)} cannot be written: ${writeFailureText(error)}; name another file with --html.`,
      error instanceof Error ? error.message : null,
    );
  }
}

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
async function detect(folder: string): Promise<void> {
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
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function run(args: readonly string[]): Promise<void> {
  const command = parseCommandLine(args);
  switch (command.kind) {
    case 'help':
      process.stdout.write(helpText);
      return;
    case 'version':
      process.stdout.write(`${version}\n`);
      return;
    case 'analyze':
      await analyze(command);
      return;
    case 'detect':
      await detect(command.folder);
  }
}

async function main(): Promise<void> {
  // Stays where the analysis never settles and Node ends for want of anything to do.
  process.exitCode = 1;
  process.on('SIGINT', () => {
    progressLine.clear();
    process.exit(exitCodes.interruption);
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader (`head`, a pager) has seen enough.
    if (error.code === 'EPIPE') process.exit(0);
    note(
      `model-sharpness: The output cannot be written: ${writeFailureText(error)}; ` +
        'send standard output to another file or disk.',
    );
    process.exit(exitCodes.internal);
  });
  process.stderr.on('error', () => {
    // Nobody reads the notes; the report may still be read.
  });
  try {
    await run(process.argv.slice(2));
    process.exitCode = 0;
  } catch (error) {
    const { kind, message, detail } = failureOf(error);
    note(`model-sharpness: ${printable(message)}`);
    if (failureSubjects[kind] === 'internal' && detail !== null)
      note(detail.split('\n').map(printable).join('\n'));
    process.exitCode = exitCodes[failureSubjects[kind]];
  }
}

void main();
