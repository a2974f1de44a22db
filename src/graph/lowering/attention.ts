import { add, scale, select, unary } from '../static/elementwise';
import { softmax } from '../static/indexing';
import { matmul } from '../static/linear';
import { expand, reshape, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';

/** Added to what must not be seen: its exponential is 0 in either precision. */
const hidden = -1e9;

/** [N, T, heads · d] as [N, heads, T, d]; four dimensions are that already. */
export function byHead(g: StaticGraph, x: Value, heads: number): Value {
  if (x.dims.length === 4) return x;
  const [count = 0, length = 0, width = 0] = x.dims;
  return transpose(g, reshape(g, x, [count, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Every head of keys and values serves as many heads of queries as there are for it. */
function repeatHeads(n: LoweredNode, x: Value, heads: number): Value {
  const [count = 0, own = 0, length = 0, depth = 0] = x.dims;
  if (own === heads) return x;
  const spread = reshape(n.g, x, [count, own, 1, length, depth]);
  const each = expand(n.g, spread, [count, own, heads / own, length, depth]);
  return reshape(n.g, each, [count, heads, length, depth]);
}

/** softmax(Q Kᵀ · scale + mask) V, without a cache of earlier keys. */
function lowerAttention(n: LoweredNode): Value {
  const { g } = n;
  if ([4, 5, 6].some((index) => n.optional(index) !== null))
    throw new CannotLower('keeps earlier keys and values');
  const query = byHead(g, realInput(n, 0), n.int('q_num_heads', 1));
  const heads = query.dims[1] ?? 1;
  const key = repeatHeads(n, byHead(g, realInput(n, 1), n.int('kv_num_heads', 1)), heads);
  const value = repeatHeads(n, byHead(g, realInput(n, 2), n.int('kv_num_heads', 1)), heads);
  const [queries = 0, depth = 1] = query.dims.slice(2);
  const keys = key.dims[2] ?? 0;
  const scores = scale(g, matmul(g, query, key, false, true), n.float('scale', 1 / Math.sqrt(depth)));
  const cap = n.float('softcap', 0);
  const capped = cap === 0 ? scores : scale(g, unary(g, 'tanh', scale(g, scores, 1 / cap)), cap);
  const masked = withMask(
    n,
    n.int('is_causal', 0) === 0 ? capped : add(g, capped, causal(g, queries, keys, hidden)),
  );
  const mixed = matmul(g, softmax(g, masked, false), value);
  const together = n.input(0).dims.length === 4 ? mixed : transpose(g, mixed, [0, 2, 1, 3]);
  return reshape(g, together, n.outputDims());
}

/** What is added to hide every later key from a query. */
export function causal(g: StaticGraph, queries: number, keys: number, filter: number): Value {
  const mask = Float64Array.from({ length: queries * keys }, (_, i) =>
    i % keys > Math.floor(i / keys) ? filter : 0,
  );
  return g.constant(mask, [queries, keys]);
}

function withMask(n: LoweredNode, scores: Value): Value {
  const mask = n.optional(3);
  if (mask === null) return scores;
  if (mask.type === 'real') return add(n.g, scores, mask);
  return select(n.g, mask, scores, n.g.scalar(hidden));
}

export const attentionLowerings = { Attention: lowerAttention } satisfies LoweringTable;
