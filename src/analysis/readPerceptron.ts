import type { Model } from '../formats/model';
import { parameterCount, type Perceptron } from '../perceptron/perceptron';
import { describeArchitecture, recognisePerceptron } from '../perceptron/recognise';
import type { Failure } from '../report/failure';
import type { ModelFacts } from '../report/report';
import type { InputSpec } from '../samples/samples';
import { modelFacts } from './modelFacts';

/** A model that the closed form serves. */
export interface ReadPerceptron {
  readonly model: Model;
  readonly perceptron: Perceptron;
  /** False where one operator of the file computes logits and head. */
  readonly logitsInGraph: boolean;
  readonly inputSpec: InputSpec;
  readonly facts: ModelFacts;
  /** What the user should know of how the file was read. */
  readonly notes: readonly string[];
}

/** The model as a perceptron, or the node in the way. */
export function readPerceptron(
  model: Model,
  output: string | null,
): { readonly ok: true; readonly read: ReadPerceptron } | { readonly ok: false; readonly failure: Failure } {
  const recognition = recognisePerceptron(model.graph, output);
  if (!recognition.ok) return recognition;
  const { perceptron, logitsInGraph, inputSpec, notes } = recognition;
  const parameters = parameterCount(perceptron.layers);
  const facts = modelFacts(model, perceptron.logits, parameters, describeArchitecture(perceptron));
  return { ok: true, read: { model, perceptron, logitsInGraph, inputSpec, facts, notes } };
}
