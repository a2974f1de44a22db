// Builds for users and packs one .vsix per platform, each with its own native library alone, into packages/:
// `npm run package`, or `npm run package -- linux-x64` for some of them. Needs no network.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { root, runNode } from './processes.mjs';

/** Below this folder onnxruntime-node has a folder for every platform. */
const binaries = 'node_modules/onnxruntime-node/bin/napi-v6';

/** The native files of every platform, as a pattern below `binaries`. */
const nativeFiles = {
  'linux-x64': 'linux/x64/**',
  'linux-arm64': 'linux/arm64/**',
  // The third file there is the library again, by another name.
  'darwin-arm64': 'darwin/arm64/{onnxruntime_binding.node,libonnxruntime.1.dylib}',
  'win32-x64': 'win32/x64/**',
  'win32-arm64': 'win32/arm64/**',
};

/** @typedef {keyof typeof nativeFiles} Target */

const folder = join(root, 'packages');

/**
 * The package of a platform.
 *
 * @param {string} target
 */
export function packageFile(target) {
  return join(folder, `model-sharpness-${target}.vsix`);
}

/** @param {readonly string[]} wanted */
async function packageFor(wanted) {
  const targets = /** @type {Target[]} */ (Object.keys(nativeFiles)).filter(
    (target) => wanted.length === 0 || wanted.includes(target),
  );
  const unknown = wanted.filter((target) => !Object.hasOwn(nativeFiles, target));
  if (unknown.length > 0) {
    throw new Error(
      `No package for ${unknown.join(', ')}. There are ${Object.keys(nativeFiles).join(', ')}.`,
    );
  }
  await runNode([join(root, 'scripts', 'build.mjs'), '--production']);
  rmSync(folder, { recursive: true, force: true });
  await mkdir(folder);
  const allowed = readFileSync(join(root, '.vscodeignore'), 'utf8');
  const temporary = mkdtempSync(join(tmpdir(), 'sharp-package-'));
  const ignoreFile = join(temporary, 'vscodeignore');
  try {
    for (const target of targets) {
      writeFileSync(ignoreFile, `${allowed}!${binaries}/${nativeFiles[target]}\n`);
      const packagePath = packageFile(target);
      await createVSIX({
        cwd: root,
        target,
        packagePath,
        ignoreFile,
        // No place of publication is known yet: pictures and links in the README stay as they are.
        allowMissingRepository: true,
        rewriteRelativeLinks: false,
      });
      console.log(`${target}: ${(statSync(packagePath).size / 1e6).toFixed(1)} MB`);
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await packageFor(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
