/** Σ x_i y_i over from ≤ i < to. */
export function innerProduct(x: Float64Array, y: Float64Array, from = 0, to = x.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** y += factor · x. */
export function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += factor * x[i]!;
}

/**
 * Takes the part within the span of orthonormal vectors out of a vector, in place, and returns its coefficients.
 * Twice, for the first pass leaves what rounding makes of a vector that lies almost within the span ("twice is enough":
 * Giraud, Langou, Rozložník and van den Eshof, Numerische Mathematik 101, 2005).
 */
export function projectOut(vector: Float64Array, basis: readonly Float64Array[]): Float64Array {
  const coefficients = new Float64Array(basis.length);
  for (let pass = 0; pass < 2; pass++) {
    const found = basis.map((direction) => innerProduct(direction, vector));
    for (const [index, direction] of basis.entries()) {
      addScaled(vector, -found[index]!, direction);
      coefficients[index]! += found[index]!;
    }
  }
  return coefficients;
}
