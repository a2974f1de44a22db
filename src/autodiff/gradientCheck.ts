import { nodeText } from '../graph/nodeText';
import type { Origin, Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import { computeLosses } from '../loss/losses';
import { rowsPerSample, rowWeights } from '../loss/targets';
import { FailureError } from '../report/failure';
import { formatNumber } from '../report/wording/number';
import { setting } from '../report/wording/settings';
import { largestOf, norm } from '../runtime/norm';
import { batchFeeds } from './batches';
import { findFaultyRule } from './faultyRule';
import type { CheckedProducts } from './constantMasks';
import { constantValues, computeConstantValues } from './constantMasks';
import type { Feeds } from './feeds';
import { FlatTensors, parameterFeeds, pickFeeds } from './feeds';
import { openPart, ProductSessions } from './productSessions';

/** What the check measured, each relative. */
export interface GradientCheckMeasures {
  /** |uᵀHv − vᵀHu| / (‖u‖‖Hv‖ + ‖v‖‖Hu‖) */
  readonly asymmetry: number;
  /** ‖Hu − (∇L(θ+hu) − ∇L(θ−hu)) / 2h‖ / ‖Hu‖, in float64 on one batch. */
  readonly differenceError: number;
  /** ‖H₃₂u − H₆₄u‖ / ‖H₆₄u‖ on one batch; 0 for products in float64. */
  readonly productError: number;
  /** max |Hu| / max |u|: the order of magnitude of the Hessian, whatever its numbers' squares come to. */
  readonly size: number;
}

/** Steps h of the differences, relative to the size of the weights: the better of two counts. */
const steps = [1e-4, 1e-5] as const;
/** Two gradients so little apart, relative to the size of the weights, differ by their rounding and nothing else. */
const roundingStep = 1e-13;
/** How many times the rounding that was seen once a difference may be off. */
const timesRounding = 10;
/** What a difference may miss in the best case: its own error of order h². */
const differenceFloor = 1e-6;
/** Beyond this no error of the differences excuses one, but that of rounding. */
const differenceCeiling = 1e-3;
/** Of the loss, 10⁻⁵: beside it, 10⁻¹⁴ of the loss, some ten roundings of it, is no asymmetry. */
const lossPart = 1000;
/** Batches of which the symmetry is seen: two, since each has residuals of its own. */
const mostBatches = 2;
/** Products in float32 that are further off than that are none. */
const mostProductError = 0.1;
const symmetryFloor = { float64: 1e-9, float32: 1e-4 } as const;

/**
 * Checks the products on this model and these samples: that over two batches they are symmetric, and that on one batch, in
 * float64, they are the finite difference of the gradient, and the gradient that of the loss. Masks, and the indices of maxima, are
 * held as they are at the weights: the difference is then that of a smooth function, whose derivative is what the
 * convention at kinks says.
 * @throws FailureError naming the operator whose derivative does not hold
 */
export async function checkProducts(
  subject: CheckedProducts,
  hessian: ProductSessions,
): Promise<GradientCheckMeasures> {
  const { prepared, graphs, objective, weights, precision } = subject;
  const first = { count: 1, size: prepared.batches.size };
  const [feeds = new Map()] = await batchFeeds(prepared.lowered, objective, first, 'float64');
  const u = direction(graphs.parameters, weights, 1);
  const v = direction(graphs.parameters, weights, 2);
  const product = await oneBatchProduct(subject, feeds, u);
  const difference = await differences(subject, feeds, u, product);
  const errors = difference.gradients.map((each) => relative(product, each, difference.scale));
  const differenceError = Math.min(...errors);
  const [coarse = product, fine = coarse] = difference.gradients;
  const noise = relative(coarse, fine, difference.scale);
  const allowed = Math.min(differenceCeiling, differenceFloor + 10 * noise);
  const size = Math.max(norm(product), difference.scale, Number.MIN_VALUE);
  const holds = difference.roundings.some(
    (rounding, i) => errors[i]! <= allowed + (timesRounding * rounding) / size,
  );
  // NaN fails too: the comparisons are those that have to hold.
  if (!holds || !(difference.lossError <= differenceCeiling)) {
    throw await failure(subject, feeds, u, `${differenceError} > ${allowed}; loss: ${difference.lossError}`);
  }
  const overBatches = (vector: Float64Array, batches: number): Promise<Float64Array> =>
    hessian.multiply(vector, new Float64Array(vector.length), batches);
  const some = Math.min(mostBatches, prepared.batches.count);
  const [hu, hv] = [await overBatches(u, some), await overBatches(v, some)];
  const own = some === 1 ? hu : await overBatches(u, 1);
  const productError = relative(product, own, difference.scale);
  const asymmetry =
    Math.abs(dot(u, hv) - dot(v, hu)) /
    Math.max(
      norm(u) * norm(hv) + norm(v) * norm(hu),
      lossPart * norm(u) * difference.scale,
      Number.MIN_VALUE,
    );
  const most = Math.max(symmetryFloor[precision], precision === 'float32' ? 20 * productError : 0);
  // What float32 does not hold at all has no symmetry either, and no rule is at fault.
  if (precision === 'float32' && !(productError <= mostProductError)) {
    throw new FailureError(
      'UsageError',
      `In float32 the products with the Hessian are off by ${formatNumber(productError)} of themselves; use ${setting('dtype', 'float64')}.`,
    );
  }
  if (!(asymmetry <= most) || (precision === 'float64' && !(productError <= differenceFloor))) {
    throw await failure(
      subject,
      feeds,
      u,
      `asymmetry ${asymmetry} > ${most}; product off by ${productError}`,
    );
  }
  const measuredError = precision === 'float64' ? 0 : productError;
  return { asymmetry, differenceError, productError: measuredError, size: largestOf(hu) / largestOf(u) };
}

async function failure(
  subject: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
  detail: string,
): Promise<FailureError> {
  const faultyRule: Origin | null = await findFaultyRule(subject, feeds, u, constantValues(subject.graphs));
  const blamed = faultyRule === null ? 'An operator of this model' : nodeText(faultyRule);
  return new FailureError(
    'UnsupportedOperator',
    `${blamed} has a derivative that does not hold on these samples (a finite difference disagrees), so no number is shown; please report the model.`,
    detail,
  );
}

/**
 * Uniform about 0, as large as the parameter that it moves. Signs alone would not do: equal ones for all classes move
 * nothing, since a softmax does not change when all its logits grow by the same.
 */
function direction(parameters: readonly Value[], weights: Float64Array, seed: number): Float64Array {
  const vector = new Float64Array(weights.length);
  let state = seed;
  let from = 0;
  const overall = norm(weights) / Math.sqrt(weights.length) || 1;
  for (const { dims } of parameters) {
    const to = from + sizeOf(dims);
    const own = norm(weights.subarray(from, to)) / Math.sqrt(to - from) || overall;
    for (let i = from; i < to; i++) {
      // Numerical Recipes' linear congruential generator: a direction needs no better one.
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      vector[i] = own * Math.sqrt(3) * (state / 2 ** 31 - 1);
    }
    from = to;
  }
  return vector;
}

async function oneBatchProduct(
  subject: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
): Promise<Float64Array> {
  const { graphs, weights, threads } = subject;
  const parameters = parameterFeeds(graphs.parameters, weights, 'float64');
  const product = await ProductSessions.open(graphs, graphs.hessianProduct, {
    residuals: [],
    keptBatches: 0,
    besides: null,
    parameterFeeds: parameters,
    batches: [feeds],
    precision: 'float64',
    threads,
    fixedBytes: 0,
  });
  try {
    return await product.multiply(u);
  } finally {
    await product.release();
  }
}

interface Differences {
  /** (∇L(θ+hu) − ∇L(θ−hu)) / 2h for every step, as far as it took. */
  readonly gradients: readonly Float64Array[];
  /** ‖∇L(θ+hu+δu) − ∇L(θ+hu)‖ / 2h for every step and a δ that moves nothing but the rounding. */
  readonly roundings: readonly number[];
  /** How far the difference of the loss is from uᵀ∇L between its ends, relative to ‖u‖‖∇L‖ where that is largest. */
  readonly lossError: number;
  /** Below this a product is nothing but rounding. */
  readonly scale: number;
}

/** With one step after the other, until one is as near to the product as any need be. */
async function differences(
  subject: CheckedProducts,
  feeds: Feeds,
  u: Float64Array,
  product: Float64Array,
): Promise<Differences> {
  const { graphs, weights, threads, prepared } = subject;
  const { loss, targets } = subject.objective;
  const constant = constantValues(graphs);
  const held = await computeConstantValues(subject, feeds, constant);
  const values = new Map<string, Value>([
    ...graphs.gradient.map((value, i) => [`gradient ${i}`, value] as const),
    ['outputs', graphs.outputs],
  ]);
  const part = await openPart(values, constant, 'float64', threads);
  // Vectors are used again: a model may be so large that few of them fit the memory.
  const moved = new Float64Array(weights.length);
  const own = pickFeeds(part.inputs, parameterFeeds(graphs.parameters, moved, 'float64'), feeds, held);
  const gradient = new Float64Array(weights.length);
  const outputs = new Float64Array(sizeOf(graphs.outputs.dims));
  const into = {
    ...new FlatTensors('gradient', graphs.parameters, gradient).record,
    outputs: { dims: graphs.outputs.dims, data: outputs },
  };
  const count = Math.min(prepared.batches.size, targets.count);
  const rows = count * rowsPerSample(targets) * targets.width;
  const ownTargets = targets.values.subarray(0, rows);
  const rowShares = rowWeights(targets, 0, count);
  /** The loss there; its gradient is then in `gradient`. */
  const lossAt = async (shift: number): Promise<number> => {
    for (let i = 0; i < moved.length; i++) moved[i] = weights[i]! + shift * u[i]!;
    subject.objective.between?.();
    await part.session.runInto(own, into);
    const z = outputs.subarray(0, rows);
    const losses = computeLosses(loss, z, ownTargets, targets.width, targets.factors?.subarray(0, rows));
    return losses.reduce((sum, each, row) => sum + rowShares[row]! * each, 0);
  };
  /** ‖∇L(θ+hu+δu) − ∇L(θ+hu)‖ / 2h. */
  const roundingAt = async (h: number): Promise<number> => {
    await lossAt(h + roundingStep);
    const beside = gradient.slice();
    await lossAt(h);
    for (let i = 0; i < beside.length; i++) beside[i]! -= gradient[i]!;
    return norm(beside) / (2 * h);
  };
  try {
    const base = { loss: await lossAt(0), slope: dot(u, gradient), norm: norm(gradient) };
    const gradients: Float64Array[] = [];
    const roundings: number[] = [];
    const lossErrors: number[] = [];
    // A loss that no weight moves has neither gradient nor Hessian, but rounding in both.
    const scale = 1e-8 * Math.max(base.norm, Math.abs(base.loss) / norm(u));
    let size = norm(u) * base.norm;
    for (const h of steps) {
      const above = await lossAt(h);
      const slopeAbove = dot(u, gradient);
      size = Math.max(size, norm(u) * norm(gradient));
      const rise = gradient.slice();
      const below = await lossAt(-h);
      const slopeBelow = dot(u, gradient);
      size = Math.max(size, norm(u) * norm(gradient));
      for (let i = 0; i < rise.length; i++) rise[i] = (rise[i]! - gradient[i]!) / (2 * h);
      gradients.push(rise);
      // By Simpson's rule: at a perfect fit the gradient itself is less than what three derivatives make of the step.
      const meanSlope = (slopeAbove + 4 * base.slope + slopeBelow) / 6;
      const lossRounding = (1e-14 * Math.max(Math.abs(base.loss), Math.abs(above), Math.abs(below))) / h;
      const lossError = Math.max(0, Math.abs((above - below) / (2 * h) - meanSlope) - lossRounding);
      lossErrors.push(lossError);
      const near = relative(product, rise, scale) <= differenceFloor;
      roundings.push(near ? 0 : await roundingAt(h));
      if (near && lossError <= differenceCeiling * size) break;
    }
    return {
      gradients,
      roundings,
      lossError: size === 0 ? 0 : Math.min(...lossErrors) / size,
      scale,
    };
  } finally {
    await part.session.release();
  }
}

/** ‖a − b‖ / ‖a‖, where a is not just rounding of something of the given scale. */
function relative(a: Float64Array, b: Float64Array, scale: number): number {
  const difference = norm(a.map((value, i) => value - b[i]!));
  return difference / Math.max(norm(a), scale, Number.MIN_VALUE);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
