import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compareContents, contentsOf, filesRead } from '../../../src/host/contents';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-contents-'));
  file = join(folder, 'x.onnx');
  await writeFile(file, 'model');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('a file is told by its bytes, whatever its time and inode are', async () => {
  const before = await contentsOf([file]);
  // sha256sum of the five letters.
  expect(before[file]?.sha256).toBe('9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4');
  await utimes(file, 1, 1);
  expect((await compareContents(before)).changed).toEqual([]);
  await writeFile(join(folder, 'other'), 'model');
  await rename(join(folder, 'other'), file);
  expect((await compareContents(before)).changed).toEqual([]);
  await writeFile(file, 'MODEL');
  expect((await compareContents(before)).changed).toEqual([file]);
  await rm(file);
  expect((await compareContents(before)).changed).toEqual([file]);
});

it('a file whose size, times and inode are the same is not read again', async () => {
  const { facts } = (await contentsOf([file]))[file]!;
  const known = { [file]: { facts, sha256: 'as it was' } };
  expect(await contentsOf([file], known)).toEqual(known);
  expect(
    (await contentsOf([file], { [file]: { facts: 'others', sha256: 'as it was' } }))[file]?.sha256,
  ).not.toBe('as it was');
});

it('weights beside the model and labels beside the samples belong to them', async () => {
  for (const name of ['x.onnx.data', 'a.npy', 'a_labels.npy', 'z.csv'])
    await writeFile(join(folder, name), name);
  const names = async (path: string, labels: string | null): Promise<readonly string[]> =>
    (await filesRead(file, { kind: 'file', path: join(folder, path), inputs: {}, labels })).map((each) =>
      each.replace(`${folder}/`, ''),
    );
  expect(await names('z.csv', null)).toEqual(['x.onnx', 'x.onnx.data', 'z.csv']);
  expect(await names('a.npy', null)).toEqual(['x.onnx', 'x.onnx.data', 'a.npy', 'a_labels.npy']);
  expect(await names('a.npy', '/elsewhere/l.npy')).toContain('/elsewhere/l.npy');
  expect(await filesRead(file, { kind: 'random', count: 3 })).toEqual([file, `${file}.data`]);
});
