import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { atomicWrite } from '../../../src/files/atomicWrite';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-write-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('writes a new file and replaces an old one, and leaves nothing else behind', async () => {
  const path = join(folder, 'report.json');
  await atomicWrite(path, 'first, and longer');
  await atomicWrite(path, 'second ‖H‖');
  expect(await readFile(path, 'utf8')).toBe('second ‖H‖');
  expect(await readdir(folder)).toEqual(['report.json']);
});

it('keeps a link and writes to what it points to', async () => {
  await writeFile(join(folder, 'real.csv'), 'old');
  await symlink(join(folder, 'real.csv'), join(folder, 'link.csv'));
  await atomicWrite(join(folder, 'link.csv'), 'new');
  expect((await lstat(join(folder, 'link.csv'))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, 'real.csv'), 'utf8')).toBe('new');
});

it('throws and cleans up where it cannot write', async () => {
  await expect(atomicWrite(join(folder, 'absent', 'a.json'), 'x')).rejects.toThrow('ENOENT');
  await mkdir(join(folder, 'taken.json'));
  await expect(atomicWrite(join(folder, 'taken.json'), 'x')).rejects.toThrow('is no file');
  expect(await readdir(folder)).toEqual(['taken.json']);
});

it('writes a file whose name is as long as names can be', async () => {
  const name = `${'n'.repeat(250)}.json`;
  await atomicWrite(join(folder, name), 'x');
  expect(await readdir(folder)).toEqual([name]);
});

it.skipIf(process.platform === 'win32')('leaves alone what is no file, such as a pipe', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(atomicWrite(pipe, 'x')).rejects.toThrow('is no file');
  expect((await lstat(pipe)).isFIFO()).toBe(true);
  expect(await readdir(folder)).toEqual(['pipe']);
});
