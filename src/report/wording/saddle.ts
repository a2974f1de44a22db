import type { PartialReport } from '../report';

/** An estimate has to lie so many standard errors beyond zero to say on which side of it the truth is. */
const standardErrors = 3;

/**
 * Whether a direction curves downwards, λ_min < 0, so that the point is a saddle or a maximum; null where that is left
 * open. The interval that was found decides before the bounds; an eigenvalue of 0 curves nowhere.
 */
export function curvesDownwards({
  bounds,
  sharpness,
}: Pick<PartialReport, 'bounds' | 'sharpness'>): boolean | null {
  const found = sharpness?.lambdaMin;
  if (found !== undefined && found.upper < 0) return true;
  if (found !== undefined && found.lower >= 0) return false;
  if (bounds === undefined) return null;
  const { lower, upper } = bounds.lambdaMin;
  if (upper.value + standardErrors * upper.standardError < 0) return true;
  return lower.value - standardErrors * lower.standardError >= 0 ? false : null;
}
