import { readModel } from '../formats/readModel';
import type { Detail, DetailRequest } from '../report/detail';
import { FailureError } from '../report/failure';
import { openAnalysedModel, subjectChoice } from './analysedModel';
import { AnalysisRun } from './analysisRun';
import { layerDetail } from './layerDetail';
import { completedByFile } from './saidByFile';
import { sampleDetail } from './sampleDetail';

/**
 * What a report does not hold of one of its layers or samples, from the files that it was made from.
 * @throws FailureError where the model is not the one of the report any more, or cannot be read
 */
export async function findDetail({ request, sha256, of }: DetailRequest): Promise<Detail> {
  const model = await readModel(request.model, request.architecture);
  if (model.sha256 !== sha256)
    throw new FailureError('UsageError', 'The model file changed since this analysis; run it again.');
  const completed = completedByFile({ ...request, timeLimit: null }, model.said);
  const run = new AnalysisRun(completed, () => undefined);
  const analysed = openAnalysedModel(model, subjectChoice(request), run.threads);
  try {
    return await (of.kind === 'layer'
      ? layerDetail(analysed.subject, of.layer)
      : sampleDetail(analysed, of.index, run));
  } finally {
    await analysed.session.release();
  }
}
