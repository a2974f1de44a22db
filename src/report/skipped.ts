import type { PartialReport } from './report';

/** The kind of the warning that names what the user skipped. */
export const skippedKind = 'skipped';

/** Whether the user skipped a step: another run of the same has more to tell. */
export function hasSkipped({ warnings = [] }: Pick<PartialReport, 'warnings'>): boolean {
  return warnings.some(({ kind }) => kind === skippedKind);
}
