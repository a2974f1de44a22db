// One measurement in a process of its own: what to measure comes as JSON in the first argument, the result goes as JSON
// to standard output.
import { Bench } from 'tinybench';
import { computeClosedForm } from '../src/perceptron/closedForm/closedForm';
import { planClosedForm } from '../src/perceptron/closedForm/plan';
import type { Problem } from '../src/perceptron/closedForm/sampleTile';
import { MatrixProducts, type Matrix } from '../src/runtime/matrixProducts';
import { median } from './median';
import { randomProblem, referenceProblem } from './problems';

export interface Wanted {
  readonly problem:
    | { readonly folder: string; readonly name: string }
    | { readonly widths: readonly number[]; readonly samples: number };
  readonly threads: number;
  /** Timed runs, after one that warms up. */
  readonly rounds: number;
  /** Bytes that the closed form may plan with. */
  readonly memoryBudget: number;
}

export interface Measured {
  /** Multiply-adds of one closed form, all its matrix products. */
  readonly multiplyAdds: number;
  /** Median seconds of one closed form. */
  readonly seconds: number;
  /** onnxruntime's float64 MatMul alone, multiply-adds per second, the better one of two shapes. */
  readonly runtimeRate: number;
  /** Peak resident memory of the process after its first closed form, bytes. */
  readonly peakBytes: number;
  /** tr(H), to see that the same was computed. */
  readonly trace: number;
}

/** Rows and depth of A, columns of B: products large enough to reach the highest rate. */
const runtimeShapes = [
  [1024, 1024, 1024],
  [16384, 256, 256],
] as const;

async function measure({ problem: wanted, threads, rounds, memoryBudget }: Wanted): Promise<Measured> {
  const problem: Problem =
    'name' in wanted
      ? await referenceProblem(wanted.folder, wanted.name)
      : randomProblem(wanted.widths, wanted.samples);
  const products = await MatrixProducts.open(threads);
  const plan = planClosedForm(problem.perceptron, problem.inputs.rows, memoryBudget);
  const run = () => computeClosedForm(problem, products, plan, () => undefined);

  const before = products.multiplyAdds;
  const { traces } = await run();
  const multiplyAdds = products.multiplyAdds - before;
  const peakBytes = process.resourceUsage().maxRSS * 1024;

  const operands = runtimeShapes.map(
    ([rows, depth, columns]) => [filled(rows, depth), filled(depth, columns)] as const,
  );
  // One run of each in turn, so that whatever else the machine does meets all of them alike.
  const times: number[][] = [[], ...runtimeShapes.map(() => [])];
  for (const [a, b] of operands) await products.timesEach(a, b);
  for (let round = 0; round < rounds; round++) {
    // Told that the tasks are asynchronous: it would call them once more, side by side, to find out.
    const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
    bench.add('closed form', run, { async: true });
    for (const [index, [a, b]] of operands.entries())
      bench.add(`MatMul ${index}`, () => products.timesEach(a, b), { async: true });
    await bench.run();
    for (const [index, { result }] of bench.tasks.entries()) {
      if (result.state !== 'completed') throw new Error('A benchmark did not complete.');
      times[index]?.push(result.latency.mean / 1000);
    }
  }
  await products.release();
  const [seconds = NaN, ...runtimeSeconds] = times.map(median);
  const rates = runtimeShapes.map(
    ([rows, depth, columns], index) => (rows * depth * columns) / (runtimeSeconds[index] ?? NaN),
  );
  return {
    multiplyAdds,
    seconds,
    runtimeRate: Math.max(...rates),
    peakBytes,
    trace: traces.reduce((sum, trace) => sum + trace, 0),
  };
}

function filled(rows: number, columns: number): Matrix {
  return { rows, columns, data: Float64Array.from({ length: rows * columns }, (_, at) => Math.sin(at)) };
}

void measure(JSON.parse(process.argv[2] ?? '') as Wanted).then((measured) => {
  process.stdout.write(JSON.stringify(measured));
});
