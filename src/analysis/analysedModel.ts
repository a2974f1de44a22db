import type { Model } from '../formats/model';
import { ModelSession } from '../inference/modelSession';
import type { AnalysisRequest } from '../report/request';
import { findSubject, type Subject, type SubjectChoice } from '../subject/subject';

/** A model with what of it is analysed, and its own file in onnxruntime. */
export interface AnalysedModel {
  readonly model: Model;
  readonly subject: Subject;
  readonly session: ModelSession;
}

/**
 * Finds what is analysed; the session is opened when it is first used, and whoever used it releases it.
 * @param beforeRun called before every run of it
 * @param memoryBudget bytes that no run is to go beyond
 */
export function openAnalysedModel(
  model: Model,
  choice: SubjectChoice,
  threads: number,
  beforeRun: () => void = () => undefined,
  memoryBudget = Infinity,
): AnalysedModel {
  const subject = findSubject(model, choice);
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
