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

/** A model with the samples and class labels of its cross-entropy, one or, on the last axis but one, several of each. */
export interface GraphCase {
  readonly model: Model;
  readonly samples: Samples;
  readonly labels: Int32Array;
  readonly classes: number;
}

/** All samples of an .npz file for the model of an .onnx file. */
export async function readCase(modelFile: string, samplesFile: string, classes = 10): Promise<GraphCase> {
  const model = await readModel(modelFile);
  const samples = await readSamples(
    { kind: 'file', path: samplesFile, inputs: {}, labels: null },
    findSubject(model, noSubjectChoice).inputs,
    { scale: 1, limit: null, seed: 0 },
  );
  if (samples.labels === null) throw new Error(`${samplesFile} must hold class labels.`);
  return { model, samples, labels: Int32Array.from(samples.labels.values), classes };
}

/** Products of the mean cross-entropy's Hessian, one thread, proved. */
export function openProducts(
  { model, samples, labels, classes }: GraphCase,
  precision: 'float32' | 'float64',
): Promise<HessianProducts> {
  const perSample = labels.length / samples.count;
  const weights = new Float64Array(labels.length).fill(1 / labels.length);
  const targets: Targets = {
    count: samples.count,
    width: classes,
    values: oneHotRows(labels, classes, samples.source),
    ...(perSample > 1 && { rows: { classAxis: 2, perSample, weights } }),
  };
  const subject = findSubject(model, noSubjectChoice);
  const session = new ModelSession(model, [subject.head.logits], 1);
  return HessianProducts.open(
    { subject, session, samples, targets, loss: 'cross-entropy' },
    { precision, memoryBudget: defaultMemory, threads: 1, batch: null },
  ).finally(() => session.release());
}
