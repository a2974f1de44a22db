import type { LossOptions } from '../report';

/** What of the loss was asked for beside its kind: "class weights balanced", "label smoothing 0.1". */
export function lossOptionTexts({ classWeights, labelSmoothing }: LossOptions): string[] {
  return [
    ...(classWeights === null
      ? []
      : [`class weights ${typeof classWeights === 'string' ? classWeights : classWeights.join(', ')}`]),
    ...(labelSmoothing === 0 ? [] : [`label smoothing ${labelSmoothing}`]),
  ];
}
