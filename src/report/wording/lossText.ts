import { t } from '@vscode/l10n';
import type { LossOptions } from '../report';
import { printable } from '../printable';
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
  decayed,
}: LossOptions): string[] {
  return [
    ...(classWeights === null
      ? []
      : [t`class weights ${typeof classWeights === 'string' ? classWeights : classWeights.join(', ')}`]),
    ...(labelSmoothing === 0 ? [] : [t`label smoothing ${labelSmoothing}`]),
    ...(posWeight === undefined ? [] : [t`positives weigh ${posWeight.join(', ')}`]),
    ...(ignoreLabel === undefined ? [] : [t`label ${ignoreLabel} left out`]),
    ...(ignoredNumbers === undefined ? [] : [t`${formatCount(ignoredNumbers)} targets left out`]),
    ...(weightDecay === undefined
      ? []
      : [t`weight decay ${formatNumber(weightDecay)}${decayedText(decayed)}`]),
    ...(sampleWeights === undefined ? [] : [t`samples weighted by "${sampleWeights}"`]),
  ];
}

function decayedText(decayed: LossOptions['decayed']): string {
  if (decayed === undefined) return '';
  return t` of ${formatCount(decayed.parameters)} parameters (${decayed.patterns.map(printable).join(', ')})`;
}
