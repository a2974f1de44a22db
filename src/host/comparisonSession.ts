import { stat } from 'node:fs/promises';
import type { RowCalls } from '../analysis/comparedRow';
import type { TwinComparison } from '../analysis/comparedTwins';
import type { Evaluation } from '../analysis/evaluate';
import { compare } from '../comparison/compare';
import { shortPaths } from '../comparison/order';
import type { ComparisonProgress, ComparisonState } from '../comparison/panelState';
import { trainedAs, type ComparedRow } from '../comparison/row';
import type { ComparedTwins } from '../comparison/twins';
import { failureOf } from '../report/failure';
import type { Report, Training } from '../report/report';
import { computationDefaults } from '../report/form';
import {
  noOptions,
  requestOf,
  type ModelInspection,
  type Progress,
  type RequestOptions,
  type SampleSource,
} from '../report/request';
import type { SessionParts } from './analysisSession';
import type { Contents } from './contents';
import { keepRun, planRun, underNames, type PlannedRun, type Wish } from './plannedRun';

/** What a person says of a comparison, to be said once. */
export interface Remembered {
  /** null: as the files say. */
  readonly training: Training | null;
  /** The samples of all that no sidecar names; null: none was chosen. */
  readonly source: SampleSource | null;
}

export interface ComparisonParts extends Omit<SessionParts, 'onChange'> {
  /** Asks for the samples of all where no sidecar names any and not exactly one file fits; null: nothing was chosen. */
  readonly askSamples: (inspection: ModelInspection) => Promise<SampleSource | null>;
  /** What was said of this comparison before. */
  readonly remembered: Remembered;
  readonly remember: (said: Remembered) => void;
  readonly onChange: (state: ComparisonState) => void;
  readonly onProgress: (progress: ComparisonProgress) => void;
}

/**
 * Several models' way from files to one comparison: settle on samples, analyse one after another in the one worker process
 * what no kept report tells, show each row when it is ready; then let the checkpoints of a followed folder join. It knows nothing of how it is shown.
 */
export class ComparisonSession {
  private readonly rows = new Map<string, ComparedRow>();
  /** Loaded with what it needs when it is first used. */
  private twins: TwinComparison | null = null;
  private bySample: readonly ComparedTwins[] = [];
  private waiting: readonly string[] = [];
  private notes: string[] = [];
  private work: AbortController | null = null;
  private followed: Promise<{ look(): Promise<string[]> }> | null = null;
  private said: Remembered;
  /** Hashes of what was read: the samples are those of all. */
  private contents: Contents = {};
  private current: ComparisonState;

  /**
   * @param args models, saved reports, or folders
   * @param folder the folder that can be followed, or null
   */
  constructor(
    private readonly args: readonly string[],
    private readonly folder: string | null,
    private readonly parts: ComparisonParts,
  ) {
    this.said = parts.remembered;
    this.current = this.stateOf('reading');
  }

  get state(): ComparisonState {
    return this.current;
  }

  isBusy(): boolean {
    return this.work !== null;
  }

  /** Compares from the beginning: what failed and what has changed is computed anew. */
  async run(): Promise<void> {
    const signal = this.begin();
    this.rows.clear();
    this.bySample = [];
    this.twins = null;
    this.notes = [];
    this.change('reading');
    await this.guard(signal, async () => {
      const { comparedFiles } = await import('../analysis/comparedFiles');
      const { source } = this.said;
      // Samples that are gone are asked for once more.
      if (source?.kind === 'file' && (await stat(source.path).catch(() => null)) === null)
        this.say({ source: null });
      const { paths, notes } = await comparedFiles(this.args);
      this.notes.push(...notes);
      await this.add(paths, signal);
    });
  }

  /** Looks at the followed folder: new checkpoints join unless something is being computed. */
  async look(): Promise<void> {
    if (this.followed === null || this.isBusy()) return;
    const ready = await (await this.followed).look();
    // What began meanwhile goes first; the folder will be looked at again.
    if (ready.length === 0 || this.isBusy()) return;
    const signal = this.begin();
    await this.guard(signal, () => this.add(ready, signal));
  }

  /** Lets new checkpoints of the folder join from now on, or no longer. */
  follow(on: boolean): void {
    if (this.folder === null) return;
    const { folder } = this;
    this.followed = on
      ? import('../analysis/followedFolder').then(async ({ FollowedFolder }) => {
          const followed = new FollowedFolder(folder);
          await followed.take([...this.rows.keys(), ...this.waiting]);
          return followed;
        })
      : null;
    this.change(this.current.phase);
  }

  /** Holds the models against the edge of this training from now on; one without a learning rate leaves it to the files. */
  train(training: Training): void {
    this.say({ training });
    this.change(this.current.phase);
  }

  /** Ends what is being computed; the rows that are ready stay. */
  cancel(): void {
    if (!this.isBusy()) return;
    this.stop();
    this.waiting = [];
    this.change('cancelled');
  }

  dispose(): void {
    this.stop();
    this.followed = null;
  }

