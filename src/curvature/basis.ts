/** What was taken out of a vector along a basis, and the norm of what remains. */
export interface Projection {
  readonly coefficients: Float64Array;
  readonly remaining: number;
}

/** A step of Lanczos: H q_k = Σ coefficient_i · q_i + remaining · q_{k+1}. */
export interface LanczosStep extends Projection {
  /** Of what the recurrence took out besides: along q_k. */
  readonly along: number;
}

/** The orthonormal vectors q_1 … q_{k+1} of Lanczos. One call at a time: they share memory. */
export interface Basis {
  /** How many there are. */
  readonly size: number;
  /**
   * Makes the product with the last vector, takes the last and the one before out of it as the recurrence of symmetric
   * matrices has them, then the part within the whole span, and adds what remains, normalised (0 as it is). What the
   * recurrence leaves along the basis is rounding, so that one pass over the basis is enough, or none.
   * @param beta what the product has along the one before
   */
  step(beta: number): Promise<LanczosStep>;
  /** Takes the part within the span of the first `count` out of a vector, in place. */
  projectOut(vector: Float64Array, count: number): Promise<Projection>;
  /** ⟨q_i, vector⟩ of the first `count`. */
  innerProducts(vector: Float64Array, count: number): Promise<Float64Array>;
  /** Σ coefficient_i · q_i of the first ones. */
  combination(coefficients: Float64Array): Promise<Float64Array>;
  /** ⟨q_i, q_j⟩ over a part of the length, for all i and j. */
  gram(from: number, to: number): Promise<readonly (readonly number[])[]>;
  /** Lets the memory go. */
  release(): void;
}

/** A vector that is to be made orthogonal to the first ones of a basis. */
export interface Projecting {
  /** ⟨q_i, vector⟩. */
  measure(): Promise<Float64Array>;
  /** vector −= Σ coefficient_i · q_i. */
  subtract(coefficients: Float64Array): Promise<void>;
  norm(): number;
}

/** A pass that takes more than this of a vector is followed by another. */
const lossOfPass = Math.SQRT1_2;
/** A vector within the span leaves rounding, and that again: it is 0 for all that can be told. */
const mostPasses = 4;

/**
 * Takes the part within the span out of a vector in as many passes as it needs.
 * What rounding leaves along the basis is of the size of the vector before the pass, so where little remains a second pass
 * follows, which is enough unless the vector lies within the span (Daniel, Gragg, Kaufman and Stewart, Mathematics of
 * Computation 30, 1976; Giraud, Langou, Rozložník and van den Eshof, Numerische Mathematik 101, 2005).
 * @param norm of the vector before
 * @param unit of rounding, relative to the norm: where the part that is found is no larger, it is left where it is
 */
export async function projectOut(vector: Projecting, norm: number, unit: number): Promise<Projection> {
  let coefficients: Float64Array | undefined;
  let remaining = norm;
  for (let pass = 0; pass < mostPasses; pass++) {
    const found = await vector.measure();
    coefficients ??= new Float64Array(found.length);
    const taken = Math.hypot(...found);
    if (taken <= unit * remaining) break;
    await vector.subtract(found);
    for (const [i, coefficient] of found.entries()) coefficients[i]! += coefficient;
    if (taken <= lossOfPass * remaining) {
      // Of two parts at right angles the larger one is known well enough from the other.
      remaining = Math.sqrt((remaining - taken) * (remaining + taken));
      break;
    }
    remaining = vector.norm();
  }
  return { coefficients: coefficients ?? new Float64Array(0), remaining };
}
