import { readModel } from '../formats/readModel';
import { FailureError } from '../report/failure';
import type { Report } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { openAnalysedModel, subjectChoice, type AnalysedModel } from './analysedModel';
import { AnalysisRun } from './analysisRun';
import { cutShort } from './cutReport';
import { analyseGraph } from './graphAnalysis';
import { analysePerceptron } from './perceptronAnalysis';
import { readPerceptron } from './readPerceptron';
import { refuseUnread } from './refuseUnread';
import { completedByFile } from './saidByFile';
import { setting } from '../report/wording/settings';
import { verdictOf } from '../report/wording/verdict';

/**
 * The use case: a request in, a report out. The closed form for a perceptron of any depth; for any other graph of
 * operators that can be differentiated, every column of the Hessian where it is small, else estimates with error bars.
 * @param onProgress told the stage, the fraction done and what is known so far
 * @param whenSkippable handed what skips a stage, which counts where progress says that it may be skipped
 * @throws FailureError for whatever the user can do something about; CutShortError where the time limit ended it
 */
export async function analyse(
  request: AnalysisRequest,
  onProgress: (progress: Progress) => void,
  whenSkippable?: (skip: (stage: string) => void) => void,
): Promise<Report> {
  const run = new AnalysisRun(request, onProgress);
  whenSkippable?.((stage) => {
    run.skip(stage);
  });
  run.tell('Reading the model');
  await refuseUnread(request, run.memoryBudget);
  const model = await readModel(request.model, request.architecture);
  run.stopwatch.lap('read');
  run.request = completedByFile(request, model.said);
  if (run.request.training?.optimiser === 'adam') run.preconditioner = model.preconditioner ?? null;
  const beforeRun = (): void => {
    run.requireTime();
  };
  const choice = subjectChoice(request);
  const analysed = openAnalysedModel(model, choice, run.threads, beforeRun, run.memoryBudget);
  try {
    const report = await analyseModel(analysed, run);
    return { ...report, ...run.training, verdict: verdictOf(report) };
  } catch (error) {
    throw error instanceof FailureError && error.failure.kind === 'TimeLimit' ? cutShort(error, run) : error;
  } finally {
    await analysed.session.release();
  }
}

async function analyseModel(analysed: AnalysedModel, run: AnalysisRun): Promise<Report> {
  const { method, loss } = run.request;
  if (method === 'exact' || method === 'estimate') return analyseGraph(analysed, run);
  const perceptron = await readPerceptron(analysed, loss === 'auto' ? null : loss);
  if (perceptron.ok) return analysePerceptron(analysed, perceptron.read, run);
  const { kind, message, detail } = perceptron.failure;
  if (method === 'closed-form') {
    const anyModel = `${message.replace(/\.$/, '')}; another method takes more models (${setting('method')}).`;
    throw new FailureError(kind, anyModel, detail);
  }
  return analyseGraph(analysed, run);
}
