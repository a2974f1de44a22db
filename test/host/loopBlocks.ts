/**
 * Watches this process's event loop. `longest` is the longest that one turn kept the others waiting, in milliseconds;
 * of a late turn only the processor time that this process used counts, for on a busy machine it also waits for others.
 */
export class LoopBlocks {
  longest = 0;
  readonly #timer: NodeJS.Timeout;
  #wall = performance.now();
  #cpu = process.cpuUsage();

  constructor() {
    this.#timer = setInterval(() => {
      const wall = performance.now();
      const { user, system } = process.cpuUsage(this.#cpu);
      this.longest = Math.max(this.longest, Math.min(wall - this.#wall, (user + system) / 1000));
      this.#wall = wall;
      this.#cpu = process.cpuUsage();
    }, 1);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
