import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HessianProducts } from '../../../src/autodiff/hessianProducts';
import type { ProductOptions } from '../../../src/autodiff/hessianProducts';
import type { Targets } from '../../../src/loss/targets';
import type { Rules } from '../../../src/autodiff/rules/rules';
import { rules } from '../../../src/autodiff/rules/rules';
import type { Model, RunnableModel } from '../../../src/formats/model';
import { readModel } from '../../../src/formats/readModel';
import type { ModelSamples } from '../../../src/inference/feeds';
import { ModelSession } from '../../../src/inference/modelSession';
import type { Loss } from '../../../src/report/report';
import { findSubject, noSubjectChoice, type SubjectChoice } from '../../../src/subject/subject';
import type { ModelParts } from '../onnxModel';
import { onnxModel } from '../onnxModel';
import { numbers } from './evaluation';

/** What the products are made with, and what of the model is analysed. */
export type OpenOptions = Partial<ProductOptions & SubjectChoice>;

export const productDefaults: ProductOptions & SubjectChoice = {
  ...noSubjectChoice,
  precision: 'float64',
  memoryBudget: 2 ** 31,
  threads: 1,
  batch: null,
};

/** The products of a model that was read. */
export async function openProducts(
  model: RunnableModel,
  samples: ModelSamples,
  targets: Targets,
  loss: Loss = 'cross-entropy',
  given: OpenOptions = {},
  table: Rules = rules,
): Promise<HessianProducts> {
  const options = { ...productDefaults, ...given };
  const subject = findSubject(model, options);
  const session = new ModelSession(model, [subject.output, subject.head.logits], 1);
  return HessianProducts.open({ subject, session, samples, targets, loss }, options, table).finally(() =>
    session.release(),
  );
}

/** The model as a reader gives it; its file is gone afterwards. */
export async function modelOf(parts: ModelParts): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-'));
  try {
    const file = join(folder, 'model.onnx');
    await writeFile(file, onnxModel(parts));
    return await readModel(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function openParts(
  parts: ModelParts,
  samples: ModelSamples,
  targets: Targets,
  loss: Loss = 'cross-entropy',
  options: OpenOptions = {},
  table: Rules = rules,
): Promise<HessianProducts> {
  return openProducts(await modelOf(parts), samples, targets, loss, options, table);
}

export function floats(
  seed: number,
  dims: readonly number[],
  scale = 1,
): { dims: readonly number[]; data: Float32Array } {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return { dims, data: Float32Array.from(numbers(count, seed, -scale, scale)) };
}

export function samplesOf(name: string, count: number, dims: readonly number[], seed = 3): ModelSamples {
  const size = dims.reduce((product, dim) => product * dim, count);
  return { count, inputs: [{ name, dims, data: Float64Array.from(Float32Array.from(numbers(size, seed))) }] };
}

/** One-hot rows, the classes in turn. */
export function classTargets(count: number, width: number): Targets {
  const values = new Float64Array(count * width);
  for (let n = 0; n < count; n++) values[n * width + (n % width)] = 1;
  return { count, width, values };
}
