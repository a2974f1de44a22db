import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { serve } from './server';
import { watchProcess, type MemoryWatch } from './watch';

/** Who started this process, asked while they surely live. */
const host = process.ppid;
let watch: Worker | null = null;

// One bundle for the process and for the thread that watches over it.
if (isMainThread) answerCalls();
else watchProcess(Number(workerData));

function answerCalls(): void {
  // Ctrl-C reaches every process of a terminal: the one that started this decides what becomes of it.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  // The analysis is loaded by the first call, not before: the process answers sooner, and a fault while loading becomes
  // that call's answer rather than a silent death.
  serve(
    process,
    {
      analyse: async (request, onProgress, whenSkippable) => {
        const { analyse } = await import('../analysis/analyse');
        await watchMemory(request.memoryBudget);
        return analyse(request, onProgress, whenSkippable);
      },
      evaluate: async (request, onProgress) => {
        const { evaluate } = await import('../analysis/evaluate');
        await watchMemory(request.memoryBudget);
        return evaluate(request, onProgress);
      },
      inspect: async ({ file, said }) => {
        const { inspectModel } = await import('../analysis/inspect');
        await watchMemory(null);
        return inspectModel(file, said);
      },
      tryLayers: async (layers) => {
        const { tryLayers } = await import('../analysis/tryLayers');
        await watchMemory(null);
        return tryLayers(layers);
      },
      detail: async (wanted) => {
        const { findDetail } = await import('../analysis/detail');
        await watchMemory(wanted.request.memoryBudget);
        return findDetail(wanted);
      },
    },
    () => {
      // The editor is gone, or has no more use for this process: never outlive it.
      process.exit(0);
    },
  );
}

/** Watches over what a call takes beyond what is taken already. */
async function watchMemory(said: number | null): Promise<void> {
  const { memoryBudget, memoryLimit } = await import('../analysis/memoryBudget');
  // Where there can be no thread, the channel's end alone ends this process.
  watch ??= new Worker(__filename, { workerData: host }).on('error', () => undefined);
  watch.unref();
  const budget = memoryBudget(said);
  const watched: MemoryWatch = { budget, limit: memoryLimit(budget, process.memoryUsage.rss()) };
  watch.postMessage(watched);
}
