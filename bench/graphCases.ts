import { HessianProducts } from '../src/autodiff/hessianProducts';
import { ModelSession } from '../src/inference/modelSession';
import { oneHotRows } from '../src/loss/chooseLoss';
import type { Targets } from '../src/loss/targets';
import { findSubject, noSubjectChoice } from '../src/subject/subject';
import type { Model } from '../src/formats/model';
import { readModel } from '../src/formats/readModel';
import { readSamples } from '../src/samples/readSamples';
import type { Samples } from '../src/samples/samples';

/** The budget of an analysis where none is told, bytes. */
export const defaultMemory = 2 ** 31;

/** A model with the samples and class labels of its cross-entropy. */
export interface GraphCase {
  readonly model: Model;
  readonly samples: Samples;
  readonly labels: Int32Array;
}

/** All samples of an .npz file for the model of an .onnx file. */
export async function readCase(modelFile: string, samplesFile: string): Promise<GraphCase> {
  const model = await readModel(modelFile);
  const samples = await readSamples(
    { kind: 'file', path: samplesFile, inputs: {}, labels: null },
    findSubject(model, noSubjectChoice).inputs,
    { scale: 1, limit: null, seed: 0 },
  );
  if (samples.labels?.kind !== 'classes') throw new Error(`${samplesFile} must hold class labels.`);
  return { model, samples, labels: samples.labels.values };
}

/** Products of the mean cross-entropy's Hessian for ten classes, one thread, proved. */
export function openProducts(
  { model, samples, labels }: GraphCase,
  precision: 'float32' | 'float64',
): Promise<HessianProducts> {
  const width = 10;
  const targets: Targets = {
    count: samples.count,
    width,
    values: oneHotRows(labels, width, samples.source),
  };
  const subject = findSubject(model, noSubjectChoice);
  const session = new ModelSession(model, [subject.head.logits], 1);
  return HessianProducts.open(
    { subject, session, samples, targets, loss: 'cross-entropy' },
    { precision, memoryBudget: defaultMemory, threads: 1, batch: null },
  ).finally(() => session.release());
}
