import type { Activation, ActivationName } from './activation';
import { normalDensity, normalDistribution } from './erf';

/** σ(z) = 1 / (1 + exp(−z)), with a small relative error for every z. */
function logistic(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const exponential = Math.exp(z);
  return exponential / (1 + exponential);
}

/** σ' = σ(z) σ(−z): 1 − σ would lose everything where σ rounds to 1. */
function logisticFirst(z: number): number {
  return logistic(z) * logistic(-z);
}

/** σ'' = σ' (σ(−z) − σ(z)) = −σ' tanh(z/2). */
function logisticSecond(z: number): number {
  return -logisticFirst(z) * Math.tanh(z / 2);
}

/** log(1 + exp(z)). */
function logOnePlusExp(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

const identity: Activation = { name: 'identity', value: (z) => z, first: () => 1, second: () => 0 };

const relu: Activation = {
  name: 'relu',
  value: (z) => Math.max(z, 0),
  first: (z) => (z > 0 ? 1 : 0),
  second: () => 0,
};

const hyperbolicTangent: Activation = {
  name: 'tanh',
  value: Math.tanh,
  // 1 − tanh² = 4 σ(2z) σ(−2z)
  first: (z) => 4 * logisticFirst(2 * z),
  second: (z) => -8 * Math.tanh(z) * logisticFirst(2 * z),
};

const sigmoid: Activation = {
  name: 'sigmoid',
  value: logistic,
  first: logisticFirst,
  second: logisticSecond,
};

const softplus: Activation = {
  name: 'softplus',
  value: logOnePlusExp,
  first: logistic,
  second: logisticFirst,
};

const gelu: Activation = {
  name: 'gelu',
  value: (z) => z * normalDistribution(z),
  first: (z) => normalDistribution(z) + z * normalDensity(z),
  second: (z) => {
    const density = normalDensity(z);
    return density === 0 ? 0 : (2 - z * z) * density;
  },
};

/** z σ(v), v = 2 √(2/π) (z + 0.044715 z³): the same as z (1 + tanh(v/2)) / 2, without the cancellation left of zero. */
const geluTanh: Activation = (() => {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  const cubic = 0.044715;
  const inner = (z: number) => slope * (z + cubic * z * z * z);
  const innerFirst = (z: number) => slope * (1 + 3 * cubic * z * z);
  const innerSecond = (z: number) => slope * 6 * cubic * z;
  return {
    name: 'gelu-tanh',
    value: (z) => z * logistic(inner(z)),
    first: (z) => {
      const gate = logisticFirst(inner(z));
      return logistic(inner(z)) + (gate === 0 ? 0 : z * gate * innerFirst(z));
    },
    second: (z) => {
      const v = inner(z);
      const gate = logisticFirst(v);
      if (gate === 0) return 0;
      const rate = innerFirst(z);
      return 2 * gate * rate + z * (logisticSecond(v) * rate * rate + gate * innerSecond(z));
    },
  };
})();

const silu: Activation = {
  name: 'silu',
  value: (z) => z * logistic(z),
  first: (z) => logistic(z) * (1 + z * logistic(-z)),
  second: (z) => logisticFirst(z) * (2 - z * Math.tanh(z / 2)),
};

/**
 * z t, t = tanh(log(1 + eᶻ)) = n / (n + 2) with n = w² + 2w, w = eᶻ; both parts are divided by w² right of zero.
 * t' = (1 − t²) σ, 1 − t² = 4 (1 + w)² / (n + 2)².
 */
const mish: Activation = (() => {
  const gate = (z: number): number => {
    const w = Math.exp(-Math.abs(z));
    return z > 0 ? (1 + 2 * w) / (1 + 2 * w + 2 * w * w) : (w * w + 2 * w) / (w * w + 2 * w + 2);
  };
  const complementOfSquare = (z: number): number => {
    const w = Math.exp(-Math.abs(z));
    const root = z > 0 ? (2 * w * (1 + w)) / (1 + 2 * w + 2 * w * w) : (2 * (1 + w)) / (w * w + 2 * w + 2);
    return root * root;
  };
  return {
    name: 'mish',
    value: (z) => z * gate(z),
    first: (z) => gate(z) + z * complementOfSquare(z) * logistic(z),
    second: (z) => {
      const rate = complementOfSquare(z) * logistic(z);
      return 2 * rate + z * rate * (logistic(-z) - 2 * gate(z) * logistic(z));
    },
  };
})();

/** z · clip(z + 3, 0, 6) / 6. */
const hardSwish: Activation = {
  name: 'hard-swish',
  value: (z) => (z <= -3 ? 0 : z >= 3 ? z : (z * (z + 3)) / 6),
  first: (z) => (z <= -3 ? 0 : z >= 3 ? 1 : (2 * z + 3) / 6),
  second: (z) => (z > -3 && z < 3 ? 1 / 3 : 0),
};

function leakyRelu(slope: number): Activation {
  return {
    name: 'leaky-relu',
    value: (z) => (z > 0 ? z : slope * z),
    first: (z) => (z > 0 ? 1 : slope),
    second: () => 0,
  };
}

/** scale · (z for z > 0, else α (eᶻ − 1)). */
function exponentialLinear(name: 'elu' | 'selu', alpha: number, scale: number): Activation {
  return {
    name,
    value: (z) => (z > 0 ? scale * z : scale * alpha * Math.expm1(z)),
    first: (z) => (z > 0 ? scale : scale * alpha * Math.exp(z)),
    second: (z) => (z < 0 ? scale * alpha * Math.exp(z) : 0),
  };
}

/** clip(α z + β, 0, 1). */
function hardSigmoid(alpha: number, beta: number): Activation {
  const inside = (z: number) => alpha * z + beta > 0 && alpha * z + beta < 1;
  return {
    name: 'hard-sigmoid',
    value: (z) => Math.min(1, Math.max(0, alpha * z + beta)),
    first: (z) => (inside(z) ? alpha : 0),
    second: () => 0,
  };
}

/**
 * The activation of that name with its first two derivatives, in float64 and free of NaN for every finite z.
 * Parameters, where the activation has any: leaky-relu (slope), elu (α), selu (α, scale), hard-sigmoid (α, β), by default
 * those of ONNX. At a kink the derivative is PyTorch's: 0 for the ReLU, the left one for leaky-relu, elu and selu, 0 and 1
 * for hard-swish at −3 and 3.
 */
export function activationNamed(
  name: ActivationName,
  parameter?: number,
  secondParameter?: number,
): Activation {
  switch (name) {
    case 'identity':
      return identity;
    case 'relu':
      return relu;
    case 'leaky-relu':
      return leakyRelu(parameter ?? 0.01);
    case 'tanh':
      return hyperbolicTangent;
    case 'sigmoid':
      return sigmoid;
    case 'softplus':
      return softplus;
    case 'gelu':
      return gelu;
    case 'gelu-tanh':
      return geluTanh;
    case 'silu':
      return silu;
    case 'elu':
      return exponentialLinear('elu', parameter ?? 1, 1);
    case 'selu':
      return exponentialLinear(
        'selu',
        parameter ?? 1.67326319217681884765625,
        secondParameter ?? 1.05070102214813232421875,
      );
    case 'mish':
      return mish;
    case 'hard-swish':
      return hardSwish;
    case 'hard-sigmoid':
      return hardSigmoid(parameter ?? 0.2, secondParameter ?? 0.5);
  }
}
