import type { Spectrum } from '../report/report';
import { tridiagonalEigenpairs } from './tridiagonal';

const bins = 120;

/** Nodes on the axis of λ and the share of all eigenvalues that each stands for. */
interface Measure {
  readonly nodes: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
}

/**
 * The measure of one Lanczos run from a uniform direction, by Gauss quadrature: Ritz values, weighted by the squared
 * first components of T's eigenvectors (Golub and Welsch 1969; Ubaru, Chen and Saad, "Fast estimation of tr(f(A)) via
 * stochastic Lanczos quadrature", SIAM Journal on Matrix Analysis and Applications 38, 2017). Its mean over the starts
 * has the moments of the spectrum up to degree 2k − 1.
 */
export function quadrature(alphas: readonly number[], betas: readonly number[]): Measure {
  const { values, first } = tridiagonalEigenpairs({
    order: alphas.length,
    diagonal: alphas,
    offDiagonal: betas,
  });
  return { nodes: values, weights: first.map((component) => component * component) };
}

/** The histogram of known eigenvalues. */
export function binEigenvalues(descending: readonly number[]): Spectrum {
  const grid = gridOver(descending.at(-1) ?? 0, descending[0] ?? 0);
  const measure = { nodes: descending, weights: descending.map(() => 1 / descending.length) };
  return {
    method: 'exact',
    values: descending,
    grid,
    densities: densitiesOf(measure, grid, 0),
    spread: null,
    probes: 0,
    steps: 0,
  };
}

/** The mean of at least two runs' measures, each node spread over the width of a bin to either side. */
export function estimatedSpectrum(runs: readonly Measure[], steps: number): Spectrum {
  if (runs.length < 2) throw new RangeError('The spread of a density takes two runs at least');
  const nodes = runs.flatMap((run) => Array.from(run.nodes));
  const grid = gridOver(Math.min(...nodes), Math.max(...nodes));
  const densities = runs.map((run) => densitiesOf(run, grid, grid[1]! - grid[0]!));
  const means = densities[0]!.map(
    (_, bin) => densities.reduce((sum, density) => sum + density[bin]!, 0) / runs.length,
  );
  return {
    method: 'quadrature',
    values: null,
    grid,
    densities: means,
    spread: means.map((mean, bin) => {
      const squares = densities.reduce((sum, density) => sum + (density[bin]! - mean) ** 2, 0);
      return Math.sqrt(squares / (runs.length - 1) / runs.length);
    }),
    probes: runs.length,
    steps,
  };
}

/** Edges of equal bins, one of them beyond either end. */
function gridOver(smallest: number, largest: number): number[] {
  const size = Math.max(Math.abs(smallest), Math.abs(largest));
  // A single eigenvalue, up to rounding, still gets bins of some width.
  const width = Math.max((largest - smallest) / (bins - 2), size * 1e-9, Number.MIN_VALUE * 2 ** 52);
  return Array.from({ length: bins + 1 }, (_, edge) => smallest + (edge - 1) * width);
}

/** Share per unit of λ, every node spread by a triangle of the half-width (none: a step). */
function densitiesOf({ nodes, weights }: Measure, grid: readonly number[], halfWidth: number): number[] {
  const width = grid[1]! - grid[0]!;
  const masses = new Array<number>(grid.length - 1).fill(0);
  for (let index = 0; index < nodes.length; index++) {
    const [node, weight] = [nodes[index]!, weights[index]!];
    const centre = Math.min(bins - 1, Math.max(0, Math.floor((node - grid[0]!) / width)));
    if (halfWidth === 0) {
      masses[centre]! += weight;
      continue;
    }
    // Nodes lie in bins 1 to bins − 2 and spread to the next bin at most; rounding may move them by one.
    const from = Math.max(0, centre - 2);
    const to = Math.min(bins - 1, centre + 2);
    const before = (edge: number): number => {
      if (edge === from) return 0;
      if (edge === to + 1) return 1;
      return triangleBelow((grid[edge]! - node) / halfWidth);
    };
    for (let bin = from; bin <= to; bin++) masses[bin]! += weight * (before(bin + 1) - before(bin));
  }
  return masses.map((mass) => mass / width);
}

/** The share of a triangle over −1 … 1 that lies below x. */
function triangleBelow(x: number): number {
  if (x <= -1) return 0;
  if (x >= 1) return 1;
  return x < 0 ? (1 + x) ** 2 / 2 : 1 - (1 - x) ** 2 / 2;
}
