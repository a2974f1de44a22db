import { availableParallelism } from 'node:os';
import { FailureError } from '../report/failure';
import { predictedSeconds, type PredictedCost } from '../report/wording/cost';
import { formatNumber } from '../report/wording/number';
import { setting } from '../report/wording/settings';
import type { AnalysisFacts, Cost, PartialReport, Sharpness } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { inTrueSizes } from './inTrueSizes';
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
  /** What the time limit left out, as in a sentence. */
  readonly leftOut: string[] = [];
  private stage = 'reading the model';
  private plan: RunPlan | null = null;
  private workStarted: number | null = null;
  private readonly started = performance.now();

  /** What was asked for, completed by what the model's file says. */
  request: AnalysisRequest;

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
    const unknown = { fraction: null, remainingSeconds: null, step: null, steps: null, cost: null };
    this.onProgress({ stage, ...unknown, report: this.shown });
  }

  /** The stages that will come, by their counts: the progress is that of the whole. */
  expect(stages: readonly PlannedStage[]): void {
    this.plan ??= new RunPlan(this.threads);
    this.plan.expect(stages);
  }

  /** Tells of a stage before it starts; what it returns is told the fraction done. */
  begin(stage: string, predicted: PredictedCost): (fraction: number) => void {
    this.stage = stage;
    this.workStarted ??= performance.now();
    const plan = (this.plan ??= new RunPlan(this.threads));
    const { multiplyAdds, bytes } = predicted;
    this.cost = { multiplyAdds, bytes };
    const cost = { multiplyAdds, bytes, seconds: predictedSeconds(predicted, this.threads) };
    const tell = (place: Place | null): void => {
      if (place !== null) this.onProgress({ stage, ...place, cost, report: this.shown });
    };
    tell(plan.begin({ stage, cost: predicted }));
    return (fraction) => {
      tell(plan.advance(fraction));
    };
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
