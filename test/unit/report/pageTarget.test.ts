import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FailureError } from '../../../src/report/failure';
import { pageMark } from '../../../src/report/pageMark';
import { requirePageTarget } from '../../../src/report/pageTarget';

const posix = process.platform !== 'win32';
let folder: string;
let model: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-page-'));
  model = join(folder, 'model.onnx');
  await writeFile(model, 'weights');
});

afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
});

async function refusalOf(page: string): Promise<string> {
  const readFiles = [
    { path: model, title: 'the model' },
    { path: join(folder, 'model.sharpness.json'), title: 'the settings beside the model' },
  ];
  const before = await readdir(folder);
  try {
    await requirePageTarget(page, readFiles);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    expect(error.failure.kind).toBe('UsageError');
    expect(error.message).toMatch(/^--html is "[^\n]*; [^\n]*\.$/);
    return error.message;
  } finally {
    expect(await readdir(folder)).toEqual(before);
    expect(await readFile(model, 'utf8')).toBe('weights');
  }
  throw new Error('was accepted');
}

it('accepts a new file, an old one, and a link to one', async () => {
  const page = join(folder, 'page.html');
  await requirePageTarget(page, [{ path: model, title: 'the model' }]);
  for (const old of [
    '',
    `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">${pageMark}</head></html>`,
  ]) {
    await writeFile(page, old);
    await requirePageTarget(page, [{ path: model, title: 'the model' }]);
  }
  await symlink(page, join(folder, 'link.html'));
  await requirePageTarget(join(folder, 'link.html'), [{ path: model, title: 'the model' }]);
});

it('refuses a file that the analysis reads, however it is spelt', async () => {
  await symlink(model, join(folder, 'link.html'));
  await link(model, join(folder, 'hard.html'));
  for (const page of [model, relative('.', model), join(folder, 'link.html'), join(folder, 'hard.html')])
    expect(await refusalOf(page)).toContain('which is the model; name another file');
});

it('refuses a file that is no page, such as weights that the model keeps in another file', async () => {
  const weights = join(folder, 'model.onnx.data');
  await writeFile(weights, 'weights');
  await symlink(weights, join(folder, 'link.html'));
  for (const page of [weights, join(folder, 'link.html')])
    expect(await refusalOf(page)).toContain('holds something else than the page of a report');
  await writeFile(weights, '<!DOCTYPE html><title>My diary</title>');
  expect(await refusalOf(weights)).toContain('holds something else than the page of a report');
});

it('refuses the place of settings that are not there yet', async () => {
  expect(await refusalOf(join(folder, 'model.sharpness.json'))).toContain('the settings beside the model');
});

it('refuses the name of a folder that is not there', async () => {
  expect(await refusalOf(`${join(folder, 'page.html')}/`)).toContain('which names a folder and no file');
});

it('refuses a folder, and a link that leads nowhere', async () => {
  await mkdir(join(folder, 'pages'));
  expect(await refusalOf(join(folder, 'pages'))).toContain('which is a folder and no file');
  await symlink(join(folder, 'absent'), join(folder, 'dangling.html'));
  expect(await refusalOf(join(folder, 'dangling.html'))).toContain('a link that leads nowhere');
});

it.skipIf(!posix)('refuses a pipe, also behind a link', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await symlink(pipe, join(folder, 'link.html'));
  expect(await refusalOf(pipe)).toContain('which is a pipe and no file');
  expect(await refusalOf(join(folder, 'link.html'))).toContain('which is a pipe and no file');
});

it('refuses a file that may not be written, also to root', async () => {
  const page = join(folder, 'page.html');
  await writeFile(page, 'old');
  await chmod(page, 0o444);
  expect(await refusalOf(page)).toContain('a file that may not be written');
  expect(await readFile(page, 'utf8')).toBe('old');
});

it('refuses a folder that is not there', async () => {
  expect(await refusalOf(join(folder, 'absent', 'page.html'))).toContain('there is no folder');
  expect(await refusalOf(join(model, 'page.html'))).toContain('there is no folder');
});

it.skipIf(!posix)('refuses a folder that may not be written to, also to root', async () => {
  await chmod(folder, 0o555);
  expect(await refusalOf(join(folder, 'page.html'))).toContain('may not be written to');
});

it('refuses a name too long for the disk', async () => {
  expect(await refusalOf(join(folder, `${'n'.repeat(300)}.html`))).toContain('too long');
});
