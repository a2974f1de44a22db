import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { buildProgram } from '../cli/program';

const root = fileURLToPath(new URL('../../..', import.meta.url));

it('nothing is written into the home folder for telemetry, and so nothing is sent', async () => {
  const home = mkdtempSync(join(tmpdir(), 'model-sharpness-home-'));
  // Within the checkout: it finds onnxruntime there.
  const cli = await buildProgram(join(root, 'test-results', 'telemetry'));
  try {
    const model = join(root, 'test', 'references', 'csmall.onnx');
    const report = execFileSync(process.execPath, [cli, 'analyze', model, '--limit', '2'], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { HOME: home, USERPROFILE: home, PATH: process.env['PATH'] },
    });
    expect(report).toContain('upper bound');
    expect(readdirSync(home)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
