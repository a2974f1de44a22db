/**
 * Whether error bars and certificates hold as often as they say: many seeded runs on matrices of which everything is
 * known. Prints Markdown for docs/calibration.md; `npm run calibrate` writes it. The work is shared by as many processes
 * as there are cores; what is drawn does not depend on how many they are.
 *
 * --runs N (1000), --networks N (100000), --processes N
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs, promisify } from 'node:util';
import { MatrixProducts } from '../src/runtime/matrixProducts';
import { adversarialModels, calibrationModels, type CalibrationModel } from './calibrationModels';
import { calibrationPage } from './calibrationPage';
import { calibrateModel, type ModelCalibration } from './calibrationRuns';
import { provedIntervals, type ProvedIntervals } from './provedIntervals';
import { calibrateTop, type TopCalibration } from './topIntervals';

/** A part of the work that a process does by itself. */
type Job =
  | { readonly kind: 'model' | 'top'; readonly index: number; readonly runs: number }
  | { readonly kind: 'proved'; readonly seed: number; readonly networks: number };

/** Parts of the networks; each has its own seed. */
const parts = 8;
const firstSeed = 99;

async function openModels(kind: 'model' | 'top'): Promise<CalibrationModel[]> {
  const products = await MatrixProducts.open(1);
  try {
    const models = await calibrationModels(products);
    return kind === 'model' ? models : [...models, ...adversarialModels()];
  } finally {
    await products.release();
  }
}

async function runJob(job: Job): Promise<ModelCalibration | TopCalibration | ProvedIntervals> {
  if (job.kind === 'proved') return provedIntervals(job.seed, job.networks);
  const model = (await openModels(job.kind))[job.index];
  if (model === undefined) throw new RangeError(`No matrix ${job.index}`);
  return job.kind === 'top' ? calibrateTop(model, job.runs) : calibrateModel(model, job.runs);
}

/** What a process of its own answers. */
async function inProcess<Answer>(job: Job): Promise<Answer> {
  const script = process.argv[1] ?? '';
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--job', JSON.stringify(job)]);
  return JSON.parse(stdout) as Answer;
}

/** Runs them in their order, so many at once; told on the error output, since it takes minutes. */
async function shared<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  run: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers = new Array<Answer>(items.length);
  const waiting = [...items.entries()];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, item] = next;
      answers[at] = await run(item);
      console.error(`${++done} of ${items.length} parts done`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, worker));
  return answers;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      job: { type: 'string' },
      runs: { type: 'string', default: '1000' },
      networks: { type: 'string', default: '100000' },
      processes: { type: 'string', default: String(availableParallelism()) },
    },
  });
  if (values.job !== undefined) {
    console.log(JSON.stringify(await runJob(JSON.parse(values.job) as Job)));
    return;
  }
  const [runs, networks] = [Number(values.runs), Number(values.networks)];
  const jobsOf = async (kind: 'model' | 'top'): Promise<Job[]> =>
    (await openModels(kind)).map((_, index) => ({ kind, index, runs }));
  const [models, tops] = [await jobsOf('model'), await jobsOf('top')];
  const proved = Array.from({ length: parts }, (_, part): Job => {
    const [from, to] = [part, part + 1].map((at) => Math.floor((networks * at) / parts));
    return { kind: 'proved', seed: firstSeed + part, networks: (to ?? 0) - (from ?? 0) };
  });
  const answers = await shared([...models, ...tops, ...proved], Number(values.processes), (job) =>
    inProcess<ModelCalibration & TopCalibration & ProvedIntervals>(job),
  );
  const rest = answers.slice(models.length);
  const total = { intervals: 0, violations: 0, refused: 0 };
  for (const tally of rest.slice(tops.length)) {
    total.intervals += tally.intervals;
    total.violations += tally.violations;
    total.refused += tally.refused;
  }
  const topRows = rest.slice(0, tops.length);
  console.log(calibrationPage(runs, networks, answers.slice(0, models.length), topRows, total));
  if (total.violations > 0 || topRows.some(({ provedViolated }) => provedViolated > 0)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
