import { mul, sub } from '../../graph/static/elementwise';
import { firstLargest } from '../../graph/static/indexing';
import { reduceSum } from '../../graph/static/linear';
import type { StaticGraph } from '../../graph/static/staticGraph';
import type { Value } from '../../graph/static/value';
import type { Rule } from './rule';
import { inputOf } from './rule';

/**
 * (diag(p) − p pᵀ) v, which is its own transpose. Where it must not cancel near p_c = 1, v is first taken relative to
 * the likeliest class c: v_c becomes exactly 0, and Σ p v a sum of small terms.
 */
function timesCovariance(g: StaticGraph, p: Value, x: Value, stable: boolean, v: Value): Value {
  const axes = [p.dims.length - 1];
  const relative = stable ? sub(g, v, reduceSum(g, mul(g, v, firstLargest(g, x)), axes)) : v;
  return mul(g, p, sub(g, relative, reduceSum(g, mul(g, p, relative), axes)));
}

export const softmaxRule: Rule<'softmax'> = {
  jvp: (g, value, { stable }, [tangent = null]) =>
    tangent === null ? null : timesCovariance(g, value, inputOf(value, 0), stable, tangent),
  vjp: (g, value, { stable }, cotangent) => [timesCovariance(g, value, inputOf(value, 0), stable, cotangent)],
};
