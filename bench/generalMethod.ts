import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HardCase } from './measureHardCases';
import type { ProductsMeasured, ProductsWanted } from './measureProducts';
import { measurement, python, referenceFolder } from './measurementProcess';
import { torchEnvironment } from './torchProcess';

export interface ProductCase {
  /** As torchModels.py knows it. */
  readonly name: string;
  readonly network: string;
  /** Timed rounds where none are told. */
  readonly rounds: number;
  /**
   * Operations of one product with the activations kept, no less: six products of matrices for every weight matrix and
   * for each of the two products within an attention head, two for the first layer.
   */
  readonly leastWork: number;
  /** Samples in a batch of PyTorch's second form: the fastest of a few that were tried. */
  readonly torchBatch: number;
  /** What was set out for: our time over PyTorch's at most, and products until λ_max is certified. */
  readonly aim: { readonly ratio: number; readonly products: number | null };
  /** Seconds of PyTorch's product and of PyHessian's λ_max by its defaults, on another machine, or null. */
  readonly published: { readonly product: number; readonly pyHessian: number } | null;
}

const reference: readonly ProductCase[] = [
  {
    name: 'b',
    network: '784-512-256-10, tanh',
    rounds: 31,
    leastWork: 3.21e9,
    torchBatch: 500,
    aim: { ratio: 0.9, products: 32 },
    published: { product: 0.0249, pyHessian: 0.93 },
  },
  {
    name: 'c',
    network: 'two convolutions',
    rounds: 15,
    leastWork: 5.88e9,
    torchBatch: 32,
    aim: { ratio: 0.8, products: 12 },
    published: { product: 0.124, pyHessian: 1.38 },
  },
  {
    name: 'd',
    network: 'transformer, 2 layers',
    rounds: 15,
    leastWork: 3.33e9,
    torchBatch: 128,
    aim: { ratio: 0.8, products: 12 },
    published: { product: 0.153, pyHessian: 2.49 },
  },
];

/** Four samples of 64 tokens; see exportTransformer.py. */
const transformer: ProductCase = {
  name: 'transformer',
  network: 'transformer, 12 layers',
  rounds: 15,
  leastWork: transformerWork({ tokens: 64, samples: 4, width: 192, hidden: 768, layers: 12, inputs: 16 }),
  torchBatch: 2,
  aim: { ratio: 0.8, products: null },
  published: null,
};

function transformerWork(shape: {
  readonly tokens: number;
  readonly samples: number;
  readonly width: number;
  readonly hidden: number;
  readonly layers: number;
  readonly inputs: number;
}): number {
  const { tokens, samples, width, hidden, layers, inputs } = shape;
  const weights = 4 * width ** 2 + 2 * width * hidden;
  const attention = 2 * tokens * width;
  const rows = tokens * samples;
  return 2 * rows * (6 * layers * (weights + attention) + 2 * inputs * width);
}

export interface ProductRow extends ProductsMeasured, ProductCase {
  /** λ_max in float64 by ARPACK, from the reference; null where there is none. */
  readonly truth: number | null;
}

export interface GeneralMethod {
  readonly rows: readonly ProductRow[];
  readonly hard: readonly HardCase[];
}

/** Lanczos runs of each case. */
const certificates = 5;

/** Measures all cases that are there, and says which are not. */
export function generalMethod(roundsFor: (usual: number) => number, madeFolder: string): GeneralMethod {
  const rows: ProductRow[] = [];
  for (const productCase of reference) {
    const folder = referenceFolder(productCase.name);
    if (folder === null) continue;
    const text = readFileSync(join(folder, `${productCase.name}.ref.json`), 'utf8');
    const { lambda_max: truth } = JSON.parse(text) as { lambda_max: number };
    rows.push({ ...productCase, truth, ...measured(productCase, folder, certificates) });
  }
  if (exportTransformer(madeFolder)) {
    rows.push({ ...transformer, truth: null, ...measured(transformer, madeFolder, 0) });
  }
  const folder = referenceFolder('a');
  const hard = folder === null ? [] : (measurement('measureHardCases', folder, madeFolder) as HardCase[]);
  return { rows, hard };

  function measured({ name, rounds, torchBatch }: ProductCase, from: string, runs: number): ProductsMeasured {
    const wanted: ProductsWanted = {
      name,
      modelFile: join(from, `${name}.onnx`),
      samplesFile: join(from, `${name}.npz`),
      python,
      rounds: roundsFor(rounds),
      torchBatch,
      certificates: runs,
    };
    const result = measurement('measureProducts', JSON.stringify(wanted)) as ProductsMeasured;
    const { seconds, torch } = result;
    const beside = torch === null ? '' : `, PyTorch ${(1000 * torch.seconds).toPrecision(3)} ms`;
    console.log(`${name}, product: ${(1000 * seconds).toPrecision(3)} ms${beside}`);
    return result;
  }
}

/** Whether PyTorch's exporter wrote the transformer; says why not. */
function exportTransformer(folder: string): boolean {
  const script = join('bench', 'exportTransformer.py');
  const { status, stderr, error } = spawnSync(python, [script, folder], {
    encoding: 'utf8',
    env: torchEnvironment,
  });
  if (status === 0) return true;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  console.error(
    `Skipped the 12-layer transformer: ${python} ${script} does not run (${reason}); MODEL_SHARPNESS_PYTHON names a Python with PyTorch.`,
  );
  return false;
}
