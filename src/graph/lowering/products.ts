import { printable } from '../../report/printable';
import { add, scale } from '../static/elementwise';
import { matmul, reduceSum } from '../static/linear';
import { expand, reshape, slice, transpose } from '../static/shape';
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
  const terms = left.split(',');
  const values = terms.map((_, i) => realInput(n, i));
  const letters = left.replaceAll(/[^A-Za-z]/g, '');
  const labels = terms.map((term, i) => labelsOf(term, values[i]?.dims.length ?? 0));
  const deepest = labels.reduce((most, own) => Math.max(most, own.filter(isUnnamed).length), 0);
  const once = [...new Set(letters)].filter((c) => letters.indexOf(c) === letters.lastIndexOf(c)).sort();
  const output = right === undefined ? [...unnamed(deepest), ...once] : labelsOf(right, null, deepest);
  const operands = terms.map((_, i) => withoutRepeats(g, { value: values[i]!, labels: labels[i]! }));
  const sizes = new Map<string, number>();
  for (const operand of operands) {
    operand.labels.forEach((label, axis) => {
      const size = operand.value.dims[axis]!;
      if (size !== 1 || !sizes.has(label)) sizes.set(label, size);
    });
  }
  const spread = operands.map(({ value, labels: own }): Labelled => {
    const dims = own.map((label) => sizes.get(label) ?? 1);
    return { value: expand(g, value, dims), labels: own };
  });
  const result = spread.reduce((a, b, i) =>
    contract(g, a, b, new Set([...output, ...spread.slice(i + 1).flatMap(({ labels: own }) => own)])),
  );
  const summed = sumOut(g, result, new Set(output));
  return arrange(g, summed, output);
}

const ellipsis = '...';

/** Names of the axes that an ellipsis stands for, counted from the last, since they broadcast from there. */
function unnamed(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${ellipsis}${count - i}`);
}

function isUnnamed(label: string): boolean {
  return label.startsWith(ellipsis);
}

/**
 * One label for every axis: letters of the Latin alphabet, and names of their own for the axes of an ellipsis.
 * @param rank of the operand; null for the output, whose ellipsis stands for the `deepest` of the operands'
 */
function labelsOf(term: string, rank: number | null, deepest = 0): string[] {
  const [before = '', after, ...more] = term.split(ellipsis);
  if (more.length > 0 || /[^A-Za-z]/.test(before + (after ?? ''))) {
    throw new CannotLower(`has the term "${printable(term)}" in its equation`);
  }
  const named = before.length + (after ?? '').length;
  const middle = after === undefined ? [] : unnamed(rank === null ? deepest : rank - named);
  return [...Array.from(before), ...middle, ...Array.from(after ?? '')];
}

/** The diagonal over every label that stands twice. */
function withoutRepeats(g: StaticGraph, operand: Labelled): Labelled {
  const { value, labels } = operand;
  const second = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (second === -1) return operand;
  const first = labels.indexOf(labels[second]!);
  const size = value.dims[first]!;
  const others = labels.flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]));
  const dims = others.map((axis) => value.dims[axis]!);
  const flat = reshape(g, transpose(g, value, [...others, first, second]), [sizeOf(dims), size * size]);
  const diagonal = slice(g, flat, [0, 0], [sizeOf(dims), size * size], [1, size + 1]);
  return withoutRepeats(g, {
    value: reshape(g, diagonal, [...dims, size]),
    labels: [...others.map((axis) => labels[axis]!), labels[second]!],
  });
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

export const productLowerings = {
  MatMul: lowerMatMul,
  Gemm: lowerGemm,
  Einsum: lowerEinsum,
} satisfies LoweringTable;
