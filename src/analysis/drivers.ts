import { lambdaMaxBounds } from '../curvature/bounds';
import { computeClosedForm, type ClosedForm } from '../perceptron/closedForm/closedForm';
import { computeElasticities } from '../perceptron/closedForm/elasticity';
import { planClosedForm, type ClosedFormPlan, type PlanOptions } from '../perceptron/closedForm/plan';
import type { Problem } from '../perceptron/closedForm/sampleTile';
import type { Perceptron } from '../perceptron/perceptron';
import { failureOf } from '../report/failure';
import type { GaussNewton, LayerReport, Report, TopSample } from '../report/report';
import type { MatrixProducts } from '../runtime/matrixProducts';
import { computeGramMatrices, costOfGramMatrices } from './gram';
import { perceptronReport, unitShares } from './perceptronReport';
import type { PlannedStage } from './runPlan';
import { gaussNewtonStage } from './searchStages';
import { listSamples, type ListedSamples } from './topSamples';

/**
 * Multiply-adds that each of the optional parts may take: a few seconds. They are left out beyond it, by the count and not
 * by a clock, so that two runs choose alike.
 */
const affordable = 4e10;

/** The same for the hidden units, whose primal form spends more time on making its factors than on multiplying them. */
const affordableForUnits = 1e10;

/** One part of what drives the bound, and what it takes. */
export interface Driver extends PlannedStage {
  /** As in "the time limit left out …". */
  readonly what: string;
  /** Adds it to a report. @param told the fraction done */
  readonly addTo: (report: Report, told: (fraction: number) => void) => Promise<Report>;
}

/**
 * What drives the bound: the Gauss-Newton matrix beside the Hessian, the hidden units, the Gram matrices of the layers'
 * inputs, and the elasticities; those of them that are affordable.
 * @param whole whether the closed form brought hidden units and elasticities
 */
export function drivers(
  problem: Problem,
  classes: Int32Array | null,
  products: MatrixProducts,
  memoryBudget: number,
  whole: boolean,
): Driver[] {
  const { perceptron, inputs } = problem;
  const planFor = (options: PlanOptions): ClosedFormPlan =>
    planClosedForm(perceptron, inputs.rows, memoryBudget, { sampleRows: false, ...options });
  const plan = planFor({});
  const parts: Driver[] = [];

  if (problem.loss !== 'output' && plan.multiplyAdds <= affordable) {
    parts.push({
      stage: gaussNewtonStage,
      what: 'the Gauss-Newton matrix',
      cost: plan,
      addTo: async (report, told) => {
        const form = await computeClosedForm({ ...problem, matrix: 'gauss-newton' }, products, plan, told);
        return { ...report, gaussNewton: gaussNewtonOf(form, report.model.parameters) };
      },
    });
  }

  const primal = planFor({ allPrimal: true });
  const decays = (problem.weightDecay ?? 0) !== 0;
  if (!whole && perceptron.layers.length > 1 && !decays && primal.multiplyAdds <= affordableForUnits) {
    parts.push({
      stage: 'Weighing the hidden units',
      what: 'the hidden units',
      cost: primal,
      addTo: async (report, told) => {
        const form = await computeClosedForm(problem, products, primal, told);
        return withLayers(report, (_, l) => ({ units: unitShares(form, l) }));
      },
    });
  }

  parts.push({
    stage: 'Comparing the samples',
    what: 'the Gram matrices of the samples',
    cost: costOfGramMatrices(problem),
    addTo: async (report) => {
      const { orthogonality } = report;
      if (orthogonality === null) return report;
      const { grams, classes: shown } = await computeGramMatrices(problem, products, classes);
      const layers = orthogonality.layers.map((layer, l) => ({ ...layer, gram: grams[l] ?? null }));
      return { ...report, orthogonality: { ...orthogonality, classes: shown, layers } };
    },
  });

  const slopes = wholePlan(perceptron, inputs.rows, memoryBudget);
  const twoForEachLayer = 2 * perceptron.layers.length * plan.multiplyAdds;
  const elasticities: Pick<Driver, 'cost' | 'addTo'> | null =
    slopes !== null
      ? {
          cost: slopes,
          addTo: async (report, told) => {
            const form = await computeClosedForm(problem, products, slopes, told);
            const { layers } = perceptronReport(perceptron, form);
            return withLayers(report, (_, l) => ({ elasticity: layers[l]?.elasticity ?? null }));
          },
        }
      : twoForEachLayer <= affordable
        ? {
            cost: { multiplyAdds: twoForEachLayer, bytes: plan.bytes },
            addTo: async (report, told) => {
              const found = await computeElasticities(problem, products, plan, told);
              return withLayers(report, (_, l) => ({ elasticity: found[l] ?? null }));
            },
          }
        : null;
  if (!whole && elasticities !== null)
    parts.push({ stage: 'Scaling each layer’s weights', what: 'the elasticities', ...elasticities });
  return parts;
}

/**
 * The plan of a closed form that brings hidden units and elasticities in the passes of its own sums; null where that is not
 * affordable, or does not fit the memory that the sums alone fit.
 */
export function wholePlan(
  perceptron: Perceptron,
  samples: number,
  memoryBudget: number,
): ClosedFormPlan | null {
  try {
    const plan = planClosedForm(perceptron, samples, memoryBudget, { sensitivities: true });
    return plan.multiplyAdds <= affordable ? plan : null;
  } catch (error) {
    if (failureOf(error).kind === 'TooLarge') return null;
    throw error;
  }
}

function withLayers(
  report: Report,
  part: (layer: LayerReport, index: number) => Partial<LayerReport>,
): Report {
  return {
    ...report,
    layers: report.layers.map((layer, index) => ({ ...layer, ...part(layer, index) })),
  };
}

function gaussNewtonOf({ traces, blocks }: ClosedForm, order: number): GaussNewton {
  const trace = traces.reduce((sum, value) => sum + value, 0);
  const frobeniusSquared = blocks.flat().reduce((sum, value) => sum + value, 0);
  const { upper } = lambdaMaxBounds({ trace, frobeniusSquared, order });
  return { trace: exact(trace), frobeniusSquared: exact(frobeniusSquared), upper: exact(upper) };
}

function exact(value: number): { value: number; standardError: number } {
  return { value, standardError: 0 };
}

/** The samples whose pairs bring most to ‖H‖_F². */
export function topSamples(form: ClosedForm, about: Omit<ListedSamples, 'losses'>): TopSample[] | null {
  const { sampleRows, losses } = form;
  if (sampleRows === null) return null;
  const all = form.blocks.flat().reduce((sum, block) => sum + block, 0);
  if (all === 0) return [];
  return listSamples(
    sampleRows.map((row) => row / all),
    { ...about, losses },
  );
}
