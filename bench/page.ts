import type { GeneralMethod } from './generalMethod';
import { generalMethodSections } from './generalMethodPage';
import { markdownTable } from './markdownTable';
import type { Measured } from './measure';
import { panelSections, type PanelFrames } from './panelPage';
import type { WholeAnalysis } from './wholeAnalyses';

export interface Row extends Measured {
  readonly name: string;
  /** As people write it: 64-16-10. */
  readonly widths: string;
  readonly samples: number;
  readonly threads: number;
}

/** What fullHessian.py prints. */
export interface FullHessian {
  readonly seconds: number;
  readonly way: string;
  readonly trace: number;
  readonly version: string;
}

/** What is measured of the closed form. */
export interface ClosedFormBenchmarks {
  readonly rows: readonly Row[];
  readonly pytorch: FullHessian | null;
  /** GiB. */
  readonly budget: number;
}

/** A part that was never measured is null. */
export interface Benchmarks {
  readonly 'closed-form': ClosedFormBenchmarks | null;
  readonly products: GeneralMethod | null;
  readonly whole: readonly WholeAnalysis[] | null;
  readonly panel: PanelFrames | null;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    /** GiB. */
    readonly memory: number;
    readonly node: string;
    readonly runtime: string;
  };
  /** False where the rounds were told, for a try. */
  readonly alone: boolean;
}

const heading = [
  'Case',
  'Network',
  'Samples',
  'Threads',
  'Multiply-adds, 10⁹',
  'Seconds',
  'GFLOP/s',
  'MatMul, GFLOP/s',
  'Share',
  'Peak memory, MiB',
];

/** docs/benchmarks.md. */
export function benchmarkPage({ whole, products, panel, machine, alone, ...parts }: Benchmarks): string {
  const closedForm = parts['closed-form'];
  const { processor, cores, memory, node, runtime } = machine;
  const paragraphs = [
    '# Benchmarks',
    'Written by `npm run bench`; change nothing here by hand. Parts are measured one after the other, with nothing beside them. `MODEL_SHARPNESS_SHARED` names the folder whose `reference/` holds cases b, c and d, `MODEL_SHARPNESS_PYTHON` a Python with PyTorch, `MODEL_SHARPNESS_PYHESSIAN` the folder in which PyHessian lies.',
    `${processor}, ${cores} cores for this process, ${memory.toFixed(0)} GiB; Node ${node}, onnxruntime ${runtime}.` +
      (alone ? '' : ' A try with few rounds: not for comparison.'),
    ...(whole === null ? [] : wholeSections(whole)),
    ...(closedForm === null ? [] : closedFormSections(closedForm)),
    ...(products === null ? [] : generalMethodSections(products)),
    ...(panel === null ? [] : panelSections(panel)),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** What was set out for, in MatMuls: the example's first number, and its end. */
const aims = { first: 20, end: 45 } as const;

function wholeSections(rows: readonly WholeAnalysis[]): readonly string[] {
  const heading = [
    'Case',
    'Method',
    'λ_max certified, s',
    'To the end, s',
    'PyHessian’s λ_max, s',
    'and trace, s',
    'First ÷ its λ_max',
    'End ÷ both',
    'MatMul, ms',
    'First, MatMuls',
    'End, MatMuls',
  ];
  const seconds = (value: number | null | undefined): string => value?.toPrecision(3) ?? '';
  const ratio = (a: number | null, b: number | undefined): string =>
    a === null || b === undefined ? '' : (a / b).toFixed(2);
  const table = rows.map(({ name, method, precision, certified, end, matMul, pyHessian }) => [
    name,
    `${method}, ${precision}`,
    seconds(certified),
    seconds(end),
    seconds(pyHessian?.lambdaMax),
    seconds(pyHessian?.trace),
    ratio(certified, pyHessian?.lambdaMax),
    ratio(end, pyHessian?.trace),
    (1000 * matMul).toPrecision(3),
    certified === null ? '' : (certified / matMul).toFixed(0),
    (end / matMul).toFixed(0),
  ]);
  return [
    '## Whole analyses',
    markdownTable([heading, ...table]),
    `From the start of the process, one thread, medians; ours \`analyze --json\` with its defaults, PyHessian’s its defaults in float32 on all samples (\`bench/pyHessian.py\`), the import of PyTorch included, in turns. Its λ_max and trace come without error bars; ours is certified to 1 %, and the report has everything. MatMul is onnxruntime’s of 1024 in float32 on one thread, in the same run. Aims: the first number before PyHessian’s λ_max, the end within twice its λ_max and trace (b’s exact closed form excepted); the example’s first number in ${aims.first} MatMuls, its end in ${aims.end}.`,
  ];
}

function closedFormSections({ rows, pytorch, budget }: ClosedFormBenchmarks): readonly string[] {
  return [
    '## The closed form',
    markdownTable([heading, ...rows.map(tableRow)]),
    'Seconds are the median of one closed form alone (`src/perceptron/closedForm`), in a process that has read model and samples and has run it once. It is the analysis of the report: bounds, blocks, traces and what every sample brings; without the optional parts (Gauss-Newton, hidden units, elasticities), each of which is one or more such forms. A multiply-add counts as two operations; only those in matrix products count, the rest of the work takes its time and counts nothing. MatMul is what onnxruntime reaches by itself in float64 with as many threads, in the same process and in turn with the closed form: the better one of 1024 × 1024 × 1024 and 16384 × 256 × 256. Share is the one rate over the other.',
    `Peak memory is that of the whole process after its first closed form, which was given ${budget} GiB to plan with. Cases a and b are networks with tanh and cross-entropy: a trained on the digits, b at its initial weights with random inputs and labels.`,
    '## Against forming the Hessian',
    againstPytorch(rows, pytorch),
    '## Growth',
    '![Seconds by samples and by hidden width, both axes logarithmic](benchmarks.svg)',
    'One thread. Left: 64-16-10 with more and more samples; the dual form grows with their square until the primal one, linear in them, is less work. Right: 64-w-10 with 1,000 samples.',
  ];
}

function tableRow(row: Row): string[] {
  const rate = row.multiplyAdds / row.seconds;
  return [
    row.name,
    row.widths,
    String(row.samples),
    String(row.threads),
    (row.multiplyAdds / 1e9).toPrecision(3),
    row.seconds.toPrecision(3),
    ((2 * rate) / 1e9).toPrecision(3),
    ((2 * row.runtimeRate) / 1e9).toPrecision(3),
    `${((100 * rate) / row.runtimeRate).toFixed(0)} %`,
    (row.peakBytes / 1024 ** 2).toFixed(0),
  ];
}

function againstPytorch(rows: readonly Row[], pytorch: FullHessian | null): string {
  const own = rows.find(({ name, threads }) => name === 'a' && threads === 1);
  if (pytorch === null || own === undefined) return 'Not measured: there was no PyTorch.';
  const way = pytorch.way.replaceAll('_', ' ');
  const difference = Math.abs(pytorch.trace - own.trace) / Math.abs(pytorch.trace);
  return `Case a, one thread each: the full float64 Hessian by double backward (\`bench/fullHessian.py\`, PyTorch ${pytorch.version}, ${way}, the faster one of two ways) takes ${pytorch.seconds.toPrecision(3)} s, ${(pytorch.seconds / own.seconds).toPrecision(2)} times as long as the closed form. Both have the trace ${own.trace.toPrecision(10)}, to ${difference.toExponential(0)}.`;
}
