// `npm run bench`: measures, part by part, and writes docs/benchmarks.md with its plot. Options: `--only PART` (closed-form,
// products, whole, panel) measures one part anew, the others are what was measured last; `--rounds N` timed runs of
// everything, fewer for a try, which leaves docs/ as it is; `--to FOLDER` writes somewhere else.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runtimeVersion } from '../src/runtime/session';
import { generalMethod } from './generalMethod';
import { growthPlot, type Growth } from './growthPlot';
import type { Measured, Wanted } from './measure';
import { measurement, python, referenceFolder } from './measurementProcess';
import {
  benchmarkPage,
  type Benchmarks,
  type ClosedFormBenchmarks,
  type FullHessian,
  type Row,
} from './page';
import type { PanelFrames } from './panelPage';
import { torchEnvironment } from './torchProcess';
import { wholeAnalyses } from './wholeAnalyses';

const gibibyte = 1024 ** 3;
const memoryBudget = 1.5 * gibibyte;

/** What is measured; `rounds` where none are told. */
const cases = [
  { name: 'a', widths: '64-16-10', samples: 1797, rounds: 31 },
  { name: 'b', widths: '784-512-256-10', samples: 1000, rounds: 2 },
] as const;

const growthBySamples = [125, 250, 500, 1000, 2000, 4000, 8000];
const growthByWidth = [8, 16, 32, 64, 128, 256, 512];

const { values: options } = parseArgs({
  options: { rounds: { type: 'string' }, to: { type: 'string' }, only: { type: 'string' } },
});
/** Where the models that are made lie, and what was measured last; git ignores it. */
const madeFolder = import.meta.dirname;
const isTry = options.rounds !== undefined;
const folder = options.to ?? (isTry ? madeFolder : 'docs');
mkdirSync(folder, { recursive: true });

function roundsFor(usual: number): number {
  const told = options.rounds === undefined ? usual : Number(options.rounds);
  if (!Number.isInteger(told) || told < 1) throw new Error('--rounds takes a whole number from 1 on.');
  return told;
}

function measure(wanted: Wanted): Measured {
  return measurement('measure', JSON.stringify(wanted)) as Measured;
}

/** The full Hessian in PyTorch, or null after saying why there is none. */
function fullHessian(name: string): FullHessian | null {
  const folder = referenceFolder(name);
  if (folder === null) return null;
  const script = join('bench', 'fullHessian.py');
  const { status, stdout, stderr, error } = spawnSync(
    python,
    [script, join(folder, `${name}.npz`), String(roundsFor(3))],
    { encoding: 'utf8', env: torchEnvironment },
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

function closedForm(): ClosedFormBenchmarks {
  const rows: Row[] = [];
  for (const { name, widths, samples, rounds } of cases) {
    const from = referenceFolder(name);
    if (from === null) continue;
    for (const threads of [1, 2]) {
      const problem = { folder: from, name };
      const measured = measure({ problem, threads, rounds: roundsFor(rounds), memoryBudget });
      rows.push({ name, widths, samples, threads, ...measured });
      console.log(`${name}, ${threads} threads: ${measured.seconds.toPrecision(3)} s`);
    }
  }
  const pytorch = fullHessian('a');
  const bySamples = growth(
    growthBySamples.map((samples) => ({ at: samples, widths: [64, 16, 10], samples })),
  );
  const byWidth = growth(
    growthByWidth.map((width) => ({ at: width, widths: [64, width, 10], samples: 1000 })),
  );
  writeFileSync(join(folder, 'benchmarks.svg'), growthPlot(bySamples, byWidth));
  return { rows, pytorch, budget: memoryBudget / gibibyte };
}

/** Frames of the panel with a large report, or null after saying why there is no browser. */
function panelFrames(): PanelFrames | null {
  const script = join('bench', 'panelFrames.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout) as PanelFrames;
  console.error(`Skipped the panel: ${stderr.trim()}`);
  return null;
}

type Parts = Omit<Benchmarks, 'machine' | 'alone'>;

const measures: { readonly [part in keyof Parts]: () => Promise<Parts[part]> | Parts[part] } = {
  'closed-form': closedForm,
  products: () => generalMethod(roundsFor, madeFolder),
  whole: () => wholeAnalyses(roundsFor, madeFolder),
  panel: panelFrames,
};
const names = Object.keys(measures) as (keyof Parts)[];
if (options.only !== undefined && !names.some((name) => name === options.only))
  throw new Error(`--only takes one of ${names.join(', ')}.`);

/** Measured now, or what was measured last; null where neither. */
async function measured<Name extends keyof Parts>(name: Name): Promise<Parts[Name] | null> {
  const file = join(madeFolder, `${name}.json`);
  if (options.only !== undefined && options.only !== name)
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Parts[Name]) : null;
  const found = await measures[name]();
  if (!isTry) writeFileSync(file, JSON.stringify(found));
  return found;
}

const [cpu] = cpus();
const page = benchmarkPage({
  'closed-form': await measured('closed-form'),
  products: await measured('products'),
  whole: await measured('whole'),
  panel: await measured('panel'),
  machine: {
    processor: cpu?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memory: totalmem() / gibibyte,
    node: process.versions.node,
    runtime: runtimeVersion,
  },
  alone: !isTry,
});
const pageFile = join(folder, 'benchmarks.md');
writeFileSync(pageFile, page);
console.log(`Written: ${pageFile}`);
