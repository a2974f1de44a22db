// Installs what the project needs and is not there. Imports node:* and its neighbours only, because it runs
// before any package is installed. By itself it installs everything; `npm start` wants only the packages.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installBrowser } from './browser.mjs';
import { installHostedVscode } from './hostedServer.mjs';
import { root, runNpm } from './processes.mjs';

/** Beside the packages, so that it disappears with them. */
const stampFile = join(root, 'node_modules', '.model-sharpness-stamp');

/** Runs `npm ci` unless the packages of this lock file, for this platform and Node, are installed. */
export async function installPackages() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update([process.platform, process.arch, process.versions.modules].join(' '))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.log('Installing packages ...');
  await runNpm(['ci'], { silent: true });
  writeFileSync(stampFile, stamp);
}

/** Installs packages, the hosted VS Code and the browser side by side. */
export async function installEverything() {
  const wantsHosted = process.env['MODEL_SHARPNESS_VSCODE'] !== 'desktop';
  const results = await Promise.allSettled([
    installPackages(),
    wantsHosted ? installHostedVscode() : Promise.resolve(),
    installBrowser(),
  ]);
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (reasons.length > 0) {
    throw new Error(reasons.map((reason) => (reason instanceof Error ? reason.message : reason)).join('\n'));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await installEverything();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
