import { describe, expect, it } from 'vitest';
import type { Json, Program, TensorMeta } from '../../../../src/formats/aten/program';
import { translate } from '../../../../src/formats/aten/translate';
import { writeGraph } from '../../../../src/formats/built/writeGraph';
import { failureFrom } from '../failures';
import { namesIn, numbers, results } from '../running';

type Arguments = Readonly<Record<string, Readonly<Record<string, Json>>>>;
const floats = (dims: readonly number[]) => ({ type: 'float32', dims, requiresGrad: false }) as const;
const tensor = (name: string): Readonly<Record<string, Json>> => ({ as_tensor: { name } });
const ints = (...values: number[]): Readonly<Record<string, Json>> => ({ as_ints: values });
const int = (value: number): Readonly<Record<string, Json>> => ({ as_int: value });

/** What one operator makes of the tensors that are given. */
async function made(target: string, args: Arguments, dims: readonly number[]): Promise<readonly number[]> {
  const isTruth = /^(?:any|all|logical_|bitwise_)/.test(target);
  const program: Program = {
    nodes: [
      {
        target: `torch.ops.aten.${target}`,
        inputs: new Map(Object.entries(args)),
        outputs: ['z'],
        scope: '',
      },
    ],
    metas: new Map<string, TensorMeta>([
      ...Object.entries(given).map(([name, { dims: own, data }]): [string, TensorMeta] => [
        name,
        { ...floats(own), type: data instanceof BigInt64Array ? 'int64' : 'float32' },
      ]),
      ['z', { ...floats(dims), type: isTruth ? 'bool' : 'float32' }],
    ]),
    inputs: Object.keys(given).map((name) => ({ kind: 'samples', arg: name, name })),
    outputs: ['z'],
    version: null,
  };
  const { graph } = translate('program.pt2', program, new Map());
  const written = writeGraph(graph, ['z']);
  const { inputs } = namesIn(written);
  const feeds = Object.fromEntries(Object.entries(given).filter(([name]) => inputs.includes(name)));
  const found = await results(written, feeds);
  expect(found['z']?.dims).toEqual(dims);
  return Array.from(found['z']?.data as ArrayLike<number>, Number);
}

const [x, y] = [numbers(24, 5).map((value, at) => (at % 5 === 0 ? 0 : value)), numbers(24, 9)];
const whole = [2, 3, 4] as const;
/** Between 0.1 and 0.9, where every inverse function has a value. */
const p = x.map((value) => 0.5 + 0.4 * value);
const [w, v] = [numbers(12, 3), numbers(12, 7).map((value) => value ** 2 + 0.2)];
const given = {
  x: { dims: whole, data: x },
  y: { dims: whole, data: y },
  p: { dims: whole, data: p },
  // 1 / p, beyond 1.
  q: { dims: whole, data: p.map((value) => 1 / value) },
  i: { dims: [2], data: BigInt64Array.of(0n, -1n) },
  j: { dims: [2], data: BigInt64Array.of(2n, 1n) },
  // x with its samples on one axis with the channels.
  u: { dims: [1, 6, 4], data: x },
  w: { dims: [3], data: w.slice(0, 3) },
  v: { dims: [3], data: v.slice(0, 3) },
  w6: { dims: [6], data: w.slice(0, 6) },
  v6: { dims: [6], data: v.slice(0, 6) },
  row: { dims: [2, 4], data: y.slice(0, 8) },
  m: { dims: [3, 3], data: w.slice(0, 9) },
  n: { dims: [], data: Float32Array.of(-2.5) },
} as const;
const at = (of: Float32Array, a: number, b: number, c: number): number => of[(a * 3 + b) * 4 + c] ?? NaN;
/** Numbers of a result by its indices. */
function all(dims: readonly number[], of: (...index: number[]) => number): readonly number[] {
  const size = dims.reduce((product, each) => product * each, 1);
  return Array.from({ length: size }, (_, place) => {
    let rest = place;
    const index = dims.toReversed().map((each) => {
      const own = rest % each;
      rest = Math.floor(rest / each);
      return own;
    });
    return of(...index.reverse());
  });
}
const rows = [0, 1, 2, 3];
const self = tensor('x');

