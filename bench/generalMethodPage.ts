import type { GeneralMethod, ProductRow } from './generalMethod';
import { markdownTable } from './markdownTable';
import type { HardCase } from './measureHardCases';
import { median } from './median';

/** The sections of docs/benchmarks.md on Hessian-vector products and what is made of them. */
export function generalMethodSections({ rows, hard }: GeneralMethod): readonly string[] {
  return [
    '## Hessian-vector products',
    rows.length === 0 ? 'Not measured: there were no reference cases.' : productTable(rows),
    torchSentence(rows),
    'Float32, one thread; milliseconds are medians of rounds in which our product, PyTorch’s and onnxruntime’s MatMul take turns. Ours are the products of the analysis (`src/autodiff`), vectors in and out in float32, as those of Lanczos and of PyTorch are, in the batches that it cuts by itself; "split" keeps what does not depend on the vector from product to product. PyTorch’s are double backward with the graph of the gradient kept, all samples at once, and beside it in batches of the size that is told (`bench/torchProducts.py`); Ratio is ours to all samples at once, as one would write it. Preparation is all that comes once for a model: reading it, differentiating, proving the products. Peak memory is that of the whole process until its first product, about 130 MiB of it Node and onnxruntime; it may plan with 2 GiB. η is the relative error of the float32 products that the analysis measures; Difference the largest one from PyTorch in loss, ‖Hθ‖ and θᵀHθ at the weights θ, relative to their size, for θᵀHθ to ‖θ‖‖Hθ‖.',
    'Gradient is one pass of PyTorch forward and back, all samples at once. Least work counts what no product with kept activations can do without: six products of matrices for every one of the pass forward (weights, and both within attention), two where the samples are a factor. Aims are those for a machine without AVX-512. MatMul is what onnxruntime reaches by itself in float32 on one thread: the better one of 1024 and 2048 square. Share is the least work over the time of our product, over that rate.',
    '## λ_max to 1 %',
    certificateTable(rows),
    'From products alone, until the interval is no wider than 1 % at 99.9 % confidence; trace and norm are not used. Medians, and in brackets the extremes, over as many starts as there are runs. Holds counts the intervals that hold the reference’s λ_max (ARPACK on float64 products). Seconds are those of Lanczos with its products; Of these, products is what the products of the table above would take alone. What PyHessian takes stands under “Whole analyses”.',
    '## Where power iteration goes wrong',
    hardTable(hard),
    'Case a with small weights (all N(0, 0.02²), biases 0) has eigenvalues in pairs of both signs; with its labels shuffled its largest eigenvalue by magnitude is negative. Truth is from the whole float64 Hessian, column by column; found is the interval at 1 % from products alone over ten starts: the lowest lower end and the highest upper end. PyHessian’s default λ_max on its own draws of the same two cases, ten runs: 0.081 ± 0.089 where the truth is 0.2428, −4.222 ± 0.053 where it is +0.0948.',
  ];
}

function productTable(rows: readonly ProductRow[]): string {
  const head = [
    'Case',
    'Network',
    'Samples',
    'Parameters',
    'Form',
    'Ours, ms',
    'PyTorch, ms',
    'Ratio',
    'Aim',
    'PyTorch in batches, ms',
    'Its gradient, ms',
    'Ours ÷ gradient',
    'Least work, GFLOP',
    'MatMul, GFLOP/s',
    'Share',
    'Preparation, s',
    'Peak memory, MiB',
    'η',
    'Difference',
  ];
  return markdownTable([
    head,
    ...rows.map(({ seconds, torch, runtimeRate, ...row }): readonly string[] => [
      row.name,
      row.network,
      String(row.samples),
      row.parameters.toLocaleString('en'),
      row.keptShare === 1 ? 'split' : row.keptShare > 0 ? 'part split' : 'unsplit',
      (1000 * seconds).toPrecision(3),
      torch === null ? '–' : (1000 * torch.seconds).toPrecision(3),
      torch === null ? '–' : (seconds / torch.seconds).toFixed(2),
      `≤ ${row.aim.ratio}`,
      torch === null ? '–' : `${(1000 * torch.batchedSeconds).toPrecision(3)} (of ${row.torchBatch})`,
      torch === null ? '–' : (1000 * torch.gradientSeconds).toPrecision(3),
      torch === null ? '–' : (seconds / torch.gradientSeconds).toFixed(2),
      torch === null ? '–' : (torch.leastWork / 1e9).toPrecision(3),
      ((2 * runtimeRate) / 1e9).toPrecision(3),
      torch === null ? '–' : `${((100 * torch.leastWork) / seconds / (2 * runtimeRate)).toFixed(0)} %`,
      row.openingSeconds.toPrecision(2),
      (row.peakMemory / 2 ** 20).toFixed(0),
      row.productError.toExponential(0),
      torch === null ? '–' : torch.difference.toExponential(0),
    ]),
  ]);
}

