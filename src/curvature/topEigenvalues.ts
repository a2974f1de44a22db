import type { EigenvalueInterval, Range } from '../report/report';
import type { Basis } from './basis';
import { complementUpper, probabilisticUpper } from './certificates';
import type { CertifyingLanczos } from './certifySharpness';
import { endOfStage } from './curvatureEstimate';
import { Lanczos, type LanczosCoefficients } from './lanczos';
import type { SymmetricProducts } from './products';
import { findTopShares } from './sharpestDirection';
import { tridiagonalEigenpairs } from './tridiagonal';

/** An interval that holds the k-th largest eigenvalue, with the layers' shares of its eigenvector. */
export interface TopEigenvalue extends Range {
  readonly k: number;
  readonly kind: EigenvalueInterval['kind'];
  /** Null where the vector is not known well enough. */
  readonly shares: readonly number[] | null;
}

/** What is asked for. */
export interface TopOptions {
  readonly count: number;
  /** Products that it may take. */
  readonly maxProducts: number;
}

/** Steps of the run inside the complement. */
const stepsInside = 8;
/** Vectors of float64 that it takes. */
const vectorsInside = stepsInside + 6;

/** A bound on what Lanczos has not seen, λ_max of the compression to the complement of its basis, and its grounds. */
interface OutsideBound {
  readonly upper: number;
  readonly kind: 'proved' | 'probabilistic';
}

/** An interval with its grounds. */
type Found = Range & Pick<OutsideBound, 'kind'>;

/**
 * The k largest eigenvalues, each between two ends; all of them hold at once. In the basis (Q, Q⊥) of j steps the matrix is
 * [[T, B], [Bᵀ, C]] with B = β_j e_j uᵀ: λ_k is at least the k-th largest Ritz value (Cauchy), and where C ⪯ U·I at most the k-th
 * largest of the eigenvalues of T bordered by β_j and U together with U, P − j − 1 times (Weyl). U is proved by the trace and
 * norm that are left, where these are exact, or, with the confidence asked, by a short Lanczos run inside the complement.
 */
export async function certifyTop(
  run: CertifyingLanczos,
  { count, maxProducts }: TopOptions,
): Promise<readonly TopEigenvalue[]> {
  const { lanczos, products, options, exactMoments } = run;
  const last = products.count + maxProducts;
  const wanted = Math.min(count, products.order);
  const isNarrow = (intervals: readonly Range[]): boolean =>
    intervals.length === wanted &&
    intervals.every(
      ({ lower, upper }) =>
        upper - lower <=
        Math.max(options.precision * Math.min(Math.abs(lower), Math.abs(upper)), 4 * lanczos.noise),
    );
  const isTold = ({ lower, upper }: Range): boolean =>
    lower * upper > 0 && upper - lower <= options.precision * Math.min(Math.abs(lower), Math.abs(upper));
  const within = (outside: OutsideBound): readonly Found[] => intervalsOf(lanczos, outside, wanted);
  // Every run inside may fail by itself: all of them together with the probability that is allowed.
  let epsilon = 1 - options.confidence;
  let found: readonly Found[];
  for (;;) {
    const isProvable = exactMoments !== null && options.productError === 0 && lanczos.steps < products.order;
    found = within(
      isProvable
        ? { upper: complementUpper(lanczos, lanczos.steps, exactMoments), kind: 'proved' }
        : { upper: Infinity, kind: 'probabilistic' },
    );
    if (isNarrow(found)) break;
    const room = last - products.count;
    // What the best bound would give tells whether looking for it is worth its products.
    const ritz = lanczos.ritzValues();
    const best = ritz.at(-Math.min(wanted + 1, ritz.length))?.value ?? 0;
    const hopeful = isNarrow(within({ upper: best, kind: 'probabilistic' }));
    const more = Math.max(4, Math.ceil(lanczos.steps / 4));
    const canStep = !lanczos.ended && lanczos.steps + more <= run.mostSteps && room >= more + stepsInside;
    if (!hopeful && canStep && !isLate(run)) {
      await run.advance(lanczos.steps + more, lanczos.steps + more, last - stepsInside, () => undefined);
      if (!isLate(run)) continue;
    }
    const fits = vectorsInside * products.order * 8 <= run.freeBytes;
    if (lanczos.steps === products.order || room < stepsInside || !fits || isLate(run)) break;
    const inside = within(await insideComplement(run, (epsilon /= 2)));
    found = found.map((each, at) => (inside[at]!.upper < each.upper ? inside[at]! : each));
    if (isNarrow(found) || !canStep || last - products.count < more + stepsInside) break;
    await run.advance(lanczos.steps + more, lanczos.steps + more, last - stepsInside, () => undefined);
    if (isLate(run)) break;
  }
  const told = found.filter(({ upper }) => Number.isFinite(upper));
  if (told.length === 0) return [];
  const shares = await findTopShares(lanczos, products.layers, {
    count: told.length,
    epsilon: 1 - options.confidence,
  });
  return told.map(({ lower, upper, kind }, at) => ({
    k: at + 1,
    lower,
    upper,
    kind,
    // The k-th Ritz vector is that of the k-th eigenvalue only where no other can be the k-th.
    shares: isTold({ lower, upper }) ? (shares[at] ?? null) : null,
  }));
}

