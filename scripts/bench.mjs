// Bundles bench/ and runs it: see bench/run.ts for what it does and takes. The machine should do nothing else.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root, runNode } from './processes.mjs';

const bundles = join(root, '.vscode-test', 'bench');

try {
  /** @type {import('esbuild').BuildOptions} */
  const shared = {
    absWorkingDir: root,
    outdir: bundles,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['onnxruntime-node'],
    logLevel: 'warning',
  };
  await build({
    ...shared,
    entryPoints: ['bench/measure.ts', 'bench/measureProducts.ts', 'bench/measureHardCases.ts'],
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
  });
  await build({
    ...shared,
    entryPoints: ['bench/run.ts'],
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    // For a package in it that asks for modules of Node by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  await runNode([join(bundles, 'run.mjs'), ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
