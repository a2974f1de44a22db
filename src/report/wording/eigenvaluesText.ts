import type { LargeEigenvalue, Range } from '../report';
import { formatAbove, formatBelow, formatNumber } from './number';

/** "1.257", or "1.02 to 1.041" where the ends differ to three digits. */
export function endsText({ lower, upper }: Range): string {
  if (formatNumber(lower) === formatNumber(upper)) return formatNumber(lower);
  const [low, high] = [lower.toPrecision(3), upper.toPrecision(3)];
  return low === high ? formatNumber(Number(low)) : `${formatBelow(lower)} to ${formatAbove(upper)}`;
}

/** "λ_1 … λ_10" and the largest eigenvalues in a row; null where they were not found. */
export function largestText(
  eigenvalues: readonly LargeEigenvalue[] | null | undefined,
): { readonly name: string; readonly text: string } | null {
  if (eigenvalues === null || eigenvalues === undefined || eigenvalues.length === 0) return null;
  const last = eigenvalues.length;
  return {
    name: last === 1 ? 'λ_1' : `λ_1 … λ_${last}`,
    text: eigenvalues.map(endsText).join(', '),
  };
}
