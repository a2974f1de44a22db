import { expect, it } from 'vitest';
import { dataWarnings } from '../../../src/analysis/dataWarnings';
import { warningsAbout } from '../../../src/analysis/warnings';
import type { Loss } from '../../../src/report/report';
import { exampleReport } from '../report/exampleReport';

function ignoredWarning(ignored: number): string | undefined {
  const chosen = { ignoredNumbers: 0, targets: { count: 4, width: 1, values: new Float64Array(4) } };
  const warnings = dataWarnings({ ignoreLabel: null }, { source: 'data.npz' }, chosen, ignored);
  return warnings.find(({ kind }) => kind === 'ignored-samples')?.message;
}

it('counts the samples that are left out, also a single one', () => {
  expect(ignoredWarning(0)).toBeUndefined();
  expect(ignoredWarning(1)).toBe('One sample has the label −100 or none (NaN), which says to leave it out.');
  expect(ignoredWarning(2)).toBe('2 samples have the label −100 or none (NaN), which says to leave them out.');
});

it('says what became of class labels where every output has a loss of its own', () => {
  const told = (loss: Loss, oneHot: boolean): string | undefined =>
    warningsAbout(exampleReport.samples, { loss, oneHot, classes: null }, []).find(
      ({ kind }) => kind === 'one-hot-labels',
    )?.message;
  expect(told('cross-entropy', false)).toBeUndefined();
  expect(told('mean-squared-error', true)).toContain(
    '(mean-squared-error) takes every output by itself: the targets are 1',
  );
});
