import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { allocation } from '../src/worker/executable';

/** The interpreter for PyTorch's part. */
export const python = process.env['MODEL_SHARPNESS_PYTHON'] ?? 'python3';

/** Each in a process of its own that is started as the analysis is, so that memory and the state of the compiler are those of one measurement. */
export function measurement(script: string, ...args: readonly string[]): unknown {
  const file = join(import.meta.dirname, `${script}.cjs`);
  const { status, stdout, error } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
    env: { ...allocation, ...process.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`A measurement of ${script} ended with code ${String(status)}.`);
  return JSON.parse(stdout);
}

/** The folder that holds a reference case, or null after saying what is missing. */
export function referenceFolder(name: string): string | null {
  const shared = process.env['MODEL_SHARPNESS_SHARED'];
  const folders = [join('test', 'references'), ...(shared === undefined ? [] : [join(shared, 'reference')])];
  const folder = folders.find((candidate) => existsSync(join(candidate, `${name}.onnx`)));
  if (folder !== undefined) return folder;
  console.error(
    `Skipped case ${name}: ${name}.onnx is not in ${folders.join(' or ')} (MODEL_SHARPNESS_SHARED).`,
  );
  return null;
}
