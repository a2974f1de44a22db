import { describe, expect, it } from 'vitest';
import { cotangentsOf, tangentsOf } from '../../../src/autodiff/derivatives';
import { col2im, im2col } from '../../../src/graph/static/convolution';
import {
  binary,
  compare,
  magnitude,
  mul,
  power,
  rectify,
  scale,
  select,
  sub,
  unary,
} from '../../../src/graph/static/elementwise';
import {
  cumulativeSum,
  gather,
  gatherElements,
  maxPool,
  scatterAdd,
  scatterElements,
  softmax,
  topPositions,
} from '../../../src/graph/static/indexing';
import { matmul, reduceSum } from '../../../src/graph/static/linear';
import {
  concat,
  dilate,
  expand,
  pad,
  reshape,
  reverse,
  slice,
  transpose,
} from '../../../src/graph/static/shape';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { UnaryFunction, Value, Windows } from '../../../src/graph/static/value';
import { sizeOf } from '../../../src/graph/static/value';
import { dot, evaluate, norm, numbers, relativeError } from './evaluation';

/** A function of some inputs, built of the primitive under test. */
interface Case {
  readonly name: string;
  readonly dims: readonly (readonly number[])[];
  readonly build: (g: StaticGraph, ...inputs: Value[]) => Value;
  /** Where the inputs lie: away from kinks and poles. */
  readonly low?: number;
  readonly high?: number;
}

const windows = (parts: Partial<Windows> = {}): Windows => ({
  kernel: [3, 2],
  strides: [1, 1],
  dilations: [1, 1],
  padsBefore: [1, 0],
  padsAfter: [1, 1],
  ...parts,
});

const integers = (g: StaticGraph, values: readonly number[], dims: readonly number[]): Value =>
  g.constant(BigInt64Array.from(values, BigInt), dims);

const unaries: readonly (readonly [UnaryFunction, number, number])[] = [
  ['neg', -1, 1],
  ['exp', -1, 1],
  ['log', 0.5, 2],
  ['sqrt', 0.5, 2],
  ['tanh', -2, 2],
  ['sigmoid', -3, 3],
  ['erf', -3, 3],
  ['softplus', -3, 3],
  ['sin', -3, 3],
  ['cos', -3, 3],
];

