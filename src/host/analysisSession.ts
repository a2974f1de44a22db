import { basename } from 'node:path';
import type { ProposedArchitecture } from '../report/architecture';
import type { DetailAnswer, DetailOf } from '../report/detail';
import { failureOf } from '../report/failure';
import { fitsShape, type ShapeChanges } from '../report/inputShapes';
import { computationDefaults, type Said } from '../report/form';
import type { Finished, FormState, PanelState } from '../report/panelMessages';
import type { PartialReport } from '../report/report';
import {
  noOptions,
  requestOf,
  type AnalysisRequest,
  type ComputationChoice,
  type ModelInspection,
  type Progress,
  type RequestOptions,
  type SampleSource,
} from '../report/request';
import { hasSkipped } from '../report/skipped';
import { sidecarPath } from '../samples/sidecarPath';
import type { WorkerCalls } from '../worker/client';
import type { Method } from '../worker/protocol';
import type { AskedLayers } from './askedLayers';
import type { KeptReports, LastRun } from './keptReports';
import {
  blamingSidecar,
  changedSince,
  describeRequest,
  keepRun,
  planRun,
  settingsText,
  sidecarOf,
  underNames,
  type PlannedRun,
} from './plannedRun';
import { findReportDetail, refused } from './reportDetail';
import { Wishes } from './wishes';

export interface SessionParts {
  readonly worker: WorkerCalls<Method>;
  readonly kept: KeptReports;
  readonly settings: () => Pick<AnalysisRequest, 'threads' | 'memoryBudget'>;
  /** Whether the folders that are open are trusted: else a sidecar names no file outside its own. */
  readonly isTrusted: () => boolean;
  readonly log: { readonly info: (line: string) => void; readonly warn: (line: string) => void };
  readonly onChange: (state: PanelState) => void;
}

/** A report that stands, with what it was made from. */
interface Settled {
  readonly state: Extract<PanelState, { phase: 'done' }>;
  readonly run: Pick<LastRun, 'key' | 'source' | 'computation' | 'contents' | 'settings'>;
}

/**
 * One model's way from file to report: show what is kept of it, inspect it, settle on samples, analyse, keep an eye on the
 * files. It knows nothing of how the state is shown. Whatever is going on, a newer wish ends the older one; a report that
 * stands is given up only for another that is done.
 */
export class AnalysisSession {
  readonly file: string;
  private readonly parts: SessionParts;
  private currentState: PanelState;
  private work: AbortController | null = null;
  private inspection: ModelInspection | null = null;
  private readonly wishes: Wishes;
  /** What the state was before the chooser came up, to return to when it is left without a choice. */
  private beforeChoosing: PanelState | null = null;
  private settled: Settled | null = null;
  private planned: PlannedRun | null = null;
  /** The report of the very run that is made once more. */
  private earlier: Finished | null = null;
  private known: PartialReport = {};
  /** Tells the worker; nothing to tell where none runs. */
  private skipStage: (stage: string) => void = () => undefined;
  /** What a file of weights leaves open, until a run succeeded. */
  layers: AskedLayers | null = null;

  /** @param computation as an earlier window had it, or null: what nobody has chosen */
  constructor(file: string, parts: SessionParts, computation: ComputationChoice | null = null) {
    this.wishes = new Wishes(computation ?? computationDefaults);
    this.file = file;
    this.parts = parts;
    this.currentState = { phase: 'reading', file };
  }

  get state(): PanelState {
    return this.currentState;
  }

  /** What the next run will do, and what of it can be said; the webview keeps it over a reload of the window. */
  get form(): FormState {
    const { inspection } = this;
    return {
      said: this.wishes.all,
      known: inspection && { outputs: inspection.outputs, tensors: inspection.tensors },
      layers: this.layers?.form ?? null,
    };
  }

  get busy(): boolean {
    return this.work !== null;
  }

  /** The files whose change makes the shown report old. */
  get files(): readonly string[] {
    const { file, settled } = this;
    return [...new Set([file, sidecarPath(file), ...Object.keys(settled?.run.contents ?? {})])];
  }

  /** Shows what is kept of the last run of this model, whole or not; where there is nothing: the model itself. */
  async open(): Promise<void> {
    const shown = await this.showKept();
    if (!shown && !this.busy) await this.inspect('overview');
  }

  /** Shows what is kept of the last run, else analyses. @param fresh whether it must be whole, and its files the same */
  async openOrRun(fresh: boolean): Promise<void> {
    const shown = await this.showKept();
    if (this.busy || (shown && (!fresh || isComplete(this.currentState)))) return;
    await this.run();
  }

