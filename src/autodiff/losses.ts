import type { Loss } from '../report/report';
import { mul, neg, scale, sub, unary } from '../graph/static/elementwise';
import { firstLargest, softmax } from '../graph/static/indexing';
import { reduceSum } from '../graph/static/linear';
import { reshape } from '../graph/static/shape';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';

/**
 * ∂/∂z Σ_n ω_n ℓ_n for outputs z. It is where differentiation begins: from here on rules are applied, so that what
 * cancels in ℓ never comes up.
 * @param z B × C
 * @param targets B × C: one-hot or soft class rows, 0/1 rows, or regression targets
 * @param weights B: ω_n
 */
export function lossGradient(g: StaticGraph, loss: Loss, z: Value, targets: Value, weights: Value): Value {
  const [count = 0, outputs = 1] = z.dims;
  const perSample = reshape(g, weights, [count, 1]);
  switch (loss) {
    case 'cross-entropy':
      return mul(g, crossEntropyGradient(g, z, targets), perSample);
    case 'binary-cross-entropy':
      return mul(g, binaryGradient(g, z, targets), scale(g, perSample, 1 / outputs));
    case 'mean-squared-error':
      return mul(g, sub(g, z, targets), scale(g, perSample, 2 / outputs));
  }
}

/**
 * δ = p Σq − q. Where the likeliest class is also the likeliest target, its δ is the negative sum of the others: it
 * would cancel near p = 1. The softmax is the stable one, whose derivative does not cancel there either.
 */
function crossEntropyGradient(g: StaticGraph, z: Value, q: Value): Value {
  const likeliest = mul(g, firstLargest(g, q), firstLargest(g, z));
  const total = reduceSum(g, q, [1]);
  const difference = sub(g, mul(g, softmax(g, z, true), total), q);
  const others = mul(g, difference, sub(g, g.scalar(1), likeliest));
  return sub(g, others, mul(g, likeliest, reduceSum(g, others, [1])));
}

/** σ(z) − y as (1 − y) σ(z) − y σ(−z), which does not cancel. */
function binaryGradient(g: StaticGraph, z: Value, y: Value): Value {
  const up = mul(g, sub(g, g.scalar(1), y), unary(g, 'sigmoid', z));
  return sub(g, up, mul(g, y, unary(g, 'sigmoid', neg(g, z))));
}

/**
 * The losses ℓ_n of rows of outputs, in float64 whatever the products are computed in.
 * @param outputs count × C
 * @param targets count × C
 */
export function lossValues(
  loss: Loss,
  outputs: Float64Array,
  targets: Float64Array,
  width: number,
): Float64Array {
  const ofRow = {
    'cross-entropy': crossEntropy,
    'binary-cross-entropy': binaryCrossEntropy,
    'mean-squared-error': squaredError,
  }[loss];
  return Float64Array.from({ length: outputs.length / width }, (_, n) =>
    ofRow(outputs.subarray(n * width, (n + 1) * width), targets.subarray(n * width, (n + 1) * width)),
  );
}

/** −Σ q_c log p_c, with log Σ exp(z − max z) taken as log1p of all but the largest. */
function crossEntropy(z: Float64Array, q: Float64Array): number {
  const largest = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const first = z.indexOf(largest);
  const rest = z.reduce((sum, value, c) => (c === first ? sum : sum + Math.exp(value - largest)), 0);
  const logSum = Math.log1p(rest);
  return q.reduce((sum, qc, c) => (qc === 0 ? sum : sum + qc * (logSum + (largest - z[c]!))), 0);
}

function binaryCrossEntropy(z: Float64Array, y: Float64Array): number {
  const sum = z.reduce(
    (total, zc, c) => total + Math.max(zc, 0) - zc * y[c]! + Math.log1p(Math.exp(-Math.abs(zc))),
    0,
  );
  return sum / z.length;
}

function squaredError(z: Float64Array, y: Float64Array): number {
  return z.reduce((total, zc, c) => total + (zc - y[c]!) ** 2, 0) / z.length;
}