  /** Analyses these one after another, each shown when it is ready. */
  private async add(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const { isSavedReport, SharedOptions } = await import('../analysis/comparedFiles');
    const { comparedRow } = await import('../analysis/comparedRow');
    const { TwinComparison } = await import('../analysis/comparedTwins');
    const models = paths.filter((path) => !isSavedReport(path));
    const shared = new SharedOptions(
      noOptions,
      (sentence) => this.notes.push(sentence),
      this.parts.isTrusted(),
    );
    await shared.lookThrough([...models, ...this.rows.keys()].filter((path) => !isSavedReport(path)));
    if (models.length > 0 && !shared.nameSamples && this.said.source === null) {
      const chosen = await this.chooseSamples(models, signal);
      if (signal.aborted) return;
      if (chosen === null) {
        this.cancel();
        return;
      }
      this.say({ source: chosen });
    }
    const names = shortPaths([...this.rows.keys(), ...paths]).slice(-paths.length);
    const callsOf = (tell: (progress: Progress) => void): RowCalls => ({
      analyse: async (model) => this.analyse(model, (await shared.of(model)).options, signal, tell),
      evaluate: async (model) => this.evaluate(model, (await shared.of(model)).options, signal, tell),
    });
    for (const [at, path] of paths.entries()) {
      this.waiting = names.slice(at);
      this.change('running');
      const calls = callsOf((progress) => {
        this.parts.onProgress({
          name: names[at] ?? path,
          stage: progress.stage,
          fraction: (at + (progress.fraction ?? 0)) / paths.length,
        });
      });
      const row = await comparedRow(path, null, calls);
      if (signal.aborted) return;
      this.rows.set(path, row);
    }
    this.waiting = [];
    const { evaluate } = callsOf(() => undefined);
    this.twins ??= new TwinComparison();
    this.bySample = await this.twins.of([...this.rows.values()], evaluate, ({ twin }) => {
      this.waiting = [twin.row.name];
      this.change('running');
    });
    this.waiting = [];
    this.work = null;
    this.change('done');
  }

  /** The report that is kept of this model, else a new one, which is kept. */
  private async analyse(
    model: string,
    options: RequestOptions,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): Promise<Report> {
    const { worker, kept, log, isTrusted } = this.parts;
    const { wish, plan } = await this.plan(model, options);
    const found = await kept.findComplete(plan.key);
    if (found !== null) return underNames(found.report, model, wish.source);
    const report = await worker.analyse(plan.request, {
      owner: `comparison of ${model}`,
      signal,
      onProgress,
    });
    // Opened by itself the model shows what it would find by itself: settings of another's sidecar may have completed its own.
    const alone = await planRun({ ...wish, said: {} }, this.contents, isTrusted());
    const isLast = alone.key === plan.key;
    await keepRun({ kept, log }, model, plan, report, { finished: null, whole: true, isLast });
    return report;
  }

  /** What forward passes alone tell of this model; nothing of it is kept. */
  private async evaluate(
    model: string,
    options: RequestOptions,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): Promise<Evaluation> {
    const { plan } = await this.plan(model, options);
    return this.parts.worker.evaluate(plan.request, {
      owner: `comparison of ${model}`,
      signal,
      onProgress,
    });
  }

  private async plan(
    model: string,
    options: RequestOptions,
  ): Promise<{ readonly wish: Wish; readonly plan: PlannedRun }> {
    const settled = requestOf(options).samples;
    const source = options.samples === null ? (this.said.source ?? settled) : settled;
    const machine = this.parts.settings();
    const wish = { model, source, computation: computationDefaults, said: options, machine };
    const plan = await planRun(wish, this.contents, this.parts.isTrusted());
    this.contents = { ...this.contents, ...plan.contents };
    return { wish, plan };
  }

  /** The only data file that fits the first model that can be read, else what the user chooses; null: nothing. */
  private async chooseSamples(models: readonly string[], signal: AbortSignal): Promise<SampleSource | null> {
    let inspection: ModelInspection = {
      facts: {},
      candidates: [],
      openInputs: [],
      outputs: [],
      tensors: [],
    };
    for (const model of models) {
      const found = await this.parts.worker
        .inspect({ file: model, said: {} }, { owner: `comparison of ${model}`, signal })
        .catch(() => null);
      if (signal.aborted) return null;
      if (found === null) continue;
      inspection = found;
      break;
    }
    const [only, ...others] = inspection.candidates.filter(({ fits }) => fits);
    return only !== undefined && others.length === 0
      ? { kind: 'file', path: only.path, inputs: {}, labels: null }
      : this.parts.askSamples(inspection);
  }

  private async guard(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (signal.aborted) return;
      this.work = null;
      this.waiting = [];
      const failure = failureOf(thrown);
      this.current = { ...this.stateOf('failed'), failure };
      this.parts.onChange(this.current);
    }
  }

  private say(said: Partial<Remembered>): void {
    this.said = { ...this.said, ...said };
    this.parts.remember(this.said);
  }

  private begin(): AbortSignal {
    this.stop();
    this.work = new AbortController();
    return this.work.signal;
  }

  private stop(): void {
    this.work?.abort();
    this.work = null;
  }

  private change(phase: ComparisonState['phase']): void {
    this.current = this.stateOf(phase);
    this.parts.onChange(this.current);
  }

  private stateOf(phase: ComparisonState['phase']): ComparisonState {
    const { training } = this.said;
    const effective = (training?.learningRate ?? null) === null ? null : training;
    return {
      phase,
      comparison: compare(
        [...this.rows.values()].map((row) => trainedAs(row, effective)),
        this.bySample,
      ),
      files: this.args,
      training,
      waiting: this.waiting,
      folder: this.folder,
      following: this.followed !== null,
      notes: [...this.notes],
      failure: null,
    };
  }
}
