import { availableParallelism } from 'node:os';
import { predictedSeconds, type PredictedCost } from '../report/wording/cost';
import type { PartialReport } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { inTrueSizes } from './inTrueSizes';
import { RemainingTime, Stopwatch } from './stopwatch';

/** One analysis under way: what was asked, what is known, and whom to tell. */
export class AnalysisRun {
  readonly stopwatch = new Stopwatch();
  readonly threads: number;
  /** What the panel may show by now. */
  known: PartialReport = { schema: 1 };
  /** What the Hessian of `known` is divided by. */
  unit = 1;
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
    this.onProgress({ stage, fraction: null, remainingSeconds: null, cost: null, report: this.shown });
  }

  /** Tells of a stage before it starts; what it returns is told the fraction done. */
  begin(stage: string, predicted: PredictedCost): (fraction: number) => void {
    const { multiplyAdds, bytes, atMost = false } = predicted;
    const cost = { multiplyAdds, bytes, ...(atMost && { atMost }) };
    const remaining = new RemainingTime(predictedSeconds(predicted, this.threads));
    const tell = (fraction: number): void => {
      const remainingSeconds = remaining.seconds(fraction);
      this.onProgress({ stage, fraction, remainingSeconds, cost, report: this.shown });
    };
    tell(0);
    return (fraction) => {
      if (remaining.due(fraction)) tell(fraction);
    };
  }

  /** Whether that share of the user's time limit has run out. */
  outOfTime(share = 1): boolean {
    const { timeLimit } = this.request;
    return timeLimit !== null && performance.now() - this.started > 1000 * timeLimit * share;
  }
}
