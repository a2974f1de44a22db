import type { Graph, GraphNode } from '../../../../src/graph/graph';

/**
 * Evaluates a Graph node by node in plain loops, in float64: an oracle that knows ONNX and nothing of perceptrons. It has
 * only the operators that the tests use.
 */
interface Array_ {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

export function evaluateGraph(graph: Graph, input: string, samples: Array_, wanted: string): Array_ {
  const values = new Map<string, Array_>([[input, samples]]);
  for (const [name, { dims, data }] of graph.initialisers)
    values.set(name, { dims, data: Array.from(data, Number) });
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : need(values, name)));
    const opset = graph.opsets.get('') ?? 0;
    const output = node.outputs[0] ?? '';
    values.set(output, evaluateNode(node, inputs, opset));
    if (output === wanted) break;
  }
  return need(values, wanted);
}

function need(values: Map<string, Array_>, name: string): Array_ {
  const value = values.get(name);
  if (value === undefined) throw new Error(`nothing computes ${name}`);
  return value;
}

const total = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

/** Every index of a row-major array. */
function* indices(dims: readonly number[]): Generator<number[]> {
  for (let flat = 0; flat < total(dims); flat += 1) {
    const index: number[] = [];
    let rest = flat;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const size = dims[axis] ?? 1;
      index.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    yield index;
  }
}

/** The element at an index, aligned at the last axis, axes of size 1 repeated. */
function at(array: Array_, index: readonly number[]): number {
  let flat = 0;
  array.dims.forEach((size, axis) => {
    const position = index[index.length - array.dims.length + axis] ?? 0;
    flat = flat * size + (size === 1 ? 0 : position);
  });
  return array.data[flat] ?? NaN;
}

function broadcast(a: Array_, b: Array_, f: (x: number, y: number) => number): Array_ {
  const rank = Math.max(a.dims.length, b.dims.length);
  const dims = Array.from({ length: rank }, (_, axis) =>
    Math.max(a.dims[a.dims.length - rank + axis] ?? 1, b.dims[b.dims.length - rank + axis] ?? 1),
  );
  return { dims, data: [...indices(dims)].map((index) => f(at(a, index), at(b, index))) };
}

function multiply(a: Array_, b: Array_): Array_ {
  const inner = a.dims.at(-1) ?? 1;
  const columns = b.dims[1] ?? 1;
  const dims = [...a.dims.slice(0, -1), columns];
  const data = [...indices(dims)].map((index) => {
    let sum = 0;
    for (let k = 0; k < inner; k += 1)
      sum += at(a, [...index.slice(0, -1), k]) * (b.data[k * columns + (index.at(-1) ?? 0)] ?? NaN);
    return sum;
  });
  return { dims, data };
}

function transpose(a: Array_, perm: readonly number[]): Array_ {
  const dims = perm.map((axis) => a.dims[axis] ?? 1);
  const data = [...indices(dims)].map((index) => {
    const from = new Array<number>(perm.length).fill(0);
    perm.forEach((axis, i) => {
      from[axis] = index[i] ?? 0;
    });
    return at(a, from);
  });
  return { dims, data };
}

function reduce(a: Array_, axis: number, f: (x: number, y: number) => number): Array_ {
  const dims = a.dims.map((size, i) => (i === axis ? 1 : size));
  const data = [...indices(dims)].map((index) => {
    const run = Array.from({ length: a.dims[axis] ?? 1 }, (_, k) =>
      at(
        a,
        index.map((value, i) => (i === axis ? k : value)),
      ),
    );
    return run.reduce(f);
  });
  return { dims, data };
}

/** erf by Simpson's rule on 2/√π ∫ exp(−t²). */
export function integratedErf(x: number): number {
  const steps = 400;
  const limit = Math.max(-6, Math.min(6, x));
  const h = limit / steps;
  let sum = 1 + Math.exp(-limit * limit);
  for (let i = 1; i < steps; i += 1) sum += (i % 2 === 0 ? 2 : 4) * Math.exp(-((i * h) ** 2));
  return (2 / Math.sqrt(Math.PI)) * (h / 3) * sum;
}

function convolution(x: Array_, w: Array_, b: Array_ | undefined): Array_ {
  const [n = 1, c = 1, ...sizes] = x.dims;
  const [m = 1, , ...kernel] = w.dims;
  const dims = [n, m, ...sizes.map((size, i) => size - (kernel[i] ?? 1) + 1)];
  const data = [...indices(dims)].map(([row = 0, filter = 0, ...position]) => {
    let sum = b?.data[filter] ?? 0;
    for (let channel = 0; channel < c; channel += 1)
      for (const offset of indices(kernel))
        sum +=
          at(x, [row, channel, ...position.map((p, i) => p + (offset[i] ?? 0))]) *
          at(w, [filter, channel, ...offset]);
    return sum;
  });
  return { dims, data };
}

function reshape(a: Array_, target: readonly number[]): Array_ {
  const dims = target.map((size, i) => (size === 0 ? (a.dims[i] ?? 1) : size));
  const known = dims.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const result = dims.map((size) => (size === -1 ? a.data.length / known : size));
  if (total(result) !== a.data.length)
    throw new Error(`cannot reshape ${String(a.dims)} to ${String(target)}`);
  return { dims: result, data: a.data };
}

