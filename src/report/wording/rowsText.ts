import { t } from '@vscode/l10n';
import { formatCount } from './number';
import type { SampleFacts } from '../report';

/** ", 16 predictions each, 37 of them left out"; nothing where every sample has one. */
export function rowsText({ rowsPerSample, ignoredRows = 0 }: SampleFacts): string {
  if (rowsPerSample === undefined) return '';
  const left = ignoredRows === 0 ? '' : t`, ${formatCount(ignoredRows)} of all left out`;
  return t`, ${formatCount(rowsPerSample)} predictions each${left}`;
}
