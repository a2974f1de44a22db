import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workerExecutable, type HostProcess } from '../../../src/worker/executable';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-path-'));
  for (const name of ['real', 'old', 'broken', 'empty']) await mkdir(join(folder, name));
  await symlink(process.execPath, join(folder, 'real', 'node'));
  await writeFile(join(folder, 'old', 'node'), `#!/bin/sh\necho 12 ${process.platform} ${process.arch}\n`);
  await writeFile(join(folder, 'broken', 'node'), '#!/bin/sh\nexit 1\n');
  for (const name of ['old', 'broken']) await chmod(join(folder, name, 'node'), 0o755);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function host(electron: boolean, path: readonly string[], arch: string = process.arch): HostProcess {
  return {
    execPath: '/editor/code',
    platform: process.platform,
    arch,
    versions: electron ? { electron: '39.0.0' } : {},
    env: { PATH: path.join(delimiter) },
  };
}

it('a host that is Node runs the worker on itself', async () => {
  expect(await workerExecutable(host(false, [join(folder, 'real')]))).toBe('/editor/code');
});

it('Electron takes the first Node on PATH that is new enough and answers', async () => {
  const path = ['empty', 'broken', 'old', 'real'].map((name) => join(folder, name));
  expect(await workerExecutable(host(true, path))).toBe(join(folder, 'real', 'node'));
});

it('Electron runs as Node where PATH has none that fits', async () => {
  expect(await workerExecutable(host(true, [join(folder, 'old')]))).toBe('/editor/code');
  expect(await workerExecutable(host(true, [join(folder, 'real')], 'another-arch'))).toBe('/editor/code');
  expect(await workerExecutable(host(true, []))).toBe('/editor/code');
});

it('passes over relative entries of PATH, which name files of whatever folder is open', async () => {
  const before = process.cwd();
  process.chdir(join(folder, 'real'));
  try {
    expect(await workerExecutable(host(true, ['.', '', join('..', 'real')]))).toBe('/editor/code');
  } finally {
    process.chdir(before);
  }
});
