import type { AttributeValue } from '../../unit/onnxModel';
import type { GraphBuilder, Part, Step } from './graphBuilder';

function dense(b: GraphBuilder, x: Part): Part | null {
  const outputs = b.between(1, 4);
  const dims = x.dims.with(-1, outputs);
  return b.fits(dims) ? b.node('MatMul', [x.name, b.parameter([x.dims.at(-1) ?? 1, outputs])], dims) : null;
}

/** A weight on the left, which mixes rows; or a stack of weights on the right. */
function matMulOfRows(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length < 2) return null;
  const [rows, columns] = [x.dims.at(-2) ?? 1, x.dims.at(-1) ?? 1];
  const outputs = b.between(1, 3);
  if (b.chance(0.5))
    return b.node('MatMul', [b.parameter([outputs, rows]), x.name], x.dims.with(-2, outputs));
  const stack = x.dims.length > 2 ? (x.dims.at(-3) ?? 1) : 1;
  return b.node('MatMul', [x.name, b.parameter([stack, columns, outputs])], x.dims.with(-1, outputs));
}

function matMulOfVector(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length < 2) return null;
  return b.node('MatMul', [x.name, b.parameter([x.dims.at(-1) ?? 1])], x.dims.slice(0, -1));
}

/** x times a transposed partner: what attention begins with. */
function matMulOfTwo(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length < 2) return null;
  const fitting = b.pool.filter(
    ({ dims }) =>
      dims.length === x.dims.length && dims.every((dim, i) => i === dims.length - 2 || dim === x.dims[i]),
  );
  const other = b.tame(b.pick(fitting));
  const rank = x.dims.length + 1;
  const perm = Array.from({ length: rank }, (_, i) =>
    i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i,
  );
  const turned = b.raw('Transpose', [other.name], { perm: { ints: perm } });
  const dims = x.dims.with(-1, other.dims.at(-2) ?? 1);
  return b.fits(dims) ? b.node('MatMul', [b.tame(x).name, turned], dims) : null;
}

function gemm(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length !== 1) return null;
  const [inputs = 1] = x.dims;
  const outputs = b.between(1, 5);
  const transposed = b.chance(0.5);
  const weight = b.parameter(transposed ? [outputs, inputs] : [inputs, outputs]);
  const bias = b.pick([null, [outputs], [1, outputs], [1]]);
  const attributes: Record<string, AttributeValue> = { transB: { int: Number(transposed) } };
  if (b.chance(0.3)) attributes['alpha'] = { float: b.uniform(0.5, 1.5) };
  if (b.chance(0.3)) attributes['beta'] = { float: b.uniform(0.5, 1.5) };
  return b.node(
    'Gemm',
    [x.name, weight, ...(bias === null ? [] : [b.parameter(bias)])],
    [outputs],
    attributes,
  );
}

function einsum(b: GraphBuilder, x: Part): Part | null {
  const [first = 1, second = 1] = x.dims;
  const own = (equation: string, inputs: readonly string[], dims: readonly number[]): Part =>
    b.node('Einsum', inputs, dims, { equation: { string: equation } });
  if (x.dims.length === 1)
    return b.chance(0.5)
      ? own('na,ba->nb', [x.name, b.parameter([3, first])], [3])
      : own('na, nb -> nab', [b.tame(x).name, x.name], [first, first]);
  if (x.dims.length !== 2) return null;
  return b.pick<() => Part | null>([
    () => own('nab,bc->nac', [x.name, b.parameter([second, 2])], [first, 2]),
    () => own('nab,cab->nc', [x.name, b.parameter([3, first, second])], [3]),
    () => own('nab,ab->na', [x.name, b.parameter([first, second])], [first]),
    () => own('nab->nba', [x.name], [second, first]),
    () => own('nab,ncb->nac', [b.tame(x).name, x.name], [first, first]),
    () => own('nab,nab->nb', [b.tame(x).name, x.name], [second]),
    () => own('nab,bc,cd->nad', [x.name, b.parameter([second, 2]), b.parameter([2, 3])], [first, 3]),
    () => own('nab->na', [x.name], [first]),
  ])();
}

/** Attention written out: queries, keys, values, softmax. */
function attentionPiece(b: GraphBuilder, x: Part): Part | null {
  if (x.dims.length !== 2) return null;
  const [length = 1, width = 1] = x.dims;
  const depth = b.between(1, 3);
  const project = (): Part => b.node('MatMul', [x.name, b.parameter([width, depth])], [length, depth]);
  const [query, key, value] = [project(), project(), project()];
  const turned = b.raw('Transpose', [key.name], { perm: { ints: [0, 2, 1] } });
  const scores = b.raw('Mul', [b.raw('MatMul', [query.name, turned]), b.scalar(Math.fround(depth ** -0.5))]);
  const weights = b.raw('Softmax', [scores], { axis: { int: b.opset < 13 ? 2 : -1 } });
  return b.node('MatMul', [weights, value.name], [length, depth]);
}

/** ONNX's own attention, of three or four dimensions. */
function attention(b: GraphBuilder, x: Part): Part | null {
  if (b.opset < 23 || x.dims.length !== 2) return null;
  const [length = 1, width = 1] = x.dims;
  const [groups, repeats, depth] = [b.between(1, 2), b.between(1, 2), b.between(1, 2)];
  const heads = groups * repeats;
  const project = (own: number): string => b.raw('MatMul', [x.name, b.parameter([width, own * depth])]);
  const attributes: Record<string, AttributeValue> = { is_causal: { int: b.random.below(2) } };
  if (b.chance(0.3)) attributes['scale'] = { float: b.uniform(0.3, 1) };
  if (b.chance(0.3)) attributes['softcap'] = { float: b.uniform(1, 3) };
  const bias = Array.from({ length: length * length }, () => b.uniform(-1, 1));
  const mask = b.chance(0.3) ? [b.floats([length, length], bias)] : [];
  const own = [project(heads), project(groups), project(groups)];
  if (b.chance(0.5)) {
    attributes['q_num_heads'] = { int: heads };
    attributes['kv_num_heads'] = { int: groups };
    return b.node('Attention', [...own, ...mask], [length, heads * depth], attributes);
  }
  const byHead = own.map((name, i) => {
    const shape = b.integers([0, length, i === 0 ? heads : groups, depth]);
    return b.raw('Transpose', [b.raw('Reshape', [name, shape])], { perm: { ints: [0, 2, 1, 3] } });
  });
  return b.node('Attention', [...byHead, ...mask], [heads, length, depth], attributes);
}

export const productSteps: Readonly<Record<string, Step>> = {
  MatMul: dense,
  'MatMul of rows': matMulOfRows,
  'MatMul of a vector': matMulOfVector,
  'MatMul of two': matMulOfTwo,
  Gemm: gemm,
  Einsum: einsum,
  'attention written out': attentionPiece,
  Attention: attention,
};
