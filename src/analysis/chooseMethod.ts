import { countProduct, type PlannedModel } from '../autodiff/plannedModel';
import type { HessianProducts } from '../autodiff/hessianProducts';
import { FailureError } from '../report/failure';
import type { AnalysisRequest } from '../report/request';
import type { Method } from '../report/report';
import { byteSize } from '../report/wording/byteSize';
import { formatCount } from '../report/wording/number';
import { setting } from '../report/wording/settings';
import type { AnalysisRun } from './analysisRun';
import { exactCost, workOfProduct } from './predictedCost';

/** Every column is computed where that takes some ten seconds by its count, and the Hessian has no more rows. */
const affordableColumns = 5e10;
const mostColumns = 4000;

/** Of a product of fewer multiply-adds, a few milliseconds, float32 saves nothing. */
export const worthFloat32 = 1e8;

/**
 * Whether every column of the Hessian is to be computed, from counts alone: before anything is opened, and alike on every
 * machine.
 * @throws FailureError where every column was asked for and is too much
 */
export function wantsColumns(plan: PlannedModel, { method, dtype }: AnalysisRequest): boolean {
  const product = countProduct(plan);
  const { order } = product;
  if (method !== 'exact') {
    const affordable = order <= mostColumns && order * workOfProduct(product) <= affordableColumns;
    return method !== 'estimate' && dtype !== 'float32' && affordable;
  }
  // Exact is exact in float64: float32 has an error that no error bar would show.
  if (dtype === 'float32') {
    throw new FailureError(
      'UsageError',
      `The exact Hessian is computed from products in float64, and float32 was asked for; leave out ${setting('dtype', 'float32')}, or ask for ${setting('method', 'estimate')}.`,
    );
  }
  if (order > mostColumns) {
    throw new FailureError(
      'TooLarge',
      `The exact Hessian of ${formatCount(order)} parameters is beyond the ${formatCount(mostColumns)} that are computed column by column; ask for ${setting('method', 'estimate')}.`,
    );
  }
  return true;
}

/** Of the largest eigenvalues where nobody says how many. */
const usualTop = 10;

/** How many of the largest eigenvalues are wanted. */
export function topOf({ top }: Pick<AnalysisRequest, 'top'>): {
  readonly count: number;
  readonly asked: boolean;
} {
  return { count: top ?? usualTop, asked: top !== null };
}

/** @throws FailureError where every column was asked for and the memory does not hold them */
export function methodOf(
  products: HessianProducts,
  columns: boolean,
  { request: { method }, memoryBudget }: AnalysisRun,
): Method {
  const { bytes } = exactCost(products, memoryBudget);
  if (!columns) return 'estimate';
  if (bytes <= memoryBudget) return 'exact';
  if (method !== 'exact') return 'estimate';
  throw new FailureError(
    'TooLarge',
    `The exact Hessian of ${formatCount(products.order)} parameters takes about ${byteSize(bytes)}, more than the ${byteSize(memoryBudget)} allowed; allow more with ${setting('memory')}, or ask for ${setting('method', 'estimate')}.`,
  );
}
