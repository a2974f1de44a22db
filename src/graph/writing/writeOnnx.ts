import type { ExecutableModel } from '../../runtime/session';
import type { Value } from '../static/value';
import { sameDims } from '../static/value';
import type { Columns } from './convolutions';
import { convolutionsAmong, usesAmong, writeConvolution } from './convolutions';
import {
  writeIm2col,
  writeMatmul,
  writeMaxPoolIndices,
  writeReduceSum,
  writeScatterAdd,
  writeScatterElements,
  writeSlice,
  writeUnary,
} from './kernels';
import type { Precision } from './nodeWriter';
import { NodeWriter } from './nodeWriter';

const binaryOperators = { add: 'Add', sub: 'Sub', mul: 'Mul', div: 'Div' } as const;
const relations = { equal: 'Equal', greater: 'Greater', greaterOrEqual: 'GreaterOrEqual' } as const;
const logicalOperators = { and: 'And', or: 'Or', not: 'Not' } as const;

/**
 * A static graph as an ONNX model. Inputs are the graph's own and the `given` values, which are not computed; an input
 * is there only where an output needs it.
 * @param outputs by name
 * @param given values that come from outside, by name
 * @param fixed numbers of inputs and given values that never change, where float32 is written: onnxruntime packs matrices that it
 * knows beforehand
 */
export function writeOnnx(
  outputs: ReadonlyMap<string, Value>,
  given: ReadonlyMap<Value, string>,
  precision: Precision,
  fixed: ReadonlyMap<Value, Float32Array> = new Map(),
): {
  readonly model: ExecutableModel;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly values: number;
} {
  const w = new NodeWriter(precision);
  const ordered = findNeededValues([...outputs.values()], given);
  const outside = new Set(outputs.values());
  const convolved =
    precision === 'float32' ? convolutionsAmong(ordered, outside, given) : new Map<Value, Columns>();
  const fused = fusedProducts(ordered, outside, given, convolved);
  const inputs = new Map<string, Value>();
  const nameOf = outputNames(outputs, given);
  const skipped = new Set([...fused.values(), ...[...convolved.values()].flatMap(({ inner }) => inner)]);
  for (const value of ordered) {
    const known = fixed.get(value);
    if (known !== undefined) w.addConstant(nameOf(value), known, value.dims);
    else if (given.has(value) || value.operation.kind === 'input') inputs.set(nameOf(value), value);
    else if (!skipped.has(value)) {
      const columns = convolved.get(value);
      if (columns === undefined) writeValue(w, value, fused, nameOf);
      else writeConvolution(w, value, columns, nameOf);
    }
  }
  for (const [name, value] of outputs)
    if (nameOf(value) !== name) w.emit('Identity', [nameOf(value)], {}, name);
  const declared = [...inputs].map(([name, { type, dims }]) => ({ name, type, dims }));
  return { model: w.finish(declared, [...outputs.keys()]), inputs, values: ordered.length };
}

/**
 * What is computed for an output has its name, if it is the only one, and no copy: onnxruntime 1.30 takes out copies and
 * turns a·(1/b) into a/b at once, and loses an a that is an output too.
 */
function outputNames(
  outputs: ReadonlyMap<string, Value>,
  given: ReadonlyMap<Value, string>,
): (value: Value) => string {
  const names = new Map<Value, string>();
  for (const [name, value] of outputs)
    if (value.operation.kind !== 'input' && !names.has(value)) names.set(value, name);
  return (value) => given.get(value) ?? names.get(value) ?? ownName(value);
}

function ownName({ operation, id }: Value): string {
  return operation.kind === 'input' ? operation.name : `v${id}`;
}

/** What the outputs are made from, in order; what only a given value is made from is left out. */
export function findNeededValues(outputs: readonly Value[], given: ReadonlyMap<Value, string>): Value[] {
  const needed = new Set<Value>();
  const pending = [...outputs];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (needed.has(value)) continue;
    needed.add(value);
    if (!given.has(value)) pending.push(...value.inputs);
  }
  return [...needed].sort((a, b) => a.id - b.id);
}