const cases: readonly Case[] = [
  ...unaries.map(([name, low, high]): Case => ({
    name,
    dims: [[3, 4]],
    build: (g, x) => unary(g, name, x),
    low,
    high,
  })),
  { name: 'rectified', dims: [[3, 4]], build: rectify },
  { name: 'magnitude', dims: [[3, 4]], build: magnitude },
  ...[2, 3, -1, 0.5, -0.5, 1.7].map((exponent): Case => ({
    name: `power ${exponent}`,
    dims: [[5]],
    build: (g, x) => power(g, x, exponent),
    low: 0.5,
    high: 2,
  })),
  ...(['add', 'sub', 'mul', 'div'] as const).flatMap((name): Case[] => [
    {
      name,
      dims: [
        [2, 3],
        [2, 3],
      ],
      build: (g, a, b) => binary(g, name, a, b),
      low: 0.5,
      high: 2,
    },
    {
      name: `${name}, broadcast`,
      dims: [
        [2, 1, 3],
        [4, 1],
      ],
      build: (g, a, b) => binary(g, name, a, b),
      low: 0.5,
      high: 2,
    },
  ]),
  { name: 'mul with itself', dims: [[4]], build: (g, x) => mul(g, x, x) },
  {
    name: 'select',
    dims: [[2, 3], [3]],
    build: (g, a, b) => select(g, compare(g, 'greater', a, g.scalar(0)), a, b),
  },
  {
    name: 'matmul',
    dims: [
      [3, 4],
      [4, 2],
    ],
    build: (g, a, b) => matmul(g, a, b),
  },
  {
    name: 'matmul, left transposed',
    dims: [
      [4, 3],
      [4, 2],
    ],
    build: (g, a, b) => matmul(g, a, b, true),
  },
  {
    name: 'matmul, right transposed',
    dims: [
      [3, 4],
      [2, 4],
    ],
    build: (g, a, b) => matmul(g, a, b, false, true),
  },
  {
    name: 'matmul, both transposed',
    dims: [
      [4, 3],
      [2, 4],
    ],
    build: (g, a, b) => matmul(g, a, b, true, true),
  },
  {
    name: 'matmul of stacks',
    dims: [
      [2, 3, 4],
      [2, 4, 2],
    ],
    build: (g, a, b) => matmul(g, a, b),
  },
  {
    name: 'matmul of stacks, transposed',
    dims: [
      [2, 4, 3],
      [2, 5, 4],
    ],
    build: (g, a, b) => matmul(g, a, b, true, true),
  },
  {
    name: 'matmul of a stack and a matrix',
    dims: [
      [2, 3, 4],
      [4, 5],
    ],
    build: (g, a, b) => matmul(g, a, b),
  },
  {
    name: 'matmul of a matrix and a stack',
    dims: [
      [3, 4],
      [2, 4, 5],
    ],
    build: (g, a, b) => matmul(g, a, b),
  },
  {
    name: 'matmul, broadcast',
    dims: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
    build: (g, a, b) => matmul(g, a, b),
  },
  { name: 'reduceSum', dims: [[2, 3, 4]], build: (g, x) => reduceSum(g, x, [0, 2]) },
  { name: 'cumulativeSum', dims: [[2, 4]], build: (g, x) => cumulativeSum(g, x, 1, true, false) },
  { name: 'reshape', dims: [[2, 6]], build: (g, x) => reshape(g, x, [3, 4]) },
  { name: 'transpose', dims: [[2, 3, 4]], build: (g, x) => transpose(g, x, [2, 0, 1]) },
  { name: 'expand', dims: [[3, 1]], build: (g, x) => expand(g, x, [2, 3, 4]) },
  {
    name: 'concat',
    dims: [
      [2, 2],
      [2, 3],
    ],
    build: (g, a, b) => concat(g, [a, b, a], 1),
  },
  { name: 'slice', dims: [[4, 5]], build: (g, x) => slice(g, x, [1, 0], [4, 5], [1, 2]) },
  { name: 'slice backwards', dims: [[4, 6]], build: (g, x) => slice(g, x, [3, 5], [-1, 0], [-1, -2]) },
  { name: 'reverse', dims: [[3, 4]], build: (g, x) => reverse(g, x, [1]) },
  { name: 'dilate', dims: [[2, 3]], build: (g, x) => dilate(g, x, [1, 3]) },
  { name: 'pad', dims: [[3, 4]], build: (g, x) => pad(g, x, [1, -1], [0, 2]) },
  { name: 'gather', dims: [[4, 3]], build: (g, x) => gather(g, x, integers(g, [0, 2, 2, 3], [2, 2])) },
  {
    name: 'scatterAdd',
    dims: [[2, 2, 3]],
    build: (g, x) => scatterAdd(g, x, integers(g, [0, 2, 2, 3], [2, 2]), 5),
  },
  {
    name: 'gatherElements',
    dims: [[2, 4]],
    build: (g, x) => gatherElements(g, x, integers(g, [0, 3, 3, 1, 2, 0], [2, 3])),
  },
  {
    name: 'scatterElements',
    dims: [[2, 3]],
    build: (g, x) => scatterElements(g, x, integers(g, [0, 3, 3, 1, 2, 0], [2, 3]), 4, false),
  },
  { name: 'softmax', dims: [[3, 4]], build: (g, x) => softmax(g, x, false) },
  { name: 'softmax, stable', dims: [[3, 4]], build: (g, x) => softmax(g, x, true) },
  { name: 'im2col', dims: [[2, 3, 4, 5]], build: (g, x) => im2col(g, x, windows()) },
  {
    name: 'im2col with strides',
    dims: [[2, 3, 6, 5]],
    build: (g, x) => im2col(g, x, windows({ strides: [2, 3] })),
  },
  {
    name: 'im2col with dilations',
    dims: [[2, 3, 6, 5]],
    build: (g, x) => im2col(g, x, windows({ dilations: [2, 2], padsBefore: [2, 1] })),
  },
  {
    name: 'im2col of single points',
    dims: [[2, 3, 5, 5]],
    build: (g, x) =>
      im2col(g, x, windows({ kernel: [1, 1], strides: [2, 2], padsBefore: [0, 0], padsAfter: [0, 0] })),
  },
  { name: 'col2im', dims: [[12, 3, 4, 5]], build: (g, x) => col2im(g, x, windows(), [4, 5]) },
  {
    name: 'maxPool, overlapping',
    dims: [[2, 3, 5, 5]],
    build: (g, x) =>
      maxPool(
        g,
        x,
        windows({ kernel: [3, 3], strides: [2, 2], padsAfter: [1, 0], padsBefore: [1, 0] }),
        [3, 2],
        false,
      ),
  },
  {
    name: 'maxPool, disjoint',
    dims: [[2, 3, 4, 4]],
    build: (g, x) =>
      maxPool(
        g,
        x,
        windows({ kernel: [2, 2], strides: [2, 2], padsBefore: [0, 0], padsAfter: [0, 0] }),
        [2, 2],
        false,
      ),
  },
  {
    name: 'the largest of every row, by their positions',
    dims: [[4, 5]],
    build: (g, x) => gatherElements(g, x, topPositions(g, x, 2, true, true)),
  },
  {
    name: 'the smallest of every row, scattered back',
    dims: [[4, 5]],
    build: (g, x) => {
      const positions = topPositions(g, x, 2, false, true);
      return scatterElements(g, gatherElements(g, x, positions), positions, 5, true);
    },
  },
  {
    name: 'convolution',
    dims: [
      [2, 3, 4, 5],
      [3, 12],
    ],
    build: (g, x, w) => matmul(g, w, reshape(g, im2col(g, x, windows()), [12, 60])),
  },
  {
    name: 'convolution with strides',
    dims: [
      [2, 3, 5, 5],
      [3, 12],
    ],
    build: (g, x, w) => matmul(g, w, reshape(g, im2col(g, x, windows({ strides: [2, 2] })), [12, 27])),
  },
  {
    name: 'convolution of two groups',
    dims: [
      [4, 3, 4, 5],
      [2, 3, 12],
    ],
    build: (g, x, w) => matmul(g, w, reshape(g, im2col(g, x, windows()), [2, 12, 60])),
  },
];

