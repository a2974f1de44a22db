import { add, compare, convert, logical, scale } from '../static/elementwise';
import { softmax } from '../static/indexing';
import { matmul } from '../static/linear';
import { range, reshape, transpose } from '../static/shape';
import type { Value } from '../static/value';
import { byHead, causal } from './attention';
import { realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';

/** What hides a key is added to its score, unless a node says how much. */
const filterDefault = -10000;
/** Hides the keys after a query where nothing else is hidden; onnxruntime takes the lowest float32. */
const lowest = -1e9;

/** softmax(Q Kᵀ · scale + masks) V for operands [N, heads, T, d], heads joined again: [N, T, heads · d]. */
function attend(
  n: LoweredNode,
  [query, key, value]: readonly [Value, Value, Value],
  mask: Value | null,
  bias: Value | null,
): Value {
  const { g } = n;
  const [count = 0, , queries = 0, depth = 1] = query.dims;
  const keys = key.dims[2] ?? 0;
  // 0 stands for the default, as in onnxruntime.
  const factor = n.float('scale', 0) || 1 / Math.sqrt(depth);
  const scores = scale(g, matmul(g, query, key, false, true), factor);
  const filter = n.float('mask_filter_value', filterDefault);
  const hidesLater = n.int('unidirectional', 0) !== 0;
  const summands = [
    mask === null ? null : scale(g, mask, filter),
    hidesLater ? causal(g, queries, keys, mask === null ? lowest : filter) : null,
    bias,
  ];
  const shown = summands.reduce<Value>((sum, part) => (part === null ? sum : add(g, sum, part)), scores);
  const mixed = matmul(g, softmax(g, shown, false), value);
  const width = (value.dims[1] ?? 1) * (value.dims[3] ?? 1);
  return reshape(g, transpose(g, mixed, [0, 2, 1, 3]), [count, queries, width]);
}

/**
 * 1 where a key is hidden, else 0, to be broadcast over [N, heads, queries, keys]: for a mask of 0 and 1 for every key or
 * every pair, for the number of keys of every sample, or for the ends and then the starts of their keys.
 */
function hiddenKeys(n: LoweredNode, mask: Value, count: number, keys: number): Value {
  const { g } = n;
  const zero = g.constant(BigInt64Array.of(0n), []);
  const asReal = (hidden: Value): Value => convert(g, hidden, 'real');
  const isHidden = (shown: Value): Value => asReal(logical(g, 'not', [compare(g, 'greater', shown, zero)]));
  const [rows = 0, columns = 0] = mask.dims;
  if (mask.type !== 'int64') throw new CannotLower('has a mask of numbers that are no integers');
  if (mask.dims.length === 3) return isHidden(reshape(g, mask, [rows, 1, columns, keys]));
  if (mask.dims.length === 2 && columns === keys) return isHidden(reshape(g, mask, [rows, 1, 1, keys]));
  if (mask.dims.length !== 1 || (rows !== count && rows !== 2 * count)) {
    throw new CannotLower(`has a mask of the shape [${mask.dims.join(', ')}], which is not read here`);
  }
  const positions = g.constant(
    BigInt64Array.from({ length: keys }, (_, i) => BigInt(i)),
    [keys],
  );
  const borders = (from: number): Value =>
    reshape(g, range(g, mask, 0, from, from + count), [count, 1, 1, 1]);
  const after = compare(g, 'greaterOrEqual', positions, borders(0));
  if (rows === count) return asReal(after);
  return asReal(logical(g, 'or', [after, compare(g, 'greater', borders(count), positions)]));
}

function requireNoCache(n: LoweredNode, inputs: readonly number[], outputs: readonly number[]): void {
  if (inputs.some((i) => n.hasInput(i)) || outputs.some((i) => n.hasOutput(i))) {
    throw new CannotLower('keeps earlier keys and values, or gives more than its result');
  }
}

function optionalMask(n: LoweredNode, index: number, count: number, keys: number): Value | null {
  const mask = n.optional(index);
  return mask === null ? null : hiddenKeys(n, mask, count, keys);
}

/** Queries, keys and values are one product of the input: [N, T, D] · [D, q + k + v] + bias. */
function lowerAttention(n: LoweredNode): Value {
  const { g } = n;
  requireNoCache(n, [4, 6], [1, 2]);
  if (n.int('do_rotary', 0) !== 0) throw new CannotLower('turns its queries and keys by their positions');
  const x = realInput(n, 0);
  const [count = 0, length = 0] = x.dims;
  const product = matmul(g, x, realInput(n, 1));
  const bias = n.optional(2);
  const joined = bias === null ? product : add(g, product, bias);
  const total = joined.dims[2] ?? 0;
  const sizes = n.ints('qkv_hidden_sizes') ?? [total / 3, total / 3, total / 3];
  const heads = n.int('num_heads', 1);
  let from = 0;
  const [query, key, value] = sizes.map((size) => {
    from += size;
    return byHead(g, range(g, joined, 2, from - size, from), heads);
  });
  if (query === undefined || key === undefined || value === undefined || from !== total) {
    throw new CannotLower('cuts its product into other than queries, keys and values');
  }
  return attend(n, [query, key, value], optionalMask(n, 3, count, length), n.optional(5));
}

/** Queries, keys and values as they are, but for one bias over all three. */
function lowerMultiHeadAttention(n: LoweredNode): Value {
  const { g } = n;
  requireNoCache(n, [6, 7, 8, 9], [1, 2, 3]);
  const operands = [0, 1, 2].map((index) => realInput(n, index));
  if (operands.some(({ dims }, index) => dims.length !== 3 && (index === 0 || dims.length !== 4))) {
    throw new CannotLower('takes queries, keys and values packed into one tensor');
  }
  const heads = n.int('num_heads', 1);
  const bias = n.optional(3);
  let from = 0;
  const [query, key, value] = operands.map((x) => {
    // Keys and values of four dimensions are cut into heads already, and get no bias.
    if (bias === null || x.dims.length === 4) return byHead(g, x, heads);
    const size = x.dims[2] ?? 0;
    from += size;
    return byHead(g, add(g, x, range(g, bias, 0, from - size, from)), heads);
  });
  if (query === undefined || key === undefined || value === undefined) {
    throw new CannotLower('has no queries, keys and values');
  }
  const [count = 0, , keys = 0] = key.dims;
  return attend(n, [query, key, value], optionalMask(n, 4, count, keys), n.optional(5));
}

export const contributedAttentionLowerings = {
  'com.microsoft::Attention': lowerAttention,
  'com.microsoft::MultiHeadAttention': lowerMultiHeadAttention,
} satisfies LoweringTable;
