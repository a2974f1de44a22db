import { lambdaMaxBounds } from '../curvature/bounds';
import { predictedClass } from '../loss/accuracy';
import { computeClosedForm, type ClosedForm } from '../perceptron/closedForm/closedForm';
import { computeElasticities } from '../perceptron/closedForm/elasticity';
import { planClosedForm } from '../perceptron/closedForm/plan';
import type { Problem } from '../perceptron/closedForm/sampleTile';
import type { Cost, GaussNewton, Report, TopSample } from '../report/report';
import type { Matrix, MatrixProducts } from '../runtime/matrixProducts';
import type { SampleInput, Samples } from '../samples/samples';
import { computeGramMatrices } from './gram';
import { samplePictures } from './samplePictures';

/**
 * Multiply-adds that each of the optional parts may take: a few seconds. They are left out beyond it, by the count and not
 * by a clock, so that two runs choose alike.
 */
const affordable = 4e10;

/** The same for the hidden units, whose primal form spends more time on making its factors than on multiplying them. */
const affordableForUnits = 1e10;

/** Samples that are listed. */
const mostTopSamples = 12;

/** Begins a stage of that cost; what it returns is told the fraction done. */
export type BeginStage = (stage: string, cost: Cost, report: Report) => (fraction: number) => void;

/**
 * What drives the bound, added to a report part by part: the Gauss-Newton matrix beside the Hessian, the hidden units, the
 * elasticities and the Gram matrices of the layers' inputs.
 */
export async function addDrivers(
  report: Report,
  problem: Problem,
  {
    classes,
    products,
    memoryBudget,
    beginStage,
  }: {
    readonly classes: Int32Array | null;
    readonly products: MatrixProducts;
    readonly memoryBudget: number;
    readonly beginStage: BeginStage;
  },
): Promise<Report> {
  const { perceptron, inputs } = problem;
  const plan = planClosedForm(perceptron, inputs.rows, memoryBudget, { sampleRows: false });
  let current = report;

  if (problem.loss !== 'output' && plan.multiplyAdds <= affordable) {
    const told = beginStage('Comparing with the Gauss-Newton matrix', plan, current);
    const form = await computeClosedForm({ ...problem, matrix: 'gauss-newton' }, products, plan, told);
    current = { ...current, gaussNewton: gaussNewtonOf(form, report.model.parameters) };
  }

  const primal = planClosedForm(perceptron, inputs.rows, memoryBudget, {
    sampleRows: false,
    allPrimal: true,
  });
  if (
    perceptron.layers.length > 1 &&
    (problem.weightDecay ?? 0) === 0 &&
    primal.multiplyAdds <= affordableForUnits
  ) {
    const told = beginStage('Weighing the hidden units', primal, current);
    const { unitRows, blocks } = await computeClosedForm(problem, products, primal, told);
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
    const { grams, classes: shown } = await computeGramMatrices(problem, products, classes);
    current = {
      ...current,
      orthogonality: {
        ...current.orthogonality,
        classes: shown,
        layers: current.orthogonality.layers.map((layer, l) => ({ ...layer, gram: grams[l] ?? null })),
      },
    };
  }

  const twoForEachLayer = 2 * perceptron.layers.length * plan.multiplyAdds;
  if (twoForEachLayer <= affordable) {
    const cost = { multiplyAdds: twoForEachLayer, bytes: plan.bytes };
    const told = beginStage('Scaling each layer’s weights', cost, current);
    const elasticities = await computeElasticities(problem, products, plan, told);
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

/** The samples whose pairs bring most to ‖H‖_F², as pictures where `input` holds such. */
export function topSamples(
  form: ClosedForm,
  outputs: Matrix,
  classes: Int32Array | null,
  { indices }: Samples,
  input: SampleInput,
): TopSample[] | null {
  const { sampleRows, losses } = form;
  if (sampleRows === null) return null;
  const all = form.blocks.flat().reduce((sum, block) => sum + block, 0);
  if (all === 0) return [];
  const largest = Array.from(sampleRows.keys())
    .sort((a, b) => sampleRows[b]! - sampleRows[a]! || a - b)
    .slice(0, mostTopSamples);
  const pictures = samplePictures(input, largest);
  return largest.map((n, at) => ({
    index: indices?.[n] ?? n,
    label: classes?.[n] ?? null,
    predicted: classes === null ? null : predictedClass(outputs, n),
    loss: losses[n]!,
    share: sampleRows[n]! / all,
    picture: pictures?.[at] ?? null,
  }));
}
