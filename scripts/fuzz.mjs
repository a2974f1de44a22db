// Bundles test/fuzz/ and runs it: see test/fuzz/run.ts for what it does and takes.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root, runNode } from './processes.mjs';

const bundles = join(root, 'test-results', 'fuzz');

try {
  await build({
    absWorkingDir: root,
    entryPoints: [
      'test/fuzz/run.ts',
      'test/fuzz/bytes/bytesWorker.ts',
      'test/fuzz/kills/reloadedHost.ts',
      'src/worker/entry.ts',
    ],
    entryNames: '[name]',
    outdir: bundles,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['onnxruntime-node', 'fast-check'],
    logLevel: 'warning',
  });
  // It finds its packages from there, too.
  const thread = 'parquetThread.mjs';
  await copyFile(join(root, 'src', 'samples', 'parquet', thread), join(bundles, thread));
  await runNode([join(bundles, 'run.cjs'), ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
