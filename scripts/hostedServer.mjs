// A real VS Code without a download site: its compiled server and its web workbench are inside the npm
// package code-server. It runs extensions in its own extension host, and any browser is its window.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root, run, runNpm, withoutNpmSettings } from './processes.mjs';

const versions = { 'code-server': '4.139.1', node: '24.21.0' };
const folder = join(root, '.vscode-test', 'host');
const stampFile = join(folder, 'installed.json');
const server = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
/** npm packages that hold Node itself, for the platforms that code-server supports. */
const nodePackage = `node-${process.platform}-${process.arch}`;
const node = join(folder, 'node_modules', nodePackage, 'bin', 'node');
const stamp = JSON.stringify({ ...versions, nodePackage });

const startLimit = 60_000;
const stopLimit = 5_000;

/** Settings that make the workbench quiet and the same each time. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'git.enabled': false,
  'window.autoDetectColorScheme': false,
  'window.autoDetectHighContrast': false,
};

/** Installs the hosted VS Code under `.vscode-test/` (800 MB) unless it is there. */
export async function installHostedVscode() {
  if (hostedVscodeInstalled()) return;
  if (process.platform === 'win32') {
    throw new Error(
      'There is no hosted VS Code for Windows: install the desktop one; tests: MODEL_SHARPNESS_VSCODE=desktop.',
    );
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const packages = [`code-server@${versions['code-server']}`, `${nodePackage}@${versions.node}`];
  const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
  await runNpm(['install', ...options, ...packages], { cwd: folder, silent: true });
  await runNpm(['install', ...options, '--omit=dev'], { cwd: server, silent: true });
  await writeFile(stampFile, stamp);
}

/** Whether the hosted VS Code that this project wants is installed completely. */
export function hostedVscodeInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
}

/**
 * @typedef {object} HostedServer
 * @property {(content: { folder: string, tests?: string }) => string} address the page that opens a folder;
 *   tests: a module with `run()`, which is run in the extension host. Both paths are absolute.
 * @property {() => Promise<void>} stop ends the server with everything that it started, and deletes its data
 */

/**
 * Starts the hosted VS Code on a free port of this machine, with a data folder of its own.
 *
 * @param {object} options
 * @param {readonly string[]} options.extensions absolute paths of extensions under development
 * @param {readonly string[]} [options.packages] absolute paths of .vsix files to install first
 * @param {Readonly<Record<string, unknown>>} [options.settings] VS Code settings
 * @param {boolean} [options.workspaceTrust] true: folders are not trusted until someone trusts them
 * @param {NodeJS.ProcessEnv} [options.env] added to the environment of the extension host
 * @returns {Promise<HostedServer>}
 */
export async function startHostedServer({
  extensions,
  packages = [],
  settings = {},
  workspaceTrust = false,
  env = {},
}) {
  if (!hostedVscodeInstalled()) {
    throw new Error(
      'The hosted VS Code is not installed: `npm test` or `node scripts/install.mjs` installs it.',
    );
  }
  // Short, because sockets are made in it and their paths are limited to about 100 characters.
  const data = await mkdtemp(join(tmpdir(), 'sharp-'));
  const machine = join(data, 'data', 'Machine');
  await mkdir(machine, { recursive: true });
  await mkdir(join(data, 'tmp'));
  await writeFile(join(machine, 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }));
  // Links in one folder, because the page's payload can name only one place, and because VS Code would take
  // its theme, whatever the settings say, from an extension under development in whose folder it finds one:
  // its own themes are installed below this project.
  const links = join(data, 'developed');
  await mkdir(links);
  await Promise.all(extensions.map((path) => symlink(path, join(links, basename(path)))));
  const main = join('out', 'server-main.js');
  const common = ['--accept-server-license-terms', '--server-data-dir', data];
  const serverEnv = { ...serverEnvironment(), ...env, EXTENSIONS_GALLERY: '{}', TMPDIR: join(data, 'tmp') };
  try {
    for (const file of packages) {
      const install = [main, '--install-extension', file, ...common];
      await run(node, install, { cwd: server, env: serverEnv, silent: true });
    }
  } catch (error) {
    await rm(data, { recursive: true, force: true });
    throw error;
  }
  const child = spawn(
    node,
    [
      main,
      ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token'],
      ...['--telemetry-level', 'off', ...common],
      // Without it the page's payload, which names the extension and the tests, is ignored.
      '--enable-smoke-test-driver',
      ...(workspaceTrust ? [] : ['--disable-workspace-trust']),
    ],
    {
      cwd: server,
      env: serverEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that the extension host and its children end with it.
      detached: true,
    },
  );
  const killGroup = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  const cleanUp = () => {
    killGroup('SIGKILL');
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once('exit', cleanUp);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    killGroup('SIGTERM');
    await Promise.race([ended, delay(stopLimit)]);
    process.off('exit', cleanUp);
    cleanUp();
  };
  try {
    const port = await portOf(child);
    const authority = `127.0.0.1:${port}`;
    return {
      address: ({ folder: opened, tests }) => {
        const uri = (/** @type {string} */ path) => `vscode-remote://${authority}${path}`;
        const payload = [['extensionDevelopmentPath', uri(links)]];
        if (tests !== undefined) payload.push(['extensionTestsPath', uri(tests)]);
        const query = new URLSearchParams({ folder: opened, payload: JSON.stringify(payload) });
        return `http://${authority}/?${query.toString()}`;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment without what a surrounding npm, VS Code or Node would change in the server. */
function serverEnvironment() {
  return Object.fromEntries(
    Object.entries(withoutNpmSettings(process.env)).filter(
      ([name]) => !/^(VSCODE_|ELECTRON_)/.test(name) && name !== 'NODE_OPTIONS',
    ),
  );
}

/**
 * Waits until the server says on which port it listens.
 *
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @returns {Promise<number>}
 */
function portOf(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      fail(`said no port within ${String(startLimit / 1000)} s`);
    }, startLimit);
    const fail = (/** @type {string} */ how) => {
      clearTimeout(timer);
      reject(new Error(`The hosted VS Code ${how}.\n${output.slice(-4000)}`));
    };
    const listen = (/** @type {Buffer} */ chunk) => {
      if (port !== null) return;
      output += chunk.toString();
      port = /Extension host agent listening on (\d+)/.exec(output)?.[1] ?? null;
      if (port === null) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    /** @type {string | null} */
    let port = null;
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', (error) => {
      fail(`could not be started: ${error.message}`);
    });
    child.once('close', (code) => {
      fail(`ended with code ${String(code)}`);
    });
  });
}

/** @param {number} milliseconds */
function delay(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
