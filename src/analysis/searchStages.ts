import type { CurvatureProgress, CurvatureStage } from '../curvature/curvatureEstimate';
import type { PredictedCost } from '../report/wording/cost';
import type { AnalysisRun } from './analysisRun';
import type { PlannedStage } from './runPlan';

/** The stages of a search for the curvature, in their order, in words. */
export const searchStages: Readonly<Record<CurvatureStage, string>> = {
  columns: 'Computing the Hessian column by column',
  lanczos: 'Searching the sharpest direction',
  pilot: 'Finding out how many probes it takes',
  probes: 'Probing the Hessian',
  density: 'Estimating the density of the eigenvalues',
};

export const gaussNewtonStage = 'Comparing with the Gauss-Newton matrix';

/** Products of each, about, before more is known. */
const usual = { lanczos: 20, pilot: 15, probes: 50 } as const;

/** What so many products of a search take. */
type CostOf = (products: number) => PredictedCost;

/** The stages that an estimate will have. @param density products, or 0 for none */
export function stagesOfEstimate(density: number, costOf: CostOf): PlannedStage[] {
  const counts = { ...usual, ...(density > 0 && { density }) };
  return Object.entries(counts).map(([stage, products]) => ({
    stage: searchStages[stage as keyof typeof counts],
    cost: costOf(products),
  }));
}

/** The estimate of the Gauss-Newton matrix, as one stage. */
export function stageOfGaussNewton(costOf: CostOf): PlannedStage {
  return { stage: gaussNewtonStage, cost: costOf(usual.lanczos + usual.pilot + usual.probes) };
}

/** Tells every stage of a search as one of the run's. */
export function tellStages(run: AnalysisRun, costOf: CostOf): (progress: CurvatureProgress) => void {
  let current: CurvatureStage | null = null;
  let tell: ReturnType<AnalysisRun['begin']> = () => undefined;
  return ({ stage, products, expectedProducts, canSkip }) => {
    if (stage !== current) tell = run.begin(searchStages[stage], costOf(expectedProducts));
    current = stage;
    tell(products / expectedProducts, canSkip);
  };
}

/** Tells a search as one stage that has begun. */
export function tellAsOneStage(tell: (fraction: number) => void): (progress: CurvatureProgress) => void {
  let current: CurvatureStage | null = null;
  let [before, made] = [0, 0];
  return ({ stage, products, expectedProducts }) => {
    if (stage !== current) [current, before] = [stage, before + made];
    made = products;
    const later = stage === 'lanczos' ? usual.pilot + usual.probes : stage === 'pilot' ? usual.probes : 0;
    tell((before + made) / (before + expectedProducts + later));
  };
}
