// Installs what is needed, builds, analyses the example and prints the report. With a terminal it then shows
// the same in VS Code: the desktop one where `code` is found, else a hosted one in the browser until Ctrl-C.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hostedVscodeInstalled, installHostedVscode, startHostedServer } from './hostedServer.mjs';
import { installPackages } from './install.mjs';
import { onPath, root, run, runNode } from './processes.mjs';

const examples = join(root, 'examples');
const extensions = [root, join(root, 'scripts', 'openExample')];

async function start() {
  await installPackages();
  await runNode([join(root, 'scripts', 'build.mjs')]);
  const example = [join('examples', 'digits.onnx'), '--samples', join('examples', 'digits.npz')];
  await runNode([join(root, 'dist', 'cli.js'), 'analyze', ...example]);
  const unattended = (process.env['CI'] ?? '') !== '' || !process.stdin.isTTY || !process.stdout.isTTY;
  if (unattended) return;
  const code = desktopVscode();
  await (code === null ? serveUntilInterrupted() : openDesktop(code));
}

/** The command that opens the desktop VS Code, or null. */
function desktopVscode() {
  const command = process.platform === 'win32' ? 'code.cmd' : 'code';
  if (onPath(command, existsSync)) return command;
  const onMac = '/Applications/Visual Studio Code.app/Contents/Resources/app/bin/code';
  return existsSync(onMac) ? onMac : null;
}

/** @param {string} code */
async function openDesktop(code) {
  console.log('\nOpening VS Code with the extension.');
  const loaded = extensions.map((extension) => `--extensionDevelopmentPath=${extension}`);
  await run(code, ['--new-window', '--disable-workspace-trust', ...loaded, examples]);
}

/** Shows the hosted VS Code in the person's own browser. */
async function serveUntilInterrupted() {
  if (!hostedVscodeInstalled()) console.log('\nInstalling a VS Code for the browser (800 MB) ...');
  await installHostedVscode();
  const server = await startHostedServer({ extensions });
  const address = server.address({ folder: examples });
  console.log(`\nVS Code with the extension, until Ctrl-C:\n${address}`);
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  if (onPath(opener, existsSync)) {
    // Without a desktop there is no browser to open; the address above serves any other.
    await run(opener, [address], { silent: true }).catch(() => null);
  }
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.stop();
}

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
