import type { Value } from '../graph/static/value';
import { dependentOn, reachedFrom } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import type { CurvatureGraphs } from './curvatureGraphs';
import type { Feeds } from './feeds';
import { parameterFeeds, pickFeeds } from './feeds';
import type { Objective, PreparedModel } from './preparedModel';
import { openPart } from './productSessions';
import type { Rules } from './rules/rules';

/** What the products are proved on. */
export interface CheckedProducts {
  readonly prepared: PreparedModel;
  readonly graphs: CurvatureGraphs;
  readonly table: Rules;
  readonly objective: Objective;
  readonly weights: Float64Array;
  readonly precision: Precision;
  readonly threads: number;
}

/** What is constant almost everywhere and depends on the weights: masks, signs, indices, shifts. */
export function constantValues({
  gradient,
  outputs,
  parameters,
}: CurvatureGraphs): ReadonlyMap<Value, string> {
  const ordered = reachedFrom([...gradient, outputs]);
  const learned = dependentOn(parameters, ordered);
  const constant = ordered.filter((value) => learned.has(value) && isStep(value));
  return new Map(constant.map((value, i) => [value, `constant ${i}`]));
}

function isStep({ operation }: Value): boolean {
  switch (operation.kind) {
    case 'compare':
    case 'argMax':
    case 'maxPoolIndices':
    case 'topPositions':
    case 'reduceMax':
      return true;
    case 'unary':
      return operation.function === 'sign';
    default:
      return false;
  }
}

/** The constant values as they are at the weights of the file. */
export async function computeConstantValues(
  { graphs, weights, threads }: CheckedProducts,
  feeds: Feeds,
  constant: ReadonlyMap<Value, string>,
): Promise<Feeds> {
  if (constant.size === 0) return new Map();
  const outputs = new Map([...constant].map(([value, name]) => [name, value]));
  const part = await openPart(outputs, new Map(), 'float64', threads);
  try {
    const results = await part.session.run(
      pickFeeds(part.inputs, parameterFeeds(graphs.parameters, weights, 'float64'), feeds),
    );
    return new Map(Object.entries(results));
  } finally {
    await part.session.release();
  }
}
