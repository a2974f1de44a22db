import { t } from '@vscode/l10n';
import { formatCount, formatNumber, formatQuantity } from '../report/wording/number';
import type { ModelFacts, Spectrum } from '../report/report';

/** One bin of the spectral density, counted in eigenvalues. */
export interface SpectrumBin {
  readonly from: number;
  readonly to: number;
  /** Eigenvalues in the bin: counted where all are known, else the share of the P eigenvalues that was estimated. */
  readonly count: number;
  /** Standard error of the count; 0 where exact. */
  readonly standardError: number;
}

/** The density as numbers of eigenvalues, which a person can compare with P: density × width of the bin × P. */
export function spectrumBins(
  spectrum: Spectrum,
  { parameters }: Pick<ModelFacts, 'parameters'>,
): SpectrumBin[] {
  const { grid, densities, spread, method } = spectrum;
  return densities.map((density, bin) => {
    const [from, to] = [grid[bin] ?? 0, grid[bin + 1] ?? 0];
    const each = (to - from) * parameters;
    const count = density * each;
    return {
      from,
      to,
      // A whole number but for the rounding of the density.
      count: method === 'exact' ? Math.round(count) : count,
      standardError: (spread?.[bin] ?? 0) * each,
    };
  });
}

/** Where the density comes from: "8 × 24 Lanczos steps, ± one standard error". */
export function spectrumSource({ method, probes, steps }: Spectrum, parameters: number): string {
  return method === 'exact'
    ? t`All ${formatCount(parameters)} eigenvalues, counted in bins.`
    : t`Estimated by stochastic Lanczos quadrature from ${formatCount(probes)} random starts of ${formatCount(steps)} steps each; the pale band is one standard error to either side.`;
}

/** The bins that hold something, as rows of a table. */
export function spectrumRows(bins: readonly SpectrumBin[]): { range: string; count: string }[] {
  return bins
    .filter(({ count }) => count > 0)
    .map(({ from, to, count, standardError }) => ({
      range: t`${formatNumber(from)} to ${formatNumber(to)}`,
      count: standardError === 0 ? formatNumber(count) : formatQuantity({ value: count, standardError }),
    }));
}
