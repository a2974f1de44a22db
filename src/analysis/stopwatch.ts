/** Seconds by stage; the report's only part that two equal runs may differ in. */
export class Stopwatch {
  private readonly started = performance.now();
  private last = this.started;
  private readonly laps: Record<string, number> = {};

  /** Ends a stage: the time since the last one is its own. */
  lap(stage: string): void {
    const now = performance.now();
    this.laps[stage] = (now - this.last) / 1000;
    this.last = now;
  }

  seconds(): Readonly<Record<string, number>> {
    return { ...this.laps, total: (performance.now() - this.started) / 1000 };
  }
}

/** Time left of a stage, from the fraction done; tells at most ten times a second. */
export class RemainingTime {
  private readonly started = performance.now();
  private told = this.started;

  /** @param predicted seconds that the whole stage is expected to take */
  constructor(private readonly predicted: number) {}

  /** True where it is time to tell the user again. */
  due(fraction: number): boolean {
    const now = performance.now();
    if (fraction < 1 && now - this.told < 100) return false;
    this.told = now;
    return true;
  }

  /** Seconds left: as predicted while too little is done to tell better. */
  seconds(fraction: number): number {
    if (fraction <= 0.02) return this.predicted * (1 - fraction);
    return ((performance.now() - this.started) / 1000) * (1 / fraction - 1);
  }
}
