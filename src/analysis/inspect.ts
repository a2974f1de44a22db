import type { Model } from '../formats/model';
import { readModel } from '../formats/readModel';
import { FailureError } from '../report/failure';
import type { ModelFacts } from '../report/report';
import type { ModelInspection, RequestOptions } from '../report/request';
import { findSampleCandidates } from '../samples/candidates';
import type { InputSpec } from '../samples/samples';
import { readSidecar } from '../samples/sidecar';
import { findSubject, parameterCount } from '../subject/subject';
import { modelFacts } from './modelFacts';
import { readPerceptron } from './readPerceptron';

/**
 * What a model file and its folder tell before anything is computed: the facts for the panel's head, and the data files
 * beside the model that may be its samples, best first.
 * @throws FailureError where the file cannot be read or analysed
 */
export async function inspectModel(file: string): Promise<ModelInspection> {
  // A sidecar that cannot be read is told of by who takes samples from it.
  const sidecar = await readSidecar(file).catch(() => null);
  const model = await readModel(file);
  const { facts, inputs } = subjectOf(model, sidecar?.options ?? null);
  return { facts: { schema: 1, model: facts }, candidates: await findSampleCandidates(file, inputs) };
}

function subjectOf(
  model: Model,
  options: RequestOptions | null,
): { readonly facts: ModelFacts; readonly inputs: readonly InputSpec[] } {
  const output = options?.output ?? null;
  const perceptron = readPerceptron(model, output);
  if (perceptron.ok) return { facts: perceptron.read.facts, inputs: [perceptron.read.inputSpec] };
  const { kind, message, detail } = perceptron.failure;
  if (kind === 'UsageError') throw new FailureError(kind, message, detail);
  const parameters = { trained: options?.trained ?? [], fixed: options?.fixed ?? [] };
  // Whether evaluation mode was asked for is known to the analysis alone.
  const subject = findSubject(model, { output, parameters, evaluation: true });
  const { head, inputs } = subject;
  return { facts: modelFacts(model, head.logits, parameterCount(subject), 'network'), inputs };
}
