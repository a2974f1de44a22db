import { div, sub, unary } from '../graph/static/elementwise';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import { beforeHead } from '../graph/lowering/classicalLearners';
import { FailureError } from '../report/failure';
import type { Loss } from '../report/report';
import { printable } from '../report/printable';
import { setting } from '../report/wording/settings';
import type { AnalysedOutput } from '../subject/subject';
import { isOfOutput, losses } from './losses';

/** What of the model a loss is put on. */
export interface LossInput {
  /** The tensor of the file. */
  readonly tensor: string;
  /** What it holds of the numbers z that the loss takes: themselves, or this function of them. */
  readonly holds: 'z' | 'softmax' | 'sigmoid' | 'exp';
  /** How many z there are of one sample, where one operator computes them and the head: no tensor holds them. */
  readonly inside: number | null;
}

/** The head that belongs to a loss by what its targets are. */
const ownHeads = {
  distributions: 'softmax',
  probabilities: 'sigmoid',
  numbers: 'none',
  nothing: 'none',
} as const;

/**
 * What a loss is put on. A head that is the loss's own belongs to it, and the loss takes the logits; any other belongs to the
 * model, and the loss takes what it gives: errors of numbers as they are, cross-entropies as probabilities, of which the
 * logits are taken anew (log p, or log p/(1 − p)).
 * @param loss null: that of the head
 * @throws FailureError UsageError where the outputs are logarithms of probabilities and the loss is not theirs
 */
export function lossInput({ output, head }: AnalysedOutput, loss: Loss | null): LossInput {
  const { kind, logits, inside } = head;
  const plain: LossInput = { tensor: logits, holds: 'z', inside: null };
  if (loss !== null && isOfOutput(loss)) return { tensor: output, holds: 'z', inside: null };
  const targets = loss === null ? null : losses[loss].targets;
  if (kind === 'none') return plain;
  if (targets === null || ownHeads[targets] === kind)
    return inside === undefined ? plain : { tensor: logits, holds: kind, inside };
  if (head.isLogarithm === true) {
    throw new FailureError(
      'UsageError',
      `The output "${printable(output)}" holds logarithms of the probabilities of a softmax, for which the loss asked for is none; use ${setting('loss', 'cross-entropy')}.`,
    );
  }
  return { tensor: output, holds: targets === 'distributions' ? 'exp' : 'sigmoid', inside: null };
}

/** A sentence where the model's head is not the loss's own; else null. */
export function headNote(output: AnalysedOutput, loss: Loss): string | null {
  const { holds, inside } = lossInput(output, loss);
  if (holds === 'z' || inside !== null) return null;
  return `The loss asked for is not that of the model's ${output.head.kind}, which therefore belongs to the model: the loss is put on the probabilities that it gives.`;
}

/** One number for each z: of the probabilities of both classes, which an operator gives for a single z, the second. */
export function heldNumbers({ inside }: LossInput, given: Float64Array, samples: number): Float64Array {
  return inside !== null && given.length === 2 * inside * samples
    ? given.filter((_, i) => i % 2 === 1)
    : given;
}

/** z of what the tensor holds. */
export function fromHeld({ holds }: LossInput, held: Float64Array): Float64Array {
  if (holds === 'z') return held;
  return held.map((p) => Math.log(p) - (holds === 'sigmoid' ? Math.log1p(-p) : 0));
}

/** What the tensor holds of rows of z. @param width of a row */
export function toHeld({ holds }: LossInput, z: Float64Array, width: number): Float64Array {
  switch (holds) {
    case 'z':
      return z;
    case 'exp':
      return z.map(Math.exp);
    case 'sigmoid':
      return z.map((value) => 1 / (1 + Math.exp(-value)));
    case 'softmax':
      return z.map((value, at) => {
        const row = z.subarray(at - (at % width), at - (at % width) + width);
        return 1 / row.reduce((sum, other) => sum + Math.exp(other - value), 0);
      });
  }
}

/** The lowered z of the lowered tensor. */
export function loweredInput(g: StaticGraph, { holds, inside }: LossInput, tensor: Value): Value {
  if (inside !== null) return beforeHead(tensor);
  switch (holds) {
    case 'exp':
      return unary(g, 'log', tensor);
    case 'sigmoid':
      return unary(g, 'log', div(g, tensor, sub(g, g.scalar(1), tensor)));
    default:
      return tensor;
  }
}
