import { failureOf } from '../report/failure';
import { changeShapes, fitsShape, type ShapeChanges } from '../report/inputShapes';
import type { ComputationChoice, PanelState } from '../report/panelMessages';
import type { PartialReport, Report } from '../report/report';
import {
  noOptions,
  requestDefaults,
  requestOf,
  type AnalysisRequest,
  type ModelInspection,
  type Progress,
  type RequestOptions,
  type SampleSource,
} from '../report/request';
import type { Sidecar } from '../samples/sidecar';
import type { WorkerCalls } from '../worker/client';
import { filesRead, fingerprintsOf, isUnchanged, type Fingerprints } from './fingerprint';
import type { RunMemory } from './runMemory';

export interface SessionParts {
  readonly worker: WorkerCalls;
  readonly memory: RunMemory;
  readonly settings: () => Pick<AnalysisRequest, 'threads' | 'memoryBudget'>;
  /** Whether the folders that are open are trusted: else a sidecar names no file outside its own. */
  readonly isTrusted: () => boolean;
  readonly onChange: (state: PanelState) => void;
}

/**
 * One model's way from file to report: inspect it, settle on samples, analyse, keep an eye on the files. It knows
 * nothing of how the state is shown. Whatever is going on, a newer wish ends the older one.
 */
export class AnalysisSession {
  readonly file: string;
  private readonly parts: SessionParts;
  private currentState: PanelState;
  private work: AbortController | null = null;
  private inspection: ModelInspection | null = null;
  private source: SampleSource | null = null;
  /** What the state was before the chooser came up, to return to when it is left without a choice. */
  private beforeChoosing: PanelState | null = null;
  private known: PartialReport = {};
  private fingerprints: Fingerprints = {};
  private chosenComputation: ComputationChoice;

  /** @param computation as an earlier window had it, or null: what nobody has chosen */
  constructor(file: string, parts: SessionParts, computation: ComputationChoice | null = null) {
    const { method, blocks, scaleAdapted, plane, evaluation } = requestDefaults;
    this.chosenComputation = computation ?? { method, blocks, scaleAdapted, plane, evaluation };
    this.file = file;
    this.parts = parts;
    this.currentState = { phase: 'reading', file };
  }

  get state(): PanelState {
    return this.currentState;
  }

  /** What the next run will do; the webview keeps it over a reload of the window. */
  get computation(): ComputationChoice {
    return this.chosenComputation;
  }

  get busy(): boolean {
    return this.work !== null;
  }

  /** The files whose change makes the shown report old. */
  get files(): readonly string[] {
    return this.source === null ? [this.file] : filesRead(this.file, this.source);
  }

  /**
   * Analyses with the samples of the last run, else with those of the model's sidecar, else with the only data file that
   * fits, else asks for samples.
   */
  async run(): Promise<void> {
    // The file may be another by now: nothing that the last run found is shown as if it were of this one.
    this.known = {};
    if (this.source === null) await this.inspect('use-the-only-one');
    else await this.analyse(this.source);
  }

  /** Analyses once more, in this way; where samples are being chosen, once they are. */
  async compute(computation: ComputationChoice): Promise<void> {
    this.chosenComputation = computation;
    if (this.currentState.phase === 'choosing-samples') this.parts.onChange(this.currentState);
    else await this.run();
  }

  /** Shows the chooser, whatever fits. */
  async changeSamples(): Promise<void> {
    if (this.currentState.phase === 'choosing-samples') return;
    this.beforeChoosing = this.busy ? null : this.currentState;
    await this.inspect('ask');
  }

