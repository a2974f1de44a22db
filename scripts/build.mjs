// Bundles everything that users run into dist/. `--production`: minified and without source maps.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './processes.mjs';

const production = process.argv.includes('--production');
const dist = join(root, 'dist');

/** @type {import('esbuild').BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  sourcesContent: false,
  logLevel: 'warning',
};

/** @type {import('esbuild').BuildOptions} */
const forNode = {
  ...shared,
  platform: 'node',
  format: 'cjs',
  // The oldest Node that the command line takes; that of the oldest supported VS Code, 1.101, is newer.
  target: 'node20',
  // VS Code provides the first; the second finds its native library beside its own files.
  external: ['vscode', 'onnxruntime-node'],
};

/** @type {import('esbuild').BuildOptions} */
const forPanel = { ...shared, platform: 'browser', format: 'iife', target: 'es2022', charset: 'utf8' };

/** @type {readonly { entry: string, output: string, options: import('esbuild').BuildOptions }[]} */
const bundles = [
  { entry: 'src/extension.ts', output: 'extension.js', options: forNode },
  { entry: 'src/worker/entry.ts', output: 'worker.js', options: forNode },
  {
    entry: 'src/samples/parquet/parquetThread.mjs',
    output: 'parquetThread.mjs',
    options: { ...forNode, format: 'esm' },
  },
  {
    entry: 'src/cli.ts',
    output: 'cli.js',
    options: { ...forNode, banner: { js: '#!/usr/bin/env node' } },
  },
  { entry: 'webview/panel.ts', output: 'webview/panel.js', options: forPanel },
  { entry: 'webview/comparison.ts', output: 'webview/comparison.js', options: forPanel },
  { entry: 'webview/panel.css', output: 'webview/panel.css', options: forPanel },
];

const missing = bundles.map(({ entry }) => entry).filter((entry) => !existsSync(join(root, entry)));
if (missing.length > 0) {
  console.error(`Nothing was built: ${missing.join(', ')} missing.`);
  process.exit(1);
}
rmSync(dist, { recursive: true, force: true });
try {
  await Promise.all(
    bundles.map(({ entry, output, options }) =>
      build({ ...options, entryPoints: [entry], outfile: join(dist, output) }),
    ),
  );
} catch {
  // esbuild has said why.
  process.exitCode = 1;
}
