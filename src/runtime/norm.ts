/** ‖v‖ of numbers of any size: where their squares under- or overflow they are summed relative to the largest. */
export function norm(vector: Float64Array): number {
  let squares = squaredNorm(vector);
  // Between these no square that counts has lost a digit.
  if (squares > 1e-270 && squares < 1e270) return Math.sqrt(squares);
  const largest = largestOf(vector);
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  squares = 0;
  for (const value of vector) squares += (value / largest) ** 2;
  return largest * Math.sqrt(squares);
}

/** ‖v‖² of numbers of ordinary size. */
export function squaredNorm(vector: Float64Array): number {
  let squares = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- iterating a typed array takes six times as long
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  return squares;
}

/** max |v_i|; NaN where one is. */
export function largestOf(vector: Float64Array): number {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  return largest;
}
