import { compare, magnitude, mul, neg, scale, select, sub, unary } from '../graph/static/elementwise';
import { firstLargest, softmax as softmaxOf } from '../graph/static/indexing';
import { reduceSum } from '../graph/static/linear';
import { reshape } from '../graph/static/shape';
import type { StaticGraph } from '../graph/static/staticGraph';
import { sizeOf, type Value } from '../graph/static/value';
import type { Loss } from '../report/report';
import { logSumOf, sigmoid, softmax } from './probabilities';

/** A loss ℓ(z, y) of a row of C outputs z and as many targets y. */
interface LossRow {
  /**
   * What the targets are, and with it what of the model the loss is put on.
   * - distributions: one of C classes, or probabilities that sum to 1; a softmax at the end of the model is the loss's own;
   * - probabilities: 0 to 1 for every output by itself; a sigmoid is the loss's own;
   * - numbers: any, beside what the model gives, a softmax or sigmoid included;
   * - nothing: what the model gives is the loss.
   */
  readonly targets: 'distributions' | 'probabilities' | 'numbers' | 'nothing';
  /** ℓ, in float64 whatever the products are computed in. @param factors of every output, see Targets */
  readonly value: (z: Float64Array, y: Float64Array, factors?: Float64Array) => number;
  /** Writes ∂ℓ/∂z and ∂²ℓ/∂z² (C × C, zeros before), for the closed form. */
  readonly derivatives: (
    z: Float64Array,
    y: Float64Array,
    gradient: Float64Array,
    hessian: Float64Array,
    factors?: Float64Array,
  ) => void;
  /**
   * ω ⊙ ∂ℓ/∂z in primitives, whose derivative is made by rules.
   * @param z B × C
   * @param y B × C
   * @param weights B × 1: ω, or B × C with the factors of every output
   */
  readonly gradient: (g: StaticGraph, z: Value, y: Value, weights: Value) => Value;
}

/**
 * Cross-entropy −Σ_c q_c log p_c with p = softmax(z): δ = p Σq − q, M = (diag(p) − p pᵀ) Σq. Σq is 1 but for rounding
 * and the weights of classes. Near p_c = 1 both would cancel for the likeliest class, so that its δ is summed from the
 * others, and M_cc = p_c Σ_{j≠c} p_j; in primitives the derivative of the stable softmax does not cancel there either.
 */
const crossEntropy: LossRow = {
  targets: 'distributions',
  value: (z, q) => {
    const { logSum, largest } = logSumOf(z);
    return q.reduce((sum, qc, c) => (qc === 0 ? sum : sum + qc * (logSum + (largest - z[c]!))), 0);
  },
  derivatives: (z, q, gradient, hessian) => {
    const classes = z.length;
    const { p, others } = softmax(z);
    const likeliest = q.indexOf(q.reduce((a, b) => Math.max(a, b), -Infinity));
    const total = q.reduce((a, b) => a + b, 0);
    let balance = 0;
    for (let c = 0; c < classes; c++) {
      const qc = q[c]!;
      const pc = p[c]!;
      if (c !== likeliest) {
        gradient[c] = total * pc - qc;
        balance -= total * pc - qc;
      }
      for (let j = 0; j < classes; j++) {
        hessian[c * classes + j] = total * pc * (j === c ? others[c]! : -p[j]!);
      }
    }
    gradient[likeliest] = balance;
  },
  gradient: (g, z, q, weights) => {
    const likeliest = mul(g, firstLargest(g, q), firstLargest(g, z));
    const difference = sub(g, mul(g, softmaxOf(g, z, true), reduceSum(g, q, [1])), q);
    const others = mul(g, difference, sub(g, g.scalar(1), likeliest));
    const balanced = sub(g, others, mul(g, likeliest, reduceSum(g, others, [1])));
    return mul(g, balanced, weights);
  },
};

/** A loss of one output, and its first two derivatives by it. */
interface OutputLoss {
  readonly value: (z: number, y: number) => number;
  readonly slope: (z: number, y: number) => number;
  readonly curvature: (z: number, y: number) => number;
  /** The slope times a weight, in primitives. */
  readonly gradient: LossRow['gradient'];
}

/** The mean over the outputs of a loss that takes each of them by itself. */
function meanOverOutputs(
  targets: LossRow['targets'],
  { value, slope, curvature, gradient }: OutputLoss,
): LossRow {
  return {
    targets,
    value: (z, y, factors) =>
      z.reduce((sum, zc, c) => sum + (factors?.[c] ?? 1) * value(zc, y[c]!), 0) / z.length,
    derivatives: (z, y, first, second, factors) => {
      for (let c = 0; c < z.length; c++) {
        const share = (factors?.[c] ?? 1) / z.length;
        first[c] = share * slope(z[c]!, y[c]!);
        second[c * z.length + c] = share * curvature(z[c]!, y[c]!);
      }
    },
    gradient: (g, z, y, weights) => gradient(g, z, y, scale(g, weights, 1 / (z.dims[1] ?? 1))),
  };
}

