import { add } from '../graph/static/elementwise';
import { dependentOn, reachedFrom, sameDims } from '../graph/static/value';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import type { Rules } from './rules/rules';
import { jvpOf, rules, vjpOf } from './rules/rules';

/**
 * Forward mode: the tangents of the outputs where the sources move along the given tangents.
 * @param table the rules; the tests give wrong ones to see that the check at run time finds them
 * @returns in the order of the outputs; null where an output does not move
 */
export function tangentsOf(
  g: StaticGraph,
  outputs: readonly Value[],
  sources: ReadonlyMap<Value, Value>,
  table: Rules = rules,
): readonly (Value | null)[] {
  const tangents = new Map<Value, Value>(sources);
  const ordered = reachedFrom(outputs);
  const moving = dependentOn(sources.keys(), ordered);
  for (const value of ordered) {
    if (tangents.has(value) || !moving.has(value)) continue;
    const own = value.inputs.map((input) => tangents.get(input) ?? null);
    if (own.every((tangent) => tangent === null)) continue;
    const tangent = jvpOf(table, g, value, own);
    if (tangent !== null) tangents.set(value, requireDims(tangent, value));
  }
  return outputs.map((output) => tangents.get(output) ?? null);
}

/**
 * Reverse mode: the cotangents of the sources for those of the outputs, J(output)ᵀ · cotangent summed over the outputs.
 * @returns in the order of the sources; null where no output depends on a source
 */
export function cotangentsOf(
  g: StaticGraph,
  outputs: ReadonlyMap<Value, Value>,
  sources: readonly Value[],
  table: Rules = rules,
): readonly (Value | null)[] {
  const ordered = reachedFrom([...outputs.keys()]);
  const moving = dependentOn(sources, ordered);
  const cotangents = new Map<Value, Value>(outputs);
  const ends = new Set(sources);
  for (const value of ordered.toReversed()) {
    const cotangent = cotangents.get(value);
    if (cotangent === undefined || !moving.has(value) || ends.has(value)) continue;
    const wanted = value.inputs.map((input) => moving.has(input));
    const parts = vjpOf(table, g, value, cotangent, wanted);
    value.inputs.forEach((input, i) => {
      const part = parts[i] ?? null;
      if (part === null || wanted[i] !== true) return;
      const before = cotangents.get(input);
      requireDims(part, input);
      cotangents.set(input, before === undefined ? part : g.under(value.origin, () => add(g, before, part)));
    });
  }
  return sources.map((source) => cotangents.get(source) ?? null);
}

function requireDims(derivative: Value, value: Value): Value {
  if (sameDims(derivative.dims, value.dims)) return derivative;
  throw new RangeError(
    `The derivative of ${value.operation.kind} has the dimensions [${derivative.dims.join()}], not [${value.dims.join()}]`,
  );
}
