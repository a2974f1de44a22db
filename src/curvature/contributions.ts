import { lambdaMaxBounds, roundingSlack } from './bounds';

/** What a layer brings: its number of parameters, the trace of its block and its row of squared block norms. */
export interface LayerMoments {
  readonly parameters: number;
  /** tr H_ll. */
  readonly trace: number;
  /** ‖H_lm‖_F² for every layer m. */
  readonly row: readonly number[];
}

/**
 * The additive contribution c_l of every layer to the upper bound U on λ_max; Σ_l c_l = U. May be negative.
 *
 *     ψ_l = ( Σ_m ‖H_lm‖_F² / P − τ_l T / P² ) / s²,   c_l = τ_l / P + s √(P−1) ψ_l       (s = 0: c_l = τ_l / P)
 *
 * U is lambdaMaxBounds' (with its slack), so the part above the mean eigenvalue is split in the proportions ψ_l; where it is
 * nothing but the slack, by the numbers of parameters.
 */
export function computeContributions(layers: readonly LayerMoments[]): number[] {
  const order = sum(layers.map(({ parameters }) => parameters));
  const trace = sum(layers.map((layer) => layer.trace));
  const rows = layers.map(({ row }) => sum(row));
  const frobeniusSquared = sum(rows);
  const { upper } = lambdaMaxBounds({ trace, frobeniusSquared, order });
  const mean = trace / order;
  const variance = frobeniusSquared / order - mean * mean;
  const slack = roundingSlack(frobeniusSquared) / order;
  const aboveMean = upper - mean;
  return layers.map(({ parameters, trace: own }, index) => {
    const share =
      variance > slack
        ? ((rows[index] ?? 0) / order - (own * trace) / (order * order)) / variance
        : parameters / order;
    return own / order + aboveMean * share;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
