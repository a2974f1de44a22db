import type { PartialReport, Quantity } from '../report';
import { formatEstimate } from './number';

/** √ of a squared norm, with the standard error that follows from the square's. */
export function rootOf({ value, standardError }: Quantity): Quantity {
  const root = Math.sqrt(value);
  return { value: root, standardError: root === 0 ? 0 : standardError / (2 * root) };
}

/** "11.05" or "11.05 (10.9 to 11.2, 95 %)"; null where it is not known. */
export function frobeniusNormText({
  frobeniusNorm,
  frobeniusSquared,
  estimate,
}: Pick<PartialReport, 'frobeniusNorm' | 'frobeniusSquared' | 'estimate'>): string | null {
  const norm = frobeniusNorm ?? (frobeniusSquared && rootOf(frobeniusSquared));
  if (norm === undefined) return null;
  const squared = estimate?.intervals.frobeniusSquared;
  const interval = squared && { lower: Math.sqrt(squared.lower), upper: Math.sqrt(squared.upper) };
  // The squares may be beyond float64 where the norm is not.
  const holds = interval !== undefined && interval.lower <= norm.value && norm.value <= interval.upper;
  return formatEstimate(norm, holds ? interval : undefined);
}
