/** Where random numbers come from: a seeded generator, so that two runs draw alike. */
export interface RandomSource {
  /** Uniform over the integers from 0 to 2^32 − 1. */
  nextUint32(): number;
  /** Standard normal. */
  normal(): number;
}

/** A vector uniform on the unit sphere: a normalised Gaussian. */
export function drawDirection(length: number, random: RandomSource): Float64Array {
  for (;;) {
    const vector = new Float64Array(length);
    let squares = 0;
    for (let i = 0; i < length; i++) {
      const value = random.normal();
      vector[i] = value;
      squares += value * value;
    }
    const norm = Math.sqrt(squares);
    // A Gaussian vector is 0 with probability 0, but a generator of few bits may return it.
    if (!(norm > 0)) continue;
    for (let i = 0; i < length; i++) vector[i]! /= norm;
    return vector;
  }
}

/** Entries ±1, each with probability one half (Rademacher). @returns the vector, overwritten */
export function drawSigns(vector: Float64Array, random: RandomSource): Float64Array {
  const { length } = vector;
  for (let start = 0; start < length; start += 32) {
    const end = Math.min(start + 32, length);
    // A branch on a random bit is one that no processor foresees.
    for (let i = start, bits = random.nextUint32(); i < end; i++, bits >>>= 1) vector[i] = 2 * (bits & 1) - 1;
  }
  return vector;
}
