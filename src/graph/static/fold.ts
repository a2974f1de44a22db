import type { BinaryFunction, UnaryFunction, Value } from './value';
import { sizeOf } from './value';

/** Larger constants are left to the runtime, which folds them when it loads the model. */
const largestFolded = 2 ** 16;

function realData({ operation }: Value): Float64Array | null {
  return operation.kind === 'constant' && operation.data instanceof Float64Array ? operation.data : null;
}

const unaryFunctions: Partial<Record<UnaryFunction, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sign: Math.sign,
};

const binaryFunctions: Record<BinaryFunction, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
};

export function foldUnary(name: UnaryFunction, x: Value): Float64Array | null {
  const data = realData(x);
  const compute = unaryFunctions[name];
  return data === null || compute === undefined || data.length > largestFolded ? null : data.map(compute);
}

export function foldPower(exponent: number, x: Value): Float64Array | null {
  const data = realData(x);
  return data === null || data.length > largestFolded ? null : data.map((value) => value ** exponent);
}

export function foldBinary(
  name: BinaryFunction,
  a: Value,
  b: Value,
  dims: readonly number[],
): Float64Array | null {
  const left = realData(a);
  const right = realData(b);
  if (left === null || right === null || sizeOf(dims) > largestFolded) return null;
  const compute = binaryFunctions[name];
  const leftIndex = broadcastIndices(a.dims, dims);
  const rightIndex = broadcastIndices(b.dims, dims);
  return Float64Array.from(leftIndex, (from, i) => compute(left[from]!, right[rightIndex[i]!]!));
}

/** For every element of a result, the element of an operand that is broadcast to it. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = new Array<number>(to.length).fill(0);
  let stride = 1;
  for (let axis = to.length - 1, own = from.length - 1; own >= 0; axis--, own--) {
    if (from[own]! > 1) strides[axis] = stride;
    stride *= from[own]!;
  }
  return stridedIndices(to, strides);
}

/** The places of a row-major array of `dims`, visited in steps of `strides` from `start` on. */
export function stridedIndices(dims: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const indices = new Int32Array(sizeOf(dims));
  const position = new Array<number>(dims.length).fill(0);
  let at = start;
  for (let i = 0; i < indices.length; i++) {
    indices[i] = at;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      position[axis]! += 1;
      at += strides[axis]!;
      if (position[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      position[axis] = 0;
    }
  }
  return indices;
}

export function foldTranspose(x: Value, perm: readonly number[]): Float64Array | null {
  const data = realData(x);
  if (data === null || data.length > largestFolded) return null;
  const strides = stridesOf(x.dims);
  const order = stridedIndices(
    perm.map((axis) => x.dims[axis]!),
    perm.map((axis) => strides[axis]!),
  );
  return Float64Array.from(order, (from) => data[from]!);
}

/** Elements from `starts` on, by steps. @param dims of the result */
export function foldSlice(
  x: Value,
  starts: readonly number[],
  steps: readonly number[],
  dims: readonly number[],
): Float64Array | null {
  const data = realData(x);
  if (data === null || data.length > largestFolded) return null;
  const strides = stridesOf(x.dims);
  const first = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  const order = stridedIndices(
    dims,
    strides.map((stride, axis) => stride * steps[axis]!),
    first,
  );
  return Float64Array.from(order, (from) => data[from]!);
}

/** @param dims of the result */
export function foldConcat(
  parts: readonly Value[],
  axis: number,
  dims: readonly number[],
): Float64Array | null {
  const datas = parts.flatMap((part) => realData(part) ?? []);
  if (datas.length < parts.length || sizeOf(dims) > largestFolded) return null;
  const inner = sizeOf(dims.slice(axis + 1));
  const whole = new Float64Array(sizeOf(dims));
  let at = 0;
  for (let outer = 0; outer < sizeOf(dims.slice(0, axis)); outer++) {
    for (const [i, part] of parts.entries()) {
      const width = part.dims[axis]! * inner;
      whole.set(datas[i]!.subarray(outer * width, (outer + 1) * width), at);
      at += width;
    }
  }
  return whole;
}

/** Of a row-major array. */
export function stridesOf(dims: readonly number[]): readonly number[] {
  return dims.map((_, axis) => sizeOf(dims.slice(axis + 1)));
}
