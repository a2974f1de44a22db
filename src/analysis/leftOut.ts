import { failureOf } from '../report/failure';
import type { Report } from '../report/report';
import { skippedKind } from '../report/skipped';
import { setting } from '../report/wording/settings';

/** What is left out where the limit ends the search for λ_max. */
export const missingIntervals = 'the intervals of λ_max and λ_min';
/** What is left out where the user skips the rest of that search. */
export const missingPrecision = 'a narrower interval of λ_max and what follows from it';

/** A part of the report that is not there, as in a sentence, and on whose behalf. */
export interface LeftOut {
  readonly what: string;
  readonly by: 'time limit' | 'user';
}

/** The report of an analysis of which a part was ended: `stoppedBy` says so whatever else ended; a time limit goes first. */
export function endedEarly(report: Report, by: LeftOut['by']): Report {
  const stoppedBy = report.analysis.stoppedBy === 'time limit' ? 'time limit' : by;
  return { ...report, analysis: { ...report.analysis, stoppedBy } };
}

/** The same where parts were left out, which warnings name. */
export function withLeftOut(report: Report, leftOut: readonly LeftOut[]): Report {
  const partsBy = (one: LeftOut['by']): string[] =>
    leftOut.filter(({ by }) => by === one).map(({ what }) => what);
  const [late, skipped] = [partsBy('time limit'), partsBy('user')];
  let told = report;
  const tell = (by: LeftOut['by'], kind: string, message: string): void => {
    told = endedEarly({ ...told, warnings: [...told.warnings, { kind, message }] }, by);
  };
  if (late.length > 0)
    tell(
      'time limit',
      'time-limit',
      `The time limit left out ${listed(late)}; allow more time (${setting('time')}).`,
    );
  if (skipped.length > 0)
    tell('user', skippedKind, `Skipped by the user: ${listed(skipped)}; run the analysis again to have it.`);
  return told;
}

/** Whether this ends a stage and not the analysis: what is known by then stands. */
export function endsStage(thrown: unknown): boolean {
  const { kind } = failureOf(thrown);
  return kind === 'TimeLimit' || kind === 'Skipped';
}

/** "the one", "the one and the other", "the one, the other and the third". */
function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length === 1 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
