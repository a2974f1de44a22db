import { vectorBytes } from '../autodiff/plannedModel';
import { largestSpectrum } from '../curvature/exactCurvature';
import type { Precision } from '../graph/writing/nodeWriter';
import type { PredictedCost } from '../report/wording/cost';

/** What products tell of their cost. */
interface Products {
  readonly order: number;
  /** Of one product over all samples. */
  readonly multiplyAdds: number;
  /** That one product over all samples runs. */
  readonly operators: number;
  /** That stay taken between products. */
  readonly bytes: number;
  /** That one batch takes beside, while it is multiplied. */
  readonly batchBytes: number;
  readonly precision: Precision;
}

/** Vectors of float64 beside the basis of Lanczos: the start, probes, their projections and products. */
const besideBasis = 8;

/** Vectors of float64 that products keep: the weights and the gradient. */
const keptVectors = 2;

/** Bytes for a parameter that the file’s own numbers take, and a copy of them in float32 that waits to be collected. */
const bytesOfFile = 8;
/** What the arena of onnxruntime takes for a batch against what is alive together, about. */
const arenaSlack = 1.5;
/** What Node and onnxruntime take by themselves, about; and the part of a small budget that is kept for them. */
const processBytes = 160e6;
const processShare = 0.125;

/** The part of the budget that Lanczos may always take where there is as much, and steps for which it may take more. */
const lanczosShare = 0.25;
const wantedSteps = 64;

/** Lanczos on a matrix in memory takes no more steps. */
const stepsInMemory = 400;

/** Matrices that a decomposition holds beside that of the columns: a copy of it, and the eigenvectors. */
const matricesOfDecomposition = 2;

/** Operations of the decomposition over P³, about: Householder’s reduction, then QL, with the eigenvectors. */
const decompositionOperations = 10;

/** Multiply-adds in whose time onnxruntime begins and ends one operator, about: where batches are small, that is most of it. */
const multiplyAddsOfOperator = 2e4;
/** The same in operations of a single thread. */
const serialOfOperator = 3e3;

/** What a product costs, in multiply-adds, with what its operators take by themselves. */
export function workOfProduct({
  multiplyAdds,
  operators,
}: Pick<Products, 'multiplyAdds' | 'operators'>): number {
  return multiplyAdds + multiplyAddsOfOperator * operators;
}

/** All P columns, and the whole spectrum of what they make up where that is computed. */
export function exactCost(products: Products, memoryBudget: number): PredictedCost {
  const { order, multiplyAdds, operators } = products;
  const whole = order <= largestSpectrum;
  const matrix = 8 * order ** 2;
  const after = whole
    ? matricesOfDecomposition * matrix
    : lanczosBytes(products, stepsInMemory, memoryBudget);
  return {
    multiplyAdds: order * multiplyAdds,
    bytes: takenBytes(products, matrix + after),
    serialOperations:
      serialOfOperator * operators * order + (whole ? decompositionOperations * order ** 3 : 0),
  };
}

/** What so many products take, if all of them are Lanczos' own. */
export function productsCost(products: Products, made: number, memoryBudget: number): PredictedCost {
  return {
    multiplyAdds: made * products.multiplyAdds,
    serialOperations: serialOfOperator * products.operators * made,
    bytes: takenBytes(products, lanczosBytes(products, made, memoryBudget)),
  };
}

/**
 * What Lanczos, and the probes after it, may take of the budget beside the products: it is what fills the memory, so that
 * it leaves what the process takes beside all that is counted.
 */
export function lanczosMemory(products: Products, memoryBudget: number): number {
  const { order, bytes, batchBytes } = products;
  const process = Math.min(processBytes, processShare * memoryBudget);
  const kept = bytes + arenaSlack * batchBytes + (8 * keptVectors + bytesOfFile) * order;
  const left = memoryBudget - kept - process;
  return Math.min(left, Math.max(lanczosShare * memoryBudget, basisBytes(products, wantedSteps)));
}

/** The most at any time: while the products are proved, or while they are used. @param used beside them */
function takenBytes({ order, bytes, batchBytes }: Products, used: number): number {
  return bytes + batchBytes + Math.max(vectorBytes(order), 8 * keptVectors * order + used);
}

/** Vectors for as many steps, within what Lanczos may take. */
function lanczosBytes(products: Products, steps: number, memoryBudget: number): number {
  return Math.max(0, Math.min(lanczosMemory(products, memoryBudget), basisBytes(products, steps)));
}

/** Lanczos keeps its basis in the precision of the products. */
function basisBytes({ order, precision }: Products, steps: number): number {
  const realBytes = precision === 'float64' ? 8 : 4;
  return order * (realBytes * Math.min(order, steps) + 8 * besideBasis);
}
