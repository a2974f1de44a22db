import type { Origin, Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import { move } from './elements';
import { obstacle } from './obstacle';

/** Samples that the graph is lowered for: with two, what mixes them shows. */
export const recognisedSamples = 2;

/** A parameter, each of its numbers once: which of them stands at every place; null: in its own order. */
export interface ParameterMeaning {
  readonly kind: 'parameter';
  readonly name: string;
  readonly order: Int32Array | null;
}

/** Depends on samples, and on no parameter yet. */
export interface SamplesMeaning {
  readonly kind: 'samples';
  /** The samples that every place depends on, as bits. */
  readonly reach: Int32Array;
  /** The place of the input, all samples in a row, that stands at every place; null: it is computed. */
  readonly order: Int32Array | null;
}

/** A function of a layer's pre-activations, the same for every unit. */
export interface UnitsMeaning {
  readonly kind: 'units';
  readonly layer: FoundLayer;
  /** sample · width + unit, at every place. */
  readonly order: Int32Array;
  readonly expression: Value;
}

/** Depends on neither. */
export interface FixedMeaning {
  readonly kind: 'fixed';
  /** The one number that stands everywhere; null: there are several. */
  readonly number: Value | null;
}

export type Meaning = FixedMeaning | ParameterMeaning | SamplesMeaning | UnitsMeaning;

/** The numbers of a parameter in the order of the layer's: outputs × inputs, or by unit. */
export interface FoundNumbers {
  readonly name: string;
  readonly order: Int32Array;
}

export interface FoundLayer {
  /** What the layer takes: a layer below and what is made of its units, or what is made of the samples. */
  readonly below: UnitsMeaning | { readonly kind: 'first'; readonly value: Value | null };
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: FoundNumbers;
  readonly bias: FoundNumbers | null;
  readonly origin: Origin | null;
}

/** Which number of a parameter stands where, after a transpose. */
export function movedOrder(value: Value, order: Int32Array | null): Int32Array | null {
  const own = order ?? Int32Array.from({ length: sizeOf(value.dims) }, (_, place) => place);
  return move(value, [own]);
}

/** Whether the same units stand at the same places. */
export function sameOrder(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((unit, place) => unit === b[place]));
}

/** The unit, or the feature of a sample, that each of a layer's inputs is; null where it is not each of them once. */
export function unitsOf(
  data: SamplesMeaning | UnitsMeaning,
  inputs: number,
  placeOf: (n: number, k: number) => number,
): Int32Array | null {
  const { order } = data;
  if (order === null) return null;
  const width = data.kind === 'units' ? data.layer.outputs : inputs;
  const units = Int32Array.from({ length: inputs }, (_, k) => order[placeOf(0, k)]!);
  if (width !== inputs || new Set(units).size !== inputs || order.length !== recognisedSamples * width)
    return null;
  for (let k = 0; k < inputs; k++) {
    if (units[k]! >= width || order[placeOf(1, k)] !== units[k]! + width) return null;
  }
  return units;
}

/** What a layer takes may be any function of its sample, and of no other. @throws FailureError UnsupportedStructure */
export function requireRowsOfSamples(
  { reach }: SamplesMeaning,
  inputs: number,
  placeOf: (n: number, k: number) => number,
  origin: Origin | null,
): void {
  for (let n = 0; n < recognisedSamples; n++) {
    for (let k = 0; k < inputs; k++) {
      if ((reach[placeOf(n, k)]! & ~(1 << n)) !== 0) {
        throw obstacle(origin, 'takes rows that are not samples: what stands before it mixes them');
      }
    }
  }
}
