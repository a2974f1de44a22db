import { vectorBytes } from '../autodiff/plannedModel';
import { largestSpectrum } from '../curvature/exactCurvature';
import type { Precision } from '../graph/writing/nodeWriter';
import type { PredictedCost } from '../report/cost';

/** What products tell of their cost. */
interface Products {
  readonly order: number;
  /** Of one product over all samples. */
  readonly multiplyAdds: number;
  /** That stay taken between products. */
  readonly bytes: number;
  /** That one batch takes beside, while it is multiplied. */
  readonly batchBytes: number;
  readonly precision: Precision;
}

/** Beside the basis of Lanczos: the next vector, the working vectors, the start. */
const besideBasis = 10;

/** Lanczos on a matrix in memory takes no more steps. */
const stepsInMemory = 400;

/** Matrices that a decomposition holds beside that of the columns: a copy of it, and the eigenvectors. */
const matricesOfDecomposition = 2;

/** Operations of the decomposition over P³, about: Householder’s reduction, then QL, with the eigenvectors. */
const decompositionOperations = 10;

/** All P columns, and the whole spectrum of what they make up where that is computed. */
export function exactCost(products: Products, memoryBudget: number): PredictedCost {
  const { order, multiplyAdds } = products;
  const whole = order <= largestSpectrum;
  const matrix = 8 * order ** 2;
  const after = whole
    ? matricesOfDecomposition * matrix
    : lanczosBytes(8, order, stepsInMemory, memoryBudget);
  return {
    multiplyAdds: order * multiplyAdds,
    bytes: heldBytes(products) + matrix + after,
    ...(whole && { serialOperations: decompositionOperations * order ** 3 }),
  };
}

/** The most that a search of so many products may take: Lanczos ends as soon as it has what was asked. */
export function searchCost(products: Products, maxProducts: number, memoryBudget: number): PredictedCost {
  return { ...takenCost(products, maxProducts, memoryBudget), atMost: true };
}

/** What so many products took, if all of them were Lanczos' own. */
export function takenCost(products: Products, made: number, memoryBudget: number): PredictedCost {
  const { order, multiplyAdds, precision } = products;
  // Lanczos keeps its vectors in the precision of the products.
  const realBytes = precision === 'float64' ? 8 : 4;
  return {
    multiplyAdds: made * multiplyAdds,
    bytes: heldBytes(products) + lanczosBytes(realBytes, order, made, memoryBudget),
  };
}

function heldBytes({ order, bytes, batchBytes }: Products): number {
  return bytes + batchBytes + vectorBytes(order);
}

/** Of the vectors that are kept: as many as there are steps, within a quarter of the budget, which is all that Lanczos may take. */
function lanczosBytes(realBytes: number, order: number, steps: number, memoryBudget: number): number {
  return Math.min(memoryBudget / 4, realBytes * order * (Math.min(order, steps) + besideBasis));
}
