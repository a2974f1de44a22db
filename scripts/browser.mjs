import { existsSync } from 'node:fs';
import { onPath, run } from './processes.mjs';

/** Browsers of the Chromium family, where their installers put them. */
const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** What Chromium needs to run unattended, also as root and without a graphics card. */
export const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The browser that tests drive: MODEL_SHARPNESS_BROWSER, or one in its usual place.
 *
 * @returns {string} the path of its executable
 * @throws {Error} when there is none; the sentence says what to install
 */
export function browserPath() {
  const chosen = process.env['MODEL_SHARPNESS_BROWSER'];
  const found = chosen ?? usualPlaces.find((place) => existsSync(place));
  if (found !== undefined && existsSync(found)) return found;
  const where = chosen === undefined ? 'in its usual places' : `at ${chosen} (MODEL_SHARPNESS_BROWSER)`;
  throw new Error(
    `No browser ${where}: install Chromium or Google Chrome, or set MODEL_SHARPNESS_BROWSER to its executable.`,
  );
}

/** Installs Chromium by apt where no browser is found and apt exists; elsewhere says what to install. */
export async function installBrowser() {
  if (
    process.env['MODEL_SHARPNESS_BROWSER'] === undefined &&
    !usualPlaces.some((place) => existsSync(place))
  ) {
    const superuser = process.getuid?.() === 0;
    if (onPath('apt-get', existsSync) && (superuser || onPath('sudo', existsSync))) {
      await aptGet(superuser, ['update']);
      await aptGet(superuser, ['install', '-y', '--no-install-recommends', 'chromium']);
    }
  }
  browserPath();
}

/**
 * @param {boolean} superuser
 * @param {readonly string[]} args
 */
function aptGet(superuser, args) {
  const command = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
  // -n: a password cannot be asked for here.
  return superuser
    ? run('env', command, { silent: true })
    : run('sudo', ['-n', 'env', ...command], { silent: true });
}