/** Additions that a matrix product can do by itself, with that product: Gemm takes a summand. */
function fusedProducts(
  ordered: readonly Value[],
  outputs: ReadonlySet<Value>,
  given: ReadonlyMap<Value, string>,
  convolved: ReadonlyMap<Value, Columns>,
): ReadonlyMap<Value, Value> {
  const uses = usesAmong(ordered, given);
  const fused = new Map<Value, Value>();
  for (const value of ordered) {
    const { operation } = value;
    if (given.has(value) || operation.kind !== 'binary' || operation.function !== 'add') continue;
    const product = value.inputs.find(
      (input) =>
        input.operation.kind === 'matmul' &&
        input.dims.length === 2 &&
        sameDims(input.dims, value.dims) &&
        uses.get(input) === 1 &&
        !outputs.has(input) &&
        !given.has(input) &&
        !convolved.has(input),
    );
    if (product !== undefined) fused.set(value, product);
  }
  return fused;
}

function writeValue(
  w: NodeWriter,
  value: Value,
  fused: ReadonlyMap<Value, Value>,
  nameOf: (value: Value) => string,
): void {
  const { operation } = value;
  const output = nameOf(value);
  const names = value.inputs.map(nameOf);
  const [a = '', b = ''] = names;
  switch (operation.kind) {
    case 'input':
      return;
    case 'constant':
      w.addConstant(output, operation.data, value.dims);
      return;
    case 'unary':
      writeUnary(w, operation.function, a, output);
      return;
    case 'power':
      w.emit('Pow', [a, w.real(operation.exponent)], {}, output);
      return;
    case 'binary': {
      const product = fused.get(value);
      if (product?.operation.kind !== 'matmul') {
        w.emit(binaryOperators[operation.function], names, {}, output);
        return;
      }
      const { transA, transB } = product.operation;
      const summand = value.inputs.find((input) => input !== product);
      const inputs = [...product.inputs.map(nameOf), summand === undefined ? '' : nameOf(summand)];
      w.emit('Gemm', inputs, { transA: Number(transA), transB: Number(transB) }, output);
      return;
    }
    case 'compare':
      w.emit(relations[operation.relation], names, {}, output);
      return;
    case 'logical':
      w.emit(logicalOperators[operation.function], names, {}, output);
      return;
    case 'convert':
      w.emit('Cast', [a], { to: w.elementType(value.type) }, output);
      return;
    case 'select':
      w.emit('Where', names, {}, output);
      return;
    case 'matmul':
      writeMatmul(w, value, operation, { a, b, output });
      return;
    case 'reduceSum':
      writeReduceSum(w, value, operation.axes, a, output);
      return;
    case 'reduceMax':
      w.emit('ReduceMax', [a, w.integers(operation.axes)], { keepdims: 1 }, output);
      return;
    case 'argMax':
      w.emit('ArgMax', [a], { axis: operation.axis, keepdims: 1 }, output);
      return;
    case 'reshape':
      // A 0 would mean "as in the input": no dimension is 0 here.
      w.emit('Reshape', [a, w.integers(value.dims)], {}, output);
      return;
    case 'transpose':
      w.emit('Transpose', [a], { perm: operation.perm }, output);
      return;
    case 'expand':
      w.emit('Expand', [a, w.integers(value.dims)], {}, output);
      return;
    case 'concat':
      w.emit('Concat', names, { axis: operation.axis }, output);
      return;
    case 'slice':
      writeSlice(w, operation, value.inputs[0]?.dims ?? [], a, output);
      return;
    case 'pad':
      w.emit('Pad', [a, w.integers([...operation.before, ...operation.after])], {}, output);
      return;
    case 'gather':
      w.emit('Gather', names, { axis: 0 }, output);
      return;
    case 'scatterAdd':
      writeScatterAdd(w, value, a, b, output);
      return;
    case 'gatherElements':
      w.emit('GatherElements', names, { axis: 1 }, output);
      return;
    case 'scatterElements':
      writeScatterElements(w, value, { disjoint: operation.disjoint, y: a, indices: b, output });
      return;
    case 'softmax':
      w.emit('Softmax', [a], { axis: -1 }, output);
      return;
    case 'im2col':
      writeIm2col(w, value, operation.windows, a, output);
      return;
    case 'maxPoolIndices':
      writeMaxPoolIndices(w, value, operation, a, output);
      return;
    case 'topPositions':
      w.emitNode('TopK', [a, w.integers([value.dims[1] ?? 0])], [w.freshName(), output], {
        axis: 1,
        largest: Number(operation.largest),
        sorted: Number(operation.sorted),
      });
      return;
    case 'cumulativeSum': {
      const { axis, exclusive, reverse } = operation;
      w.emit(
        'CumSum',
        [a, w.integer(axis)],
        { exclusive: Number(exclusive), reverse: Number(reverse) },
        output,
      );
      return;
    }
  }
}
