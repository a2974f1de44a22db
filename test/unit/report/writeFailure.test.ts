import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { atomicWrite } from '../../../src/files/atomicWrite';
import { writeFailureText } from '../../../src/files/writeFailure';

it('says what the system means, without its code or the temporary file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-failure-'));
  await rm(folder, { recursive: true });
  const error: unknown = await atomicWrite(join(folder, 'page.html'), 'x').catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('ENOENT');
  expect(writeFailureText(error)).toBe('its folder is gone');
});

it('knows a full disk, and says of what it does not know no more than that it failed', () => {
  expect(writeFailureText(Object.assign(new Error('ENOSPC: x'), { code: 'ENOSPC' }))).toBe(
    'the disk is full',
  );
  expect(writeFailureText(Object.assign(new Error('EODD: /tmp/x'), { code: 'EODD' }))).toBe(
    'the system refuses it',
  );
  expect(writeFailureText('odd')).toBe('the system refuses it');
});
