import { describe, expect, it } from 'vitest';
import type { Json, Program, TensorMeta } from '../../../../src/formats/aten/program';
import { translate } from '../../../../src/formats/aten/translate';
import { writeGraph } from '../../../../src/formats/built/writeGraph';
import { numbers, results } from '../running';

type Arguments = Readonly<Record<string, Readonly<Record<string, Json>>>>;
const floats = (dims: readonly number[]) => ({ type: 'float32', dims, requiresGrad: false }) as const;
const tensor = (name: string): Readonly<Record<string, Json>> => ({ as_tensor: { name } });
const ints = (...values: number[]): Readonly<Record<string, Json>> => ({ as_ints: values });
const int = (value: number): Readonly<Record<string, Json>> => ({ as_int: value });

/** What one operator makes of x (2 × 3 × 4), y (2 × 3 × 4) and the indices i and j. */
async function made(target: string, args: Arguments, dims: readonly number[]): Promise<readonly number[]> {
  const inputs = ['x', 'y', 'i', 'j'].map((name) => ({ kind: 'samples', arg: name, name }) as const);
  const whole = { type: 'int64', dims: [2], requiresGrad: false } as const;
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
      ['x', floats([2, 3, 4])],
      ['y', floats([2, 3, 4])],
      ['i', whole],
      ['j', whole],
      [
        'z',
        { ...floats(dims), type: target.startsWith('any') || target.startsWith('all') ? 'bool' : 'float32' },
      ],
    ]),
    inputs,
    outputs: ['z'],
    version: null,
  };
  const { graph } = translate('program.pt2', program, new Map());
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name }) => [
      name,
      name === 'x' || name === 'y'
        ? { dims: [2, 3, 4], data: name === 'x' ? x : y }
        : { dims: [2], data: BigInt64Array.from(name === 'i' ? [0n, -1n] : [2n, 1n]) },
    ]),
  );
  const found = await results(writeGraph(graph, ['z']), feeds);
  expect(found['z']?.dims).toEqual(dims);
  return Array.from(found['z']?.data as ArrayLike<number>, Number);
}

const [x, y] = [numbers(24, 5).map((value, at) => (at % 5 === 0 ? 0 : value)), numbers(24, 9)];
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
    ['copy.default', { self, src: tensor('y') }, [2, 3, 4], (a, b, c) => at(y, a, b, c)],
  ])('%s', async (target, args, dims, wanted) => {
    const found = await made(target, args, dims);
    all(dims, (a = 0, b = 0, c = 0) => wanted(a, b, c)).forEach((value, place) =>
      expect(Math.abs((found[place] ?? NaN) - value)).toBeLessThan(2e-6),
    );
  });
});
