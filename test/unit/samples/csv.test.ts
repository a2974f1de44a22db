import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError, failureSubjects } from '../../../src/report/failure';
import type { InputSpec } from '../../../src/samples/samples';
import { failureIn } from './failures';
import { floats, plain, readFrom, type Reading } from './reading';

const two = floats(2);

function csv(text: string): Record<string, string> {
  return { 'data.csv': text };
}

const expected = { count: 2, inputs: [[1.5, 2, -3, 4e-3]], dims: [[2]], labels: [0, 1] };

describe('CSV samples', () => {
  it.each([
    ['no headings', '1.5,2,0\n-3,4e-3,1\n'],
    ['headings', 'a,b,label\n1.5,2,0\n-3,4e-3,1'],
    ['headings that are partly numbers', '0,1,target\n1.5,2,0\n-3,4e-3,1'],
    ['the label’s heading first', 'label,a,b\n0,1.5,2\n1,-3,4e-3\n'],
    ['coordinates as headings', 'x,y,label\n1.5,2,0\n-3,4e-3,1\n'],
    ['semicolons', '1.5;2;0\n-3;4e-3;1\n'],
    ['tabs and Windows lines', '1.5\t2\t0\r\n-3\t4e-3\t1\r\n'],
    ['a byte order mark, spaces and empty lines', '\ufeff\n a, b , y\n\n 1.5 , 2,0\n\n-3,+.004,1.0\n\n'],
    ['bars and headings', 'a|b|y\n1.5|2|0\n-3|4e-3|1\n'],
    ['runs of blanks', 'a   b\ty\n  1.5  2 0\n-3\t  4e-3   1  \r\n'],
    ['comments', '# "made by hand\n1.5,2,0\n  # a, b\n-3,4e-3,1\n#end'],
    ['decimal commas', 'a;b;y\n1,5;2;0\n-3;4,0e-3;1\n'],
    ['decimal commas between tabs', '1,5\t2,0\t0\n-3\t,004\t1\n'],
    ['decimal commas between blanks', '1,5 2 0\n-3 0,004 1\n'],
    ['a separator at the end of lines', '1.5,2,0,\n-3,4e-3,1,\n'],
    ['a separator at the end of all lines but the headings', 'a;b;y\n1.5;2;0;\n-3;4e-3;1;\n'],
    ['quotation marks', '"a","b, or c","class"\n"1.5","2","0"\n-3,4e-3,1\n'],
  ])('are read with %s', async (_, text) => {
    expect(plain(await readFrom(csv(text), two))).toEqual(expected);
  });

  it.each([
    [{ inputs: { '': '2-3' }, labels: '1' }, [[2, 0, 4e-3, 1]], { width: 1, values: [1.5, -3] }],
    [{ inputs: { '': 'c,a' }, labels: 'c' }, [[0, 1.5, 1, -3]], [0, 1]],
    [{ inputs: { input: '1,3' } }, [[1.5, 0, -3, 1]], null],
    [{ inputs: { '': 'a,b' } }, [[1.5, 2, -3, 4e-3]], [0, 1]],
    [
      { labels: '1-3', inputs: { '': '1-2' } },
      [[1.5, 2, -3, 4e-3]],
      { width: 3, values: [1.5, 2, 0, -3, 4e-3, 1] },
    ],
  ])('are chosen by column: %o', async (reading, inputs, labels) => {
    const text = 'a,b,c\n1.5,2,0\n-3,4e-3,1\n';
    expect(plain(await readFrom(csv(text), two, reading as Reading))).toMatchObject({ inputs, labels });
  });

  it('serve several inputs by columns', async () => {
    const specs: InputSpec[] = [
      { name: 'p', type: 'float32', dims: [1] },
      { name: 'q', type: 'int64', dims: [1] },
    ];
    const reading = { inputs: { p: '1', q: '2' } };
    expect(plain(await readFrom(csv('0.5,1,0\n1,2,1\n'), specs, reading))).toEqual({
      count: 2,
      inputs: [
        [0.5, 1],
        [1, 2],
      ],
      dims: [[1], [1]],
      labels: [0, 1],
    });
    expect(
      (await failureIn(() => readFrom(csv('0.5,1,0\n'), specs, { inputs: { p: '1' } }))).message,
    ).toContain('model\'s input "q" are not known');
  });

  it('become images row by row, and fractional labels targets', async () => {
    const samples = plain(await readFrom(csv('1,2,3,4,0.5\n5,6,7,8,1\n'), floats(1, 2, 2), { scale: 10 }));
    expect(samples.dims).toEqual([[1, 2, 2]]);
    expect(samples.inputs).toEqual([[10, 20, 30, 40, 50, 60, 70, 80]]);
    expect(samples.labels).toEqual({ width: 1, values: [0.5, 1] });
  });

  const wide = Array.from({ length: 64 }, (_, column) => String(column * 2)).join(',');
  const refused: readonly (readonly [string, string, Reading, keyof typeof failureSubjects, string])[] = [
    [
      'too few columns',
      `${wide}\n`,
      {},
      'SampleShapeMismatch',
      `"data.csv" has 63 numbers per row (columns 1 to 63), but the model's input "input" takes 64; choose the columns with the setting “inputs”, as in the setting “inputs: 1-64”, or another file.`,
    ],
    [
      'a row that is too short',
      '1,2,0\n\n3,1\n',
      {},
      'SamplesUnreadable',
      'Line 3 of "data.csv" has 2 cells where line 1 has 3; correct or delete it.',
    ],
    [
      'nothing',
      '',
      {},
      'NoSamples',
      '"data.csv" holds no samples; choose a file with at least one row of numbers.',
    ],
    [
      'a line of prose',
      'These are not the weights you are looking for.\n',
      {},
      'SamplesUnreadable',
      '"data.csv" is no data file: it is text without a number in any line; choose an npz or npy file, or a CSV with one sample a line.',
    ],
    ['several lines of prose', 'One line.\nAnother.\nA third.\n', {}, 'SamplesUnreadable', 'is no data file'],
    ['prose with commas', 'Of this,\nand of that.\n', {}, 'SamplesUnreadable', 'is no data file'],
    [
      'JSON',
      '{\n  "a": "b", "c": "d"\n}\n',
      {},
      'SamplesUnreadable',
      '"data.csv" is JSON, which is not read',
    ],
    ['headings alone', 'a,b,y\n', {}, 'NoSamples', '"data.csv" holds no samples'],
    [
      'an empty cell',
      'a,b,y\n1,,0\n',
      {},
      'NonFiniteSamples',
      '"data.csv" holds NaN (or nothing) in line 2, column 2;',
    ],
    ['NaN', '1,2,0\n1,nan,0\n', {}, 'NonFiniteSamples', 'in line 2, column 2;'],
    ['infinity', '1,2,0\n-Inf,1,0\n', {}, 'NonFiniteSamples', 'holds -Infinity in line 2, column 1;'],
    [
      'a negative weight',
      'a,b,y,sample_weight\n1,2,0,1\n1,2,0,-1\n',
      {},
      'SampleShapeMismatch',
      'less than 0',
    ],
    ['an infinite label', '1,2,0\n3,4,inf\n', {}, 'NonFiniteSamples', 'in line 2, column 3;'],
    ['an overflow', '1,2,0\n1,1e999,0\n', {}, 'NonFiniteSamples', 'holds Infinity in line 2, column 2;'],
    [
      'text among the numbers',
      '1,2,0\n1,two,0\n',
      {},
      'SamplesUnreadable',
      'Line 2 of "data.csv" holds "two" in column 2, which is not a number',
    ],
    [
      'decimal commas between commas',
      '"1,5",2,0\n"1,5",2,0\n',
      {},
      'SamplesUnreadable',
      'Line 1 of "data.csv" holds "1,5" in column 1, which is not a number; correct it (decimal points, or',
    ],
    [
      'decimal points after decimal commas',
      '1,5;2;0\n1.5;2;0\n',
      {},
      'SamplesUnreadable',
      'Line 2 of "data.csv" holds "1.5" in column 1, which is not a number among decimal commas; correct it',
    ],
    [
      'words in several columns of labels',
      '1,2,a,0\n3,4,b,1\n',
      { inputs: { '': '1-2' }, labels: '3-4' },
      'UnsupportedLabels',
      'The label in line 1 of "data.csv" is "a" (column 3); encode the classes as the integers 0 to C − 1',
    ],
    [
      'JSON in one line',
      '[[1, 2, 0], [3, 4, 1]]',
      {},
      'SamplesUnreadable',
      'is JSON, which is not read; load',
    ],
    [
      'two columns that may be the label',
      'class,a,target\n0,1,2\n',
      {},
      'SampleKeyMissing',
      '"class" and "target", any of which may be the label; say which with the setting “labels: NAME”.',
    ],
    [
      'a y that may be a coordinate',
      'x,y,colour\n1,2,0\n',
      {},
      'SampleKeyMissing',
      '"y" and "colour", any of which may be the label',
    ],
    [
      'a line that counts',
      '0,1,2,3\n1,2,3,4\n',
      {},
      'SamplesUnreadable',
      'which may be headings or a sample',
    ],
    [
      'a column that is missing',
      'a,b,y\n1,2,0\n',
      { labels: 'z' },
      'SampleKeyMissing',
      'no column "z" (it has 3 columns: "a", "b" and "y"); correct the setting “labels”.',
    ],
    [
      'a range beyond the columns',
      '1,2,0\n',
      { inputs: { '': '2-4' } },
      'SampleKeyMissing',
      'no column "2-4" (it has 3 columns without headings); correct the setting “inputs”.',
    ],
    [
      'a column twice',
      '1,2,0\n',
      { inputs: { '': '1,1' } },
      'UsageError',
      'names a column of "data.csv" twice',
    ],
    ['a heading twice', 'a,a,y\n1,2,0\n', { inputs: { '': 'a' } }, 'SampleKeyMissing', 'several columns "a"'],
    [
      'only a label',
      '1\n2\n',
      {},
      'SampleShapeMismatch',
      '"data.csv" has 0 numbers per row (the only column is the label)',
    ],
  ];
  it.each(refused)('with %s are refused', async (name, text, reading, kind, sentence) => {
    const failure = await failureIn(() =>
      readFrom(csv(text), name === 'too few columns' ? floats(64) : two, reading),
    );
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(sentence);
  });

  it.each([
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'git lfs pull'],
    ['an HDF5 file', '\x89HDF\r\n\x1a\n', 'is an HDF5 file; save the samples with numpy.savez'],
    ['a pickle', '\x80\x04\x95', 'is a Python pickle'],
    ['compressed text', '\x1f\x8b\x08', 'compressed with gzip'],
    ['bytes', 'abc\0def', 'neither npz, npy nor CSV'],
    ['Latin-1', 'a,b,\xe4\n1,2,0\n', 'neither npz, npy nor a CSV in UTF-8 or UTF-16'],
  ])('that are %s are refused', async (_, text, sentence) => {
    const failure = await failureIn(() => readFrom({ 'data.csv': Buffer.from(text, 'latin1') }, two));
    expect(failure.kind).toBe('SamplesUnreadable');
    expect(failure.message).toContain(sentence);
  });

  it('of words as labels are numbered in their order, and the note says how', async () => {
    const text = 'a,b,animal\n1,2,dog\n3,4,cat\n5,6,\n7,8,dog\n';
    const samples = await readFrom(csv(text), two);
    expect(samples.labels).toMatchObject({ values: Float64Array.of(1, 0, NaN, 1), names: ['cat', 'dog'] });
    expect(samples.notes).toEqual([
      'The labels of "data.csv" are words, numbered in their order: "cat" = 0, "dog" = 1.',
    ]);
    const drawn = await readFrom(csv(text.replace('6,', '6,10')), two, { limit: 2, seed: 1 });
    const all = [2, 1, 0, 2];
    expect(plain(drawn).labels).toEqual(Array.from(drawn.indices ?? [], (row) => all[row]));
  });

  it('are words of the model, where it names its classes', async () => {
    const classNames = ['dog', 'cat', 'eel'];
    const samples = await readFrom(csv('1,2,dog\n3,4,cat\n'), two, { classNames });
    expect(samples.labels).toEqual({ kind: 'classes', values: Int32Array.of(0, 1), names: classNames });
    expect(samples.notes?.[0]).toContain('as the model names its classes: "dog" = 0, "cat" = 1, "eel" = 2.');
    const failure = await failureIn(() => readFrom(csv('1,2,dog\n3,4,cow\n'), two, { classNames }));
    expect(failure).toMatchObject({ kind: 'UnsupportedLabels' });
    expect(failure.message).toContain(
      '"data.csv" holds the label "cow" in line 2, column 3, which is none of the model’s classes "dog", "cat" and "eel"',
    );
  });

  it('tell that commas were read as decimal ones', async () => {
    const { notes } = await readFrom(csv('1,500;2;0\n3;4;1\n'), two);
    expect(notes).toEqual(['The commas in "data.csv" were read as decimal commas: "1,500" is 1.5.']);
  });

  it.each([
    ['little', [0xff, 0xfe], (bytes: Buffer) => bytes],
    ['big', [0xfe, 0xff], (bytes: Buffer) => bytes.swap16()],
  ] as const)('are read in UTF-16 of %s endian', async (_, mark, order) => {
    const text = 'ä,b,y\n1.5,2,0\n-3,4e-3,1\n';
    const bytes = Buffer.concat([Buffer.from(mark), order(Buffer.from(text, 'utf16le'))]);
    expect(plain(await readFrom({ 'data.csv': bytes }, two))).toEqual(expected);
  });

  it('give back any table of numbers in any dialect', async () => {
    const cell = fc.double({ noNaN: true, noDefaultInfinity: true });
    const separator = fc.constantFrom(',', ';', '\t', '|', ' ', '   ', ' ; ');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, fc.nat(9)), { minLength: 1, maxLength: 20 }),
        fc.record({
          separator,
          headings: fc.boolean(),
          comma: fc.boolean(),
          ending: fc.boolean(),
          newline: fc.constantFrom('\n', '\r\n'),
          comment: fc.constantFrom('', '# 1;2,3|"4\n', '\n  #\n\n'),
          wide: fc.boolean(),
        }),
        async (rows, { separator, headings, comma, ending, newline, comment, wide }) => {
          const written = (number: number): string =>
            comma && separator !== ',' ? String(number).replace('.', ',') : String(number);
          const lines = [...(headings ? [['a', 'b', 'y']] : []), ...rows.map((row) => row.map(written))];
          const end = ending && separator.trim() !== '' ? separator : '';
          const text = comment + lines.map((line) => line.join(separator) + end).join(newline);
          const file = wide ? Buffer.from(`\ufeff${text}`, 'utf16le') : text;
          const read = plain(await readFrom({ 'data.csv': file }, two));
          // String(-0) is "0".
          expect(read.inputs).toEqual([rows.flatMap(([first, second]) => [first + 0, second + 0])]);
          expect(read.labels).toEqual(rows.map(([, , label]) => label));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of any text are read or refused as samples', async () => {
    const characters = fc.constantFrom(...Array.from('0123456789,;\t\n\r".-+eE ayNf\u0000\ufeff'));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: characters, maxLength: 60 }), async (text) => {
        try {
          await readFrom(csv(text), floats(null));
        } catch (error) {
          if (!(error instanceof FailureError)) throw error;
          expect(failureSubjects[error.failure.kind]).toBe('samples');
        }
      }),
      { numRuns: 400 },
    );
  });
});
