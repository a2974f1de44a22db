import { isAbsolute, resolve } from 'node:path';
import { reportPage } from '../charts/reportPage';
import { atomicWrite } from '../files/atomicWrite';
import { readArchitecture } from '../formats/architecture/readArchitecture';
import { writeFailureText } from '../files/writeFailure';
import { requestOfCommand, type Command } from '../report/commandLine';
import { CutShortError } from '../report/cutShort';
import { FailureError } from '../report/failure';
import { requirePageTarget, type ReadFile } from '../report/pageTarget';
import { printable } from '../report/printable';
import type { Report } from '../report/report';
import type { AnalysisRequest, Progress, RequestOptions } from '../report/request';
import { reportJson } from '../report/schema';
import { cutReportText, reportText } from '../report/text';
import { costText, durationText, worthTelling } from '../report/wording/cost';
import { inTerminalWords } from '../report/wording/settings';
import { namingSidecar, readSidecar, describeSource, withSidecar } from '../samples/sidecar';
import { sidecarPath } from '../samples/sidecarPath';
import type { WorkerCalls } from '../worker/client';
import type { Output } from './output';

/** Says before a long stage what it will take. */
class CostNotes {
  private told: string | null = null;

  constructor(private readonly output: Output) {}

  tell({ stage, cost, remainingSeconds, step, steps }: Progress): void {
    if (cost === null || remainingSeconds === null || stage === this.told) return;
    this.told = stage;
    if (cost.seconds < worthTelling) return;
    this.output.note(
      `${stage}${step === null || steps === null ? '' : ` (step ${step} of ${steps})`}: ${costText(cost)}; about ${durationText(remainingSeconds)} to the end.`,
    );
  }
}

/** Analyses the model in the worker, prints its report and writes its page. */
export async function analyze(
  command: Extract<Command, { kind: 'analyze' }>,
  worker: WorkerCalls,
  output: Output,
): Promise<void> {
  const { note, print } = output;
  const sidecar = await readSidecar(command.model);
  const said = await withArchitecture(command);
  const options = withSidecar(withLabelsPath(said), sidecar);
  const request = requestOfCommand(command, options);
  // Before anything is computed: a page that cannot be written is found out early.
  if (command.html !== null) await requirePageTarget(command.html, filesReadFor(request));
  const taken = sidecar === null ? [] : describeSource(sidecar, said);
  let noted = false;
  const costs = new CostNotes(output);
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
  const onProgress = (progress: Progress): void => {
    noteOnce(progress);
    costs.tell(progress);
    output.progress(progress);
  };
  const report = await worker
    .analyse(request, { owner: request.model, onProgress })
    .catch((error: unknown): CutShortError => {
      if (error instanceof CutShortError) return error;
      throw sidecar === null ? error : namingSidecar(error, sidecar, taken);
    });
  if (report instanceof CutShortError) {
    if (command.html !== null)
      note(
        `${printable(command.html)} is not written, since a page needs trace and norm; allow more time with --time.`,
      );
    const known = report.report;
    await print(
      command.json ? `${reportJson(known)}\n` : inTerminalWords(cutReportText(known)),
      command.json,
    );
    return;
  }
  try {
    // First, because the program ends where the reader of standard output (`head`, a pager) has seen enough.
    if (command.html !== null) await writePage(command.html, report);
  } finally {
    // A page that fails does not take the report with it.
    await print(command.json ? `${reportJson(report)}\n` : inTerminalWords(reportText(report)), command.json);
  }
}

/** The options of a command with the architecture that its file has. */
export async function withArchitecture({
  architecture,
  options,
}: Pick<Extract<Command, { kind: 'analyze' }>, 'architecture' | 'options'>): Promise<RequestOptions> {
  return architecture === null ? options : { ...options, architecture: await readArchitecture(architecture) };
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
