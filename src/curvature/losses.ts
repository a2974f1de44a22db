import type { Loss } from '../report/report';

/** What a loss is measured against: one row of numbers for every sample. */
export interface Targets {
  readonly count: number;
  /** Number of outputs C. */
  readonly width: number;
  /** count × width: one-hot or soft class rows, 0/1 rows, or regression targets. */
  readonly values: Float64Array;
}

/** The first two derivatives of a loss by the outputs, sample by sample, for the mean over the samples. */
export interface LossDerivatives {
  /** ∂ℓ_n/∂z; count × C. */
  readonly gradient: Float64Array;
  /** ∂²ℓ_n/∂z²; count × C × C. */
  readonly hessian: Float64Array;
}

/**
 * The derivatives of the loss of samples `from` to `to` of the targets at their outputs.
 * @param outputs (to − from) × C
 */
export function lossDerivatives(
  loss: Loss,
  outputs: Float64Array,
  targets: Targets,
  from: number,
  to: number,
): LossDerivatives {
  const { width } = targets;
  const count = to - from;
  const derivatives = {
    gradient: new Float64Array(count * width),
    hessian: new Float64Array(count * width * width),
  };
  const ofSample = {
    'cross-entropy': crossEntropy,
    'binary-cross-entropy': binaryCrossEntropy,
    'mean-squared-error': squaredError,
  }[loss];
  for (let n = 0; n < count; n++) {
    const target = targets.values.subarray((from + n) * width, (from + n + 1) * width);
    ofSample(
      outputs.subarray(n * width, (n + 1) * width),
      target,
      derivatives.gradient.subarray(n * width, (n + 1) * width),
      derivatives.hessian.subarray(n * width * width, (n + 1) * width * width),
    );
  }
  return derivatives;
}

/** Writes the derivatives of one sample. */
type SampleLoss = (
  z: Float64Array,
  target: Float64Array,
  gradient: Float64Array,
  hessian: Float64Array,
) => void;

/** softmax(z); `others[c]` = Σ_{j≠c} p_j, which is 1 − p_c without its cancellation. */
export function softmax(z: Float64Array): { p: Float64Array; others: Float64Array } {
  const largest = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const first = z.indexOf(largest);
  const p = z.map((value) => Math.exp(value - largest));
  let rest = 0;
  p.forEach((value, index) => {
    if (index !== first) rest += value;
  });
  p.forEach((value, index) => (p[index] = value / (1 + rest)));
  const others = new Float64Array(p.length);
  for (let c = 0; c < p.length; c++) {
    let sum = 0;
    for (let j = 0; j < p.length; j++) if (j !== c) sum += p[j]!;
    others[c] = sum;
  }
  return { p, others };
}

/**
 * Cross-entropy −Σ_c q_c log p_c with p = softmax(z): δ = p Σq − q, M = (diag(p) − p pᵀ) Σq. Σq is 1 but for rounding.
 * For the likeliest class δ is summed from the others, and M_cc = p_c Σ_{j≠c} p_j: both would cancel near p_c = 1.
 */
const crossEntropy: SampleLoss = (z, q, gradient, hessian) => {
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
};

/** σ(z), without overflow. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/**
 * Binary cross-entropy of every output, averaged over the outputs: δ = (σ(z) − y)/C, M = diag(σ(z) σ(−z))/C.
 * σ(z) − y is taken as (1−y) σ(z) − y σ(−z), which does not cancel.
 */
const binaryCrossEntropy: SampleLoss = (z, y, gradient, hessian) => {
  const outputs = z.length;
  for (let c = 0; c < outputs; c++) {
    const zc = z[c]!;
    const yc = y[c]!;
    gradient[c] = ((1 - yc) * sigmoid(zc) - yc * sigmoid(-zc)) / outputs;
    hessian[c * outputs + c] = (sigmoid(zc) * sigmoid(-zc)) / outputs;
  }
};

/** Squared error averaged over the outputs (PyTorch's MSELoss): δ = 2(z − y)/C, M = 2I/C. */
const squaredError: SampleLoss = (z, y, gradient, hessian) => {
  const outputs = z.length;
  for (let c = 0; c < outputs; c++) {
    gradient[c] = (2 * (z[c]! - y[c]!)) / outputs;
    hessian[c * outputs + c] = 2 / outputs;
  }
};
