import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults } from '../../../src/report/request';
import { explicitCurvature } from '../../unit/perceptron/closedForm/explicitHessian';
import { campaign, type Budget, type Outcome } from '../campaign';
import { Disagreement } from '../disagreement';
import {
  perceptronFiles,
  perceptronPlans,
  type PerceptronFiles,
  type PerceptronPlan,
} from './randomPerceptron';

/** Two ways to the same sums of squares, both in float64. */
const tolerance = 1e-9;
/** The oracle takes every pair of parameters by itself. */
const mostForOracle = 40;

/** The closed form of random perceptrons against every column of their Hessians, and against dual numbers. */
export async function fuzzPerceptrons(_root: string, budget: Budget): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-fuzz-'));
  let withOracle = 0;
  try {
    return await campaign(
      'perceptrons',
      perceptronPlans,
      async (plan) => {
        const files = perceptronFiles(plan);
        const [closed, exact] = await analyses(folder, files);
        compareReports(closed, exact);
        if (compareWithOracle(closed, files)) withOracle++;
      },
      (plan: PerceptronPlan) => JSON.stringify(plan),
      budget,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
    console.log(`perceptrons: ${withOracle} of them against dual numbers, too`);
  }
}

async function analyses(
  folder: string,
  { model, data, options }: PerceptronFiles,
): Promise<[Report, Report]> {
  const [file, path] = [join(folder, 'model.onnx'), join(folder, 'data.npz')];
  await writeFile(file, model);
  await writeFile(path, data);
  const run = (method: 'closed-form' | 'exact'): Promise<Report> =>
    analyse(
      {
        ...requestDefaults,
        ...options,
        model: file,
        samples: { kind: 'file', path, inputs: {}, labels: null },
        method,
        blocks: true,
        threads: 1,
      },
      () => undefined,
    );
  return [await run('closed-form'), await run('exact')];
}

function requireEqual(what: string, found: number, wanted: number, scale: number): void {
  if (!(Math.abs(found - wanted) <= tolerance * scale))
    throw new Disagreement(`${what}: ${found} and ${wanted}, beside ${scale}`);
}

/** Every quantity, to the rounding of ‖H‖_F and ‖H‖_F². */
function compareReports(closed: Report, exact: Report): void {
  const squared = closed.frobeniusSquared.value + Number.MIN_VALUE;
  const size = Math.sqrt(squared);
  const order = closed.model.parameters;
  requireEqual('parameters', order, exact.model.parameters, 0);
  requireEqual(
    'mean loss',
    closed.samples.meanLoss,
    exact.samples.meanLoss,
    1 + Math.abs(closed.samples.meanLoss),
  );
  requireEqual('gradient norm', closed.gradientNorm, exact.gradientNorm, size + closed.gradientNorm);
  requireEqual('trace', closed.trace.value, exact.trace.value, size * Math.sqrt(order));
  requireEqual('F²', closed.frobeniusSquared.value, exact.frobeniusSquared.value, squared);
  for (const end of ['lambdaMax', 'lambdaMin'] as const) {
    // A variance that is nearly 0 is the difference of two numbers of that size, and the bound has its root.
    const scale = size / Math.sqrt(tolerance);
    requireEqual(`${end}, lower`, closed.bounds[end].lower.value, exact.bounds[end].lower.value, scale);
    requireEqual(`${end}, upper`, closed.bounds[end].upper.value, exact.bounds[end].upper.value, scale);
  }
  closed.layers.forEach((layer, l) => {
    const other = exact.layers[l];
    if (other === undefined) throw new Disagreement(`no layer ${l}`);
    requireEqual(`trace of ${layer.name}`, layer.trace.value, other.trace.value, size * Math.sqrt(order));
    for (const part of ['ownCurvature', 'coupling'] as const)
      requireEqual(`${part} of ${layer.name}`, layer[part]?.value ?? 0, other[part]?.value ?? 0, squared);
  });
  closed.blocks?.forEach((row, l) =>
    row.forEach((block, m) => {
      // Norms of blocks are roots of sums of squares, which may cancel in the dual form.
      const scale = size / Math.sqrt(tolerance);
      requireEqual(`block ${l}, ${m}`, block.value, exact.blocks?.[l]?.[m]?.value ?? Number.NaN, scale);
    }),
  );
  for (const { layers, bounds } of [closed, exact]) {
    const sum = layers.reduce((total, { contribution }) => total + contribution.value, 0);
    requireEqual('sum of the contributions', sum, bounds.lambdaMax.upper.value, size);
  }
  requireContained(closed, exact, size);
}

/** What is certified beside the closed form holds the eigenvalues that the exact method finds. */
function requireContained(closed: Report, exact: Report, size: number): void {
  for (const end of ['lambdaMax', 'lambdaMin'] as const) {
    const interval = closed.sharpness?.[end];
    const found = exact.sharpness?.[end];
    if (interval === undefined || found?.kind !== 'spectrum') continue;
    const slack = 1e-10 * size;
    if (!(interval.lower <= found.upper + slack && found.lower - slack <= interval.upper))
      throw new Disagreement(`${end} ${found.lower} outside [${interval.lower}, ${interval.upper}]`);
  }
}

/** By dual numbers, which share no code with either method. */
function compareWithOracle(closed: Report, { network }: PerceptronFiles): boolean {
  if (network === null || closed.model.parameters > mostForOracle) return false;
  const { hessian, loss } = explicitCurvature(network);
  const squared = hessian.flat().reduce((sum, value) => sum + value * value, 0);
  const trace = hessian.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  requireEqual('loss by dual numbers', closed.samples.meanLoss, loss, 1 + Math.abs(loss));
  requireEqual('F² by dual numbers', closed.frobeniusSquared.value, squared, squared + 1e-20);
  requireEqual(
    'trace by dual numbers',
    closed.trace.value,
    trace,
    Math.sqrt(squared * hessian.length) + 1e-10,
  );
  return true;
}
