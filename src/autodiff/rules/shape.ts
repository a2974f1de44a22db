import { sumTo } from '../../graph/static/linear';
import {
  concat,
  expand,
  inversePerm,
  pad,
  range,
  reshape,
  slice,
  transpose,
  unslice,
} from '../../graph/static/shape';
import type { StaticGraph } from '../../graph/static/staticGraph';
import type { Value } from '../../graph/static/value';
import type { Rule } from './rule';
import { inputOf } from './rule';

export const reshapeRule: Rule<'reshape'> = {
  jvp: (g, value, _, [tangent = null]) => (tangent === null ? null : reshape(g, tangent, value.dims)),
  vjp: (g, value, _, cotangent) => [reshape(g, cotangent, inputOf(value, 0).dims)],
};

export const transposeRule: Rule<'transpose'> = {
  jvp: (g, _, { perm }, [tangent = null]) => (tangent === null ? null : transpose(g, tangent, perm)),
  vjp: (g, _, { perm }, cotangent) => [transpose(g, cotangent, inversePerm(perm))],
};

export const expandRule: Rule<'expand'> = {
  jvp: (g, value, _, [tangent = null]) => (tangent === null ? null : expand(g, tangent, value.dims)),
  vjp: (g, value, _, cotangent) => [sumTo(g, cotangent, inputOf(value, 0).dims)],
};

export function zeros(g: StaticGraph, dims: readonly number[]): Value {
  return expand(g, g.scalar(0), dims);
}

export const concatRule: Rule<'concat'> = {
  jvp: (g, value, { axis }, tangents) =>
    concat(
      g,
      value.inputs.map((input, i) => tangents[i] ?? zeros(g, input.dims)),
      axis,
    ),
  vjp: (g, value, { axis }, cotangent, wanted) => {
    let from = 0;
    return value.inputs.map((input, i) => {
      const to = from + input.dims[axis]!;
      const part = wanted[i] === true ? range(g, cotangent, axis, from, to) : null;
      from = to;
      return part;
    });
  },
};

export const sliceRule: Rule<'slice'> = {
  jvp: (g, _, { starts, ends, steps }, [tangent = null]) =>
    tangent === null ? null : slice(g, tangent, starts, ends, steps),
  vjp: (g, value, { starts, steps }, cotangent) => [
    unslice(g, cotangent, inputOf(value, 0).dims, starts, steps),
  ],
};

export const padRule: Rule<'pad'> = {
  jvp: (g, _, { before, after }, [tangent = null]) =>
    tangent === null ? null : pad(g, tangent, before, after),
  vjp: (g, _, { before, after }, cotangent) => [
    pad(
      g,
      cotangent,
      before.map((n) => -n),
      after.map((n) => -n),
    ),
  ],
};
