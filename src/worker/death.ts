import type { Failure } from '../report/failure';
import { byteSize } from '../report/wording/byteSize';
import { setting } from '../report/wording/settings';

/** How a process ended: what Node's `close` event tells, and the last words on its error output. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errorOutput: string;
}

const heapMessages =
  /heap out of memory|std::bad_alloc|bad allocation|Failed to allocate memory|Array buffer allocation failed/i;

/** 128 + the signal's number, as a shell reports it; and Windows' codes for the same two ends. */
const outOfMemoryCodes = new Set([137, 0xc0000017, 0xc000012d]);
const crashCodes = new Set([132, 134, 135, 136, 139, 0xc0000005, 0xc000001d, 0xc0000374, 0xc0000409]);

/** The last words of a worker that took more memory than its budget allowed. */
export function overMemory(budget: number): string {
  return `over its memory budget of ${budget} bytes`;
}

const overBudget = new RegExp(`^${overMemory(0).replace('0', '(?<budget>\\d+)')}$`, 'm');

/** What ended the worker, in one sentence for a person. `detail` holds the numbers and the error output. */
export function describeDeath(death: Death): Failure {
  const detail =
    `exit code ${String(death.code)}, signal ${String(death.signal)}` +
    (death.errorOutput === '' ? '' : `\n${death.errorOutput}`);
  const budget = overBudget.exec(death.errorOutput)?.groups?.['budget'];
  if (budget !== undefined) {
    return {
      kind: 'TooLarge',
      message: `The analysis took more memory than the ${byteSize(Number(budget))} allowed and was ended; allow more (${setting('memory')}), or take fewer samples (${setting('limit')}).`,
      detail,
    };
  }
  return { kind: 'WorkerDied', message: sentence(death), detail };
}

function sentence({ code, signal, errorOutput }: Death): string {
  if (heapMessages.test(errorOutput))
    return 'The analysis ran out of memory and was ended; run it again with fewer samples or a smaller model.';
  if (signal === 'SIGKILL' || (code !== null && outOfMemoryCodes.has(code)))
    return 'The system ended the analysis from outside, most likely because memory ran out; close other programs or run it again with fewer samples.';
  if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP')
    return `Another program ended the analysis (${signal}); run it again.`;
  if (signal !== null || (code !== null && crashCodes.has(code)))
    return `The analysis crashed (${signal ?? `code ${String(code)}`}); run it again, and report the file if it crashes again.`;
  return `The analysis process ended before it answered (code ${String(code)}); run it again, and see the log if it ends again.`;
}
