// Runs the suites test/host/*.suite.ts inside the extension host of a real VS Code: the hosted one, or,
// with MODEL_SHARPNESS_VSCODE=desktop, the desktop one that @vscode/test-electron downloads.
// `--installed` runs test/package/*.suite.ts, always in the hosted one, with the package of this platform
// installed there: `npm run package` makes it.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { packageFile } from '../../scripts/package.mjs';
import { root, runNode } from '../../scripts/processes.mjs';

const installed = process.argv.includes('--installed');
const here = join(root, 'test', 'host');
const sources = installed ? join(root, 'test', 'package') : here;
const bundles = join(root, '.vscode-test', installed ? 'installed-suites' : 'suites');
const examples = join(root, 'examples');
const results = process.env['MODEL_SHARPNESS_HOST_RESULTS'] ?? join(root, 'test-results', 'host.json');

/** @param {string} workspace */
async function runDeveloped(workspace) {
  await runTests({
    ...(process.env['MODEL_SHARPNESS_VSCODE'] === 'desktop'
      ? {}
      : { vscodeExecutablePath: join(here, 'launcher') }),
    extensionDevelopmentPath: root,
    extensionTestsPath: join(bundles, 'runner.js'),
    extensionTestsEnv: { MODEL_SHARPNESS_HOST_RESULTS: results },
    launchArgs: [workspace],
  });
}

/** @param {string} workspace */
async function runInstalled(workspace) {
  const file = packageFile(`${process.platform}-${process.arch}`);
  if (!existsSync(file)) throw new Error(`${file} is missing: \`npm run package\` makes it.`);
  const flags = [`--installPackage=${file}`, `--extensionTestsPath=${join(bundles, 'runner.js')}`];
  await runNode([join(here, 'launcher.mjs'), workspace, ...flags], {
    env: { ...process.env, MODEL_SHARPNESS_HOST_RESULTS: results },
  });
}

rmSync(bundles, { recursive: true, force: true });
rmSync(results, { force: true });
mkdirSync(dirname(results), { recursive: true });
const suites = readdirSync(sources).filter((file) => file.endsWith('.suite.ts'));
await build({
  entryPoints: [join(here, 'runner.ts'), ...suites.map((file) => join(sources, file))],
  outdir: bundles,
  entryNames: '[name]',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  sourcemap: 'inline',
  external: ['vscode', 'mocha', 'onnxruntime-node'],
  logLevel: 'warning',
});

// The suites write into the workspace, so they get a copy of the examples.
const workspace = mkdtempSync(join(tmpdir(), 'sharp-workspace-'));
try {
  if (existsSync(examples)) cpSync(examples, workspace, { recursive: true });
  await (installed ? runInstalled(workspace) : runDeveloped(workspace));
  if (!existsSync(results)) throw new Error(`The suites ended without writing ${results}.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
