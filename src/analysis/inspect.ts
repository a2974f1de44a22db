import { findSubject } from '../autodiff/preparedModel';
import type { Model } from '../formats/model';
import { readModel } from '../formats/readModel';
import { FailureError } from '../report/failure';
import type { ModelFacts } from '../report/report';
import type { ModelInspection, RequestOptions } from '../report/request';
import { findSampleCandidates } from '../samples/candidates';
import type { InputSpec } from '../samples/samples';
import { readSidecar } from '../samples/sidecar';
import { graphSubject } from './graphSubject';
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
  const { facts, inputs } = await subjectOf(model, sidecar?.options ?? null);
  return { facts: { schema: 1, model: facts }, candidates: await findSampleCandidates(file, inputs) };
}

async function subjectOf(
  model: Model,
  options: RequestOptions | null,
): Promise<{ readonly facts: ModelFacts; readonly inputs: readonly InputSpec[] }> {
  // Whether evaluation mode was asked for is known to the analysis alone.
  const request = {
    output: options?.output ?? null,
    trained: options?.trained ?? [],
    fixed: options?.fixed ?? [],
    evaluation: true,
  };
  const { output, trained, fixed } = request;
  const perceptron = await readPerceptron(model, request, 1);
  if (perceptron.ok) return { facts: perceptron.read.facts, inputs: [perceptron.read.inputSpec] };
  const { kind, message, detail } = perceptron.failure;
  if (kind === 'UsageError') throw new FailureError(kind, message, detail);
  const { inputs } = graphSubject(model, output);
  const subject = findSubject(model, 'cross-entropy', output, true, { trained, fixed });
  const parameters = subject.parameters.reduce((sum, { tensor }) => sum + tensor.data.length, 0);
  return { facts: modelFacts(model, subject.target, parameters, 'network'), inputs };
}
