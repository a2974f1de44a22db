import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { npyRows, parseNpy, parseNpyHeader } from '../../../src/files/npy';
import { parsePythonLiteral } from '../../../src/files/pythonLiteral';
import { FailureError } from '../../../src/report/failure';
import { failureIn } from '../samples/failures';
import { npyBytes, npyStart, type WrittenArray, type WrittenType } from '../samples/writers';

const fixtures = join(import.meta.dirname, '../samples/fixtures');

function fixture(name: string): Uint8Array {
  return readFileSync(join(fixtures, name));
}

function valuesOf(bytes: Uint8Array, rows: Int32Array | null = null): number[] {
  return Array.from(npyRows('a.npy', parseNpy('a.npy', bytes), rows));
}

const ranges: Readonly<Record<Exclude<WrittenType, 'f4' | 'f8'>, readonly [number, number]>> = {
  b1: [0, 1],
  i1: [-128, 127],
  i2: [-32768, 32767],
  i4: [-(2 ** 31), 2 ** 31 - 1],
  i8: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  u1: [0, 255],
  u2: [0, 65535],
  u4: [0, 2 ** 32 - 1],
  u8: [0, Number.MAX_SAFE_INTEGER],
};

const types: readonly WrittenType[] = ['b1', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f4', 'f8'];

function valueOf(type: WrittenType): fc.Arbitrary<number> {
  if (type === 'f4') return fc.float();
  if (type === 'f8') return fc.double();
  const [min, max] = ranges[type];
  return fc.integer({ min, max });
}

const writtenArray: fc.Arbitrary<WrittenArray> = fc
  .record({
    type: fc.constantFrom(...types),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    bigEndian: fc.boolean(),
    fortran: fc.boolean(),
  })
  .chain((fields) => {
    const count = fields.shape.reduce((product, size) => product * size, 1);
    return fc
      .array(valueOf(fields.type), { minLength: count, maxLength: count })
      .map((values) => ({ ...fields, values }));
  });

describe('npy files', () => {
  it.each(['cube_c.npy', 'cube_fortran.npy', 'version_2.npy', 'version_3.npy'])(
    'reads NumPy’s %s',
    (name) => {
      const array = parseNpy(name, fixture(name));
      expect(array.shape).toEqual([4, 3, 2]);
      expect(array.type).toBe('float32');
      expect(valuesOf(fixture(name))).toEqual(Array.from({ length: 24 }, (_, index) => index));
      expect(valuesOf(fixture(name), Int32Array.of(3, 1))).toEqual([
        18, 19, 20, 21, 22, 23, 6, 7, 8, 9, 10, 11,
      ]);
    },
  );

  it('reads a scalar as one row', () => {
    expect(valuesOf(fixture('scalar.npy'))).toEqual([2.5]);
  });

  it.each([
    ['objects.npy', 'Python objects (dtype |O)'],
    ['records.npy', 'records (a structured dtype)'],
    ['text.npy', 'text (dtype <U9)'],
    ['complex.npy', 'complex numbers (dtype <c16)'],
    ['dates.npy', 'dtype <M8[D]'],
  ])('refuses NumPy’s %s by the name of its type', async (name, what) => {
    const failure = await failureIn(() => parseNpyHeader('"x" in "a.npz"', fixture(name)));
    expect(failure).toMatchObject({ kind: 'UnsupportedFormat' });
    expect(failure.message).toContain(`"x" in "a.npz" holds ${what}`);
  });

  it('names a type as a terminal can show it', async () => {
    const header = "{'descr': '<f\u001b[2J\u009b' , 'fortran_order': False, 'shape': (1,), }";
    const failure = await failureIn(() => parseNpyHeader('"a.npy"', npyStart(header)));
    expect(failure.message).toContain('holds dtype <f\\u{1b}[2J\\u{9b}, and');
    const long = npyStart(`{'descr': '${'f'.repeat(9000)}', 'fortran_order': False, 'shape': (1,), }`);
    expect((await failureIn(() => parseNpyHeader('"a.npy"', long))).message.length).toBeLessThan(200);
  });

  it('gives back what was written, whatever type, shape and order', () => {
    fc.assert(
      fc.property(writtenArray, (written) => {
        const bytes = npyBytes(written);
        expect(parseNpy('a.npy', bytes).shape).toEqual(written.shape);
        expect(valuesOf(bytes)).toEqual(written.values);
      }),
    );
  });

  it('gives the rows that are asked for', () => {
    fc.assert(
      fc.property(writtenArray, fc.infiniteStream(fc.nat()), fc.nat(5), (written, picks, count) => {
        const [total = 1, ...sample] = written.shape;
        const rows = total === 0 ? [] : [...picks.take(count)].map((pick) => pick % total);
        const width = sample.reduce((product, size) => product * size, 1);
        expect(valuesOf(npyBytes(written), Int32Array.from(rows))).toEqual(
          rows.flatMap((row) => written.values.slice(row * width, (row + 1) * width)),
        );
      }),
    );
  });

  it('refuses integers that float64 does not hold', async () => {
    const bytes = npyBytes({ type: 'i8', shape: [1], values: [2 ** 60] });
    expect((await failureIn(() => valuesOf(bytes))).message).toContain('integers beyond 2^53');
  });

  it.each([
    ['a shape beyond the file', "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000), }"],
    [
      'a shape beyond any file',
      "{'descr': '<f8', 'fortran_order': False, 'shape': (9007199254740991, 9007199254740991), }",
    ],
    ['a negative size', "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"],
    ['a size that is no integer', "{'descr': '<f4', 'fortran_order': False, 'shape': (True,), }"],
    ['no shape', "{'descr': '<f4', 'fortran_order': False}"],
    ['an expression', "__import__('os')"],
    ['a dict that does not end', "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)"],
    ['a deep nest', `{'descr': ${'['.repeat(1000)}`],
  ])('refuses %s', async (_, header) => {
    const failure = await failureIn(() =>
      parseNpy('"a.npy"', Buffer.concat([npyStart(header), Buffer.alloc(64)])),
    );
    expect(failure.kind).toBe('DamagedModel');
    expect(failure.message).toMatch(/^"a\.npy" is damaged: .*; save it again\.$/);
  });

  it('takes an empty array with a large axis for what it is', () => {
    const header = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 1000000000000, 0), }";
    expect(valuesOf(npyStart(header))).toEqual([]);
  });

  it('refuses a file that is cut anywhere or goes on', async () => {
    const bytes = npyBytes({
      type: 'f4',
      shape: [5, 2],
      values: Array.from({ length: 10 }, (_, index) => index),
    });
    for (let length = 0; length < bytes.length; length++) {
      expect((await failureIn(() => parseNpy('a', bytes.subarray(0, length)))).kind).toBe('DamagedModel');
    }
    expect((await failureIn(() => parseNpy('a', Buffer.concat([bytes, Buffer.alloc(1)])))).kind).toBe(
      'DamagedModel',
    );
  });

  it('answers any change of bytes with numbers or a FailureError', () => {
    fc.assert(
      fc.property(
        writtenArray,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        (written, changes) => {
          const bytes = npyBytes(written);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          try {
            // No more numbers than bytes: nothing else was allocated.
            expect(valuesOf(bytes).length).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(FailureError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('Python literals', () => {
  it('reads what NumPy writes', () => {
    const text = ` {"descr": [('a', '<f4', (2,))], 'shape': (3L, -4), 'flags': [True, False, None], 'none': (), } `;
    expect(parsePythonLiteral(text)).toEqual(
      new Map<string, unknown>([
        ['descr', [['a', '<f4', [2]]]],
        ['shape', [3, -4]],
        ['flags', [true, false, null]],
        ['none', []],
      ]),
    );
  });

  it.each([
    '',
    '{',
    "{'a'}",
    "{'a': 1 'b': 2}",
    '{1: 2}',
    "{'a': 1, 'a': 2}",
    "'a\\x41'",
    '1.5',
    'nan',
    '(1,,2)',
    '1 2',
    'True()',
  ])('refuses %j', (text) => {
    expect(parsePythonLiteral(text)).toBeUndefined();
  });
});
