import { add, scale } from '../static/elementwise';
import { matmul, reduceSum } from '../static/linear';
import { reshape, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';
import { realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';

/** As NumPy's matmul: a vector on the left is a row, on the right a column. */
function lowerMatMul(n: LoweredNode): Value {
  return productOf(n, realInput(n, 0), realInput(n, 1));
}

export function productOf(n: LoweredNode, a: Value, b: Value): Value {
  const { g } = n;
  const left = a.dims.length === 1 ? reshape(g, a, [1, ...a.dims]) : a;
  const right = b.dims.length === 1 ? reshape(g, b, [...b.dims, 1]) : b;
  return reshape(g, matmul(g, left, right), n.outputDims());
}

export function lowerGemm(n: LoweredNode): Value {
  const { g } = n;
  const product = matmul(
    g,
    realInput(n, 0),
    realInput(n, 1),
    n.int('transA', 0) !== 0,
    n.int('transB', 0) !== 0,
  );
  const scaled = scale(g, product, n.float('alpha', 1));
  const summand = n.optional(2);
  return summand === null ? scaled : add(g, scaled, scale(g, summand, n.float('beta', 1)));
}

interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Sums of products by letters, two operands at a time, each pair as one (batched) matrix product. */
function lowerEinsum(n: LoweredNode): Value {
  const { g } = n;
  const [left = '', right] = n.text('equation', '').replaceAll(/\s/g, '').split('->');
  if (left.includes('.')) throw new CannotLower('has an ellipsis in its equation');
  const terms = left.split(',');
  if (terms.some((term) => new Set(term).size !== term.length)) {
    throw new CannotLower('takes a diagonal in its equation');
  }
  const letters = lettersOf(left.replaceAll(',', ''));
  const single = letters.filter((c) => letters.indexOf(c) === letters.lastIndexOf(c));
  const output = right === undefined ? single.sort() : lettersOf(right);
  const operands = terms.map((term, i): Labelled => ({ value: realInput(n, i), labels: lettersOf(term) }));
  const result = operands.reduce((a, b, i) =>
    contract(g, a, b, new Set([...output, ...operands.slice(i + 1).flatMap(({ labels }) => labels)])),
  );
  const summed = sumOut(g, result, new Set(output));
  return arrange(g, summed, output);
}

/** Labels are single letters of the Latin alphabet. */
function lettersOf(term: string): string[] {
  return Array.from(term);
}

function contract(g: StaticGraph, first: Labelled, second: Labelled, kept: ReadonlySet<string>): Labelled {
  const a = sumOut(g, first, new Set([...kept, ...second.labels]));
  const b = sumOut(g, second, new Set([...kept, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label));
  const depth = shared.filter((label) => !kept.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const dimOf = (label: string): number => {
    const source = a.labels.includes(label) ? a : b;
    return source.value.dims[source.labels.indexOf(label)]!;
  };
  const size = (labels: readonly string[]): number => sizeOf(labels.map(dimOf));
  const left = reshape(g, arrange(g, a, [...batch, ...rows, ...depth]), [
    size(batch),
    size(rows),
    size(depth),
  ]);
  const right = reshape(g, arrange(g, b, [...batch, ...depth, ...columns]), [
    size(batch),
    size(depth),
    size(columns),
  ]);
  const product =
    batch.length === 0
      ? matmul(g, reshape(g, left, left.dims.slice(1)), reshape(g, right, right.dims.slice(1)))
      : matmul(g, left, right);
  const labels = [...batch, ...rows, ...columns];
  return { value: reshape(g, product, labels.map(dimOf)), labels };
}

function sumOut(g: StaticGraph, { value, labels }: Labelled, kept: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  const dims = value.dims.filter((_, axis) => !axes.includes(axis));
  return {
    value: reshape(g, reduceSum(g, value, axes), dims),
    labels: labels.filter((label) => kept.has(label)),
  };
}

function arrange(g: StaticGraph, { value, labels }: Labelled, order: readonly string[]): Value {
  return transpose(
    g,
    value,
    order.map((label) => labels.indexOf(label)),
  );
}

export const productLowerings: LoweringTable = { MatMul: lowerMatMul, Gemm: lowerGemm, Einsum: lowerEinsum };
