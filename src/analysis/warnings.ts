import type { Targets } from '../curvature/losses';
import type { SampleFacts, Warning } from '../report/report';
import { argmax } from './modelLabels';

/** What a careful reader of the numbers should be told first. */
export function warningsAbout(samples: SampleFacts, targets: Targets, notes: readonly string[]): Warning[] {
  const warnings: Warning[] = notes.map((message) => ({ kind: 'model', message }));
  const warn = (kind: string, message: string): void => void warnings.push({ kind, message });
  if (samples.source === 'random inputs') {
    warn(
      'random-inputs',
      'The inputs are random, not your training data: the numbers describe the loss at noise.',
    );
  }
  if (samples.labels === 'predicted') {
    warn(
      'predicted-labels',
      'The samples hold no labels, so the model’s own predictions were taken: the loss is flattered.',
    );
  }
  if (samples.count === 1) warn('one-sample', 'There is a single sample: the Hessian is that of one point.');
  else if (samples.labels === 'given' && samples.classes > 1 && onlyOneClass(targets)) {
    warn('one-class', 'All samples have the same label: the Hessian says nothing about the other classes.');
  }
  const chance = samples.classes > 1 ? Math.log(samples.classes) : Infinity;
  if (samples.labels === 'given' && samples.meanLoss > chance) {
    warn(
      'loss-above-chance',
      `The mean loss ${samples.meanLoss.toPrecision(3)} is above ln ${samples.classes} = ${chance.toPrecision(3)}, that of guessing: is the scaling of the inputs right (--scale), and do these samples belong to the model?`,
    );
  }
  return warnings;
}

function onlyOneClass({ values, width, count }: Targets): boolean {
  const labelOf = (n: number): number =>
    width === 1 ? values[n]! : argmax(values.subarray(n * width, (n + 1) * width));
  for (let n = 1; n < count; n++) if (labelOf(n) !== labelOf(0)) return false;
  return true;
}