  /**
   * Analyses with the samples of the last run, else with those of the model's sidecar, else with the only data file that
   * fits, else asks for samples. A report that stands there is made once more.
   */
  async run(): Promise<void> {
    const { state } = this;
    const sidecarChanged =
      state.phase === 'done' && state.changed.some((name) => name.endsWith('.sharpness.json'));
    const written = sidecarChanged ? await this.remembered().catch(() => null) : null;
    const source = written ?? this.wishes.source;
    if (source === null) await this.inspect('use-the-only-one');
    else await this.analyse(source, {}, true);
  }

  /**
   * Analyses in another way, or shows the report that is kept of it; where samples are being chosen, once they are. What the
   * sidecar can say is written there once a run has succeeded.
   */
  async say(wish: Partial<Said>): Promise<void> {
    this.wishes.add(wish);
    const { source } = this.wishes;
    if (this.currentState.phase === 'choosing-samples') this.parts.onChange(this.currentState);
    else if (source === null) await this.run();
    else await this.analyse(source);
  }

  /** Analyses with the layers that were chosen; the sidecar gets them once that has succeeded. */
  async useLayers(): Promise<void> {
    const architecture = this.layers?.architecture ?? null;
    if (architecture === null) return;
    this.layers?.stop();
    this.wishes.add({ architecture });
    await this.run();
  }

  /** The samples that a run takes, or would take, as far as they are known. */
  async samplesFile(): Promise<string | null> {
    const source = this.wishes.source ?? (await this.remembered().catch(() => null));
    return source?.kind === 'file' ? source.path : null;
  }

  /** Looks what the model puts out and which tensors it has, for the form, whatever else is going on. */
  async look(): Promise<void> {
    if (this.inspection !== null) return;
    const owner = `${this.file} (its tensors)`;
    // What cannot be read is told of by the analysis.
    const found = await this.parts.worker
      .inspect({ file: this.file, said: this.wishes.said }, { owner })
      .catch(() => null);
    this.inspection ??= found;
    this.parts.onChange(this.currentState);
  }

  /** What the report does not hold of a part of it; refused where it is not the report of these files. */
  async detail(of: DetailOf): Promise<DetailAnswer> {
    await this.checkFiles();
    const { settled, file } = this;
    if (settled?.state !== this.currentState) return refused('This is shown once the analysis is done.');
    const { changed, report } = settled.state;
    if (changed.length > 0)
      return refused(`${changed.join(' and ')} changed since this analysis: run it again.`);
    const { worker, settings, isTrusted } = this.parts;
    const { run } = settled;
    return findReportDetail({ file, report, run, machine: settings(), trusted: isTrusted() }, of, worker);
  }

  /** Shows the chooser, whatever fits. */
  async changeSamples(): Promise<void> {
    if (this.currentState.phase === 'choosing-samples') return;
    this.beforeChoosing = this.busy ? null : this.currentState;
    await this.inspect('ask');
  }

  /** @param shapes what was said beside of inputs whose sizes the model leaves open */
  async useSamples(source: SampleSource, shapes: ShapeChanges = {}): Promise<void> {
    this.wishes.addSamples(source, shapes, await this.readWritten());
    await this.analyse(source, this.inspection?.facts);
  }

  /** Whether the chooser asks for these shapes, and the model's inputs may have them. */
  takes(shapes: ShapeChanges): boolean {
    const open = new Map(this.inspection?.openInputs.map(({ name, dims }) => [name, dims]));
    return Object.entries(shapes).every(
      ([name, shape]) => open.has(name) && (shape === null || fitsShape(open.get(name) ?? null, shape)),
    );
  }

  /** Whether the chooser offers this file: nothing else that a webview names is opened. */
  offers(path: string): boolean {
    return this.inspection?.candidates.some((candidate) => candidate.path === path) ?? false;
  }

  /** Ends what is going on: the report of before stands again; without one, what was known is shown and kept. */
  cancel(): void {
    if (!this.busy && this.currentState.phase !== 'choosing-samples') return;
    this.stop();
    const { settled, beforeChoosing } = this;
    this.beforeChoosing = null;
    if (beforeChoosing !== null) this.change(beforeChoosing);
    else if (settled !== null) {
      this.wishes.adopt(settled.run);
      this.change(settled.state);
    } else this.change({ phase: 'cancelled', file: this.file, known: this.known });
    void this.checkFiles();
  }

  /** Ends one stage of what is going on; what comes after it goes on. */
  skip(stage: string): void {
    const { currentState } = this;
    if (currentState.phase !== 'running' || currentState.progress.stage !== stage) return;
    this.skipStage(stage);
    // Until the worker tells of the next stage.
    this.change({ ...currentState, progress: { ...currentState.progress, canSkip: false } });
  }

