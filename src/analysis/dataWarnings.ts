import type { ChosenLoss } from '../loss/chooseLoss';
import type { LossOfOutputs } from '../loss/lossOfOutputs';
import type { Warning } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import { formatCount } from '../report/wording/number';
import { setting } from '../report/wording/settings';
import { defaultIgnoredLabel } from '../samples/ignoredLabels';
import { listed } from '../samples/sampleArray';
import type { Samples } from '../samples/samples';

/** The label as people write it, with a minus. */
function labelText(label: number): string {
  return String(label).replace('-', '−');
}

/** What of the data file does not count, and why. */
export function dataWarnings(
  { ignoreLabel }: Pick<AnalysisRequest, 'ignoreLabel'>,
  samples: Pick<Samples, 'unused' | 'source'>,
  {
    ignoredNumbers,
    targets,
    takenAsIgnored = null,
    ignoredRows = 0,
  }: Pick<ChosenLoss, 'ignoredNumbers' | 'targets'> &
    Partial<Pick<LossOfOutputs, 'takenAsIgnored' | 'ignoredRows'>>,
  ignored: number,
): Warning[] {
  const label = labelText(takenAsIgnored ?? ignoreLabel ?? defaultIgnoredLabel);
  const warnings: Warning[] = [];
  const warn = (kind: string, message: string): void => void warnings.push({ kind, message });
  if (ignored > 0) {
    warn(
      'ignored-samples',
      ignored === 1
        ? `One sample has the label ${label} or none (NaN), which says to leave it out.`
        : `${formatCount(ignored)} samples have the label ${label} or none (NaN), which says to leave them out.`,
    );
  }
  if (takenAsIgnored !== null) {
    const of = formatCount(targets.count * (targets.rows?.perSample ?? 1));
    warn(
      'ignored-label',
      `The label ${label} is the only one outside the model’s classes and was taken for “no label”: ${formatCount(ignoredRows)} of ${of} predictions are left out. Another label is left out by ${setting('ignore-label')}.`,
    );
  }
  if (ignoredNumbers > 0) {
    warn(
      'ignored-numbers',
      `${formatCount(ignoredNumbers)} of ${formatCount(targets.values.length)} targets are missing (NaN, or ${label} for “no label”) and left out: the loss is the mean over the others.`,
    );
  }
  if (samples.unused !== undefined && samples.unused.length > 0)
    warn('unused-arrays', `Of ${samples.source} nothing was used of ${listed(samples.unused)}.`);
  return warnings;
}
