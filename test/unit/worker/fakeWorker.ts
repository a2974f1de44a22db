// A worker process with the real server and handlers that do, in a child process, whatever a test asks for by the name
// of the model file.
import { writeFileSync } from 'node:fs';
import { FailureError } from '../../../src/report/failure';
import type { Report } from '../../../src/report/report';
import type { ModelInspection, Progress } from '../../../src/report/request';
import { overMemory } from '../../../src/worker/death';
import type { WhenSkippable } from '../../../src/worker/protocol';
import { serve } from '../../../src/worker/server';

function progressAt(fraction: number): Progress {
  return {
    stage: 'counting',
    fraction,
    remainingSeconds: null,
    step: null,
    steps: null,
    cost: null,
    report: { gradientNorm: fraction },
  };
}

/** Not a whole report: what comes back unchanged is all that the tests look at. */
function reportOf(gradientNorm: number): Report {
  return { gradientNorm } as Report;
}

type Behaviour = (onProgress: (progress: Progress) => void, whenSkippable: WhenSkippable) => Promise<Report>;

const behaviours: Readonly<Record<string, Behaviour>> = {
  pid: () => Promise.resolve(reportOf(process.pid)),
  hugePages: () =>
    Promise.resolve(reportOf(Number(process.env['GLIBC_TUNABLES']?.includes('hugetlb=1') === true))),
  infinite: () => Promise.resolve(reportOf(Number.POSITIVE_INFINITY)),
  reject: () =>
    Promise.reject(new FailureError('NotAModel', 'This is a holiday photo; choose a model file.', 'byte 0')),
  throwString: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a dependency may throw anything
    throw 'a plain string';
  },
  hang: () => new Promise<Report>(() => setInterval(() => undefined, 1000)),
  spin: (onProgress) => {
    onProgress(progressAt(0));
    // As a native call does: the event loop gets no turn until the process is killed.
    return new Promise<Report>(() =>
      setImmediate(() => {
        for (;;);
      }),
    );
  },
  progress: async (onProgress) => {
    for (let step = 0; step <= 1000; step++) onProgress(progressAt(step / 1000));
    await new Promise((resolve) => setTimeout(resolve, 250));
    onProgress(progressAt(0.5));
    return reportOf(1);
  },
  skippable: (onProgress, whenSkippable) => {
    onProgress({ ...progressAt(0), canSkip: true });
    return new Promise((resolve) => {
      whenSkippable((stage) => {
        resolve(reportOf(stage.length));
      });
    });
  },
  exit137: () => process.exit(137),
  exit3: () => process.exit(3),
  sigkill: () => die('SIGKILL'),
  sigsegv: () => die('SIGSEGV'),
  overMemory: () => {
    process.stderr.write(`last words\n${overMemory(2e9)}\n`);
    return die('SIGKILL');
  },
  heap: () => {
    process.stderr.write(
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n',
    );
    return die('SIGABRT');
  },
};

function die(signal: NodeJS.Signals): Promise<Report> {
  setTimeout(() => process.kill(process.pid, signal), 20);
  return new Promise<Report>(() => undefined);
}

serve(
  process,
  {
    analyse: (request, onProgress, whenSkippable) => {
      const behaviour = behaviours[request.model];
      if (behaviour === undefined) throw new Error(`no behaviour ${request.model}`);
      return behaviour(onProgress, whenSkippable);
    },
    evaluate: () => Promise.reject(new FailureError('UsageError', 'Nothing is only run here.')),
    inspect: ({ file }): Promise<ModelInspection> =>
      Promise.resolve({
        facts: { gradientNorm: process.pid },
        candidates: [],
        openInputs: [],
        outputs: [],
        tensors: [],
        file,
      } as ModelInspection),
    tryLayers: () => Promise.resolve([]),
    detail: ({ of }) => Promise.reject(new FailureError('UsageError', `There is no ${of.kind} here.`)),
  },
  () => {
    const marker = process.env['FAKE_WORKER_FAREWELL'];
    if (marker !== undefined) writeFileSync(marker, 'gone');
    process.exit(0);
  },
);
