/** Σ x_i y_i over from ≤ i < to. */
export function innerProduct(x: Float64Array, y: Float64Array, from = 0, to = x.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** ‖x‖ */
export function norm(x: Float64Array): number {
  return Math.sqrt(innerProduct(x, x));
}

/** y += factor · x. */
export function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += factor * x[i]!;
}

/** A pass that leaves less than this of a vector is followed by another. */
const lossOfPass = Math.SQRT1_2;
/** A vector within the span leaves rounding, and that again: it is 0 for all that can be told. */
const mostPasses = 4;

/**
 * Takes the part within the span of orthonormal vectors out of a vector, in place, and returns its coefficients and the
 * norm of what remains.
 * What rounding leaves along the basis is of the size of the vector before the pass, so where little remains a second pass
 * follows, which is enough unless the vector lies within the span (Daniel, Gragg, Kaufman and Stewart, Mathematics of
 * Computation 30, 1976; Giraud, Langou, Rozložník and van den Eshof, Numerische Mathematik 101, 2005).
 */
export function projectOut(
  vector: Float64Array,
  basis: readonly Float64Array[],
): { readonly coefficients: Float64Array; readonly remaining: number } {
  const coefficients = new Float64Array(basis.length);
  let remaining = norm(vector);
  for (let pass = 0; pass < mostPasses; pass++) {
    const found = innerProducts(basis, vector);
    subtract(vector, found, basis);
    for (const [index, coefficient] of found.entries()) coefficients[index]! += coefficient;
    const before = remaining;
    remaining = norm(vector);
    if (remaining >= lossOfPass * before) break;
  }
  return { coefficients, remaining };
}

// Vectors are taken four at a time: a loop over one waits for the memory of two arrays for every multiplication.

function innerProducts(basis: readonly Float64Array[], vector: Float64Array): Float64Array {
  const found = new Float64Array(basis.length);
  for (let at = 0; at < basis.length; at += 4) {
    const [a, b, c, d] = [basis[at]!, basis[at + 1], basis[at + 2], basis[at + 3]];
    if (b === undefined || c === undefined || d === undefined) {
      for (let i = at; i < basis.length; i++) found[i] = innerProduct(basis[i]!, vector);
      break;
    }
    let [p, q, r, s] = [0, 0, 0, 0];
    for (let i = 0; i < vector.length; i++) {
      const value = vector[i]!;
      p += a[i]! * value;
      q += b[i]! * value;
      r += c[i]! * value;
      s += d[i]! * value;
    }
    found.set([p, q, r, s], at);
  }
  return found;
}

/** vector −= Σ coefficients_i · basis_i. */
function subtract(vector: Float64Array, coefficients: Float64Array, basis: readonly Float64Array[]): void {
  for (let at = 0; at < basis.length; at += 4) {
    const [a, b, c, d] = [basis[at]!, basis[at + 1], basis[at + 2], basis[at + 3]];
    if (b === undefined || c === undefined || d === undefined) {
      for (let i = at; i < basis.length; i++) addScaled(vector, -coefficients[i]!, basis[i]!);
      break;
    }
    const [p, q, r, s] = [
      coefficients[at]!,
      coefficients[at + 1]!,
      coefficients[at + 2]!,
      coefficients[at + 3]!,
    ];
    for (let i = 0; i < vector.length; i++) vector[i]! -= a[i]! * p + b[i]! * q + (c[i]! * r + d[i]! * s);
  }
}
