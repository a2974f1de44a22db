import { FailureError } from '../report/failure';
import { CertifyingLanczos } from './certifySharpness';
import type { CurvatureEstimate, CurvatureOptions } from './curvatureEstimate';
import { eigenpairs, computeMatrix, exactNumbers, productsWith } from './exactMatrix';
import { estimateMoments } from './momentEstimate';
import { CountedProducts, type SymmetricProducts } from './products';
import { sharpestOfSpectrum, topOfSpectrum } from './sharpestDirection';
import { binEigenvalues } from './spectralDensity';

/** Eigenvalues no larger than this, relative to ‖H‖, are zeros to rounding. */
const roundingOfSpectrum = 1e-13;

/** The whole spectrum is computed up to this order. */
export const largestSpectrum = 1000;

/** Lanczos on a matrix in memory costs no products: as many steps as a narrow interval takes. */
const mostLanczosSteps = 400;

/**
 * Everything exact, from P products: trace, squared norm, blocks, layers; up to `largestSpectrum` parameters the whole
 * spectrum, beyond it intervals of λ_max and λ_min. The budget of products does not apply; `precision` does to the
 * intervals.
 *
 * Throws an InternalError where the matrix is not symmetric, TimeLimit where the time runs out on the way.
 */
export async function computeExactCurvature(
  products: SymmetricProducts,
  options: CurvatureOptions,
): Promise<CurvatureEstimate> {
  const counted = new CountedProducts(products);
  const { order, layers } = counted;
  const matrix = await computeMatrix(counted, options.productError, (column) => {
    if (options.outOfTime?.() === true) {
      throw new FailureError(
        'TimeLimit',
        `The time limit ended the analysis after ${column} of the Hessian's ${order} columns; allow more time or ask for an estimate.`,
      );
    }
    const products = counted.count;
    options.onProgress?.({
      stage: 'columns',
      products,
      expectedProducts: order,
      sharpness: null,
      canSkip: false,
      running: null,
    });
  });
  const moments = estimateMoments(
    layers.map(({ from, to }) => to - from),
    exactNumbers(matrix, layers),
    [],
  );
  const exact = { moments, errors: null, products: counted.count } as const;
  if (order > largestSpectrum) {
    const inMemory = new CountedProducts(productsWith(matrix, layers));
    const run = new CertifyingLanczos(inMemory, options, {
      trace: moments.trace.value,
      frobeniusSquared: moments.frobeniusSquared.value,
      order,
    });
    await run.advance(Math.min(100, order), mostLanczosSteps, mostLanczosSteps, () => undefined);
    const ritzValues = run.lanczos.ritzValues();
    return {
      ...exact,
      sharpness: run.sharpness,
      ritzValues,
      sharpest: await run.sharpest(),
      top: await run.top(mostLanczosSteps),
      stoppedBy: run.stoppedBy,
      spectrum: null,
    };
  }
  // What rounding makes of a zero has any sign: it is no negative curvature.
  const rounding = roundingOfSpectrum * Math.sqrt(moments.frobeniusSquared.value);
  const { values, vector } = eigenpairs(matrix);
  const descending = values.map((value) => (Math.abs(value) <= rounding ? 0 : value));
  // Ten times the error of solver and columns, as for the products of Lanczos.
  const error = 10 * Math.max(rounding, matrix.asymmetry);
  const known = (value: number) => {
    const certified = 2 * error <= options.precision * (Math.abs(value) - error);
    const ends = { lower: value - error, upper: value + error };
    return { ...ends, kind: 'spectrum', confidence: 1, certified, steps: 0 } as const;
  };
  return {
    ...exact,
    sharpness: { lambdaMax: known(descending[0]!), lambdaMin: known(descending[order - 1]!) },
    ritzValues: [],
    sharpest: sharpestOfSpectrum(descending, vector, { layers, error }),
    top: topOfSpectrum(descending, vector, { layers, error, count: options.top?.count ?? 0 }),
    stoppedBy: 'complete',
    spectrum: binEigenvalues(descending),
  };
}
