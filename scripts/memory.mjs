// Runs bench/memory.ts on dist/, some minutes of two cores, and writes that section of docs/robustness.md.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { root } from './processes.mjs';

const bundle = join(root, 'test-results', 'memory.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['bench/memory.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['onnxruntime-node'],
  logLevel: 'warning',
});
const { stdout, status } = spawnSync(process.execPath, [bundle], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const page = join(root, 'docs', 'robustness.md');
const written = readFileSync(page, 'utf8').replace(/^## Memory$[^]*?(?=^## |(?![^]))/m, () => `${stdout}\n`);
if (status === 0)
  writeFileSync(page, await format(written, { ...(await resolveConfig(page)), filepath: page }));
process.exitCode = status ?? 1;
