import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { matrixModel } from '../src/runtime/matrixProducts';
import { Session } from '../src/runtime/session';
import type { Report } from '../src/report/report';
import { median } from './median';
import { python, referenceFolder } from './measurementProcess';
import { torchEnvironment } from './torchProcess';

/** Where PyHessian lies, a folder for Python's path, or undefined for none. */
const pyHessian = process.env['MODEL_SHARPNESS_PYHESSIAN'];

/** A whole analysis as a person waits for it, from the start of the process. */
export interface WholeAnalysis {
  readonly name: string;
  readonly method: Report['method'];
  readonly precision: Report['analysis']['precision'];
  /** Seconds until λ_max was certified to 1 %, until the graph was differentiated, and to the end. */
  readonly certified: number | null;
  readonly end: number;
  /** Seconds of a float32 MatMul of 1024 on one thread, in the same run. */
  readonly matMul: number;
  readonly pyHessian: { readonly lambdaMax: number; readonly trace: number } | null;
}

/** Each case is analysed so many times by either, in turn; medians count. */
const rounds = 3;

/** The example and the reference cases that are there, one thread each. */
export async function wholeAnalyses(
  roundsFor: (usual: number) => number,
  madeFolder: string,
): Promise<WholeAnalysis[]> {
  const cases = [
    { name: 'digits', folder: 'examples' },
    ...['b', 'c', 'd'].flatMap((name) => {
      const folder = referenceFolder(name);
      return folder === null ? [] : [{ name, folder }];
    }),
    ...(existsSync(join(madeFolder, 'transformer.onnx'))
      ? [{ name: 'transformer', folder: madeFolder }]
      : []),
  ];
  const found: WholeAnalysis[] = [];
  for (const { name, folder } of cases) {
    const [model, data] = [join(folder, `${name}.onnx`), join(folder, `${name}.npz`)];
    const runs: Run[] = [];
    const others: { lambdaMax: number; trace: number }[] = [];
    const units: number[] = [];
    for (let round = 0; round < roundsFor(rounds); round++) {
      units.push(await matMulSeconds());
      runs.push(await ours(model, data));
      if (pyHessian !== undefined && name !== 'digits') others.push(await theirs(name, data));
      units.push(await matMulSeconds());
    }
    const certified = runs.flatMap((run) => run.certified ?? []);
    const [first] = runs;
    if (first === undefined) throw new RangeError('No rounds');
    const { method, precision } = first;
    found.push({
      name,
      method,
      precision,
      certified: certified.length < runs.length ? null : median(certified),
      end: median(runs.map(({ end }) => end)),
      matMul: median(units),
      pyHessian:
        others.length === 0
          ? null
          : {
              lambdaMax: median(others.map(({ lambdaMax }) => lambdaMax)),
              trace: median(others.map(({ trace }) => trace)),
            },
    });
    console.log(`${name}, whole: ${found.at(-1)!.end.toPrecision(3)} s`);
  }
  return found;
}

async function matMulSeconds(): Promise<number> {
  const size = 1024;
  const bytes = matrixModel('float32', 'MatMul');
  const session = await Session.open({ bytes, externalData: [] }, 1);
  const numbers = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
  const feeds = { a: { data: numbers, dims: [size, size] }, b: { data: numbers, dims: [size, size] } };
  const times: number[] = [];
  for (let run = 0; run < 9; run++) {
    const started = performance.now();
    await session.run(feeds);
    times.push((performance.now() - started) / 1000);
  }
  await session.release();
  return median(times);
}

type Run = Pick<WholeAnalysis, 'method' | 'precision' | 'certified' | 'end'>;

async function ours(model: string, data: string): Promise<Run> {
  const args = ['dist/cli.js', 'analyze', model, '--samples', data, '--threads', '1', '--json'];
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((settle) => child.on('close', settle));
  const end = (performance.now() - started) / 1000;
  const { method, analysis, time } = JSON.parse(text) as Report;
  // What comes before the analysis, the start of Node, counts; the little after it does so, too.
  const certified = time['certified'] === undefined ? null : end - time['total']! + time['certified'];
  return { method, precision: analysis.precision, certified, end };
}

async function theirs(name: string, data: string): Promise<{ lambdaMax: number; trace: number }> {
  const started = performance.now();
  const child = spawn(python, [join('bench', 'pyHessian.py'), name, data], {
    env: { ...torchEnvironment, PYTHONPATH: pyHessian },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const times: number[] = [];
  for await (const line of createInterface(child.stdout))
    if (line.startsWith('{')) times.push((performance.now() - started) / 1000);
  const [lambdaMax, trace] = times;
  if (lambdaMax === undefined || trace === undefined) throw new Error('PyHessian did not run.');
  return { lambdaMax, trace };
}