/** The mean of squares about the mean of what x has in a row. */
function moments(a: number, b: number): readonly [mean: number, variance: number] {
  const own = rows.map((c) => at(x, a, b, c));
  const mean = own.reduce((sum, each) => sum + each, 0) / 4;
  return [mean, own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 4];
}

/** Softmax of the products of x and y, with what is added to them, on the numbers of p. */
function attended(added: (from: number, to: number) => number, scale = 0.5) {
  return (a: number, b: number, c: number): number => {
    const weights = [0, 1, 2].map((to) =>
      Math.exp(scale * rows.reduce((sum, k) => sum + at(x, a, b, k) * at(y, a, to, k), 0) + added(b, to)),
    );
    const total = weights.reduce((sum, each) => sum + each, 0);
    return weights.reduce((sum, each, to) => sum + (each / total) * at(p, a, to, c), 0);
  };
}

const attention = { query: self, key: tensor('y'), value: tensor('p') };
const mask = (from: number, to: number): number => w[3 * from + to] ?? NaN;
const flag = (value: boolean): Readonly<Record<string, Json>> => ({ as_bool: value });
/** A function of each number of one of the tensors. */
const each = (
  name: string,
  of: 'x' | 'p' | 'q',
  wanted: (value: number) => number,
): [string, Arguments, readonly number[], (a: number, b: number, c: number) => number] => [
  `${name}.default`,
  { self: tensor(of) },
  whole,
  (a, b, c) => wanted(at(given[of].data, a, b, c)),
];

