import type { Model } from '../formats/model';
import { readModel } from '../formats/readModel';
import type { ModelFacts } from '../report/report';
import type { ModelInspection, RequestOptions } from '../report/request';
import { findSampleCandidates } from '../samples/candidates';
import type { InputSpec } from '../samples/samples';
import { readSidecar } from '../samples/sidecar';
import { parameterCount } from '../subject/subject';
import { openAnalysedModel, subjectChoice } from './analysedModel';
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
  const { facts, inputs } = await factsOf(model, sidecar?.options ?? null);
  return { facts: { schema: 1, model: facts }, candidates: await findSampleCandidates(file, inputs) };
}

async function factsOf(
  model: Model,
  options: RequestOptions | null,
): Promise<{ readonly facts: ModelFacts; readonly inputs: readonly InputSpec[] }> {
  const { output = null, trained, fixed, shapes } = options ?? {};
  // Whether evaluation mode was asked for is known to the analysis alone.
  const choice = {
    output,
    trained: trained ?? [],
    fixed: fixed ?? [],
    decayed: [],
    shapes: shapes ?? {},
    evaluation: true,
  };
  const analysed = openAnalysedModel(model, subjectChoice(choice), 1);
  const { subject, session } = analysed;
  const perceptron = await readPerceptron(analysed, null).finally(() => session.release());
  if (perceptron.ok) return { facts: perceptron.read.facts, inputs: [perceptron.read.inputSpec] };
  const facts = modelFacts(model, subject.head.logits, parameterCount(subject), 'network');
  return { facts, inputs: subject.inputs };
}
