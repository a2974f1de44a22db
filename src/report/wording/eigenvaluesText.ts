import type { LargeEigenvalue, Range } from '../report';
import { commonValue, rangeText } from './sharpnessText';

/** "1.257", or "1.02 to 1.041" where the ends differ to three digits. */
export function endsText(ends: Range): string {
  return commonValue(ends) ?? rangeText(ends);
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
