// What analyses take of memory, beside their budgets: prints that section of docs/robustness.md. Linux only, where the system tells the peak.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { initialNetwork } from '../examples/perceptronTraining';
import { perceptronOnnx } from '../examples/perceptronOnnx';
import { requestDefaults, type AnalysisRequest } from '../src/report/request';
import { SeededRandom } from '../src/samples/random';
import { allocation } from '../src/worker/executable';
import type { Answer } from '../src/worker/protocol';
import { markdownTable } from './markdownTable';

interface Case {
  readonly name: string;
  readonly model: string;
  readonly samples: number;
  readonly method?: AnalysisRequest['method'];
  /** MiB. */
  readonly budget: number;
}

const mebibyte = 2 ** 20;
/** Of the whole analysis; the peak comes earlier. */
const seconds = 60;

const folder = mkdtempSync(join(tmpdir(), 'model-sharpness-memory-'));

/** A file of a perceptron at its initialisation. */
function perceptron(...widths: number[]): string {
  const file = join(folder, `${widths.join('-')}.onnx`);
  writeFileSync(file, perceptronOnnx(initialNetwork(widths, SeededRandom.fromSeed(1))));
  return file;
}

const wide = perceptron(64, 256, 256, 10);
const pictures = perceptron(784, 512, 256, 10);
const references = 'test/references';
const cases: readonly Case[] = [
  { name: 'perceptron 64-256-256-10', model: wide, samples: 50_000, budget: 256 },
  { name: 'perceptron 64-256-256-10', model: wide, samples: 2000, budget: 64 },
  { name: 'perceptron 784-512-256-10', model: pictures, samples: 1000, budget: 512 },
  { name: 'the same', model: pictures, samples: 1000, method: 'estimate', budget: 512 },
  { name: 'examples/digits.onnx', model: 'examples/digits.onnx', samples: 20_000, budget: 128 },
  { name: 'the same', model: 'examples/digits.onnx', samples: 2000, method: 'exact', budget: 256 },
  { name: 'convolutions (csmall)', model: `${references}/csmall.onnx`, samples: 2000, budget: 128 },
  { name: 'encoder (enc)', model: `${references}/parameters/enc.onnx`, samples: 1000, budget: 128 },
  { name: 'LSTM in both directions', model: `${references}/recurrent/both.onnx`, samples: 500, budget: 128 },
  {
    name: 'sizes that double (bomb_concat)',
    model: `${references}/cases/bomb_concat.onnx`,
    samples: 8,
    budget: 256,
  },
];

interface Outcome {
  /** Bytes at the most; null: the process was gone before it was asked. */
  readonly peak: number;
  readonly outcome: string;
}

/** The peak is asked for while the process lives: it is written down by the system. */
function peakOf(pid: number): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return 1024 * Number(line?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function analysis({ model, samples, method = 'auto', budget }: Case): Promise<Outcome> {
  const child = fork('dist/worker.js', [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...allocation, ...process.env },
  });
  let peak = 0;
  const ask = (): void => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  };
  const timer = setInterval(ask, 20);
  return new Promise((resolve) => {
    const end = (outcome: string): void => {
      ask();
      clearInterval(timer);
      child.kill('SIGKILL');
      resolve({ peak, outcome });
    };
    child.on('close', () => {
      end('ended by its own watch');
    });
    child.on('message', (answer: Answer) => {
      if (answer.type !== 'result') return;
      const { result } = answer;
      if (result.ok) end((result.value as { method: string }).method);
      else
        end(
          result.error.kind === 'TimeLimit' ? `stopped after ${seconds} s` : `refused (${result.error.kind})`,
        );
    });
    const argument: AnalysisRequest = {
      ...requestDefaults,
      model,
      samples: { kind: 'random', count: samples },
      method,
      threads: 2,
      timeLimit: seconds,
      memoryBudget: budget * mebibyte,
    };
    child.send({ id: 1, method: 'analyse', argument });
  });
}

try {
  const empty = await analysis({ name: '', model: perceptron(8, 4, 3), samples: 10, budget: 64 });
  const mib = (bytes: number): string => String(Math.round(bytes / mebibyte));
  const rows = [['Model', 'Result', 'Samples', 'Budget', 'Peak', 'Beyond the program']];
  const beyond: string[] = [];
  for (const each of cases) {
    const { peak, outcome } = await analysis(each);
    const taken = Math.max(0, peak - empty.peak);
    if (taken > each.budget * mebibyte) beyond.push(`${mib(taken)} of ${each.budget} MiB`);
    console.error(`${basename(each.model)}: ${mib(peak)} of ${each.budget} MiB`);
    rows.push([each.name, outcome, String(each.samples), String(each.budget), mib(peak), mib(taken)]);
  }
  console.log(`## Memory

The budget (\`--memory\`, a quarter of the machine's where nobody says) is of the working set: what an analysis holds beyond its program, which takes ${mib(empty.peak)} MiB of the process to analyse a perceptron of 51 parameters. Peaks of the worker's resident memory as the system writes them down (\`VmHWM\`), in MiB, on random inputs with two threads and at most ${seconds} s each; \`npm run memory\` makes this table. A run that was stopped may not have come to its peak.

${markdownTable(rows)}

Beyond their budgets: ${beyond.join(', ') || 'none'}. Where a budget is small, the sessions of onnxruntime and what the garbage collector has not taken yet weigh as much as the working set.

Sizes are counted before they are taken: what the file alone makes of the samples' sizes, step by step (\`src/graph/oversized.ts\`); what one sample takes, in a trace of two, from which the samples of one run follow, and those of one lowering (\`src/inference/\`, \`src/autodiff/plannedModel.ts\`); what the closed form holds of all samples, and what is kept beside it (\`src/perceptron/closedForm/plan.ts\`). What does not fit is refused with what it takes. What a model computes from numbers is not known before it runs: a thread of the worker looks at the process's memory twenty times a second, and ends it with a sentence where it takes more than the budget and what an analysis usually takes beside it (\`src/analysis/memoryBudget.ts\`), or nine tenths of the machine's.`);
} finally {
  rmSync(folder, { recursive: true });
}
