import { availableParallelism } from 'node:os';
import { readModel } from '../formats/readModel';
import type { Detail, DetailRequest } from '../report/detail';
import { FailureError } from '../report/failure';
import { openAnalysedModel, subjectChoice } from './analysedModel';
import { layerDetail } from './layerDetail';

/**
 * What a report does not hold of one of its layers or samples, from the files that it was made from.
 * @throws FailureError where the model is not the one of the report any more, or cannot be read
 */
export async function findDetail({ request, sha256, of }: DetailRequest): Promise<Detail> {
  const model = await readModel(request.model, request.architecture);
  if (model.sha256 !== sha256)
    throw new FailureError('UsageError', 'The model file changed since this analysis; run it again.');
  const { subject } = openAnalysedModel(
    model,
    subjectChoice(request),
    request.threads ?? availableParallelism(),
  );
  return layerDetail(subject, of.layer);
}
