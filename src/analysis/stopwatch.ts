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

  /** The time from the start to something that is told once. */
  mark(what: string): void {
    this.laps[what] ??= (performance.now() - this.started) / 1000;
  }

  seconds(): Readonly<Record<string, number>> {
    return { ...this.laps, total: (performance.now() - this.started) / 1000 };
  }
}
