import type { EstimateIntervals, Quantity, Range } from '../report/report';
import type { RitzValue } from './lanczos';
import type { MomentEstimate } from './momentEstimate';

/** What is certain beside an estimate, and cuts its intervals off. */
interface Certain {
  /** Ascending: the k-th largest is not above the k-th largest eigenvalue, nor the smallest below the smallest. */
  readonly ritzValues: readonly RitzValue[];
  /** ‖HQ‖_F² for the basis Q of Lanczos: ‖H‖_F² is not below it. */
  readonly normFound: number;
}

/** The 95 % intervals value ± quantile × standard error, nowhere reaching to where the truth cannot lie. */
export function estimateIntervals(
  { trace, frobeniusSquared, bounds }: MomentEstimate,
  quantile: number,
  { ritzValues, normFound }: Certain,
): EstimateIntervals {
  const around = ({ value, standardError }: Quantity): Range => ({
    lower: value - quantile * standardError,
    upper: value + quantile * standardError,
  });
  const { lambdaMax, lambdaMin, eigenvalues } = bounds;
  const largest = (k: number): number => ritzValues.at(-k)?.value ?? Number.NEGATIVE_INFINITY;
  const smallest = ritzValues[0]?.value ?? Number.POSITIVE_INFINITY;
  return {
    trace: around(trace),
    frobeniusSquared: notBelow(normFound, around(frobeniusSquared)),
    bounds: {
      lambdaMax: {
        lower: around(lambdaMax.lower),
        upper: notBelow(largest(1), around(lambdaMax.upper)),
        blockwiseUpper:
          lambdaMax.blockwiseUpper === null ? null : notBelow(largest(1), around(lambdaMax.blockwiseUpper)),
      },
      lambdaMin: {
        lower: notAbove(smallest, around(lambdaMin.lower)),
        upper: around(lambdaMin.upper),
      },
      eigenvalues: eigenvalues.map(({ k, lower, upper }) => ({
        k,
        lower: around(lower),
        upper: notBelow(largest(k), around(upper)),
      })),
    },
  };
}

function notBelow(least: number, { lower, upper }: Range): Range {
  return { lower: Math.max(least, lower), upper: Math.max(least, upper) };
}

function notAbove(most: number, { lower, upper }: Range): Range {
  return { lower: Math.min(most, lower), upper: Math.min(most, upper) };
}
