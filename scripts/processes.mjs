import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** How long the end of a silent child's output is kept, to be shown when it fails. */
const tailLength = 8000;

/** A child process that did not end well. */
export class CommandError extends Error {
  /**
   * @param {string} sentence what failed
   * @param {string} output the end of what the child printed, empty where it printed to our own output
   */
  constructor(sentence, output) {
    super(output === '' ? sentence : `${sentence}\n${output}`);
    this.name = 'CommandError';
  }
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, silent?: boolean }} [options] silent: the output is
 *   shown only when the command fails
 * @returns {Promise<void>}
 * @throws {CommandError} when it cannot start, is killed, or ends with another code than 0
 */
export function run(command, args, { cwd = root, env = process.env, silent = false } = {}) {
  return new Promise((resolve, reject) => {
    let tail = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      tail = (tail + chunk.toString()).slice(-tailLength);
    };
    // Windows starts .cmd files by its shell only, which splits unquoted arguments.
    const shell = command.endsWith('.cmd');
    const child = spawn(command, shell ? args.map((argument) => `"${argument}"`) : args, {
      shell,
      cwd,
      env,
      stdio: silent ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => {
      reject(new CommandError(`${command} could not be started: ${error.message}`, ''));
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve();
        return;
      }
      const how = signal === null ? `ended with code ${String(code)}` : `was ended by ${signal}`;
      reject(new CommandError(`${command} ${args.join(' ')} ${how}.`, tail.trim()));
    });
  });
}

/**
 * Runs a script or a package's JavaScript entry with the Node that runs this.
 *
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, silent?: boolean }} [options]
 */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/**
 * Runs npm: the one that started this script, or the one on the path when a person started the script
 * itself.
 *
 * @param {readonly string[]} args
 * @param {{ cwd?: string, silent?: boolean }} [options]
 */
export function runNpm(args, options = {}) {
  const npm = process.env['npm_execpath'];
  const childOptions = { ...options, env: withoutNpmSettings(process.env) };
  if (npm?.endsWith('.js') === true) return run(process.execPath, [npm, ...args], childOptions);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, childOptions);
}

const npmSettingsToKeep = ['cache', 'userconfig', 'globalconfig', 'registry'];

/**
 * npm hands its settings to its children as `npm_*` variables. The project's `engine-strict` among them
 * would stop the installation of the hosted VS Code, which asks for a newer Node and brings its own.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutNpmSettings(environment) {
  const kept = new Set(npmSettingsToKeep.map((setting) => `npm_config_${setting}`));
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !name.toLowerCase().startsWith('npm_') || kept.has(name.toLowerCase()),
    ),
  );
}

/**
 * Whether a file of this name can be started from the path.
 *
 * @param {string} command
 * @param {(file: string) => boolean} exists
 */
export function onPath(command, exists) {
  const separator = process.platform === 'win32' ? ';' : ':';
  const folders = (process.env['PATH'] ?? '').split(separator).filter((folder) => folder !== '');
  return folders.some((folder) => exists(join(folder, command)));
}