function torchSentence(rows: readonly ProductRow[]): string {
  const torch = rows.find((row) => row.torch !== null)?.torch;
  if (torch === undefined || torch === null) return 'There was no PyTorch to measure beside.';
  const { version, kernels, told } = torch;
  const blas = kernels === null ? '' : `, with OpenBLAS’s kernels for ${kernels}`;
  const own = `PyTorch ${version}, told to use one thread${blas}.`;
  if (told === null) return own;
  const ratios = rows.map(({ name, seconds, ...row }) => {
    const { seconds: product, gradientSeconds } = row.torch?.told ?? { seconds: NaN, gradientSeconds: NaN };
    return `${name} ${(1000 * product).toPrecision(3)} ms (${(seconds / product).toFixed(2)}; of the gradient ${(seconds / gradientSeconds).toFixed(2)})`;
  });
  return `${own} It leaves this processor’s AVX-512 unused, which onnxruntime uses; told to take its kernels for ${told.kernels} (OPENBLAS_CORETYPE), PyTorch takes, and our ratio to it is: ${ratios.join(', ')}.`;
}

function certificateTable(rows: readonly ProductRow[]): string {
  const searched = rows.flatMap(({ search, ...row }) => (search === null ? [] : [{ ...row, search }]));
  if (searched.length === 0) return 'Not measured: there were no reference cases.';
  const head = [
    'Case',
    'Products in',
    'Products',
    'Aim',
    'Seconds',
    'Of these, products',
    'λ_max',
    'Widest interval found',
    'Certified',
    'Holds',
  ];
  return markdownTable([
    head,
    ...searched.map(({ name, seconds, aim, truth, search: { precision, runs } }) => {
      const counts = runs.map(({ products }) => products);
      const widest = runs.reduce((a, b) => (b.upper - b.lower > a.upper - a.lower ? b : a));
      const holding = runs.filter(
        ({ lower, upper }) => truth !== null && lower <= truth && truth <= upper,
      ).length;
      return [
        name,
        precision,
        spread(counts, (count) => String(count)),
        aim.products === null ? '–' : `≤ ${aim.products}`,
        spread(
          runs.map((run) => run.seconds),
          (time) => time.toPrecision(3),
        ),
        precision === 'float32' ? (median(counts) * seconds).toPrecision(3) : '–',
        truth?.toPrecision(6) ?? '–',
        `${widest.lower.toPrecision(6)} to ${widest.upper.toPrecision(6)}`,
        of(runs.filter(({ certified }) => certified).length, runs.length),
        of(holding, runs.length),
      ];
    }),
  ]);
}

function hardTable(cases: readonly HardCase[]): string {
  if (cases.length === 0) return 'Not measured: there was no case a.';
  const head = ['Case a with', 'Truth', 'λ_min', 'Found', 'Products', 'Certified', 'Holds'];
  return markdownTable(
    [
      head,
      ...cases.map(({ name, lambdaMax, lambdaMin, runs }) => [
        name,
        lambdaMax.toFixed(6),
        lambdaMin.toFixed(6),
        `${Math.min(...runs.map(({ lower }) => lower)).toFixed(6)} to ${Math.max(...runs.map(({ upper }) => upper)).toFixed(6)}`,
        spread(
          runs.map(({ products }) => products),
          (count) => String(count),
        ),
        of(runs.filter(({ certified }) => certified).length, runs.length),
        of(runs.filter((run) => run.lower <= lambdaMax && lambdaMax <= run.upper).length, runs.length),
      ]),
    ],
    1,
  );
}

function of(count: number, total: number): string {
  return `${count} of ${total}`;
}

/** The median, with the extremes in brackets where they differ. */
function spread(values: readonly number[], text: (value: number) => string): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(text);
  return least === most ? String(least) : `${text(median(values))} (${String(least)} to ${String(most)})`;
}
