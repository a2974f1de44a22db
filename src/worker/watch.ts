import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { overMemory } from './death';

const intervalMilliseconds = 50;

/** What a process may take, and the budget that it follows from. */
export interface MemoryWatch {
  readonly budget: number;
  readonly limit: number;
}

/**
 * Ends this process, from a thread of its own, when the one that started it is gone, or when it takes more memory than was
 * allowed. The main thread would learn of either no sooner than a native call returns, which may take minutes.
 * @param host the id of the process that started this one
 */
export function watchProcess(host: number): void {
  let watched: MemoryWatch | null = null;
  parentPort?.on('message', (message: MemoryWatch) => {
    watched = message;
  });
  setInterval(() => {
    if (process.ppid !== host || !isAlive(host)) end();
    if (watched === null || process.memoryUsage.rss() <= watched.limit) return;
    writeSync(2, `\n${overMemory(watched.budget)}\n`);
    end();
  }, intervalMilliseconds);
}

/** SIGKILL: no other signal ends a process within a native call. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
