import { expect, it } from 'vitest';
import { warningsAbout } from '../../../src/analysis/warnings';
import { exampleReport } from '../report/exampleReport';

function ignoredWarning(ignored: number): string | undefined {
  const warnings = warningsAbout(exampleReport.samples, null, ignored, []);
  return warnings.find(({ kind }) => kind === 'ignored-samples')?.message;
}

it('counts the samples that are left out, also a single one', () => {
  expect(ignoredWarning(0)).toBeUndefined();
  expect(ignoredWarning(1)).toBe('One sample has the label −100, which says to leave it out.');
  expect(ignoredWarning(2)).toBe('2 samples have the label −100, which says to leave them out.');
});
