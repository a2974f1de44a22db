import type { Head, HeadKind } from '../subject/head';

/** Whether the target holds what a head makes of the logits that the loss is put on: no tensor of the graph holds them. */
export function isHeadInside({ inside, logits }: Head, target: string): boolean {
  return inside !== undefined && target === logits;
}

/** One probability for each logit: of those of both classes for one logit, the second. */
export function probabilitiesOf(given: Float64Array, logits: number): Float64Array {
  return given.length === 2 * logits ? given.filter((_, i) => i % 2 === 1) : given;
}

/** Logits with these probabilities: log p, or log p/(1 − p). */
export function logitsOf({ kind }: Head, probabilities: Float64Array): Float64Array {
  return probabilities.map((p) => Math.log(p) - (kind === 'sigmoid' ? Math.log1p(-p) : 0));
}

/** The probabilities of rows of logits. */
export function headOf(kind: HeadKind, logits: Float64Array, width: number): Float64Array {
  if (kind !== 'softmax') return logits.map((z) => 1 / (1 + Math.exp(-z)));
  return logits.map((z, at) => {
    const row = logits.subarray(at - (at % width), at - (at % width) + width);
    return 1 / row.reduce((sum, other) => sum + Math.exp(other - z), 0);
  });
}
