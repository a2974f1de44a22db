import type { StaticGraph } from '../../graph/static/staticGraph';
import type { OperationKind, OperationOf, Value } from '../../graph/static/value';

/**
 * The derivative of one primitive, both ways. Tangents and cotangents have the dimensions of their value; null is zero.
 * Both are linear in what they are given, and built from primitives, so that they can be differentiated again.
 */
export interface Rule<K extends OperationKind> {
  /** Jacobian-vector product: the tangent of the value for the tangents of its inputs, of which one at least is not null. */
  readonly jvp: (
    g: StaticGraph,
    value: Value,
    operation: OperationOf<K>,
    tangents: readonly (Value | null)[],
  ) => Value | null;
  /** Vector-Jacobian product: what flows to each input from the cotangent of the value; asked only where `wanted`. */
  readonly vjp: (
    g: StaticGraph,
    value: Value,
    operation: OperationOf<K>,
    cotangent: Value,
    wanted: readonly boolean[],
  ) => readonly (Value | null)[];
}

/** An input that the primitive must have. */
export function inputOf(value: Value, index: number): Value {
  const input = value.inputs[index];
  if (input === undefined) throw new RangeError(`${value.operation.kind} has no input ${index}`);
  return input;
}

/** A primitive that is constant almost everywhere: a mask, an index, a comparison, a leaf. */
export const constantAlmostEverywhere = {
  jvp: () => null,
  vjp: () => [],
} as const;
