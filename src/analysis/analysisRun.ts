import { availableParallelism } from 'node:os';
import { FailureError } from '../report/failure';
import { predictedSeconds, type PredictedCost } from '../report/wording/cost';
import { formatNumber } from '../report/wording/number';
import { setting } from '../report/wording/settings';
import type { AnalysisFacts, Cost, PartialReport, Sharpness } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { inTrueSizes } from './inTrueSizes';
import type { LeftOut } from './leftOut';
import { memoryBudget } from './memoryBudget';
import { RunPlan, type Place, type PlannedStage } from './runPlan';
import { Stopwatch } from './stopwatch';

/** One analysis under way: what was asked, what is known, and whom to tell. */
export class AnalysisRun {
  readonly stopwatch = new Stopwatch();
  readonly threads: number;
  /** Bytes that the working set may take. */
  readonly memoryBudget: number;
  /** What the panel may show by now. */
  known: PartialReport = { schema: 1 };
  /** What the Hessian of `known` is divided by. */
  unit = 1;
  /** Of the stage that began last. */
  cost: Cost = { multiplyAdds: 0, bytes: 0 };
  /** The products behind `known`. */
  products: Pick<AnalysisFacts, 'precision' | 'productError'> = { precision: 'float64', productError: 0 };
  readonly leftOut: LeftOut[] = [];
  /** Stages that the user wants no more of. */
  private readonly unwanted = new Set<string>();
  private canSkip = false;
  private stage = 'reading the model';
  private plan: RunPlan | null = null;
  private workStarted: number | null = null;
  private readonly started = performance.now();

  /** What was asked for, completed by what the model's file says. */
  request: AnalysisRequest;
  /** What Adam divides the gradient by, where it is known and the model is trained with Adam. */
  preconditioner: ReadonlyMap<string, Float64Array> | null = null;

  constructor(
    request: AnalysisRequest,
    private readonly onProgress: (progress: Progress) => void,
  ) {
    this.request = request;
    this.threads = request.threads ?? availableParallelism();
    this.memoryBudget = memoryBudget(request.memoryBudget);
  }

  /** Shows the intervals of λ_max and λ_min as they are by now. */
  show(sharpness: Sharpness): void {
    this.known = { ...this.known, sharpness };
    if (sharpness.lambdaMax.certified) this.stopwatch.mark('certified');
  }

  /** `known`, in the Hessian's own size. */
  get shown(): PartialReport {
    return inTrueSizes({ ...this.known, ...this.training }, this.unit);
  }

  /** How the model is trained, where that was said. */
  get training(): Pick<PartialReport, 'training'> {
    const { training } = this.request;
    return training === null ? {} : { training };
  }

  /** Tells of a stage that is nothing to speak of. */
  tell(stage: string): void {
    this.stage = stage;
    this.canSkip = false;
    const unknown = { fraction: null, remainingSeconds: null, step: null, steps: null, cost: null };
    this.onProgress({ stage, ...unknown, report: this.shown });
  }

  /** The stages that will come, by their counts: the progress is that of the whole. */
  expect(stages: readonly PlannedStage[]): void {
    this.plan ??= new RunPlan(this.threads);
    this.plan.expect(stages);
  }

  /** Tells of a stage before it starts; what it returns is told the fraction done, and whether the user may skip the rest. */
  begin(
    stage: string,
    predicted: PredictedCost,
    skippable = false,
  ): (fraction: number, canSkip?: boolean) => void {
    this.stage = stage;
    this.canSkip = skippable;
    this.workStarted ??= performance.now();
    const plan = (this.plan ??= new RunPlan(this.threads));
    const { multiplyAdds, bytes } = predicted;
    this.cost = { multiplyAdds, bytes };
    const cost = { multiplyAdds, bytes, seconds: predictedSeconds(predicted, this.threads) };
    const tell = (place: Place | null): void => {
      if (place === null) return;
      const canSkip = this.canSkip && !this.skipped(stage);
      this.onProgress({ stage, ...place, cost, ...(canSkip && { canSkip }), report: this.shown });
    };
    tell(plan.begin({ stage, cost: predicted }));
    return (fraction, canSkip = skippable) => {
      this.canSkip = canSkip;
      tell(plan.advance(fraction));
    };
  }

  /** The same for a stage that may be skipped at any time: what is told the fraction throws a FailureError Skipped then. */
  beginOptional(stage: string, predicted: PredictedCost): (fraction: number) => void {
    const told = this.begin(stage, predicted, true);
    return (fraction) => {
      if (fraction < 1 && this.skipped(stage))
        throw new FailureError('Skipped', 'The user skipped this step.');
      told(fraction);
    };
  }

  /** The user wants no more of a stage; it counts where it is still that one, and may be skipped. */
  skip(stage: string): void {
    if (stage === this.stage && this.canSkip) this.unwanted.add(stage);
  }

  skipped(stage: string): boolean {
    return this.unwanted.has(stage);
  }

  /** Notes what the report will not have, as in a sentence: because its stage was skipped, or else for want of time. */
  leaveOut(what: string, stage: string): void {
    this.leftOut.push({ what, by: this.skipped(stage) ? 'user' : 'time limit' });
  }

  /** @throws FailureError TimeLimit where the user's time limit has run out */
  requireTime(): void {
    if (!this.outOfTime()) return;
    throw new FailureError(
      'TimeLimit',
      `The time limit of ${formatNumber(this.request.timeLimit ?? 0)} s ended the analysis (${this.stage}); allow more time (${setting('time')}).`,
    );
  }

  /** Whether that share of what the user's time limit left for the stages after the preparation has run out. */
  outOfTime(share = 1): boolean {
    const { timeLimit } = this.request;
    if (timeLimit === null) return false;
    const end = this.started + 1000 * timeLimit;
    const from = this.workStarted ?? this.started;
    return performance.now() > from + share * (end - from);
  }
}
