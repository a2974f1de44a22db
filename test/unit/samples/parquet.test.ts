import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { writePng } from '../files/pictures/writePng';
import { temporaryFolder } from '../formats/temporaryFolder';
import { FailureError } from '../../../src/report/failure';
import { openRandomAccessFile } from '../../../src/files/randomAccess';
import { readParquet } from '../../../src/samples/parquet/parquetTable';
import { floats, plain, readAt } from './reading';

type Written = Parameters<typeof parquetWriteBuffer>[0];

const folder = temporaryFolder();

function write(
  name: string,
  columnData: Written['columnData'],
  more: Partial<Written> = {},
): Promise<string> {
  return folder.write(name, new Uint8Array(parquetWriteBuffer({ columnData, ...more })));
}

describe('Parquet tables', () => {
  it('are those of a table in text: columns of numbers, a label, its words', async () => {
    const columnData: Written['columnData'] = [
      { name: 'a', data: [1.5, 2.5, 3.5], type: 'DOUBLE' },
      { name: 'b', data: [10, 20, 30], type: 'INT32' },
      { name: 'label', data: [2n, 0n, 1n], type: 'INT64' },
    ];
    for (const codec of ['SNAPPY', 'UNCOMPRESSED'] as const) {
      const { inputs, labels } = plain(
        await readAt(await write(`${codec}.parquet`, columnData, { codec }), floats(2)),
      );
      expect(inputs).toEqual([[1.5, 10, 2.5, 20, 3.5, 30]]);
      expect(labels).toEqual([2, 0, 1]);
    }
    const words = await write('words.parquet', [
      { name: 'x', data: [1, 2, 3], type: 'FLOAT' },
      { name: 'class', data: ['dog', 'cat', 'dog'], type: 'STRING' },
    ]);
    const samples = await readAt(words, floats(1));
    expect(samples.labels).toMatchObject({
      kind: 'classes',
      values: Int32Array.of(1, 0, 1),
      names: ['cat', 'dog'],
    });
    await expect(readAt(words, floats(3))).rejects.toThrow(/1 number|3/);
  });

  it('hold lists as arrays by name, which must be of one length', async () => {
    const lists = await write('lists.parquet', [
      {
        name: 'input_ids',
        data: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
      { name: 'label', data: [0, 1], type: 'INT32' },
    ]);
    const { inputs, labels } = plain(await readAt(lists, floats(3), { inputs: { '': 'input_ids' } }));
    expect([inputs, labels]).toEqual([[[1, 2, 3, 4, 5, 6]], [0, 1]]);
    const ragged = await write('ragged.parquet', [
      {
        name: 'x',
        data: [
          [1, 2, 3],
          [4, 5],
        ],
      },
      { name: 'y', data: [0, 1], type: 'INT32' },
    ]);
    await expect(readAt(ragged, floats(3))).rejects.toThrow(
      /Row 1 of "x" in "ragged.parquet" is not a list of 3 numbers/,
    );
  });

  it('hold pictures as Hugging Face stores them, with the names of the classes', async () => {
    const picture = (from: number): Uint8Array =>
      writePng({
        width: 2,
        height: 2,
        type: 2,
        depth: 8,
        rows: [
          [from, 1, 2, 3, 4, 5],
          [6, 7, 8, 9, 10, 11],
        ],
      });
    const path = await write(
      'pictures.parquet',
      [
        {
          name: 'image',
          data: [20, 200].map((from) => ({ bytes: picture(from), path: `${String(from)}.png` })),
        },
        { name: 'label', data: [1n, 0n] },
      ],
      {
        schema: [
          { name: 'root', num_children: 2 },
          { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
          { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
          { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
        ],
        kvMetadata: [
          {
            key: 'huggingface',
            value: JSON.stringify({ info: { features: { label: { names: ['a', 'b'] } } } }),
          },
        ],
      },
    );
    const samples = await readAt(path, floats(3, 2, 2));
    expect([...(samples.inputs[0]?.data ?? [])].slice(0, 12)).toEqual([
      20, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11,
    ]);
    expect(samples.labels).toMatchObject({ kind: 'classes', values: Int32Array.of(1, 0), names: ['a', 'b'] });
    expect(samples.inputs[0]?.pictures).toMatchObject({ channels: 3, order: 'channels first' });
  });

  it('with bytes changed end, in numbers or in a sentence, and within their time', async () => {
    const column = Array.from({ length: 40 }, (_, i) => i);
    const bytes = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'x', data: column.map((i) => i / 3), type: 'DOUBLE' },
          { name: 'y', data: column.map((i) => i % 3), type: 'INT32' },
        ],
      }),
    );
    // A length of the Snappy block, of which hyparquet makes no end.
    const endless = bytes.slice();
    endless[17] = 130;
    const path = await folder.write('endless.parquet', endless);
    const file = await openRandomAccessFile(path);
    await expect(readParquet(file, { path, mostRows: null }, 1500)).rejects.toThrow(
      /^"endless.parquet" was not read as Parquet within 2 s, so it is damaged/,
    );
    await file.close();
    for (let at = 4; at < bytes.length; at += 19) {
      const changed = bytes.slice();
      changed[at] = 255 - (bytes[at] ?? 0);
      const refusal = await readAt(await folder.write('changed.parquet', changed), floats(1)).catch(
        (error: unknown) => error,
      );
      if (refusal instanceof Error) expect(refusal).toBeInstanceOf(FailureError);
    }
  }, 120_000);

  it('leave out a data frame’s index, broken pictures when told, and count those that are not', async () => {
    const frame = await write('frame.parquet', [
      { name: 'a', data: [1, 2], type: 'DOUBLE' },
      { name: 'label', data: [0, 1], type: 'INT32' },
      { name: '__index_level_0__', data: [7n, 3n], type: 'INT64' },
    ]);
    const samples = await readAt(frame, floats(1));
    expect(plain(samples)).toMatchObject({ inputs: [[1, 2]], labels: [0, 1] });
    expect(samples.notes).toEqual([expect.stringMatching(/"__index_level_0__" .* was left out/)]);
    const grey = writePng({ width: 1, height: 1, type: 0, depth: 8, rows: [[9]] });
    const broken = await write('broken.parquet', [
      { name: 'img', data: [grey, grey.slice(0, 20), grey, grey.slice(0, 30)], type: 'BYTE_ARRAY' },
      { name: 'label', data: ['b', 'a', 'a', 'b'], type: 'STRING' },
    ]);
    await expect(readAt(broken, floats(1, 1, 1))).rejects.toThrow(
      /2 of 4 pictures in "broken.parquet" cannot be read, the first because "img of row 1" is a damaged PNG/,
    );
    const left = await readAt(broken, floats(1, 1, 1), { leaveOutBroken: true });
    expect(plain(left)).toMatchObject({ count: 2, inputs: [[9, 9]], labels: [1, 0] });
    expect(left.notes?.[0]).toMatch(/^2 of 4 pictures are left out.*"img of row 1" and "img of row 3"/);
  });
});
