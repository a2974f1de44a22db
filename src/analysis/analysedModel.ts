import type { Model } from '../formats/model';
import { ModelSession } from '../inference/modelSession';
import type { AnalysisRequest } from '../report/request';
import { findSubject, type RunSubject, type Subject, type SubjectChoice } from '../subject/subject';

/** A model with what of it is run for a loss, and its own file in onnxruntime. */
export interface OpenedModel<Of extends RunSubject = RunSubject> {
  readonly model: Model;
  readonly subject: Of;
  readonly session: ModelSession;
}

/** A model with what of it is analysed. */
export type AnalysedModel = OpenedModel<Subject>;

/** Finds what is analysed; parameters and session as of `openModel`. */
export function openAnalysedModel(
  model: Model,
  choice: SubjectChoice,
  threads: number,
  beforeRun?: () => void,
  memoryBudget?: number,
): AnalysedModel {
  return openModel(model, findSubject(model, choice), threads, beforeRun, memoryBudget);
}

/**
 * The session is opened when it is first used, and whoever used it releases it.
 * @param beforeRun called before every run of it
 * @param memoryBudget bytes that no run is to go beyond
 */
export function openModel<Of extends RunSubject>(
  model: Model,
  subject: Of,
  threads: number,
  beforeRun: () => void = () => undefined,
  memoryBudget = Infinity,
): OpenedModel<Of> {
  const outputs = [subject.output, subject.head.logits];
  return { model, subject, session: new ModelSession(model, outputs, threads, beforeRun, memoryBudget) };
}

/** What a request says of what is analysed. */
export function subjectChoice({
  output,
  evaluation,
  trained,
  fixed,
  decayed,
  shapes,
  paddingRows,
}: Pick<
  AnalysisRequest,
  'output' | 'evaluation' | 'trained' | 'fixed' | 'decayed' | 'shapes' | 'paddingRows'
>): SubjectChoice {
  return { output, evaluation, decayed, shapes, paddingRows, parameters: { trained, fixed } };
}
