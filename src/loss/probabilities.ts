/** σ(z), without overflow. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** softmax(z); `others[c]` = Σ_{j≠c} p_j, which is 1 − p_c without its cancellation. */
export function softmax(z: Float64Array): { p: Float64Array; others: Float64Array } {
  const { exponentials: p, rest } = exponentialsOf(z);
  p.forEach((value, index) => (p[index] = value / (1 + rest)));
  const others = new Float64Array(p.length);
  for (let c = 0; c < p.length; c++) {
    let sum = 0;
    for (let j = 0; j < p.length; j++) if (j !== c) sum += p[j]!;
    others[c] = sum;
  }
  return { p, others };
}

/** −log p_c = logSum + (largest − z_c), with log Σ exp(z − max z) taken as log1p of all but the largest. */
export function logSumOf(z: Float64Array): { readonly logSum: number; readonly largest: number } {
  const { largest, rest } = exponentialsOf(z);
  return { logSum: Math.log1p(rest), largest };
}

/** exp(z − max z), and the sum of all of them but the first largest, which is 1. */
function exponentialsOf(z: Float64Array) {
  const largest = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const first = z.indexOf(largest);
  const exponentials = z.map((value) => Math.exp(value - largest));
  const rest = exponentials.reduce((sum, value, c) => (c === first ? sum : sum + value), 0);
  return { largest, exponentials, rest };
}

/** Index of the largest element, the first of equals. */
export function argmax(values: Float64Array): number {
  let best = 0;
  for (let c = 1; c < values.length; c++) if (values[c]! > values[best]!) best = c;
  return best;
}
