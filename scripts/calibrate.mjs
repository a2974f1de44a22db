// Runs bench/calibrate.ts, about fifteen minutes of one core shared by all, and writes docs/calibration.md from it.
// `npm run calibrate -- --runs N --networks N` makes fewer runs and prints their page instead.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { root } from './processes.mjs';

const bundle = join(root, 'test-results', 'calibrate.cjs');
await build({
  absWorkingDir: root,
  entryPoints: ['bench/calibrate.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['onnxruntime-node', 'fast-check'],
  logLevel: 'warning',
});
const args = process.argv.slice(2);
const { stdout, status } = spawnSync(process.execPath, [bundle, ...args], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const isFewer = args.some((arg) => /^--(runs|networks)\b/.test(arg));
if (isFewer || status !== 0) console.log(stdout);
else {
  const page = join(root, 'docs', 'calibration.md');
  writeFileSync(page, await format(stdout, { ...(await resolveConfig(page)), filepath: page }));
}
process.exitCode = status ?? 1;