/** Central differences: an error of h² times the third derivative, which is of order 1 here, and 10⁻¹⁶ / h. */
const h = 1e-5;
const differenceTolerance = 1e-8;

describe.each(cases)('the rule of $name', ({ dims, build, low = -1, high = 1 }) => {
  const g = new StaticGraph();
  const inputs = dims.map((own, i) => g.input(`x${i}`, own, 'real'));
  const directions = dims.map((own, i) => g.input(`v${i}`, own, 'real'));
  const along = new Map(inputs.map((input, i) => [input, directions[i] ?? input]));
  const y = build(g, ...inputs);
  // sin makes the function curved where the primitive is linear.
  const weights = g.constant(numbers(sizeOf(y.dims), 99), y.dims);
  const curved = unary(g, 'sin', mul(g, y, apart(g, weights)));

  const x = dims.map((own, i) => numbers(sizeOf(own), i + 1, low, high));
  const v = dims.map((own, i) => numbers(sizeOf(own), i + 50));
  const named = (values: readonly Float64Array[], prefix: string): Record<string, Float64Array> =>
    Object.fromEntries(values.map((data, i) => [`${prefix}${i}`, data]));
  const feeds = { ...named(x, 'x'), ...named(v, 'v') };
  const shifted = (shift: number): Record<string, Float64Array> =>
    named(
      x.map((data, i) => data.map((value, j) => value + shift * (v[i]?.[j] ?? 0))),
      'x',
    );
  const difference = async (values: readonly Value[]): Promise<Float64Array[]> => {
    const above = await evaluate(values, shifted(h));
    const below = await evaluate(values, shifted(-h));
    return above.map((data, i) => data.map((value, j) => (value - (below[i]?.[j] ?? 0)) / (2 * h)));
  };

  it('has the tangent that a finite difference gives', async () => {
    const [tangent = null] = tangentsOf(g, [curved], along);
    if (tangent === null) throw new Error('No tangent');
    const [found = new Float64Array(0)] = await evaluate([tangent], feeds);
    const [wanted = new Float64Array(0)] = await difference([curved]);
    expect(norm(wanted)).toBeGreaterThan(1e-3);
    expect(relativeError(found, wanted)).toBeLessThan(differenceTolerance);
  });

  it('has a reverse mode that is the transpose of its forward mode', async () => {
    const [tangent = null] = tangentsOf(g, [curved], along);
    const cotangent = g.input('c', curved.dims, 'real');
    const back = cotangentsOf(g, new Map([[curved, cotangent]]), inputs);
    const c = numbers(sizeOf(curved.dims), 7);
    const parts = back.flatMap((part) => part ?? []);
    if (tangent === null || parts.length !== inputs.length) throw new Error('No derivative');
    const [forward = new Float64Array(0), ...reverse] = await evaluate([tangent, ...parts], { ...feeds, c });
    const left = dot(c, forward);
    const right = reverse.reduce((sum, part, i) => sum + dot(part, v[i] ?? part), 0);
    expect(Math.abs(left - right)).toBeLessThan(1e-12 * norm(c) * norm(forward));
  });

  it('has the second derivative that reverse over reverse and a finite difference of the gradient give', async () => {
    const ones = expand(g, g.scalar(1), curved.dims);
    const zero = (own: readonly number[]): Value => expand(g, g.scalar(0), own);
    const gradient = cotangentsOf(g, new Map([[curved, ones]]), inputs).map(
      (part, i) => part ?? zero(dims[i] ?? []),
    );
    const forward = tangentsOf(g, gradient, along).map((part, i) => part ?? zero(dims[i] ?? []));
    const slopes = gradient.map((part, i) => {
      const axes = part.dims.map((_, axis) => axis);
      return reshape(g, reduceSum(g, mul(g, part, directions[i] ?? part), axes), []);
    });
    const slope = slopes.reduce((a, b) => binary(g, 'add', a, b));
    const reverse = cotangentsOf(g, new Map([[slope, g.scalar(1)]]), inputs).map(
      (part, i) => part ?? zero(dims[i] ?? []),
    );
    const found = await evaluate([...forward, ...reverse], feeds);
    const wanted = await difference(gradient);
    const flat = (parts: readonly Float64Array[]): Float64Array =>
      Float64Array.from(parts.flatMap((part) => [...part]));
    const overReverse = flat(found.slice(0, inputs.length));
    const scaleOf = norm(flat(await evaluate(gradient, feeds)));
    expect(relativeError(overReverse, flat(found.slice(inputs.length)), scaleOf)).toBeLessThan(1e-12);
    expect(relativeError(overReverse, flat(wanted), scaleOf)).toBeLessThan(differenceTolerance);
    expect(norm(overReverse)).toBeGreaterThan(1e-6);
  });
});

/** Away from 0, so that no weight hides an element. */
function apart(g: StaticGraph, weights: Value): Value {
  return sub(g, scale(g, weights, 0.5), g.scalar(1));
}
