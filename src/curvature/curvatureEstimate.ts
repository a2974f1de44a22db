import type { EstimateFacts, Sharpness, Spectrum } from '../report/report';
import type { RitzValue } from './lanczos';
import type { MomentEstimate } from './momentEstimate';
import type { RandomSource } from './randomVectors';
import type { SharpestDirection } from './sharpestDirection';
import type { TopEigenvalue } from './topEigenvalues';

export interface CurvatureOptions {
  readonly random: RandomSource;
  /**
   * Relative: of λ_max's interval, and of the 95 % intervals of squared norm and upper bound; that of the trace where
   * curvature of both signs cancels in it is relative to Σ|λ|.
   */
  readonly precision: number;
  /** Of the probabilistic intervals of λ_max and λ_min together. */
  readonly confidence: number;
  /** Relative error of the products, measured; 0 for float64. */
  readonly productError: number;
  /** Products in all. */
  readonly maxProducts: number;
  /** For the vectors of Lanczos. */
  readonly memoryBytes: number;
  /** How many of the largest eigenvalues are wanted, and whether somebody asked for so many; absent: none but λ_max. */
  readonly top?: { readonly count: number; readonly asked: boolean };
  readonly onProgress?: (progress: CurvatureProgress) => void;
  /** Asked before every product: true where that share of what a time limit of the user's leaves has run out; 1 where none is said. */
  readonly outOfTime?: (share?: number) => boolean;
  /** Asked before every product of a stage that may be skipped: whether the user wants no more of it. */
  readonly skipped?: (stage: CurvatureStage) => boolean;
}

/** What ends a stage before its next product, or null. */
export function endOfStage(
  { outOfTime, skipped }: CurvatureOptions,
  stage: CurvatureStage,
  timeShare?: number,
): 'time limit' | 'user' | null {
  if (outOfTime?.(timeShare) === true) return 'time limit';
  return skipped?.(stage) === true ? 'user' : null;
}

export interface EstimateOptions extends CurvatureOptions {
  /** Whether to estimate the squared norms of the blocks: as many products more per probe as there are layers. */
  readonly blocks: boolean;
  /** Starting vectors (two at least) and steps of the spectral density, or null for none. */
  readonly density: { readonly probes: number; readonly steps: number } | null;
}

export type CurvatureStage = 'columns' | 'lanczos' | 'pilot' | 'probes' | 'density';

export interface CurvatureProgress {
  readonly stage: CurvatureStage;
  /** Products that this stage has made, and how many it will make as far as is known. */
  readonly products: number;
  readonly expectedProducts: number;
  readonly sharpness: Sharpness | null;
  /** Whether this stage may be ended now with what there is. */
  readonly canSkip: boolean;
  /** The running estimate, or null before there is one. */
  readonly running: EstimatedMoments | null;
}

/** An estimate with what it tells of its errors. */
export interface EstimatedMoments {
  readonly moments: MomentEstimate;
  readonly errors: EstimateFacts;
}

/** What ended the work before everything that was asked for was reached, or "complete". */
export type StoppedBy = 'complete' | 'product budget' | 'memory budget' | 'time limit' | 'user';

/** What is known of the extreme eigenvalues. */
export interface Certificate {
  /** Null where the products' error allows no interval of the precision asked. */
  readonly sharpness: Sharpness | null;
  /** Ascending, with residuals; empty where the spectrum is known. */
  readonly ritzValues: readonly RitzValue[];
  /** Null where λ_max is not certified. */
  readonly sharpest: SharpestDirection | null;
  /** The largest eigenvalues, the first of them λ_max; none where they were not wanted, or not found. */
  readonly top: readonly TopEigenvalue[];
  readonly products: number;
  readonly stoppedBy: StoppedBy;
}

export interface CurvatureEstimate extends Certificate {
  readonly moments: MomentEstimate;
  /** What the estimate tells of its errors; null where everything is exact. */
  readonly errors: EstimateFacts | null;
  readonly spectrum: Spectrum | null;
}