function isLate({ options }: CertifyingLanczos): boolean {
  return endOfStage(options, 'lanczos') !== null;
}

/** The intervals that a bound on the complement gives. */
function intervalsOf(
  run: LanczosCoefficients & Pick<Lanczos, 'steps' | 'ritzValues'>,
  { upper, kind }: OutsideBound,
  count: number,
): readonly Found[] {
  const { steps, alphas, betas, noise, matrixOrder } = run;
  const ritz = run.ritzValues();
  const known = Math.min(count, steps);
  const complete = steps === matrixOrder;
  const bordered =
    complete || !Number.isFinite(upper)
      ? null
      : Array.from(
          tridiagonalEigenpairs({ order: steps + 1, diagonal: [...alphas, upper], offDiagonal: betas })
            .values,
        ).reverse();
  // The bordered matrix has U once; the others of the complement lie no higher.
  const others = matrixOrder - steps - 1;
  return Array.from({ length: known }, (_, at) => {
    const { value } = ritz[ritz.length - 1 - at]!;
    if (complete) return { lower: value - noise, upper: value + noise, kind: 'proved' as const };
    if (bordered === null) return { lower: value - noise, upper: Infinity, kind };
    const above = bordered.filter((each) => each > upper).length;
    const bound = at < above ? bordered[at]! : at < above + others ? upper : bordered[at - others]!;
    return { lower: value - noise, upper: bound + noise, kind };
  });
}

/**
 * With the confidence asked: λ_max of Π H Π, which is that of the complement, or 0. Its products are as wrong as those of the
 * run outside, whose norm is larger.
 */
async function insideComplement(run: CertifyingLanczos, epsilon: number): Promise<OutsideBound> {
  const { lanczos, products, options } = run;
  const { basis, steps } = lanczos;
  const inside = new Lanczos(compressed(products, basis, steps, lanczos.noise / 10), options.random, 0);
  let upper = Infinity;
  while (inside.steps < Math.min(stepsInside, products.order) && !inside.ended) {
    await inside.step();
    upper = Math.min(upper, probabilisticUpper(inside, inside.steps, epsilon) + inside.noise);
  }
  return { upper, kind: 'probabilistic' };
}

function compressed(
  products: SymmetricProducts,
  basis: Basis,
  steps: number,
  error: number,
): SymmetricProducts {
  return {
    order: products.order,
    layers: products.layers,
    float32: null,
    error,
    multiply: async (vector) => {
      const inside = Float64Array.from(vector);
      await basis.projectOut(inside, steps);
      const product = await products.multiply(inside);
      await basis.projectOut(product, steps);
      return product;
    },
  };
}
