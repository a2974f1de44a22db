import { mul } from '../graph/static/elementwise';
import { reduceSum } from '../graph/static/linear';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Origin, Value } from '../graph/static/value';
import { dependentOn, reachedFrom, sizeOf } from '../graph/static/value';
import type { RunTensor } from '../runtime/session';
import { tangentsOf } from './derivatives';
import type { Feeds } from './feeds';
import { FlatTensors, parameterFeeds, pickFeeds } from './feeds';
import type { CheckedProducts } from './constantMasks';
import { computeConstantValues } from './constantMasks';
import { openPart } from './productSessions';
import { vjpOf } from './rules/rules';

const step = 1e-5;
const tolerance = 1e-4;

/**
 * The node whose derivative is wrong, for a model that failed its proof. First the tangent of every value is compared
 * with its finite difference: the first that differs is to blame. If all hold, the reverse rule of every value is
 * checked by ⟨ȳ, ẏ⟩ = Σ ⟨x̄, ẋ⟩.
 * @returns null where no single value is to blame
 */
export async function findFaultyRule(
  subject: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
  constant: ReadonlyMap<Value, string>,
): Promise<Origin | null> {
  const { graphs, table } = subject;
  const { g } = graphs.model;
  const along = new Map(
    graphs.parameters.map((parameter, i) => [parameter, graphs.directions[i] ?? parameter]),
  );
  const ordered = reachedFrom(graphs.gradient);
  const learned = dependentOn(graphs.parameters, ordered);
  const values = ordered.filter(
    (value) =>
      learned.has(value) && value.type === 'real' && !constant.has(value) && value.operation.kind !== 'input',
  );
  const tangents = tangentsOf(g, values, along, table);
  const forward = await firstWrongTangent(subject, feeds, u, { constant, values, tangents });
  return forward ?? (await firstWrongReverse(subject, feeds, u, graphs.outputs, along));
}

async function firstWrongTangent(
  subject: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
  {
    constant,
    values,
    tangents,
  }: {
    readonly constant: ReadonlyMap<Value, string>;
    readonly values: readonly Value[];
    readonly tangents: readonly (Value | null)[];
  },
): Promise<Origin | null> {
  const { graphs, weights, threads } = subject;
  const held = await computeConstantValues(subject, feeds, constant);
  const own = await openPart(
    new Map(values.map((value) => [`value ${value.id}`, value])),
    constant,
    'float64',
    threads,
  );
  const at = async (shift: number): Promise<Readonly<Record<string, RunTensor>>> => {
    const moved = weights.map((weight, i) => weight + shift * u[i]!);
    return own.session.run(
      pickFeeds(own.inputs, parameterFeeds(graphs.parameters, moved, 'float64'), feeds, held),
    );
  };
  const [above, below] = [await at(step), await at(-step)];
  await own.session.release();
  const found = await runTangents(subject, feeds, u, values, tangents);
  for (const value of values) {
    const high = reals(above[`value ${value.id}`]);
    const low = reals(below[`value ${value.id}`]);
    const tangent = found.get(value);
    let error = 0;
    let size = 0;
    high.forEach((upper, i) => {
      const difference = (upper - low[i]!) / (2 * step);
      error += (difference - (tangent?.[i] ?? 0)) ** 2;
      size += difference ** 2 + (1e-6 * upper) ** 2;
    });
    if (!(Math.sqrt(error) <= tolerance * Math.sqrt(size) + Number.MIN_VALUE)) return value.origin;
  }
  return null;
}

async function runTangents(
  { graphs, weights, threads }: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
  values: readonly Value[],
  tangents: readonly (Value | null)[],
): Promise<ReadonlyMap<Value, Float64Array>> {
  const moving = values.flatMap((value, i) => {
    const tangent = tangents[i] ?? null;
    return tangent === null ? [] : [{ value, tangent }];
  });
  const outputs = new Map(moving.map(({ value, tangent }) => [`tangent ${value.id}`, tangent]));
  const part = await openPart(outputs, new Map(), 'float64', threads);
  const directions = new FlatTensors('direction', graphs.parameters, u);
  const results = await part.session.run(
    pickFeeds(part.inputs, parameterFeeds(graphs.parameters, weights, 'float64'), directions.feeds, feeds),
  );
  await part.session.release();
  return new Map(moving.map(({ value }) => [value, reals(results[`tangent ${value.id}`])]));
}

async function firstWrongReverse(
  { graphs, table, weights, threads }: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
  output: Value,
  along: ReadonlyMap<Value, Value>,
): Promise<Origin | null> {
  const { g } = graphs.model;
  const ordered = reachedFrom([output]);
  const learned = dependentOn(graphs.parameters, ordered);
  const checked = ordered.filter(
    (value) => learned.has(value) && value.inputs.length > 0 && value.type === 'real',
  );
  const tangents = new Map(
    checked.flatMap((value) => value.inputs.concat(value)).map((value) => [value, value]),
  );
  const all = [...tangents.keys()];
  const found = tangentsOf(g, all, along, table);
  const tangentOf = new Map(all.map((value, i) => [value, found[i] ?? null]));
  const outputs = new Map<string, Value>();
  const cotangents = new Map<string, RunTensor>();
  for (const value of checked) {
    const own = tangentOf.get(value) ?? null;
    if (own === null) continue;
    const name = `cotangent ${value.id}`;
    const cotangent = g.input(name, value.dims, 'real');
    cotangents.set(name, { dims: value.dims, data: waves(sizeOf(value.dims)) });
    const wanted = value.inputs.map((input) => learned.has(input));
    const parts = vjpOf(table, g, value, cotangent, wanted);
    const products = value.inputs.flatMap((input, i) => {
      const [part, tangent] = [parts[i] ?? null, tangentOf.get(input) ?? null];
      return part === null || tangent === null ? [] : [inner(g, part, tangent)];
    });
    outputs.set(`forward ${value.id}`, inner(g, cotangent, own));
    products.forEach((product, i) => outputs.set(`reverse ${value.id} ${i}`, product));
  }
  const part = await openPart(outputs, new Map(), 'float64', threads);
  const directions = new FlatTensors('direction', graphs.parameters, u);
  const results = await part.session.run(
    pickFeeds(
      part.inputs,
      parameterFeeds(graphs.parameters, weights, 'float64'),
      directions.feeds,
      cotangents,
      feeds,
    ),
  );
  await part.session.release();
  for (const value of checked) {
    const forward = results[`forward ${value.id}`];
    if (forward === undefined) continue;
    const reverse = value.inputs.map((_, i) => reals(results[`reverse ${value.id} ${i}`])[0] ?? 0);
    const wanted = reals(forward)[0] ?? 0;
    const sum = reverse.reduce((a, b) => a + b, 0);
    const size = Math.abs(wanted) + reverse.reduce((a, b) => a + Math.abs(b), 0);
    if (!(Math.abs(sum - wanted) <= 1e-6 * size)) return value.origin;
  }
  return null;
}

function inner(g: StaticGraph, a: Value, b: Value): Value {
  return reduceSum(
    g,
    mul(g, a, b),
    a.dims.map((_, axis) => axis),
  );
}

/** Numbers without a pattern that a wrong rule could share. */
function waves(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(1 + 2.3 * i + 0.01 * i * i));
}

function reals(tensor: RunTensor | undefined): Float64Array {
  const data = tensor?.data;
  return data instanceof Float64Array ? data : new Float64Array(0);
}
