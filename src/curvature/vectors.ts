/** Σ x_i y_i over from ≤ i < to. */
export function innerProduct(x: Float64Array, y: Float64Array, from = 0, to = x.length): number {
  // Four sums: each addition to one would wait for the one before.
  let [p, q, r, s] = [0, 0, 0, 0];
  const whole = to - ((to - from) % 4);
  for (let i = from; i < whole; i += 4) {
    p += x[i]! * y[i]!;
    q += x[i + 1]! * y[i + 1]!;
    r += x[i + 2]! * y[i + 2]!;
    s += x[i + 3]! * y[i + 3]!;
  }
  for (let i = whole; i < to; i++) p += x[i]! * y[i]!;
  return p + q + (r + s);
}

/** ‖x‖ */
export function norm(x: Float64Array): number {
  return Math.sqrt(innerProduct(x, x));
}

/** y += factor · x. */
export function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += factor * x[i]!;
}

/** y += a · u + b · v. */
export function addScaledPair(y: Float64Array, a: number, u: Float64Array, b: number, v: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += a * u[i]! + b * v[i]!;
}
