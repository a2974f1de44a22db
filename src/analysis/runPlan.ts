import { predictedSeconds, type PredictedCost } from '../report/wording/cost';

/** A stage to come, and what it will take. */
export interface PlannedStage {
  readonly stage: string;
  readonly cost: PredictedCost;
}

/** How far a run is. */
export interface Place {
  /** 0 to 1 over all stages; it never falls. */
  readonly fraction: number;
  /** Left of all stages. */
  readonly remainingSeconds: number;
  /** The stage's number, from 1, and how many there are. */
  readonly step: number;
  readonly steps: number;
}

/** So much of the whole, done, tells better how fast the work is than the counts do. */
const telling = 0.02;

/**
 * The stages of a run in their order with what each takes, by counts; how fast the work is follows from what was done. A
 * stage that ends early, or is begun with another cost than was planned, changes what is left.
 */
export class RunPlan {
  private readonly stages: { stage: string; seconds: number }[] = [];
  private at = 0;
  private stageFraction = 0;
  /** Predicted seconds of the stages before, as far as they came. */
  private done = 0;
  private readonly started = performance.now();
  private reached = 0;
  private told = -Infinity;

  constructor(private readonly threads: number) {}

  /** Adds stages that will come. */
  expect(stages: readonly PlannedStage[]): void {
    for (const { stage, cost } of stages) {
      if (this.stages.every((known) => known.stage !== stage))
        this.stages.push({ stage, seconds: predictedSeconds(cost, this.threads) });
    }
  }

  /** Begins a stage: those before it are over, however far they came. */
  begin({ stage, cost }: PlannedStage): Place {
    this.expect([{ stage, cost }]);
    const at = this.stages.findIndex((known) => known.stage === stage);
    this.stages[at]!.seconds = predictedSeconds(cost, this.threads);
    if (at !== this.at) this.done += this.stageFraction * (this.stages[this.at]?.seconds ?? 0);
    this.at = at;
    this.stageFraction = 0;
    return this.place();
  }

  /** @returns where the run is, or null where it was told less than a tenth of a second ago */
  advance(fraction: number): Place | null {
    this.stageFraction = fraction;
    const now = performance.now();
    if (fraction < 1 && now - this.told < 100) return null;
    this.told = now;
    return this.place();
  }

  private place(): Place {
    const own = this.stages[this.at]!.seconds;
    const sum = (stages: readonly { seconds: number }[]): number =>
      stages.reduce((total, { seconds }) => total + seconds, 0);
    const left = sum(this.stages.slice(this.at)) - this.stageFraction * own;
    const whole = sum(this.stages.slice(0, this.at)) + own * this.stageFraction + left;
    this.reached = Math.max(this.reached, whole === 0 ? 0 : 1 - left / whole);
    const done = this.done + this.stageFraction * own;
    const spent = (performance.now() - this.started) / 1000;
    const pace = done > telling * whole ? spent / done : 1;
    return {
      fraction: this.reached,
      remainingSeconds: left * pace,
      step: this.at + 1,
      steps: this.stages.length,
    };
  }
}
