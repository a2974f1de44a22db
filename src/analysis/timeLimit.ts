import type { Report } from '../report/report';
import { setting } from '../report/wording/settings';

/** What is left out where the limit ends the search for λ_max. */
export const missingIntervals = 'the intervals of λ_max and λ_min';

/** The report of an analysis of which the user's time limit ended a part: `stoppedBy` says so whatever else ended. */
export function endedByTime(report: Report): Report {
  return { ...report, analysis: { ...report.analysis, stoppedBy: 'time limit' } };
}

/** The same where the limit left parts out, which a warning names. @param parts as in a sentence; none: `report` itself */
export function leftOutForTime(report: Report, parts: readonly string[]): Report {
  if (parts.length === 0) return report;
  const message = `The time limit left out ${listed(parts)}; allow more time (${setting('time')}).`;
  return endedByTime({ ...report, warnings: [...report.warnings, { kind: 'time-limit', message }] });
}

/** "the one", "the one and the other", "the one, the other and the third". */
function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length === 1 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
