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
  readonly classes: number;
  /** Timed rounds where none are told. */
  readonly rounds: number;
  /** Samples in a batch of PyTorch's second form: the fastest of a few that were tried. */
  readonly torchBatch: number;
  /** What was set out for: our time over PyTorch's at most without AVX-512, and products until λ_max is certified. */
  readonly aim: { readonly ratio: number; readonly products: number | null };
  /** Whether the shared references bring model and samples; else exportModel.py makes them. */
  readonly isReference: boolean;
}

const cases: readonly ProductCase[] = [
  productCase('b', '784-512-256-10, tanh', { torchBatch: 500, ratio: 1, products: 32, rounds: 31 }),
  productCase('c', 'two convolutions', { torchBatch: 32, ratio: 0.95, products: 12 }),
  productCase('d', 'transformer, 2 layers', { torchBatch: 128, ratio: 0.45, products: 12 }),
  productCase('transformer', 'transformer, 12 layers', { torchBatch: 2, ratio: 0.75 }),
  productCase('gpt', 'GPT, 6 layers of 256', { torchBatch: 2, ratio: 0.8, classes: 256 }),
  productCase('resnet18', 'ResNet-18, width 16', { torchBatch: 16, ratio: 1, rounds: 7 }),
  productCase('mobilenet', 'depthwise, 15 convolutions', { torchBatch: 16, ratio: 1.1 }),
  productCase('lstm', 'LSTM, 16 steps', { torchBatch: 128, ratio: 1.5 }),
];

/** A case with numbers for what differs; those with an aim for λ_max are the references. */
function productCase(
  name: string,
  network: string,
  told: {
    readonly torchBatch: number;
    readonly ratio: number;
    readonly products?: number;
    readonly rounds?: number;
    readonly classes?: number;
  },
): ProductCase {
  const { torchBatch, ratio, products = null, rounds = 15, classes = 10 } = told;
  const isReference = products !== null;
  return { name, network, classes, rounds, torchBatch, aim: { ratio, products }, isReference };
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
  for (const productCase of cases) {
    const { name, isReference } = productCase;
    const folder = isReference ? referenceFolder(name) : exportModel(name, madeFolder);
    if (folder === null) continue;
    const truth = isReference ? lambdaMaxOf(folder, name) : null;
    rows.push({ ...productCase, truth, ...measured(productCase, folder) });
  }
  const folder = referenceFolder('a');
  const hard = folder === null ? [] : (measurement('measureHardCases', folder, madeFolder) as HardCase[]);
  return { rows, hard };

  function measured(productCase: ProductCase, from: string): ProductsMeasured {
    const { name, classes, rounds, torchBatch, isReference } = productCase;
    const wanted: ProductsWanted = {
      name,
      modelFile: join(from, `${name}.onnx`),
      samplesFile: join(from, `${name}.npz`),
      classes,
      python,
      rounds: roundsFor(rounds),
      torchBatch,
      certificates: isReference ? certificates : 0,
    };
    const result = measurement('measureProducts', JSON.stringify(wanted)) as ProductsMeasured;
    const { seconds, torch } = result;
    const beside = torch === null ? '' : `, PyTorch ${(1000 * torch.seconds).toPrecision(3)} ms`;
    console.log(`${name}, product: ${(1000 * seconds).toPrecision(3)} ms${beside}`);
    return result;
  }
}

function lambdaMaxOf(folder: string, name: string): number {
  const text = readFileSync(join(folder, `${name}.ref.json`), 'utf8');
  return (JSON.parse(text) as { lambda_max: number }).lambda_max;
}

/** The folder, after PyTorch's exporter wrote the model into it; null after saying why not. */
function exportModel(name: string, folder: string): string | null {
  const script = join('bench', 'exportModel.py');
  const { status, stderr, error } = spawnSync(python, [script, name, folder], {
    encoding: 'utf8',
    env: torchEnvironment,
  });
  if (status === 0) return folder;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  console.error(
    `Skipped ${name}: ${python} ${script} does not run (${reason}); MODEL_SHARPNESS_PYTHON names a Python with PyTorch.`,
  );
  return null;
}
