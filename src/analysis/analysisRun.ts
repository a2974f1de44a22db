import { availableParallelism } from 'node:os';
import type { PredictedCost } from '../report/wording/cost';
import type { PartialReport } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { inTrueSizes } from './inTrueSizes';
import { RunPlan, type Place, type PlannedStage } from './runPlan';
import { Stopwatch } from './stopwatch';

/** One analysis under way: what was asked, what is known, and whom to tell. */
export class AnalysisRun {
  readonly stopwatch = new Stopwatch();
  readonly threads: number;
  /** What the panel may show by now. */
  known: PartialReport = { schema: 1 };
  /** What the Hessian of `known` is divided by. */
  unit = 1;
  private plan: RunPlan | null = null;
  private readonly started = performance.now();

  constructor(
    readonly request: AnalysisRequest,
    private readonly onProgress: (progress: Progress) => void,
  ) {
    this.threads = request.threads ?? availableParallelism();
  }

  private get shown(): PartialReport {
    return inTrueSizes(this.known, this.unit);
  }

  /** Tells of a stage that is nothing to speak of. */
  tell(stage: string): void {
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
    const plan = (this.plan ??= new RunPlan(this.threads));
    const cost = { multiplyAdds: predicted.multiplyAdds, bytes: predicted.bytes };
    const tell = (place: Place | null): void => {
      if (place !== null) this.onProgress({ stage, ...place, cost, report: this.shown });
    };
    tell(plan.begin({ stage, cost: predicted }));
    return (fraction) => {
      tell(plan.advance(fraction));
    };
  }

  /** Whether that share of the user's time limit has run out. */
  outOfTime(share = 1): boolean {
    const { timeLimit } = this.request;
    return timeLimit !== null && performance.now() - this.started > 1000 * timeLimit * share;
  }
}
