import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * Upper bound on λ_max(H) from the blocks: λ_max(H) ≤ λ_max(S), S_ll an upper bound on λ_max(H_ll), S_lm = ‖H_lm‖_F.
 * (For a unit vector with block norms t_l, vᵀHv ≤ Σ_l S_ll t_l² + Σ_{l≠m} ‖H_lm‖ t_l t_m = tᵀSt.)
 *
 * @param blockUpperBounds upper bound on the largest eigenvalue of every layer's own block
 * @param blockNormsSquared ‖H_lm‖_F², layers × layers
 */
export function computeBlockwiseUpperBound(
  blockUpperBounds: readonly number[],
  blockNormsSquared: readonly (readonly number[])[],
): number {
  return computeBlockwiseBound(blockUpperBounds, blockNormsSquared).upper;
}

export interface BlockwiseBound {
  readonly upper: number;
  /** S's unit eigenvector x of that eigenvalue: the bound's slope by S_lm is x_l x_m. */
  readonly direction: readonly number[];
}

/** The bound with its slope. */
export function computeBlockwiseBound(
  blockUpperBounds: readonly number[],
  blockNormsSquared: readonly (readonly number[])[],
): BlockwiseBound {
  const layers = blockUpperBounds.length;
  const matrix = Matrix.zeros(layers, layers);
  for (let l = 0; l < layers; l++) {
    for (let m = 0; m < layers; m++) {
      const norm = Math.sqrt(Math.max(0, blockNormsSquared[l]?.[m] ?? Number.NaN));
      matrix.set(l, m, l === m ? (blockUpperBounds[l] ?? Number.NaN) : norm);
    }
  }
  const decomposition = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const largest = Math.max(...decomposition.realEigenvalues);
  // The decomposition is backward stable: its error is a small multiple of the rounding unit times the norm.
  const rounding = 16 * layers * Number.EPSILON * matrix.norm('frobenius');
  return {
    upper: largest + rounding,
    direction: decomposition.eigenvectorMatrix.getColumn(decomposition.realEigenvalues.indexOf(largest)),
  };
}
