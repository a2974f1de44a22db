import {
  gather,
  gatherElements,
  positionsAreDistinct,
  scatterAdd,
  scatterElements,
} from '../../graph/static/indexing';
import type { Rule } from './rule';
import { inputOf } from './rule';

export const gatherRule: Rule<'gather'> = {
  jvp: (g, value, _, [tangent = null]) => (tangent === null ? null : gather(g, tangent, inputOf(value, 1))),
  vjp: (g, value, _, cotangent) => [
    scatterAdd(g, cotangent, inputOf(value, 1), inputOf(value, 0).dims[0]!),
    null,
  ],
};

export const scatterAddRule: Rule<'scatterAdd'> = {
  jvp: (g, value, { rows }, [tangent = null]) =>
    tangent === null ? null : scatterAdd(g, tangent, inputOf(value, 1), rows),
  vjp: (g, value, _, cotangent) => [gather(g, cotangent, inputOf(value, 1)), null],
};

export const gatherElementsRule: Rule<'gatherElements'> = {
  jvp: (g, value, _, [tangent = null]) =>
    tangent === null ? null : gatherElements(g, tangent, inputOf(value, 1)),
  vjp: (g, value, _, cotangent) => {
    const indices = inputOf(value, 1);
    const columns = inputOf(value, 0).dims[1]!;
    return [scatterElements(g, cotangent, indices, columns, positionsAreDistinct(indices)), null];
  },
};

export const scatterElementsRule: Rule<'scatterElements'> = {
  jvp: (g, value, { columns, disjoint }, [tangent = null]) =>
    tangent === null ? null : scatterElements(g, tangent, inputOf(value, 1), columns, disjoint),
  vjp: (g, value, _, cotangent) => [gatherElements(g, cotangent, inputOf(value, 1)), null],
};
