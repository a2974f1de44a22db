import { join } from 'node:path';
import { campaign, type Budget, type Outcome } from '../campaign';
import { checkGraph, type GraphTally } from './graphProperty';
import { graphPlans, randomGraph, type GraphPlan } from './randomGraph';
import { TorchOracle } from './torchOracle';

/** Random graphs of everything that can be differentiated, against PyTorch. */
export async function fuzzGraphs(root: string, budget: Budget): Promise<Outcome> {
  const python = process.env['MODEL_SHARPNESS_PYTHON'];
  if (python === undefined)
    console.log('graphs: MODEL_SHARPNESS_PYTHON names no Python with PyTorch; differences stand in for it.');
  const script = join(root, 'test', 'fuzz', 'graphs', 'torch_hessian.py');
  const torch = python === undefined ? null : TorchOracle.start(python, script);
  const tally: GraphTally = { operators: new Map(), counts: new Map() };
  try {
    const outcome = await campaign(
      'graphs',
      graphPlans,
      (plan) => checkGraph(plan, torch, tally),
      describe,
      budget,
    );
    const counted = (counts: ReadonlyMap<string, number>): string =>
      [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
    console.log(`graphs: ${counted(tally.counts)}\ngraphs with each operator: ${counted(tally.operators)}`);
    return outcome;
  } finally {
    torch?.end();
  }
}

/** The graph, node by node. */
function describe(plan: GraphPlan): string {
  const { parts, initialisers, samples, targets } = randomGraph(plan);
  return [
    JSON.stringify({ ...plan, steps: plan.steps.map(([operator]) => operator) }),
    ...(parts.inputs ?? []).map(({ name, dims }) => `  ${name}: [${dims?.join(', ') ?? ''}]`),
    ...Object.entries(initialisers).map(([name, { dims, data }]) => {
      const shown = data.length > 12 ? '' : ` = ${Array.from<number | bigint>(data).join(', ')}`;
      return `  ${name}: [${dims.join(', ')}]${shown}`;
    }),
    ...parts.nodes.map(
      ({ operator, inputs, outputs, attributes = {} }) =>
        `  ${outputs.join(', ')} = ${operator}(${inputs.join(', ')}) ${Object.entries(attributes)
          .map(([key, value]) => `${key}=${JSON.stringify(Object.values(value)[0])}`)
          .join(' ')}`,
    ),
    `  ${samples.count} samples, targets ${Array.from(targets.values).join(', ')}`,
  ].join('\n');
}
