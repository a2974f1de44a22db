import { basename } from 'node:path';
import type { Model } from '../formats/model';
import { readModel } from '../formats/readModel';
import { parameterCount, type Perceptron } from '../perceptron/perceptron';
import { describeArchitecture, recognisePerceptron } from '../perceptron/recognise';
import { FailureError } from '../report/failure';
import type { ModelFacts } from '../report/report';
import type { InputSpec } from '../samples/samples';

/** A model file that the closed form serves. */
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

/** @throws FailureError where the file cannot be read, or holds no perceptron: it names the node in the way */
export async function readPerceptron(file: string, output: string | null): Promise<ReadPerceptron> {
  const model = await readModel(file);
  const recognition = recognisePerceptron(model.graph, output);
  if (!recognition.ok) {
    const { kind, message, detail } = recognition.failure;
    throw new FailureError(kind, message, detail);
  }
  const { perceptron, logitsInGraph, inputSpec, notes } = recognition;
  return {
    model,
    perceptron,
    logitsInGraph,
    inputSpec,
    notes,
    facts: {
      file: basename(file),
      sha256: model.sha256,
      format: model.format,
      producer: model.producer,
      parameters: parameterCount(perceptron.layers),
      output: perceptron.logits,
      architecture: describeArchitecture(perceptron),
    },
  };
}
