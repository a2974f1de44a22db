import type { HessianProducts } from '../../../src/autodiff/hessianProducts';
import type { Model } from '../../../src/formats/model';
import { FailureError } from '../../../src/report/failure';
import { SeededRandom } from '../../../src/samples/random';
import { modelOf, openProducts, type OpenOptions } from '../../unit/autodiff/opening';
import { norm } from '../../unit/autodiff/evaluation';
import { Disagreement } from '../disagreement';
import { differentiateByDifferences, type FlatParameters } from './differenceOracle';
import { sizeOf } from './graphBuilder';
import type { GraphPlan, RandomGraph } from './randomGraph';
import { randomGraph } from './randomGraph';
import type { TorchOracle } from './torchOracle';

/** Hessians of so few parameters are compared whole. */
const whole = 60;
/** PyTorch's float64 against ours, both with the rounding of a few dozen operators. */
const tolerance = 1e-9;

/** What the campaign says of its graphs at its end. */
export interface GraphTally {
  readonly operators: Map<string, number>;
  readonly counts: Map<string, number>;
}

/**
 * Everything that must hold of one random graph.
 * @param torch PyTorch, or null: differences of the loss stand in for it
 */
export async function checkGraph(
  plan: GraphPlan,
  torch: TorchOracle | null,
  tally: GraphTally,
): Promise<void> {
  const graph = randomGraph(plan);
  const model = await modelOf(graph.parts);
  const products = await open(model, graph);
  try {
    const flat = flatParameters(graph, products.weights);
    const vectors = directions(products.weights, plan.seed);
    const found: Float64Array[] = [];
    for (const vector of vectors) found.push(await products.multiply(vector));
    const scale = sizeOfDerivatives(products);
    requireSymmetry(vectors, found, scale);
    await (torch === null
      ? differentiateByDifferences(graph, flat, vectors, found)
      : compareWithTorch(torch, graph, products, flat, vectors, found));
    for (const name of new Set(graph.parts.nodes.map(({ operator }) => operator))) add(tally.operators, name);
    await compareForms(model, graph, products, vectors.slice(-2), found.slice(-2), tally);
  } finally {
    await products.release();
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function open(
  model: Model,
  { samples, targets, loss, output }: RandomGraph,
  options: OpenOptions = {},
): Promise<HessianProducts> {
  return openProducts(model, samples, targets, loss, { output, ...options });
}

/** By their values, of which no two are equal. */
function flatParameters(graph: RandomGraph, weights: Float64Array): FlatParameters {
  const places = new Map<number, { name: string; at: number }>();
  for (const name of graph.parameters.keys()) {
    const tensor = graph.initialisers[name];
    Array.from<number | bigint, number>(tensor?.data ?? [], Number).forEach((value, at) =>
      places.set(value, { name, at }),
    );
  }
  const found = Array.from(weights, (weight) => places.get(weight));
  const names = [...new Set(found.flatMap((place) => place?.name ?? []))];
  const starts = new Map<string, number>();
  let total = 0;
  for (const name of names) {
    starts.set(name, total);
    total += sizeOf(graph.parameters.get(name) ?? []);
  }
  const position = found.map((place) => (starts.get(place?.name ?? '') ?? Number.NaN) + (place?.at ?? 0));
  if (total !== weights.length || new Set(position).size !== total)
    throw new Disagreement(`The ${weights.length} parameters are not the ${total} of ${names.join(', ')}`);
  return { names, position };
}

/** Unit vectors where the Hessian is small, and vectors that reach everywhere. */
function directions(weights: Float64Array, seed: number): Float64Array[] {
  const random = SeededRandom.fromSeed(seed);
  const order = weights.length;
  const units = Array.from({ length: order <= whole ? order : 0 }, (_, i) =>
    new Float64Array(order).fill(1, i, i + 1),
  );
  return [...units, weights.slice(), ...[0, 1, 2].map(() => weights.map(() => random.normal()))];
}

/** What rounding is measured by where a derivative is 0. */
function sizeOfDerivatives({ gradient, meanLoss, weights }: HessianProducts): number {
  return norm(gradient) + Math.abs(meanLoss) / norm(weights);
}

/** ‖a − b‖ ≤ tolerance · (‖b‖ + scale) */
function requireClose(what: string, a: Float64Array, b: Float64Array, scale: number, allowed: number): void {
  const error = norm(a.map((value, i) => value - (b[i] ?? Number.NaN)));
  const size = norm(b) + scale;
  if (!(error <= allowed * size))
    throw new Disagreement(`${what}: off by ${error} where ${allowed * size} is allowed`);
}

function requireSymmetry(
  vectors: readonly Float64Array[],
  products: readonly Float64Array[],
  scale: number,
): void {
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  vectors.forEach((u, i) =>
    vectors.slice(0, i).forEach((v, j) => {
      const [hu, hv] = [products[i] ?? u, products[j] ?? v];
      const size = norm(u) * (norm(hv) + scale * norm(v)) + norm(v) * norm(hu);
      const error = Math.abs(dot(u, hv) - dot(v, hu));
      if (!(error <= 1e-11 * size)) throw new Disagreement(`uᵀHv − vᵀHu = ${error} beside ${size}`);
    }),
  );
}

async function compareWithTorch(
  torch: TorchOracle,
  graph: RandomGraph,
  products: HessianProducts,
  { names, position }: FlatParameters,
  vectors: readonly Float64Array[],
  found: readonly Float64Array[],
): Promise<void> {
  const forward = (vector: Float64Array): Float64Array => {
    const permuted = new Float64Array(vector.length);
    position.forEach((to, from) => (permuted[to] = vector[from] ?? Number.NaN));
    return permuted;
  };
  const back = (vector: readonly number[]): Float64Array =>
    Float64Array.from(position, (at) => vector[at] ?? Number.NaN);
  const answer = await torch.differentiate(graph, names, vectors.map(forward));
  const gradient = back(answer.gradient);
  // Where outputs cancel to 0, what they are made from is as large as the weights.
  requireClose(
    'outputs',
    products.outputs,
    Float64Array.from(answer.outputs),
    norm(products.weights),
    tolerance,
  );
  if (!(Math.abs(products.meanLoss - answer.loss) <= tolerance * (1 + Math.abs(answer.loss))))
    throw new Disagreement(`loss ${products.meanLoss} instead of ${answer.loss}`);
  requireClose('gradient', products.gradient, gradient, sizeOfDerivatives(products), tolerance);
  answer.products.forEach((product, i) => {
    const scale = sizeOfDerivatives(products) * norm(vectors[i] ?? gradient);
    requireClose(`product ${i}`, found[i] ?? gradient, back(product), scale, tolerance);
  });
  for (const [i, vector] of vectors.slice(-2).entries()) {
    const wanted = back(answer.gaussNewton[i] ?? []);
    const scale = sizeOfDerivatives(products) * norm(vector);
    requireClose('Gauss-Newton', await products.multiplyGaussNewton(vector), wanted, scale, tolerance);
  }
}

/** The same products in other forms: several batches, unsplit, float32. */
async function compareForms(
  model: Model,
  graph: RandomGraph,
  products: HessianProducts,
  vectors: readonly Float64Array[],
  found: readonly Float64Array[],
  { counts }: GraphTally,
): Promise<void> {
  const scale = sizeOfDerivatives(products);
  // The least that is allowed makes the smallest batches, mostly unsplit; more is enough for two samples at once.
  const least = await leastBudget(model, graph, products.order);
  for (const memoryBudget of [least, 3 * least]) {
    const other = await open(model, graph, { memoryBudget });
    try {
      add(
        counts,
        other.keptShare === 0 ? 'unsplit' : other.keptShare === 1 ? 'split, small memory' : 'split in part',
      );
      for (const [i, vector] of vectors.entries()) {
        const own = await other.multiply(vector);
        requireClose(`memory ${memoryBudget}`, own, found[i] ?? own, scale * norm(vector), 1e-11);
      }
    } finally {
      await other.release();
    }
  }
  // What is rounding in float32 cannot be computed in it, and is refused.
  const least32 = 1e-4 * scale;
  if (found.some((product, i) => norm(product) < least32 * norm(vectors[i] ?? product))) return;
  const single = await open(model, graph, { precision: 'float32' });
  try {
    const { productError } = single.measured;
    add(counts, 'float32');
    for (const [i, vector] of vectors.entries()) {
      const own = await single.multiply(vector);
      // What an analysis allows for: ten times the error that was measured.
      const allowed = Math.max(1e-5, 10 * productError);
      requireClose('float32', own, found[i] ?? own, scale * norm(vector), allowed);
    }
  } finally {
    await single.release();
  }
}

/** A budget that is refused nowhere, at most a third more than the least of that kind. */
async function leastBudget(model: Model, graph: RandomGraph, order: number): Promise<number> {
  for (let memoryBudget = 32 * order; ; memoryBudget = Math.ceil(memoryBudget * 1.3)) {
    try {
      await (await open(model, graph, { memoryBudget })).release();
      return memoryBudget;
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.kind !== 'TooLarge') throw error;
    }
  }
}
