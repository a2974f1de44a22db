import type { Loss } from '../report/report';
import type { AnalysedOutput } from '../subject/subject';
import { isOfOutput } from './losses';

/** The tensor that a loss is put on: the logits, where the head belongs to the loss; errors of numbers are those of the output. */
export function targetOf({ output, head }: AnalysedOutput, loss: Loss): string {
  return isOfOutput(loss) ? output : head.logits;
}
