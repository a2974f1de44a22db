import { basename } from 'node:path';
import type { PartialReport, Report } from '../report/report';
import {
  noOptions,
  requestDefaults,
  requestOf,
  type AnalysisRequest,
  type ComputationChoice,
  type RequestOptions,
  type SampleSource,
} from '../report/request';
import type { Sidecar } from '../samples/sidecar';
import { sidecarPath } from '../samples/sidecarPath';
import { compareContents, contentsOf, filesRead, type Contents } from './contents';
import { sha256, type KeptReports, type LastRun } from './keptReports';

/** What a run is of, before it begins. */
export interface Wish {
  readonly model: string;
  readonly source: SampleSource;
  readonly computation: ComputationChoice;
  /** What was said in the panel and is not written down yet; null: left open again. */
  readonly said: Partial<RequestOptions>;
  readonly machine: Pick<AnalysisRequest, 'threads' | 'memoryBudget'>;
}

/** A run with all that its report depends on. */
export interface PlannedRun extends Pick<
  LastRun,
  'key' | 'source' | 'computation' | 'contents' | 'settings'
> {
  readonly request: AnalysisRequest;
  readonly sidecar: Sidecar | null;
}

/**
 * Settles what a run will do.
 * @param known contents that need not be read again where the files are the same
 * @throws FailureError UsageError where the sidecar cannot be read
 */
export async function planRun(wish: Wish, known: Contents, trusted: boolean): Promise<PlannedRun> {
  const { model, source, computation, said, machine } = wish;
  const contents = await contentsOf(await filesRead(model, source), known);
  const sidecar = await sidecarOf(model, trusted);
  const options = { ...(sidecar?.options ?? noOptions), ...said };
  // Loss, scaling and limit are the sidecar's whatever the samples are.
  const settled = requestOf({ ...options, samples: source.kind === 'file' ? source.path : null });
  const request = { ...requestDefaults, ...settled, ...machine, ...computation, model, samples: source };
  const settings = settingsText(sidecar);
  return { request, sidecar, source, computation, contents, settings, key: keyOf(request, contents) };
}

/** A report of the same bytes, which may have had other names when it was made, under the names that they have now. */
export function underNames(found: Report, model: string, source: SampleSource): Report {
  const samples =
    source.kind === 'file' ? { ...found.samples, source: basename(source.path) } : found.samples;
  return { ...found, samples, model: { ...found.model, file: basename(model) } };
}

/**
 * Keeps what a run found; where that fails the log says so.
 * @param made whole or not, when it was finished, and whether the model is shown with it when it is opened again
 */
export async function keepRun(
  { kept, log }: { readonly kept: KeptReports; readonly log: { readonly warn: (line: string) => void } },
  file: string,
  { key, source, computation, contents, settings }: Omit<PlannedRun, 'request' | 'sidecar'>,
  report: PartialReport,
  {
    finished,
    whole,
    isLast,
  }: { readonly finished: number | null; readonly whole: boolean; readonly isLast: boolean },
): Promise<void> {
  const { lambdaMax } = report.sharpness ?? {};
  const last: LastRun = {
    ...{ file, key, source, computation, contents, settings },
    finished: finished ?? Date.now(),
    lambdaMax: lambdaMax === undefined ? null : { lower: lambdaMax.lower, upper: lambdaMax.upper },
    loss: report.samples?.meanLoss ?? null,
  };
  try {
    await kept.keep(last, report, whole, isLast);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    log.warn(`${file}: the report was not kept: ${reason}`);
  }
}

/** The names of what a report was made from that is no longer the same, and the contents as they are now. */
export async function changedSince(
  run: Pick<LastRun, 'contents' | 'settings'>,
  model: string,
  trusted: boolean,
): Promise<{ readonly changed: readonly string[]; readonly contents: Contents }> {
  const { changed, now } = await compareContents(run.contents);
  const settings = await sidecarOf(model, trusted).then(settingsText, () => 'damaged');
  return {
    changed: settings === run.settings ? changed : [...changed, sidecarPath(model)],
    contents: now,
  };
}

/**
 * What stands beside the model. Loaded here with what checks it: the start of the editor does not wait for it.
 * @param trusted whether the folder is: else it names no file outside its own
 */
export async function sidecarOf(model: string, trusted: boolean): Promise<Sidecar | null> {
  const { readSidecar } = await import('../samples/sidecar');
  return readSidecar(model, !trusted);
}

/** What a sidecar says, as one text: how it is written does not matter, and one that says nothing is none. */
export function settingsText(sidecar: Sidecar | null): string {
  return JSON.stringify(sidecar?.options ?? noOptions);
}

/**
 * The failure with the sidecar's name, where what it says is to blame and not what was chosen here: the samples, or what
 * was said in the panel.
 */
export async function blamingSidecar(
  thrown: unknown,
  { sidecar, source }: PlannedRun,
  said: Partial<RequestOptions>,
): Promise<unknown> {
  if (sidecar === null) return thrown;
  const { describeSource, namingSidecar } = await import('../samples/sidecar');
  const chosen = source.kind !== 'file' || source.path !== sidecar.options.samples;
  const beside = new Set([
    ...Object.keys(said),
    ...(chosen ? ['samples', 'inputs', 'labels'] : []),
    ...(source.kind === 'random' ? ['limit'] : []),
  ]);
  const fields = describeSource(sidecar, noOptions).filter((field) => !beside.has(field));
  return namingSidecar(thrown, sidecar, fields);
}

/** What a log says of a request: the samples, and what is not as nobody chose it. */
export function describeRequest({ model: _model, samples, ...options }: AnalysisRequest): string {
  const chosen = Object.entries(options).filter(
    ([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(requestDefaults[name as keyof typeof options]),
  );
  const on = samples.kind === 'file' ? samples.path : `${String(samples.count)} random inputs`;
  return [`on ${on}`, ...chosen.map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(', ');
}

/** The hash of all that the numbers depend on: contents in place of paths, and nothing of the machine. */
function keyOf(request: AnalysisRequest, contents: Contents): string {
  const { model: _model, samples, threads: _threads, memoryBudget: _memory, ...options } = request;
  const from = samples.kind === 'file' ? { ...samples, path: null } : samples;
  const hashes = Object.values(contents).map((content) => content.sha256);
  const sorted = Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1));
  return sha256(JSON.stringify([hashes, from, sorted]));
}