describe('an ATen operator gives what its definition gives, in plain loops', () => {
  it.each<[string, Arguments, readonly number[], (a: number, b: number, c: number) => number]>([
    ['expm1.default', { self }, [2, 3, 4], (a, b, c) => Math.expm1(at(x, a, b, c))],
    ['exp2.default', { self }, [2, 3, 4], (a, b, c) => 2 ** at(x, a, b, c)],
    [
      'roll.default',
      { self, shifts: ints(1, -3), dims: ints(1, 2) },
      [2, 3, 4],
      (a, b, c) => at(x, a, (b + 2) % 3, (c + 3) % 4),
    ],
    ['flip.default', { self, dims: ints(0, -1) }, [2, 3, 4], (a, b, c) => at(x, 1 - a, b, 3 - c)],
    ['any.dim', { self, dim: int(-1) }, [2, 3], (a, b) => Number(rows.some((c) => at(x, a, b, c) !== 0))],
    ['all.dim', { self, dim: int(2) }, [2, 3], (a, b) => Number(rows.every((c) => at(x, a, b, c) !== 0))],
    [
      'var.correction',
      { self, dim: ints(2), correction: int(1) },
      [2, 3],
      (a, b) => {
        const own = rows.map((c) => at(x, a, b, c));
        const mean = own.reduce((sum, each) => sum + each, 0) / 4;
        return own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 3;
      },
    ],
    [
      'linalg_vector_norm.default',
      { self, dim: ints(-1) },
      [2, 3],
      (a, b) => Math.hypot(...rows.map((c) => at(x, a, b, c))),
    ],
    [
      'cumsum.default',
      { self, dim: int(2) },
      [2, 3, 4],
      (a, b, c) => rows.slice(0, c + 1).reduce((sum, each) => sum + at(x, a, b, each), 0),
    ],
    [
      'index.Tensor',
      {
        self,
        indices: {
          as_optional_tensors: [
            { as_none: true },
            { as_tensor: { name: 'i' } },
            { as_tensor: { name: 'j' } },
          ],
        },
      },
      [2, 2],
      (a, b) => at(x, a, b === 0 ? 0 : 2, b === 0 ? 2 : 1),
    ],
    [
      'addcmul.default',
      { self, tensor1: self, tensor2: tensor('y'), value: { as_float: 0.5 } },
      [2, 3, 4],
      (a, b, c) => at(x, a, b, c) * (1 + at(y, a, b, c) / 2),
    ],
    [
      'softshrink.default',
      { self, lambd: { as_float: 0.3 } },
      [2, 3, 4],
      (a, b, c) => Math.sign(at(x, a, b, c)) * Math.max(Math.abs(at(x, a, b, c)) - 0.3, 0),
    ],
    [
      'threshold.default',
      { self, threshold: { as_float: 0.1 }, value: { as_float: -7 } },
      [2, 3, 4],
      (a, b, c) => (at(x, a, b, c) > 0.1 ? at(x, a, b, c) : -7),
    ],
    [
      'min.other',
      { self, other: tensor('y') },
      [2, 3, 4],
      (a, b, c) => Math.min(at(x, a, b, c), at(y, a, b, c)),
    ],
    ['max.dim', { self, dim: int(1) }, [2, 4], (a, c) => Math.max(...[0, 1, 2].map((b) => at(x, a, b, c)))],
    [
      'slice_scatter.default',
      { self, src: tensor('y'), dim: int(1), start: int(0), end: int(9) },
      [2, 3, 4],
      (a, b, c) => at(y, a, b, c),
    ],
    each('log2', 'p', Math.log2),
    each('log1p', 'p', Math.log1p),
    each('rsqrt', 'p', (value) => 1 / Math.sqrt(value)),
    each('tan', 'x', Math.tan),
    each('asin', 'p', Math.asin),
    each('acos', 'p', Math.acos),
    each('atan', 'x', Math.atan),
    each('sinh', 'x', Math.sinh),
    each('cosh', 'x', Math.cosh),
    each('asinh', 'x', Math.asinh),
    each('acosh', 'q', Math.acosh),
    each('atanh', 'p', Math.atanh),
    [
      'hardshrink.default',
      { self, lambd: { as_float: 0.3 } },
      whole,
      (a, b, c) => (Math.abs(at(x, a, b, c)) > 0.3 ? at(x, a, b, c) : 0),
    ],
    ['fmod.Tensor', { self, other: tensor('p') }, whole, (a, b, c) => at(x, a, b, c) % at(p, a, b, c)],
    ['fmod.Scalar', { self, other: { as_float: 0.25 } }, whole, (a, b, c) => at(x, a, b, c) % 0.25],
    [
      'addcdiv.default',
      { self, tensor1: tensor('y'), tensor2: tensor('p'), value: { as_float: -0.5 } },
      whole,
      (a, b, c) => at(x, a, b, c) - at(y, a, b, c) / at(p, a, b, c) / 2,
    ],
    [
      'logical_xor.default',
      { self, other: tensor('y') },
      whole,
      (a, b, c) => Number((at(x, a, b, c) !== 0) !== (at(y, a, b, c) !== 0)),
    ],
    [
      'std.correction',
      { self, dim: ints(-1), correction: int(0), keepdim: flag(true) },
      [2, 3, 1],
      (a, b) => Math.sqrt(moments(a, b)[1]),
    ],
    ['std.dim', { self, dim: ints(2) }, [2, 3], (a, b) => Math.sqrt((moments(a, b)[1] * 4) / 3)],
    [
      'norm.ScalarOpt_dim',
      { self, p: int(1), dim: ints(2) },
      [2, 3],
      (a, b) => rows.reduce((sum, c) => sum + Math.abs(at(x, a, b, c)), 0),
    ],
    ['norm.Scalar', { self }, [], () => Math.hypot(...x)],
    [
      'logsumexp.default',
      { self, dim: ints(0, 2) },
      [3],
      (b) =>
        Math.log([0, 1].flatMap((a) => rows.map((c) => Math.exp(at(x, a, b, c)))).reduce((s, e) => s + e)),
    ],
    [
      'prod.dim_int',
      { self: tensor('p'), dim: int(1) },
      [2, 4],
      (a, c) => at(p, a, 0, c) * at(p, a, 1, c) * at(p, a, 2, c),
    ],
    ['diff.default', { self }, [2, 3, 3], (a, b, c) => at(x, a, b, c + 1) - at(x, a, b, c)],
    [
      'diff.default',
      { self, n: int(2), dim: int(1) },
      [2, 1, 4],
      (a, _, c) => at(x, a, 2, c) - 2 * at(x, a, 1, c) + at(x, a, 0, c),
    ],
    [
      'select_scatter.default',
      { self, src: tensor('row'), dim: int(1), index: int(-2) },
      whole,
      (a, b, c) => (b === 1 ? (y[4 * a + c] ?? NaN) : at(x, a, b, c)),
    ],
    ['fill.Scalar', { self, value: { as_float: 1.5 } }, whole, () => 1.5],
    ['fill.Tensor', { self, value: tensor('n') }, whole, () => -2.5],
    [
      '_native_batch_norm_legit.no_stats',
      {
        input: tensor('u'),
        weight: tensor('w6'),
        bias: tensor('v6'),
        training: flag(true),
        eps: { as_float: 0.01 },
      },
      [1, 6, 4],
      (_, channel, c) => {
        const [a, b] = [Math.floor(channel / 3), channel % 3];
        const [mean, variance] = moments(a, b);
        return (
          ((at(x, a, b, c) - mean) / Math.sqrt(variance + 0.01)) * (w[channel] ?? NaN) + (v[channel] ?? NaN)
        );
      },
    ],
    [
      '_native_batch_norm_legit_no_training.default',
      {
        ...{ input: self, weight: tensor('v'), bias: tensor('w'), eps: { as_float: 0.01 } },
        ...{ running_mean: tensor('w'), running_var: tensor('v'), momentum: { as_float: 0.1 } },
      },
      whole,
      (a, b, c) => {
        const [mean, variance] = [w[b] ?? NaN, v[b] ?? NaN];
        return ((at(x, a, b, c) - mean) / Math.sqrt(variance + 0.01)) * variance + mean;
      },
    ],
    ['scaled_dot_product_attention.default', attention, whole, attended(() => 0)],
    [
      'scaled_dot_product_attention.default',
      { ...attention, attn_mask: tensor('m'), scale: { as_float: 0.7 } },
      whole,
      attended(mask, 0.7),
    ],
    [
      'scaled_dot_product_attention.default',
      { ...attention, is_causal: flag(true) },
      whole,
      attended((from, to) => (to > from ? -Infinity : 0)),
    ],
    [
      '_scaled_dot_product_flash_attention_for_cpu.default',
      { ...attention, attn_mask: tensor('m') },
      whole,
      attended(mask),
    ],
    [
      '_scaled_dot_product_efficient_attention.default',
      { ...attention, attn_bias: tensor('m'), compute_log_sumexp: flag(false) },
      whole,
      attended(mask),
    ],
    ['copy.default', { self, src: tensor('y') }, [2, 3, 4], (a, b, c) => at(y, a, b, c)],
  ])('%s', async (target, args, dims, wanted) => {
    const found = await made(target, args, dims);
    all(dims, (a = 0, b = 0, c = 0) => wanted(a, b, c)).forEach((value, place) =>
      expect(Math.abs((found[place] ?? NaN) - value)).toBeLessThan(2e-6),
    );
  });

  it.each<[string, Arguments, RegExp]>([
    ['_native_batch_norm_legit.no_stats', { input: self }, /with statistics of the batch/],
    ['diff.default', { self, prepend: tensor('y') }, /with numbers before or behind its own/],
    ['as_strided.default', { self }, /as_strided\.default, which is not read here/],
  ])('%s is refused where its numbers would be a guess', async (target, args, wanted) => {
    expect((await failureFrom(() => made(target, args, whole))).message).toMatch(wanted);
  });
});
