import { lambdaMaxBounds } from '../curvature/bounds';
import { closedForm, type ClosedForm } from '../perceptron/closedForm/closedForm';
import { weightElasticities } from '../perceptron/closedForm/elasticity';
import { planClosedForm } from '../perceptron/closedForm/plan';
import type { Problem } from '../perceptron/closedForm/sampleTile';
import type { GaussNewton, Report, TopSample } from '../report/report';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import { gramMatrices } from './gram';
import { predictedClass } from './accuracy';

/**
 * Multiply-adds that each of the optional parts may take: about ten seconds on one thread. They are left out beyond it,
 * by the count and not by a clock, so that two runs choose alike.
 */
const affordable = 2e11;

/** Samples that are listed. */
const mostTopSamples = 12;

type Told = (stage: string, fraction: number | null, report: Report) => void;

/**
 * What drives the bound, added to a report part by part: the Gauss-Newton matrix beside the Hessian, the hidden units, the
 * elasticities and the Gram matrices of the layers' inputs.
 */
export async function withDrivers(
  report: Report,
  problem: Problem,
  classes: Int32Array | null,
  products: MatrixProducts,
  memoryBudget: number,
  onProgress: Told,
): Promise<Report> {
  const { perceptron, inputs } = problem;
  const plan = planClosedForm(perceptron, inputs.rows, memoryBudget, { sampleRows: false });
  let current = report;

  if (plan.multiplyAdds <= affordable) {
    const form = await closedForm({ ...problem, matrix: 'gauss-newton' }, products, plan, (fraction) => {
      onProgress('Comparing with the Gauss-Newton matrix', fraction, current);
    });
    current = { ...current, gaussNewton: gaussNewtonOf(form, report.model.parameters) };
  }

  const primal = planClosedForm(perceptron, inputs.rows, memoryBudget, {
    sampleRows: false,
    allPrimal: true,
  });
  if (perceptron.layers.length > 1 && primal.multiplyAdds <= affordable) {
    const { unitRows, blocks } = await closedForm(problem, products, primal, (fraction) => {
      onProgress('Weighing the hidden units', fraction, current);
    });
    const all = blocks.flat().reduce((sum, block) => sum + block, 0);
    current = {
      ...current,
      layers: current.layers.map((layer, l) => {
        const rows = unitRows?.[l];
        return {
          ...layer,
          units: rows === undefined || all === 0 ? null : Array.from(rows, (row) => row / all),
        };
      }),
    };
  }

  if (current.orthogonality !== null) {
    const grams = await gramMatrices(problem, products, classes);
    current = {
      ...current,
      orthogonality: {
        ...current.orthogonality,
        layers: current.orthogonality.layers.map((layer, l) => ({ ...layer, gram: grams[l] ?? null })),
      },
    };
  }

  if (2 * perceptron.layers.length * plan.multiplyAdds <= affordable) {
    const elasticities = await weightElasticities(problem, products, plan, (fraction) => {
      onProgress('Scaling each layer’s weights', fraction, current);
    });
    current = {
      ...current,
      layers: current.layers.map((layer, l) => ({ ...layer, elasticity: elasticities[l] ?? null })),
    };
  }
  return current;
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

/**
 * The samples whose pairs bring most to ‖H‖_F².
 * @param indices where the samples lie in their file, or null: in the file's order
 */
export function topSamples(
  form: ClosedForm,
  outputs: Matrix,
  classes: Int32Array | null,
  indices: Int32Array | null,
): TopSample[] | null {
  const { sampleRows, losses } = form;
  if (sampleRows === null) return null;
  const all = form.blocks.flat().reduce((sum, block) => sum + block, 0);
  if (all === 0) return [];
  return Array.from(sampleRows.keys())
    .sort((a, b) => sampleRows[b]! - sampleRows[a]! || a - b)
    .slice(0, mostTopSamples)
    .map((n) => ({
      index: indices?.[n] ?? n,
      label: classes?.[n] ?? null,
      predicted: classes === null ? null : predictedClass(outputs, n),
      loss: losses[n]!,
      share: sampleRows[n]! / all,
    }));
}
