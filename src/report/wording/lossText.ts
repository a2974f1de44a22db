import type { LossOptions } from '../report';
import { formatCount, formatNumber } from './number';

/** What of the loss was asked for beside its kind: "class weights balanced", "label smoothing 0.1"; and what the samples weigh. */
export function lossOptionTexts({
  classWeights,
  labelSmoothing,
  posWeight,
  ignoreLabel,
  ignoredNumbers,
  sampleWeights,
  weightDecay,
}: LossOptions): string[] {
  return [
    ...(classWeights === null
      ? []
      : [`class weights ${typeof classWeights === 'string' ? classWeights : classWeights.join(', ')}`]),
    ...(labelSmoothing === 0 ? [] : [`label smoothing ${labelSmoothing}`]),
    ...(posWeight === undefined ? [] : [`positives weigh ${posWeight.join(', ')}`]),
    ...(ignoreLabel === undefined ? [] : [`label ${ignoreLabel} left out`]),
    ...(ignoredNumbers === undefined ? [] : [`${formatCount(ignoredNumbers)} targets left out`]),
    ...(weightDecay === undefined ? [] : [`weight decay ${formatNumber(weightDecay)}`]),
    ...(sampleWeights === undefined ? [] : [`samples weighted by "${sampleWeights}"`]),
  ];
}