const unary: Readonly<Record<string, (x: number) => number>> = {
  Identity: (x) => x,
  Cast: (x) => x,
  Dropout: (x) => x,
  Relu: (x) => (x > 0 ? x : 0),
  Tanh: Math.tanh,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Softplus: (x) => Math.log(1 + Math.exp(x)),
  Mish: (x) => x * Math.tanh(Math.log(1 + Math.exp(x))),
  HardSwish: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6,
  Erf: integratedErf,
  Exp: Math.exp,
  Log: Math.log,
  Neg: (x) => -x,
  Reciprocal: (x) => 1 / x,
  Sqrt: Math.sqrt,
};
const binary: Readonly<Record<string, (x: number, y: number) => number>> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
  Pow: (x, y) => x ** y,
  Max: Math.max,
  Min: Math.min,
};

function evaluateNode(node: GraphNode, inputs: readonly (Array_ | undefined)[], opset: number): Array_ {
  const [a = { dims: [], data: [] }, b, c] = inputs;
  const value = (name: string) => node.attributes.get(name)?.value;
  const number = (name: string, byDefault: number) => (value(name) as number | undefined) ?? byDefault;
  const list = (name: string) => value(name) as readonly number[] | undefined;
  const map = (f: (x: number) => number) => ({ dims: a.dims, data: a.data.map(f) });
  const axes = list('axes') ?? b?.data;
  const one = unary[node.operator];
  if (one !== undefined) return map(one);
  const two = binary[node.operator];
  if (two !== undefined && b !== undefined) return broadcast(a, b, two);
  const alpha = number('alpha', NaN);
  switch (node.operator) {
    case 'LeakyRelu':
      return map((x) => (x > 0 ? x : alpha * x));
    case 'Elu':
      return map((x) => (x > 0 ? x : alpha * (Math.exp(x) - 1)));
    case 'Selu':
      return map((x) => number('gamma', NaN) * (x > 0 ? x : alpha * (Math.exp(x) - 1)));
    case 'HardSigmoid':
      return map((x) => Math.min(1, Math.max(0, alpha * x + number('beta', NaN))));
    case 'Gelu':
      return map((x) =>
        value('approximate') === 'tanh'
          ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
          : 0.5 * x * (1 + integratedErf(x / Math.SQRT2)),
      );
    case 'Clip':
      return map((x) => Math.min(c?.data[0] ?? Infinity, Math.max(b?.data[0] ?? -Infinity, x)));
    case 'MatMul':
      return multiply(a, b ?? a);
    case 'Gemm': {
      const right = b ?? a;
      const product = multiply(a, number('transB', 0) === 1 ? transpose(right, [1, 0]) : right);
      return c === undefined ? product : broadcast(product, c, (x, y) => x + y);
    }
    case 'Conv':
      return convolution(a, b ?? a, c);
    case 'Transpose':
      return transpose(a, list('perm') ?? a.dims.map((_, i) => a.dims.length - 1 - i));
    case 'Flatten':
      return reshape(a, [total(a.dims.slice(0, number('axis', 1))), -1]);
    case 'Reshape':
      return reshape(a, b?.data ?? []);
    case 'Squeeze':
      return {
        dims: a.dims.filter(
          (_, i) => !(axes ?? []).some((axis) => (axis + a.dims.length) % a.dims.length === i),
        ),
        data: a.data,
      };
    case 'Unsqueeze': {
      const dims = [...a.dims];
      for (const axis of axes ?? []) dims.splice(axis, 0, 1);
      return { dims, data: a.data };
    }
    case 'Shape':
      return { dims: [a.dims.length], data: a.dims };
    case 'Gather':
      return { dims: b?.dims ?? [], data: (b?.data ?? []).map((i) => a.data[i] ?? NaN) };
    case 'Slice': {
      const data = a.data.slice(b?.data[0], c?.data[0]);
      return { dims: [data.length], data };
    }
    case 'Concat': {
      if (a.dims.length === 1) {
        const data = inputs.flatMap((input) => input?.data ?? []);
        return { dims: [data.length], data };
      }
      const data = a.data.flatMap((x, i) => [x, b?.data[i] ?? NaN]);
      return { dims: [a.dims[0] ?? 0, 2], data };
    }
    case 'ReduceMax':
      return reduce(a, a.dims.length - 1, Math.max);
    case 'ReduceSum':
      return reduce(a, a.dims.length - 1, (x, y) => x + y);
    case 'LogSoftmax':
    case 'Softmax': {
      if (opset < 13 && a.dims.length !== 2)
        throw new Error('the oracle knows the old Softmax on matrices only');
      const exponentials = { dims: a.dims, data: a.data.map(Math.exp) };
      const sums = reduce(exponentials, a.dims.length - 1, (x, y) => x + y);
      const logarithm = node.operator === 'LogSoftmax';
      return broadcast(exponentials, sums, (x, y) => (logarithm ? Math.log(x / y) : x / y));
    }
    case 'BatchNormalization': {
      const [, gamma, beta, mean, variance] = inputs;
      const channels = a.dims[1] ?? 1;
      const inner = total(a.dims.slice(2));
      const data = a.data.map((x, i) => {
        const c = Math.floor(i / inner) % channels;
        const deviation = Math.sqrt((variance?.data[c] ?? NaN) + number('epsilon', 1e-5));
        return ((x - (mean?.data[c] ?? NaN)) / deviation) * (gamma?.data[c] ?? NaN) + (beta?.data[c] ?? NaN);
      });
      return { dims: a.dims, data };
    }
    case 'Scaler': {
      const offset = list('offset') ?? [];
      const scale = list('scale') ?? [];
      const width = a.dims.at(-1) ?? 1;
      const pick = (from: readonly number[], i: number) => from[from.length === 1 ? 0 : i % width] ?? NaN;
      return { dims: a.dims, data: a.data.map((x, i) => (x - pick(offset, i)) * pick(scale, i)) };
    }
    default:
      throw new Error(`the oracle does not know ${node.operator}`);
  }
}
