// `npm run bench`: measures the closed form and writes docs/benchmarks.md with its plot. Options: `--rounds N` timed runs
// of everything (fewer for a try), `--to FOLDER` writes somewhere else.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runtimeVersion } from '../src/runtime/session';
import { growthPlot, type Growth } from './growthPlot';
import { benchmarkPage, type FullHessian, type Row } from './page';
import type { Measured, Wanted } from './measure';

const gibibyte = 1024 ** 3;
const memoryBudget = 1.5 * gibibyte;

/** What is measured; `rounds` where none are told. */
const cases = [
  { name: 'a', widths: '64-16-10', samples: 1797, rounds: 31 },
  { name: 'b', widths: '784-512-256-10', samples: 1000, rounds: 3 },
] as const;

const growthBySamples = [125, 250, 500, 1000, 2000, 4000, 8000];
const growthByWidth = [8, 16, 32, 64, 128, 256, 512];

const { values: options } = parseArgs({
  options: { rounds: { type: 'string' }, to: { type: 'string', default: 'docs' } },
});

function roundsFor(usual: number): number {
  const told = options.rounds === undefined ? usual : Number(options.rounds);
  if (!Number.isInteger(told) || told < 1) throw new Error('--rounds takes a whole number from 1 on.');
  return told;
}

/** Each in a process of its own, so that memory and the state of the compiler are those of one measurement. */
function measure(wanted: Wanted): Measured {
  const script = join(import.meta.dirname, 'measure.cjs');
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [script, JSON.stringify(wanted)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`A measurement ended with code ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}

/** The folder that holds a reference case, or null after saying what is missing. */
function referenceFolder(name: string): string | null {
  const shared = process.env['MODEL_SHARPNESS_SHARED'];
  const folders = [join('test', 'references'), ...(shared === undefined ? [] : [join(shared, 'reference')])];
  const folder = folders.find((candidate) => existsSync(join(candidate, `${name}.onnx`)));
  if (folder !== undefined) return folder;
  console.error(
    `Skipped case ${name}: ${name}.onnx is not in ${folders.join(' or ')} (MODEL_SHARPNESS_SHARED).`,
  );
  return null;
}

/** The full Hessian in PyTorch, or null after saying why there is none. */
function fullHessian(name: string): FullHessian | null {
  const folder = referenceFolder(name);
  const python = process.env['MODEL_SHARPNESS_PYTHON'] ?? 'python3';
  if (folder === null) return null;
  const script = join('bench', 'fullHessian.py');
  const { status, stdout, stderr, error } = spawnSync(
    python,
    [script, join(folder, `${name}.npz`), String(roundsFor(5))],
    { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' } },
  );
  if (status === 0) return JSON.parse(stdout) as FullHessian;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  console.error(
    `Skipped PyTorch: ${python} ${script} does not run (${reason}); MODEL_SHARPNESS_PYTHON names a Python with it.`,
  );
  return null;
}

function growth(problems: readonly { at: number; widths: readonly number[]; samples: number }[]): Growth[] {
  return problems.map(({ at, widths, samples }) => {
    const problem = { widths, samples };
    const { seconds, multiplyAdds } = measure({ problem, threads: 1, rounds: roundsFor(3), memoryBudget });
    console.log(`${widths.join('-')}, ${samples} samples: ${seconds.toPrecision(3)} s`);
    return { at, seconds, multiplyAdds };
  });
}

const rows: Row[] = [];
for (const { name, widths, samples, rounds } of cases) {
  const folder = referenceFolder(name);
  if (folder === null) continue;
  for (const threads of [1, 2]) {
    const measured = measure({ problem: { folder, name }, threads, rounds: roundsFor(rounds), memoryBudget });
    rows.push({ name, widths, samples, threads, ...measured });
    console.log(`${name}, ${threads} threads: ${measured.seconds.toPrecision(3)} s`);
  }
}
const pytorch = fullHessian('a');
const bySamples = growth(growthBySamples.map((samples) => ({ at: samples, widths: [64, 16, 10], samples })));
const byWidth = growth(growthByWidth.map((width) => ({ at: width, widths: [64, width, 10], samples: 1000 })));

const [cpu] = cpus();
const machine = {
  processor: cpu?.model ?? 'unknown processor',
  cores: availableParallelism(),
  memory: totalmem() / gibibyte,
  node: process.versions.node,
  runtime: runtimeVersion,
};
mkdirSync(options.to, { recursive: true });
writeFileSync(join(options.to, 'benchmarks.svg'), growthPlot(bySamples, byWidth));
const page = benchmarkPage({
  rows,
  pytorch,
  machine,
  budget: memoryBudget / gibibyte,
  alone: options.rounds === undefined,
});
writeFileSync(join(options.to, 'benchmarks.md'), page);
console.log(`Written: ${join(options.to, 'benchmarks.md')} and benchmarks.svg beside it.`);