  /** To be called when one of `files` may have changed. */
  async checkFiles(): Promise<void> {
    const { settled } = this;
    if (settled === null || this.currentState.phase !== 'done') return;
    const { changed, contents } = await changedSince(settled.run, this.file, this.parts.isTrusted());
    if (this.settled !== settled || this.currentState !== settled.state) return;
    const names = changed.map((path) => basename(path));
    const run = names.length === 0 ? { ...settled.run, contents } : settled.run;
    const same = names.join('/') === settled.state.changed.join('/');
    this.settled = { run, state: same ? settled.state : { ...settled.state, changed: names } };
    if (!same) this.change(this.settled.state);
  }

  dispose(): void {
    this.stop();
    this.layers?.stop();
  }

  /** @returns whether there is something */
  private async showKept(): Promise<boolean> {
    const signal = this.begin();
    this.change({ phase: 'reading', file: this.file });
    const last = await this.parts.kept.recall(this.file);
    const kept = last === null ? null : await this.parts.kept.find(last.key);
    const changed =
      last === null || kept === null
        ? []
        : (await changedSince(last, this.file, this.parts.isTrusted())).changed;
    if (!this.isCurrent(signal)) return false;
    this.work = null;
    if (last === null || kept === null) return false;
    this.wishes.adopt(last);
    this.wishes.written = await this.readWritten();
    if (kept.whole) this.settle(last, kept, changed);
    else this.change({ phase: 'cancelled', file: this.file, known: kept.report });
    return true;
  }

  private async inspect(choice: 'ask' | 'use-the-only-one' | 'overview'): Promise<void> {
    const signal = this.begin();
    this.known = {};
    this.change({ phase: 'reading', file: this.file });
    await this.guard(signal, async () => {
      const remembered = choice === 'use-the-only-one' ? await this.remembered() : null;
      if (!this.isCurrent(signal)) return;
      if (remembered !== null) {
        await this.analyse(remembered);
        return;
      }
      const inspection = await this.parts.worker.inspect(
        { file: this.file, said: this.wishes.said },
        {
          owner: this.file,
          signal,
          onProgress: (progress) => {
            this.report(signal, progress);
          },
        },
      );
      if (!this.isCurrent(signal)) return;
      this.inspection = inspection;
      this.known = inspection.facts;
      const [first, ...others] = inspection.candidates.filter(({ fits }) => fits);
      if (choice === 'use-the-only-one' && first !== undefined && others.length === 0) {
        await this.analyse({ kind: 'file', path: first.path, inputs: {}, labels: null }, inspection.facts);
        return;
      }
      this.work = null;
      const { facts, candidates, openInputs } = inspection;
      this.change(
        choice === 'overview'
          ? { phase: 'overview', file: this.file, inspection }
          : { phase: 'choosing-samples', file: this.file, facts, candidates, openInputs },
      );
    });
  }

  /**
   * @param facts what is known of the model as it is now: nothing that the last run found is shown as if it were of this one
   * @param again whether a report that is kept is made once more
   */
  private async analyse(source: SampleSource, facts: PartialReport = {}, again = false): Promise<void> {
    const { settled } = this;
    const signal = this.begin();
    this.known = facts;
    this.wishes.source = source;
    this.beforeChoosing = null;
    this.earlier = again && isFresh(this.currentState) ? (settled?.state ?? null) : null;
    this.report(signal, {
      stage: 'Starting',
      fraction: null,
      remainingSeconds: null,
      step: null,
      steps: null,
      cost: null,
      report: {},
    });
    await this.guard(signal, async () => {
      const { said, computation } = this.wishes;
      const wish = { model: this.file, source, computation, said, machine: this.parts.settings() };
      const plan = await planRun(wish, settled?.run.contents ?? {}, this.parts.isTrusted());
      if (plan.key !== settled?.run.key) this.earlier = null;
      const kept = again ? null : await this.parts.kept.findComplete(plan.key);
      if (!this.isCurrent(signal)) return;
      this.planned = plan;
      this.wishes.written = plan.sidecar?.options ?? noOptions;
      if (kept !== null) {
        await this.finish(plan, kept);
        return;
      }
      this.parts.log.info(`${this.file}: analysing ${describeRequest(plan.request)}`);
      const report = await this.parts.worker
        .analyse(plan.request, {
          owner: this.file,
          signal,
          onProgress: (progress) => {
            this.report(signal, progress);
          },
          whenSkippable: (skip) => {
            if (this.isCurrent(signal)) this.skipStage = skip;
          },
        })
        .catch(async (thrown: unknown) => {
          throw await blamingSidecar(thrown, plan, said);
        });
      if (!this.isCurrent(signal)) return;
      await this.finish(plan, { report, finished: Date.now() });
    });
  }

