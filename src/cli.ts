import { constants } from 'node:os';
import { join } from 'node:path';
import { WorkerClient } from './worker/client';

const worker = new WorkerClient({
  script: join(__dirname, 'worker.js'),
  log: () => undefined,
  terminal: true,
});
// Stays where a promise never settles and Node ends for want of anything to do.
process.exitCode = 1;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    worker.dispose();
    const clear = process.stderr.isTTY ? '\r\u001b[K' : '';
    process.stderr.write(`${clear}model-sharpness: The analysis was interrupted (${signal}).\n`, () => {
      process.exit(128 + constants.signals[signal]);
    });
  });

async function run(args: readonly string[]): Promise<number> {
  // Before anything else is loaded: the two processes start side by side.
  if (args[0] === 'analyze' || args[0] === 'compare') await worker.start();
  const { main } = await import('./cli/main');
  return main(args, worker);
}

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  worker.dispose();
});