  /** @param shapes what was said beside of inputs whose sizes the model leaves open */
  async useSamples(source: SampleSource, shapes: ShapeChanges = {}): Promise<void> {
    await this.analyse(source, shapes);
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

  /** Ends what is going on; a chooser left without a choice gives back what stood there before. */
  cancel(): void {
    if (!this.busy && this.currentState.phase !== 'choosing-samples') return;
    this.stop();
    this.change(this.beforeChoosing ?? { phase: 'cancelled', file: this.file, known: this.known });
    this.beforeChoosing = null;
  }

  /** Shows a report of an earlier window, marked as old unless its files are known to be the same. */
  async restore(report: Report): Promise<void> {
    const run = this.parts.memory.recall(this.file);
    this.source = run?.source ?? null;
    this.fingerprints = run?.fingerprints ?? {};
    const stale = run === null || !(await isUnchanged(run.fingerprints));
    this.change({ phase: 'done', file: this.file, report, stale });
  }

  /** To be called when one of `files` may have changed. */
  async checkFiles(): Promise<void> {
    const state = this.currentState;
    if (state.phase !== 'done' || state.stale || (await isUnchanged(this.fingerprints))) return;
    if (this.currentState === state) this.change({ ...state, stale: true });
  }

  dispose(): void {
    this.stop();
  }

  private async inspect(choice: 'ask' | 'use-the-only-one'): Promise<void> {
    const signal = this.begin();
    this.known = {};
    this.change({ phase: 'reading', file: this.file });
    await this.guard(signal, async () => {
      const remembered = choice === 'ask' ? null : await this.remembered();
      if (!this.isCurrent(signal)) return;
      if (remembered !== null) {
        await this.analyse(remembered);
        return;
      }
      const inspection = await this.parts.worker.inspect(this.file, {
        owner: this.file,
        signal,
        onProgress: (progress) => {
          this.report(signal, progress);
        },
      });
      if (!this.isCurrent(signal)) return;
      this.inspection = inspection;
      this.known = inspection.facts;
      const [first, ...others] = inspection.candidates.filter(({ fits }) => fits);
      if (choice === 'use-the-only-one' && first !== undefined && others.length === 0) {
        await this.analyse({ kind: 'file', path: first.path, inputs: {}, labels: null });
        return;
      }
      this.work = null;
      this.change({ phase: 'choosing-samples', file: this.file, ...inspection });
    });
  }

  private async analyse(source: SampleSource, shapes: ShapeChanges = {}): Promise<void> {
    const signal = this.begin();
    this.source = source;
    this.beforeChoosing = null;
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
      // Taken before the files are read: a change while they are being read counts.
      const fingerprints = await fingerprintsOf(filesRead(this.file, source));
      const sidecar = await this.sidecar();
      if (!this.isCurrent(signal)) return;
      const settings = { ...requestDefaults, ...settingsOf(sidecar, source) };
      const request = {
        ...settings,
        shapes: changeShapes(settings.shapes, shapes),
        ...this.parts.settings(),
        ...this.chosenComputation,
        model: this.file,
        samples: source,
      };
      const report = await this.parts.worker
        .analyse(request, {
          owner: this.file,
          signal,
          onProgress: (progress) => {
            this.report(signal, progress);
          },
        })
        .catch(async (thrown: unknown) => {
          if (sidecar === null) throw thrown;
          const { namingSidecar, describeSource } = await import('../samples/sidecar');
          throw namingSidecar(thrown, sidecar, describeSource(sidecar, optionsBeside(sidecar, source)));
        });
      if (!this.isCurrent(signal)) return;
      this.work = null;
      this.fingerprints = fingerprints;
      this.change({ phase: 'done', file: this.file, report, stale: false });
      await this.checkFiles();
      await this.parts.memory.remember(this.file, { source, fingerprints });
    });
  }

  /** What stands beside the model. Loaded here with what checks it: the start of the editor does not wait for it. */
  private async sidecar(): Promise<Sidecar | null> {
    const { readSidecar } = await import('../samples/sidecar');
    return readSidecar(this.file, !this.parts.isTrusted());
  }

  /** The samples that the sidecar names, if it names any. */
  private async remembered(): Promise<SampleSource | null> {
    const options = (await this.sidecar())?.options;
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
      this.change({ phase: 'failed', file: this.file, failure: failureOf(thrown), known: this.known });
    }
  }

  private report(signal: AbortSignal, progress: Progress): void {
    if (!this.isCurrent(signal)) return;
    this.known = { ...this.known, ...progress.report };
    this.change({ phase: 'running', file: this.file, progress: { ...progress, report: this.known } });
  }

  private begin(): AbortSignal {
    this.stop();
    this.work = new AbortController();
    return this.work.signal;
  }

  private isCurrent(signal: AbortSignal): boolean {
    return this.work?.signal === signal;
  }

  private stop(): void {
    this.work?.abort();
    this.work = null;
  }

  private change(state: PanelState): void {
    this.currentState = state;
    this.parts.onChange(state);
  }
}

/** Loss, scaling and limit are the sidecar's whatever the samples are. */
function settingsOf(sidecar: Sidecar | null, source: SampleSource): Partial<AnalysisRequest> {
  if (sidecar === null) return {};
  return requestOf({ ...sidecar.options, samples: source.kind === 'file' ? source.path : null });
}

/** What the choice of samples says itself, so that the sidecar is not blamed for it. */
function optionsBeside({ options }: Sidecar, source: SampleSource): RequestOptions {
  if (source.kind === 'file' && source.path === options.samples) return noOptions;
  return { ...noOptions, samples: '', inputs: {}, labels: '', limit: source.kind === 'random' ? 0 : null };
}