  /** A run succeeded: what was said is written down, the report is kept. */
  private async finish(plan: PlannedRun, made: Finished): Promise<void> {
    this.work = null;
    this.planned = null;
    const said = this.wishes.fulfil();
    this.layers = null;
    // The parameters are others: the form looks once more.
    if ('output' in said || 'trained' in said || 'fixed' in said) this.inspection = null;
    this.settle(plan, made, []);
    const settings = await this.write(said, plan.settings);
    if (this.settled?.run === plan) this.settled = { ...this.settled, run: { ...plan, settings } };
    await this.checkFiles();
    const { finished, report } = made;
    await keepRun(this.parts, this.file, { ...plan, settings }, report, {
      finished,
      whole: true,
      isLast: true,
    });
  }

  private async write(said: Partial<RequestOptions>, before: string): Promise<string> {
    if (Object.keys(said).length === 0) return before;
    try {
      const { writeSidecar } = await import('../samples/sidecar');
      await writeSidecar(this.file, said);
      return settingsText(await sidecarOf(this.file, this.parts.isTrusted()));
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.parts.log.warn(`${this.file}: what was chosen was not written down: ${reason}`);
      return before;
    }
  }

  private settle(run: Settled['run'], made: Finished, changed: readonly string[]): void {
    const { finished } = made;
    const report = underNames(made.report, this.file, run.source);
    const names = changed.map((path) => basename(path));
    const state = { phase: 'done', file: this.file, report, finished, changed: names } as const;
    this.settled = { state, run };
    this.change(state);
  }

  /** What the sidecar says: nothing where there is none, or where only a run will say what is wrong with it. */
  private async readWritten(): Promise<RequestOptions> {
    const sidecar = await sidecarOf(this.file, this.parts.isTrusted()).catch(() => null);
    return sidecar?.options ?? noOptions;
  }

  /** The samples that the sidecar names, if it names any. */
  private async remembered(): Promise<SampleSource | null> {
    const options = (await sidecarOf(this.file, this.parts.isTrusted()))?.options;
    const source = options === undefined ? null : requestOf(options).samples;
    return source?.kind === 'file' ? source : null;
  }

  /** A failure of the work becomes the state, unless a newer wish took over. */
  private async guard(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (!this.isCurrent(signal)) return;
      this.work = null;
      this.planned = null;
      const known = this.earlier?.report ?? this.known;
      const failure = failureOf(thrown);
      this.change({ phase: 'failed', file: this.file, failure, known });
      if (failure.kind === 'ArchitectureMissing') await this.askLayers(failure.detail ?? '');
    }
  }

  /** @param proposal JSON */
  private async askLayers(proposal: string): Promise<void> {
    const { AskedLayers } = await import('./askedLayers');
    this.layers?.stop();
    this.layers = new AskedLayers(
      JSON.parse(proposal) as ProposedArchitecture,
      async (architectures, signal) => {
        const written = await this.readWritten();
        const { source, said: since } = this.wishes;
        const samples = source?.kind === 'file' ? { samples: source.path } : {};
        const said = { ...written, ...samples, ...since };
        const owner = `${this.file} (its layers)`;
        return this.parts.worker.tryLayers({ file: this.file, said, architectures }, { owner, signal });
      },
      () => {
        this.parts.onChange(this.currentState);
      },
      this.parts.isTrusted,
    );
    await this.layers.try();
  }

  private report(signal: AbortSignal, progress: Progress): void {
    if (!this.isCurrent(signal)) return;
    this.known = { ...this.known, ...progress.report };
    const { earlier } = this;
    this.change({
      phase: 'running',
      file: this.file,
      progress: { ...progress, report: this.known },
      earlier: earlier === null ? null : { report: earlier.report, finished: earlier.finished },
    });
  }

  private begin(): AbortSignal {
    this.stop();
    this.work = new AbortController();
    return this.work.signal;
  }

  private isCurrent(signal: AbortSignal): boolean {
    return this.work?.signal === signal;
  }

  /** Ends the work; what it knew by then is kept where nothing better is. */
  private stop(): void {
    this.work?.abort();
    this.work = null;
    this.skipStage = () => undefined;
    const { planned, known } = this;
    this.planned = null;
    if (planned !== null && this.settled === null && isWorthKeeping(known))
      void keepRun(this.parts, this.file, planned, known, {
        finished: null,
        whole: false,
        isLast: true,
      });
  }

  private change(state: PanelState): void {
    this.currentState = state;
    this.parts.onChange(state);
  }
}

/** Whether a whole report is shown and its files are the same. */
function isFresh(state: PanelState): boolean {
  return state.phase === 'done' && state.changed.length === 0;
}

/** The same where no step of it was skipped. */
function isComplete(state: PanelState): boolean {
  return state.phase === 'done' && isFresh(state) && !hasSkipped(state.report);
}

function isWorthKeeping({ gradientNorm, sharpness, trace }: PartialReport): boolean {
  return gradientNorm !== undefined || sharpness !== undefined || trace !== undefined;
}
