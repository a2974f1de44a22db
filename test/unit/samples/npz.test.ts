import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError, failureSubjects } from '../../../src/report/failure';
import { drawWithoutReplacement, SeededRandom } from '../../../src/samples/random';
import type { InputSpec } from '../../../src/samples/samples';
import { failureIn } from './failures';
import { floats, plain, readAt, readFrom, type Reading } from './reading';
import { folderWith, npyBytes, npyStart, npzBytes, zipBytes, type WrittenArray } from './writers';

const fixtures = join(import.meta.dirname, 'fixtures');

const x: WrittenArray = { type: 'f4', shape: [3, 2], values: [0, 1, 2, 3, 4, 5] };
const y: WrittenArray = { type: 'i8', shape: [3], values: [2, 0, 1] };

function archive(arrays: Readonly<Record<string, WrittenArray>>): Record<string, Uint8Array> {
  return { 'data.npz': npzBytes(arrays) };
}

describe('npz samples', () => {
  it.each([
    { x, y },
    { inputs: x, labels: y, 'param:fc.weight': { ...x, shape: [2, 3] } },
    { X: x, targets: y },
    { images: x, labels: y },
    { data: x, target: y },
    { x_test: x, y_test: y, y_train: { ...y, shape: [1], values: [0] } },
    { x_data: x, y_data: y },
    { input: x, y },
    { 'x-train': x, y },
  ])('are found by name: %o', async (arrays) => {
    const samples = await readFrom(archive(arrays), floats(2));
    expect(samples.source).toBe('data.npz');
    expect(plain(samples)).toEqual({ count: 3, inputs: [x.values], dims: [[2]], labels: y.values });
  });

  it('prefer the graph’s own input names', async () => {
    const other = { ...x, values: [9, 9, 9, 9, 9, 9] };
    expect(plain(await readFrom(archive({ x: other, input: x, y }), floats(2))).inputs).toEqual([x.values]);
  });

  it('without labels have none', async () => {
    expect((await readFrom(archive({ anything: x }), floats(2))).labels).toBeNull();
    expect((await readFrom(archive({ x, y_test: y }), floats(2))).labels).toBeNull();
  });

  it('are chosen by key', async () => {
    const arrays = archive({
      first: x,
      second: { ...x, values: [5, 4, 3, 2, 1, 0] },
      answers: y,
      y: { ...y, values: [0, 0, 0] },
    });
    const chosen = await readFrom(arrays, floats(2), { inputs: { '': 'second' }, labels: 'answers' });
    expect(plain(chosen)).toMatchObject({ inputs: [[5, 4, 3, 2, 1, 0]], labels: y.values });
    expect(plain(await readFrom(arrays, floats(2), { inputs: { input: 'first' } })).inputs).toEqual([
      x.values,
    ]);
  });

  it('for several inputs go by the inputs’ names', async () => {
    const specs: InputSpec[] = [
      { name: 'ids', type: 'int64', dims: [2] },
      { name: 'weights', type: 'float32', dims: [] },
    ];
    const ids: WrittenArray = { type: 'i4', shape: [3, 2], values: [0, 1, 2, 3, 4, 5] };
    const weights: WrittenArray = { type: 'f8', shape: [3], values: [0.5, 1, 2] };
    const read = plain(await readFrom(archive({ weights, ids, y }), specs, { scale: 2 }));
    // The scale multiplies what is of float type.
    expect(read).toEqual({ count: 3, inputs: [ids.values, [1, 2, 4]], dims: [[2], []], labels: y.values });
    const missing = await failureIn(() => readFrom(archive({ ids, y }), specs));
    expect(missing).toMatchObject({ kind: 'SampleKeyMissing' });
    expect(missing.message).toContain('"data.npz" holds nothing named "weights"');
    expect(
      (await failureIn(() => readFrom(archive({ ids, weights }), specs, { inputs: { '': 'ids' } }))).kind,
    ).toBe('UsageError');
  });

  it('read NumPy’s uint8 images, scaled', async () => {
    const samples = await readAt(join(fixtures, 'stored.npz'), floats(1, 4, 4), { scale: 1 / 255 });
    expect(samples).toMatchObject({ count: 6, scale: 1 / 255 });
    expect(plain(samples).labels).toEqual([0, 1, 2, 0, 1, 2]);
    const data = samples.inputs[0]?.data ?? [];
    expect(Math.max(...data)).toBeLessThanOrEqual(1);
    expect(Math.max(...data)).toBeGreaterThan(0.5);
    expect((await readAt(join(fixtures, 'deflated.npz'), floats(16))).count).toBe(100);
  });

  it('read every type and order that NumPy writes', async () => {
    const expected = JSON.parse(readFileSync(join(fixtures, 'types.json'), 'utf8')) as Record<
      string,
      number[]
    >;
    expect(Object.keys(expected)).toHaveLength(48);
    for (const [key, values] of Object.entries(expected)) {
      const read = await readAt(join(fixtures, 'types.npz'), floats(2), { inputs: { '': key } });
      expect([key, ...plain(read).inputs]).toEqual([key, values]);
    }
  });

  const shapes: readonly (readonly [
    readonly number[],
    readonly (number | null)[],
    readonly number[] | null,
  ])[] = [
    [[6], [6], [6]],
    [[2, 3], [6], [6]],
    [[1, 2, 3], [6], [6]],
    [[6], [1, 2, 3], [1, 2, 3]],
    [
      [2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [2, 3, 1],
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [2, 3],
      [2, 3],
    ],
    [
      [2, 3],
      [null, 3],
      [2, 3],
    ],
    [
      [2, 3],
      [null, 2, 3],
      [1, 2, 3],
    ],
    [[2, 3], [null], [6]],
    [
      [2, 3],
      [null, null],
      [2, 3],
    ],
    [[6], [null], [6]],
    [[1], [], []],
    [[2, 3], [3, 2], null],
    [[2, 3, 2], [2, 2, 3], null],
    [[12], [2, 2, 3], null],
    [[5], [6], null],
    [[6], [2, null], null],
    [[0], [null], null],
  ];
  it.each(shapes)('of shape %j fit %j as %j', async (sample, dims, fitted) => {
    const size = sample.reduce((product, length) => product * length, 1);
    const values = Array.from({ length: 2 * size }, (_, index) => index);
    const files = archive({ x: { type: 'f4', shape: [2, ...sample], values } });
    if (fitted === null) {
      const failure = await failureIn(() => readFrom(files, floats(...dims)));
      expect(failure.kind).toBe('SampleShapeMismatch');
      expect(failure.message).toContain(
        `"x" in "data.npz" holds an array of shape [${[2, ...sample].join(', ')}]`,
      );
    } else {
      expect(plain(await readFrom(files, floats(...dims)))).toMatchObject({
        inputs: [values],
        dims: [fitted],
      });
    }
  });

  const kinds: readonly (readonly [WrittenArray, unknown])[] = [
    [{ type: 'u1', shape: [3], values: [0, 9, 1] }, [0, 9, 1]],
    [{ type: 'b1', shape: [3], values: [0, 1, 1] }, [0, 1, 1]],
    [{ type: 'i4', shape: [3, 1], values: [0, 9, 1] }, [0, 9, 1]],
    [
      { type: 'f4', shape: [3], values: [0, 9, 1] },
      { width: 1, values: [0, 9, 1] },
    ],
    [
      { type: 'f8', shape: [3, 1], values: [0.5, -9, 1] },
      { width: 1, values: [0.5, -9, 1] },
    ],
    [
      { type: 'i8', shape: [3, 2], values: [0, 1, 1, 0, 1, 0] },
      { width: 2, values: [0, 1, 1, 0, 1, 0] },
    ],
    [
      { type: 'f4', shape: [3, 2], values: [0.5, 0.5, 1, 0, 0.25, 0.75] },
      { width: 2, values: [0.5, 0.5, 1, 0, 0.25, 0.75] },
    ],
  ];
  it.each(kinds)('have labels %o', async (labels, expected) => {
    expect(plain(await readFrom(archive({ x, y: labels }), floats(2))).labels).toEqual(expected);
  });

  it('with a limit are a seeded draw in the file’s order', async () => {
    const count = 50;
    const numbers = Array.from({ length: count }, (_, index) => index);
    const files = archive({
      x: { type: 'i2', shape: [count, 1], values: numbers, fortran: true },
      y: { type: 'i2', shape: [count], values: numbers },
    });
    const draw = async (reading: Reading): Promise<number[]> => {
      const read = plain(await readFrom(files, floats(1), reading));
      expect(read.labels).toEqual(read.inputs[0]);
      return read.inputs[0] ?? [];
    };
    const drawn = await draw({ limit: 10, seed: 1 });
    expect(drawn).toHaveLength(10);
    expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
    expect(await draw({ limit: 10, seed: 1 })).toEqual(drawn);
    expect(await draw({ limit: 10, seed: 2 })).not.toEqual(drawn);
    expect(await draw({ limit: 99 })).toEqual(numbers);
  });

  const text = Buffer.from(readFileSync(join(fixtures, 'text.npy')));
  const nan: WrittenArray = { ...x, values: [0, 1, 2, 3, NaN, 5] };
  const cut = npzBytes({ x, y });
  const refused: readonly (readonly [string, Uint8Array, Reading, keyof typeof failureSubjects, RegExp])[] = [
    [
      'two arrays that may be meant',
      npzBytes({ x_train: x, x_test: x, y_test: y }),
      {},
      'SampleKeyMissing',
      /"x_train" and "x_test", any of which may be the inputs; say which with the setting “inputs: NAME”\.$/,
    ],
    [
      'no usual name',
      npzBytes({ arr_0: x, arr_1: y }),
      {},
      'SampleKeyMissing',
      /"arr_0" and "arr_1" and nothing that is named as inputs/,
    ],
    [
      'two arrays of labels',
      npzBytes({ x, y, labels: y }),
      {},
      'SampleKeyMissing',
      /"y" and "labels", any of which may be the labels; say which with the setting “labels: NAME”\.$/,
    ],
    ['only labels', npzBytes({ y }), {}, 'SampleKeyMissing', /the setting “inputs: NAME”/],
    ['an archive without arrays', zipBytes([]), {}, 'SampleKeyMissing', /holds none and nothing/],
    [
      'a missing key',
      npzBytes({ x, y }),
      { inputs: { '': 'z' } },
      'SampleKeyMissing',
      /holds nothing named "z" \(it holds "x" and "y"\)/,
    ],
    [
      'a missing key of labels',
      npzBytes({ x, y }),
      { labels: 'z' },
      'SampleKeyMissing',
      /correct the setting “labels”/,
    ],
    [
      'an input that the model lacks',
      npzBytes({ x, y }),
      { inputs: { other: 'x' } },
      'UsageError',
      /no input "other"/,
    ],
    [
      'counts that differ',
      npzBytes({ x, y: { ...y, shape: [1], values: [0] } }),
      {},
      'SampleCountMismatch',
      /"x" in "data\.npz" holds 3 samples but "y" in "data\.npz" holds 1;/,
    ],
    ['no samples', npzBytes({ x: { ...x, shape: [0, 2], values: [] } }), {}, 'NoSamples', /holds no samples/],
    [
      'a single number',
      npzBytes({ x: { ...x, shape: [], values: [1] } }),
      {},
      'SampleShapeMismatch',
      /single number/,
    ],
    [
      'NaN',
      npzBytes({ x: nan, y }),
      {},
      'NonFiniteSamples',
      /"x" in "data\.npz" holds NaN \(or nothing\) at \[2, 0\] \(counted from 0\)/,
    ],
    [
      'infinite labels',
      npzBytes({ x, y: { type: 'f4', shape: [3], values: [0, Infinity, 0] } }),
      {},
      'NonFiniteSamples',
      /holds Infinity at \[1\]/,
    ],
    [
      'objects as labels',
      zipBytes([
        { name: 'x.npy', data: npyBytes(x) },
        { name: 'y.npy', data: Buffer.from(readFileSync(join(fixtures, 'objects.npy'))) },
      ]),
      {},
      'UnsupportedLabels',
      /neither numbers nor words; encode the classes as the integers 0 to C − 1/,
    ],
    [
      'text as inputs',
      zipBytes([{ name: 'x.npy', data: text }]),
      {},
      'SamplesUnreadable',
      /"x" in "data\.npz" holds text/,
    ],
    ['a truncated archive', cut.subarray(0, cut.length - 30), {}, 'SamplesUnreadable', /no zip directory/],
    [
      'an array beyond its entry',
      zipBytes([{ name: 'x.npy', data: npyBytes(x).subarray(0, -1) }]),
      {},
      'SamplesUnreadable',
      /takes 152 bytes but it has 151/,
    ],
    [
      'an entry that is no array',
      zipBytes([{ name: 'x.npy', data: Buffer.from('hello, this is text') }]),
      {},
      'SamplesUnreadable',
      /"x" in "data\.npz" is damaged/,
    ],
    [
      'a bomb',
      zipBytes([{ name: 'x.npy', data: Buffer.alloc(3_000_000), deflated: true, declaredSize: 152 }]),
      {},
      'SamplesUnreadable',
      /inflates to more than it declares/,
    ],
    ['a scale of nothing', npzBytes({ x, y }), { scale: NaN }, 'UsageError', /the setting “scale”/],
    ['a limit of nothing', npzBytes({ x, y }), { limit: 0 }, 'UsageError', /the setting “limit”/],
  ];
  it.each(refused)('with %s are refused', async (_, bytes, reading, kind, sentence) => {
    const failure = await failureIn(() => readFrom({ 'data.npz': bytes }, floats(2), reading));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(sentence);
  });

  it.each([
    ["'<U4'", 4],
    ["'|S4'", 1],
  ] as const)('take words of type %s as labels, numbers among them by size', async (type, width) => {
    const words = ['10', '9', 'b', ''];
    const body = Buffer.alloc(words.length * 4 * width);
    words.forEach((word, row) => {
      Array.from(word).forEach((letter, at) => {
        body.writeUInt8(letter.charCodeAt(0), (4 * row + at) * width);
      });
    });
    const header = npyStart(`{'descr': ${type}, 'fortran_order': False, 'shape': (4,), }`);
    const four: WrittenArray = { type: 'f4', shape: [4, 2], values: [0, 1, 2, 3, 4, 5, 6, 7] };
    const bytes = zipBytes([
      { name: 'x.npy', data: npyBytes(four) },
      { name: 'y.npy', data: Buffer.concat([header, body]) },
    ]);
    const { labels, notes } = await readFrom({ 'data.npz': bytes }, floats(2));
    expect(labels).toMatchObject({ values: Float64Array.of(1, 0, 2, NaN), names: ['9', '10', 'b'] });
    expect(notes).toEqual([
      'The labels of "y" in "data.npz" are words, numbered in their order: "9" = 0, "10" = 1, "b" = 2.',
    ]);
    const cut = zipBytes([
      { name: 'x.npy', data: npyBytes(four) },
      { name: 'y.npy', data: Buffer.concat([header, body.subarray(1)]) },
    ]);
    expect((await failureIn(() => readFrom({ 'data.npz': cut }, floats(2)))).message).toContain(
      '"y" in "data.npz" is damaged',
    );
  });

  it.each([
    ['rows of several whole numbers', [3, 2], [1, 0, 0, 2, 1, 0], /not one-hot \(2 at \[1, 1\]/],
    ['negative classes', [3], [0, 1, -1], /the label -1 at \[2\]/],
    ['classes of several axes', [3, 2, 2], new Array<number>(12).fill(0), /shape \[3, 2, 2\]/],
  ] as const)('say why %s are no targets of one prediction', async (_, shape, values, sentence) => {
    const y = { type: 'i4', shape, values } as const;
    const { labels } = await readFrom({ 'data.npz': npzBytes({ x, y }) }, floats(2));
    const refusal = labels?.kind === 'rows' ? labels.shape?.refusal : null;
    expect(refusal?.failure.kind).toMatch(/^(UnsupportedLabels|LabelOutOfRange)$/);
    expect(refusal?.message).toMatch(sentence);
  });

  it('with a limit name the place in the file, and look at what is drawn only', async () => {
    const values = Array.from({ length: 40 }, () => NaN);
    const drawn = drawWithoutReplacement(40, 5, 3);
    const files = archive({ x: { type: 'f4', shape: [40, 1], values } });
    const failure = await failureIn(() => readFrom(files, floats(1), { limit: 5, seed: 3 }));
    expect(failure.message).toContain(`at [${String(drawn[0])}, 0]`);
    for (const index of drawn) values[index] = index;
    const fine = archive({ x: { type: 'f4', shape: [40, 1], values } });
    expect(plain(await readFrom(fine, floats(1), { limit: 5, seed: 3 })).inputs).toEqual([Array.from(drawn)]);
  });

  it('for an integer input are whole numbers of its type', async () => {
    const specs: InputSpec[] = [{ name: 'ids', type: 'uint8', dims: [2] }];
    expect(plain(await readFrom(archive({ x }), specs)).inputs).toEqual([x.values]);
    for (const wrong of [0.5, -1, 256]) {
      const failure = await failureIn(() =>
        readFrom(archive({ x: { ...x, values: [0, 1, 2, 3, 4, wrong] } }), specs),
      );
      expect(failure.kind).toBe('SampleShapeMismatch');
      expect(failure.message).toContain(`${String(wrong)} at [2, 1]`);
    }
  });

  it('for an input that chooses rows of a table are rows of it, from the end where they are negative', async () => {
    const indexes = { rows: 7, isBound: true };
    const specs: InputSpec[] = [{ name: 'ids', type: 'int64', dims: [2], indexes }];
    const written = (last: number) => archive({ x: { ...x, type: 'i8', values: [0, 1, 2, 3, -7, last] } });
    expect(plain(await readFrom(written(6), specs)).inputs).toEqual([[0, 1, 2, 3, -7, 6]]);
    for (const wrong of [7, -8]) {
      const failure = await failureIn(() => readFrom(written(wrong), specs));
      expect(failure.kind).toBe('IndexOutOfRange');
      expect(failure.message).toContain(`${String(wrong)} at [2, 1] (counted from 0), in sample 2`);
    }
    const compared = specs.map((spec) => ({ ...spec, indexes: { ...indexes, isBound: false } }));
    expect(plain(await readFrom(written(9), compared)).inputs).toEqual([[0, 1, 2, 3, -7, 9]]);
  });

  it('say where axes are in another order', async () => {
    const advice = async (shape: number[], ...dims: (number | null)[]): Promise<string> => {
      const values = new Array<number>(shape.reduce((product, size) => product * size, 1)).fill(0);
      const images: WrittenArray = { type: 'u1', shape, values };
      return (await failureIn(() => readFrom(archive({ images }), floats(...dims)))).message;
    };
    expect(await advice([1, 2, 2, 3], 3, 2, 2)).toBe(
      '"images" in "data.npz" holds an array of shape [1, 2, 2, 3], which is 1 sample of 2 × 2 × 3, but the model\'s input "input" takes 3 × 2 × 2; its channels come last where the model takes them first, so save it transposed (x.transpose(0, 3, 1, 2)).',
    );
    expect(await advice([1, 5, 4, 3], 3, null, null)).toMatch(/takes them first.*transpose\(0, 3, 1, 2\)/);
    expect(await advice([1, 3, 5, 4], null, null, 3)).toMatch(/takes them last.*transpose\(0, 2, 3, 1\)/);
    expect(await advice([1, 4, 5], 5, 4)).toMatch(/its axes are in another order, so save it transposed/);
  });

  it('that are too many are refused before they are read', async () => {
    const count = 2 ** 29;
    const header = npyStart(`{'descr': '|u1', 'fortran_order': False, 'shape': (${String(count)}, 1), }`);
    // Incompressible, so that the declared size is one that a deflate stream could reach.
    const random = SeededRandom.fromSeed(0);
    const noise = Buffer.from(Array.from({ length: 600_000 }, () => random.below(256)));
    const data = Buffer.concat([header, noise]);
    const entry = { name: 'x.npy', data, deflated: true, declaredSize: header.length + count };
    const failure = await failureIn(() => readFrom({ 'data.npz': zipBytes([entry]) }, floats(1)));
    expect(failure.kind).toBe('SamplesUnreadable');
    expect(failure.message).toContain(
      '"data.npz" holds 536,870,912 input numbers, more than the 268,435,456',
    );
    expect(failure.message).toContain('the setting “limit: 268435456”');
  });

  it('that are missing or a folder are refused', async () => {
    const folder = await folderWith({});
    expect((await failureIn(() => readAt(join(folder, 'none.npz'), floats(2)))).kind).toBe('SamplesNotFound');
    // A folder may hold pictures.
    expect((await failureIn(() => readAt(folder, floats(2)))).kind).toBe('NoSamples');
  });

  it('changed anywhere are read or refused as samples', async () => {
    const bytes = npzBytes({ x, y }, true);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        async (changes) => {
          const changed = Buffer.from(bytes);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          try {
            expect((await readFrom({ 'data.npz': changed }, floats(2))).count).toBe(3);
          } catch (error) {
            if (!(error instanceof FailureError)) throw error;
            expect(failureSubjects[error.failure.kind]).toBe('samples');
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
