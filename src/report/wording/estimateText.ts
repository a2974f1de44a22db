import { t } from '@vscode/l10n';
import { formatCount, formatEstimate, formatNumber, formatPercent } from './number';
import type { PartialReport, Quantity, Range } from '../report';

/** What an estimate tells of its errors, in words: for a terminal and for the panel. */

/**
 * "229 random probes, as many as a pilot of 10 called for: 95 % intervals within the 1 % asked": how many, what fixed the
 * number, and whether they were enough; null where nothing is estimated.
 */
export function probesText({ estimate, analysis, trace }: PartialReport): string | null {
  if (estimate === undefined) return null;
  const { probes, wantedProbes, pilotProbes, stoppedBy, precisionReached } = estimate;
  const drawn = t`${formatCount(probes)} random probes`;
  const wanted = t`a pilot of ${formatCount(pilotProbes)} called for`;
  if (stoppedBy === null) return t`${drawn} of the ${formatCount(wantedProbes)} that ${wanted}, so far`;
  const complete = stoppedBy === 'complete';
  const count = complete
    ? t`${drawn}, as many as ${wanted}`
    : t`${drawn} of the ${formatCount(wantedProbes)} that ${wanted}, ended by the ${stoppedBy}`;
  if (analysis === undefined) return count;
  const asked = t`the ${formatPercent(analysis.requestedPrecision)} asked`;
  if (precisionReached) return t`${count}: 95 % intervals within ${asked}${traceText(estimate, trace)}`;
  return t`${count}${complete ? t(', which was too few') : ''}: 95 % intervals wider than ${asked}`;
}

/** What the trace is measured against where that is not its own size. */
function traceText(
  { absoluteTrace }: NonNullable<PartialReport['estimate']>,
  trace: Quantity | undefined,
): string {
  return trace === undefined || Math.abs(trace.value) >= 0.95 * absoluteTrace
    ? ''
    : t`, the trace’s relative to Σ|λ| ≈ ${formatNumber(Number(absoluteTrace.toPrecision(2)))}`;
}

/** 2/U of an upper bound U > 0, with U's interval turned over unless 0 is in it. */
export function rateText({ value, standardError }: Quantity, interval: Range | undefined): string {
  // First order in the error of the bound: d(2/U) = 2/U² dU.
  const rate = { value: 2 / value, standardError: (2 / value ** 2) * standardError };
  const turned =
    interval !== undefined && interval.lower > 0
      ? { lower: 2 / interval.upper, upper: 2 / interval.lower }
      : undefined;
  return formatEstimate(rate, turned);
}
