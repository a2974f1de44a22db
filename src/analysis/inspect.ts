import { findSampleCandidates } from '../samples/candidates';
import type { ModelInspection } from '../report/request';
import { readSidecar } from '../samples/sidecar';
import { readPerceptron } from './readPerceptron';

/**
 * What a model file and its folder tell before anything is computed: the facts for the panel's head, and the data files
 * beside the model that may be its samples, best first.
 * @throws FailureError where the file cannot be read or analysed
 */
export async function inspectModel(file: string): Promise<ModelInspection> {
  // A sidecar that cannot be read is told of by who takes samples from it.
  const sidecar = await readSidecar(file).catch(() => null);
  const { facts, inputSpec } = await readPerceptron(file, sidecar?.options.output ?? null);
  return { facts: { schema: 1, model: facts }, candidates: await findSampleCandidates(file, [inputSpec]) };
}