/** Every loss there is. What people read of it stands in `report/lossWords.ts`. */
export const losses: Readonly<Record<Loss, LossRow>> = {
  'cross-entropy': crossEntropy,
  // σ(z) − y is taken as (1−y) σ(z) − y σ(−z), which does not cancel.
  'binary-cross-entropy': meanOverOutputs('probabilities', {
    value: (z, y) => Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))),
    slope: (z, y) => (1 - y) * sigmoid(z) - y * sigmoid(-z),
    curvature: (z) => sigmoid(z) * sigmoid(-z),
    gradient: (g, z, y, weights) => {
      const up = mul(g, sub(g, g.scalar(1), y), unary(g, 'sigmoid', z));
      return mul(g, sub(g, up, mul(g, y, unary(g, 'sigmoid', neg(g, z)))), weights);
    },
  }),
  // PyTorch's MSELoss.
  'mean-squared-error': meanOverOutputs('numbers', {
    value: (z, y) => (z - y) ** 2,
    slope: (z, y) => 2 * (z - y),
    curvature: () => 2,
    gradient: (g, z, y, weights) => mul(g, sub(g, z, y), scale(g, weights, 2)),
  }),
  // scikit-learn's MLPRegressor.
  'half-squared-error': meanOverOutputs('numbers', {
    value: (z, y) => (z - y) ** 2 / 2,
    slope: (z, y) => z - y,
    curvature: () => 1,
    gradient: (g, z, y, weights) => mul(g, sub(g, z, y), weights),
  }),
  // PyTorch's HuberLoss with δ = 1. Its kinks are in the condition and the sign, through which nothing flows.
  huber: meanOverOutputs('numbers', {
    value: (z, y) => (Math.abs(z - y) < 1 ? (z - y) ** 2 / 2 : Math.abs(z - y) - 0.5),
    slope: (z, y) => (Math.abs(z - y) < 1 ? z - y : Math.sign(z - y)),
    curvature: (z, y) => (Math.abs(z - y) < 1 ? 1 : 0),
    gradient: (g, z, y, weights) => {
      const error = sub(g, z, y);
      const isSmall = compare(g, 'greater', g.scalar(1), magnitude(g, error));
      return mul(g, select(g, isSmall, error, unary(g, 'sign', error)), weights);
    },
  }),
  // Any loss of one's own, of which nothing is known but its value.
  output: meanOverOutputs('nothing', {
    value: (z) => z,
    slope: () => 1,
    curvature: () => 0,
    gradient: (_g, _z, _y, weights) => weights,
  }),
};

/** Whether a loss is put on what the model gives, with its head, and not on what the head is made of. */
export function isOfOutput(loss: Loss): boolean {
  const { targets } = losses[loss];
  return targets === 'numbers' || targets === 'nothing';
}

/** The losses ℓ_n of rows of outputs. @param outputs count × C @param targets count × C @param factors count × C */
export function computeLosses(
  loss: Loss,
  outputs: Float64Array,
  targets: Float64Array,
  width: number,
  factors?: Float64Array,
): Float64Array {
  const { value } = losses[loss];
  return Float64Array.from({ length: outputs.length / width }, (_, n) => {
    const [from, to] = [n * width, (n + 1) * width];
    return value(outputs.subarray(from, to), targets.subarray(from, to), factors?.subarray(from, to));
  });
}

/** The first two derivatives of a loss by the outputs, row by row. */
export interface LossDerivatives {
  /** ∂ℓ_n/∂z; count × C. */
  readonly gradient: Float64Array;
  /** ∂²ℓ_n/∂z²; count × C × C. */
  readonly hessian: Float64Array;
}

/** The derivatives of the losses of rows of outputs; parameters as of `lossValues`. */
export function lossDerivatives(
  loss: Loss,
  outputs: Float64Array,
  targets: Float64Array,
  width: number,
  factors?: Float64Array,
): LossDerivatives {
  const gradient = new Float64Array(outputs.length);
  const hessian = new Float64Array(outputs.length * width);
  for (let from = 0; from < outputs.length; from += width) {
    const to = from + width;
    losses[loss].derivatives(
      outputs.subarray(from, to),
      targets.subarray(from, to),
      gradient.subarray(from, to),
      hessian.subarray(from * width, to * width),
      factors?.subarray(from, to),
    );
  }
  return { gradient, hessian };
}

/**
 * ∂/∂z Σ_n ω_n ℓ_n for outputs z. It is where differentiation begins: from here on rules are applied, so that what
 * cancels in ℓ never comes up.
 * @param z B × C
 * @param targets B × C
 * @param weights B: ω_n, or B · C: those times the factors of every output
 */
export function lossGradient(g: StaticGraph, loss: Loss, z: Value, targets: Value, weights: Value): Value {
  const [count = 0] = z.dims;
  return losses[loss].gradient(g, z, targets, reshape(g, weights, [count, sizeOf(weights.dims) / count]));
}
