/** Σ x_i y_i, added up in float64. */
export function innerProductOfFloat32(x: Float32Array, y: Float32Array): number {
  // Four sums: each addition to one would wait for the one before.
  let [p, q, r, s] = [0, 0, 0, 0];
  const whole = x.length - (x.length % 4);
  for (let i = 0; i < whole; i += 4) {
    p += x[i]! * y[i]!;
    q += x[i + 1]! * y[i + 1]!;
    r += x[i + 2]! * y[i + 2]!;
    s += x[i + 3]! * y[i + 3]!;
  }
  for (let i = whole; i < x.length; i++) p += x[i]! * y[i]!;
  return p + q + (r + s);
}

export function normOfFloat32(x: Float32Array): number {
  return Math.sqrt(innerProductOfFloat32(x, x));
}

/** y −= a · u + b · v, computed in float64 and rounded once; returns the norm of the result. */
export function subtractPair(
  y: Float32Array,
  a: number,
  u: Float32Array,
  b: number,
  v: Float32Array,
): number {
  let [even, odd] = [0, 0];
  const whole = y.length - (y.length % 2);
  for (let i = 0; i < whole; i += 2) {
    const first = y[i]! - (a * u[i]! + b * v[i]!);
    const second = y[i + 1]! - (a * u[i + 1]! + b * v[i + 1]!);
    y[i] = first;
    y[i + 1] = second;
    even += first * first;
    odd += second * second;
  }
  if (whole < y.length) {
    const last = y[whole]! - (a * u[whole]! + b * v[whole]!);
    y[whole] = last;
    even += last * last;
  }
  return Math.sqrt(even + odd);
}
