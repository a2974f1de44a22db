import { col2im, im2col } from '../../graph/static/convolution';
import { add } from '../../graph/static/elementwise';
import { cumulativeSum } from '../../graph/static/indexing';
import { matmul, reduceSum, sumTo } from '../../graph/static/linear';
import { expand } from '../../graph/static/shape';
import type { Rule } from './rule';
import { inputOf } from './rule';

/** C = op(A)·op(B): Ċ = op(Ȧ)·op(B) + op(A)·op(Ḃ); op(A)‾ = C̄·op(B)ᵀ, op(B)‾ = op(A)ᵀ·C̄. */
export const matmulRule: Rule<'matmul'> = {
  jvp: (g, value, { transA, transB }, [da = null, db = null]) => {
    const fromA = da === null ? null : matmul(g, da, inputOf(value, 1), transA, transB);
    const fromB = db === null ? null : matmul(g, inputOf(value, 0), db, transA, transB);
    return fromA === null ? fromB : fromB === null ? fromA : add(g, fromA, fromB);
  },
  vjp: (g, value, { transA, transB }, cotangent, [wantedA, wantedB]) => {
    const a = inputOf(value, 0);
    const b = inputOf(value, 1);
    const toA = () =>
      transA ? matmul(g, b, cotangent, transB, true) : matmul(g, cotangent, b, false, !transB);
    const toB = () =>
      transB ? matmul(g, cotangent, a, true, transA) : matmul(g, a, cotangent, !transA, false);
    return [
      wantedA === true ? sumTo(g, toA(), a.dims) : null,
      wantedB === true ? sumTo(g, toB(), b.dims) : null,
    ];
  },
};

export const reduceSumRule: Rule<'reduceSum'> = {
  jvp: (g, _, { axes }, [tangent = null]) => (tangent === null ? null : reduceSum(g, tangent, axes)),
  vjp: (g, value, _, cotangent) => [expand(g, cotangent, inputOf(value, 0).dims)],
};

export const cumulativeSumRule: Rule<'cumulativeSum'> = {
  jvp: (g, _, { axis, exclusive, reverse }, [tangent = null]) =>
    tangent === null ? null : cumulativeSum(g, tangent, axis, exclusive, reverse),
  vjp: (g, _, { axis, exclusive, reverse }, cotangent) => [
    cumulativeSum(g, cotangent, axis, exclusive, !reverse),
  ],
};

export const im2colRule: Rule<'im2col'> = {
  jvp: (g, _, { windows }, [tangent = null]) => (tangent === null ? null : im2col(g, tangent, windows)),
  vjp: (g, value, { windows }, cotangent) => [col2im(g, cotangent, windows, inputOf(value, 0).dims.slice(2))],
};
