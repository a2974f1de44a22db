import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureIn } from './failures';
import { floats, plain, readAt, readFrom } from './reading';
import { folderWith, npyBytes } from './writers';

const x = npyBytes({ type: 'f8', shape: [2, 2], values: [1, 2, 3, 4], fortran: true });
const y = npyBytes({ type: 'i8', shape: [2], values: [1, 0] });
const other = npyBytes({ type: 'i8', shape: [5], values: [0, 0, 0, 0, 0] });

describe('npy samples', () => {
  it.each([
    { 'x.npy': x, 'y.npy': y, 'digits_y.npy': other },
    { 'digits_x.npy': x, 'digits_y.npy': y, 'y.npy': other },
    { 'digits.npy': x, 'digits_labels.npy': y, 'labels.npy': other },
    { 'X_test.npy': x, 'y_test.npy': y, 'y_train.npy': other },
    { 'images.npy': x, 'targets.npy': y },
  ])('find the labels beside them: %o', async (files) => {
    expect(plain(await readFrom(files as unknown as Record<string, Uint8Array>, floats(2)))).toEqual({
      count: 2,
      inputs: [[1, 2, 3, 4]],
      dims: [[2]],
      labels: [1, 0],
    });
  });

  it('have no labels where none are beside them', async () => {
    expect((await readFrom({ 'digits.npy': x, 'y.npy': other }, floats(2))).labels).toBeNull();
  });

  it('take the labels’ file by name', async () => {
    const files = { 'x.npy': x, 'y.npy': other, 'answers.npy': y };
    for (const labels of ['answers', 'answers.npy']) {
      expect(plain(await readFrom(files, floats(2), { labels })).labels).toEqual([1, 0]);
    }
    const failure = await failureIn(() => readFrom(files, floats(2), { labels: '../secret' }));
    expect(failure.message).toContain('The folder of "x.npy" holds nothing named "../secret"');
  });

  it('take labels by their whole path', async () => {
    const labels = join(await folderWith({ 'answers.npy': y }), 'answers.npy');
    expect(plain(await readFrom({ 'x.npy': x, 'y.npy': other }, floats(2), { labels })).labels).toEqual([
      1, 0,
    ]);
    const failure = await failureIn(() => readFrom({ 'x.npy': x }, floats(2), { labels: `${labels}.npy` }));
    expect(failure).toMatchObject({ kind: 'SamplesNotFound' });
    expect(failure.message).toContain('answers.npy.npy');
  });

  it('are refused where the file is one of labels, or two may be meant', async () => {
    expect((await failureIn(() => readFrom({ 'y.npy': y, 'x.npy': x }, floats(2)))).message).toContain(
      '"y.npy" is named as labels are; choose the file of the inputs',
    );
    expect(
      (await failureIn(() => readFrom({ 'x.npy': x, 'y.npy': y, 'labels.npy': y }, floats(2)))).message,
    ).toContain('"labels" and "y", any of which may be the labels');
  });

  it('are refused where the file is cut or the types are no numbers', async () => {
    const cut = await failureIn(() => readFrom({ 'x.npy': x.subarray(0, -1) }, floats(2)));
    expect(cut).toMatchObject({ kind: 'SamplesUnreadable' });
    expect(cut.message).toContain(
      '"x.npy" is damaged: its shape [2, 2] of float64 takes 160 bytes but it has 159',
    );
    const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);
    expect((await failureIn(() => readAt(fixture('objects.npy'), floats(2)))).message).toContain(
      'Python objects',
    );
    expect(plain(await readAt(fixture('cube_fortran.npy'), floats(3, 2))).inputs).toEqual([
      Array.from({ length: 24 }, (_, index) => index),
    ]);
    const folder = await folderWith({ 'x.npy': x });
    expect((await failureIn(() => readAt(join(folder, 'z.npy'), floats(2)))).kind).toBe('SamplesNotFound');
  });
});
