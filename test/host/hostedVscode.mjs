// A VS Code with the extension in it, for tests and pictures that use it as a person does.
//
//   const vscode = await startHostedVscode({ folder, settings: { 'modelSharpness.threads': 1 }, theme: 'light' });
//   try {
//     const page = await vscode.openPage();
//     await chooseInExplorerMenu(page, 'digits.onnx', 'Analyze sharpness');
//     await webview(page).getByText('upper bound').first().waitFor();
//     await runCommand(page, 'Model Sharpness: Show log');
//   } finally {
//     await vscode.stop();
//   }
//
// Such tests are files test/host/*.test.ts and run in vitest (`npm test -- person`); what runs inside the
// extension host, with the vscode API, are the mocha suites test/host/*.suite.ts (`npm test -- host`).
// The extension is loaded from dist/: build first.
import { isAbsolute } from 'node:path';
import { chromium } from 'playwright-core';
import { browserFlags, browserPath } from '../../scripts/browser.mjs';
import { startHostedServer } from '../../scripts/hostedServer.mjs';
import { root } from '../../scripts/processes.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */
/** @typedef {import('playwright-core').FrameLocator} FrameLocator */

/** The four kinds of theme: VS Code's name, and the class that the workbench carries once it is applied. */
const themes = {
  dark: { name: 'Default Dark Modern', className: 'vs-dark' },
  light: { name: 'Default Light Modern', className: 'vs' },
  'high-contrast': { name: 'Default High Contrast', className: 'hc-black' },
  'high-contrast-light': { name: 'Default High Contrast Light', className: 'hc-light' },
};

/** @typedef {keyof typeof themes} Theme */

const workbenchLimit = 60_000;
const menuLimit = 60_000;
const saveLimit = 60_000;

/** Run in the page: every text in the databases that VS Code keeps in the browser. */
const readSavedTexts = `(async () => {
  const result = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const texts = [];
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith('vscode-web-state-db')) continue;
    const database = await result(indexedDB.open(name));
    if (database.objectStoreNames.contains('ItemTable')) {
      texts.push(...await result(database.transaction('ItemTable').objectStore('ItemTable').getAll()));
    }
    database.close();
  }
  return texts.filter((text) => typeof text === 'string');
})()`;

/**
 * @typedef {object} HostedVscode
 * @property {(options?: OpenOptions) => Promise<Page>} openPage opens a window of VS Code; resolves when
 *   its workbench shows the theme. Each window has its own extension host.
 * @property {() => Promise<void>} stop closes the browser and the server, and deletes their data. Always call it.
 */

/**
 * @typedef {object} OpenOptions
 * @property {number} [width] of the window in CSS pixels, 1280 unless told
 * @property {number} [height] 800 unless told
 * @property {number} [scale] device pixels per CSS pixel, 1 unless told
 * @property {boolean} [reducedMotion] as the operating system's setting
 * @property {(page: Page) => Promise<void>} [beforeLoad] prepares the page before VS Code loads in it
 */

/**
 * Starts a VS Code server and a browser.
 *
 * @param {object} options
 * @param {string} options.folder the workspace folder, absolute. What a test writes goes into it: give a copy.
 * @param {string | null} [options.extension] absolute path of the extension to load, this project unless told;
 *   null: none but the installed ones
 * @param {readonly string[]} [options.packages] absolute paths of .vsix files to install
 * @param {string} [options.tests] absolute path of a module with `run()`, run inside the extension host
 * @param {Readonly<Record<string, unknown>>} [options.settings] VS Code settings
 * @param {Theme} [options.theme] dark unless told
 * @param {boolean} [options.workspaceTrust] true: restricted mode until someone trusts the folder
 * @param {NodeJS.ProcessEnv} [options.env] added to the environment of the extension host
 * @returns {Promise<HostedVscode>}
 */
export async function startHostedVscode({
  folder,
  extension = root,
  packages = [],
  tests,
  settings = {},
  theme = 'dark',
  workspaceTrust = false,
  env = {},
}) {
  for (const path of [folder, extension ?? '/', ...packages, tests ?? '/']) {
    if (!isAbsolute(path)) throw new Error(`${path} must be an absolute path.`);
  }
  const server = await startHostedServer({
    extensions: extension === null ? [] : [extension],
    packages,
    settings: { 'workbench.colorTheme': themes[theme].name, ...settings },
    workspaceTrust,
    env,
  });
  /** @type {import('playwright-core').Browser | null} */
  let browser = null;
  const stop = async () => {
    try {
      await browser?.close();
    } finally {
      await server.stop();
    }
  };
  try {
    browser = await chromium.launch({ executablePath: browserPath(), args: browserFlags });
  } catch (error) {
    await stop();
    throw error;
  }
  const launched = browser;
  return {
    openPage: async ({ width = 1280, height = 800, scale = 1, reducedMotion = false, beforeLoad } = {}) => {
      const context = await launched.newContext({
        viewport: { width, height },
        deviceScaleFactor: scale,
        reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      const page = await context.newPage();
      await beforeLoad?.(page);
      await page.goto(server.address({ folder, ...(tests !== undefined && { tests }) }), {
        timeout: workbenchLimit,
      });
      await page.locator(`.monaco-workbench.${themes[theme].className}`).waitFor({ timeout: workbenchLimit });
      return page;
    },
    stop,
  };
}

/**
 * Runs a command by its title from the palette, as F1 does.
 *
 * The palette lists an extension's commands only when VS Code has read the extension, seconds after the
 * window opens, and does not refresh while it is open: it is closed and opened until the command is there.
 *
 * @param {Page} page
 * @param {string} title as the palette shows it, with its category: `Model Sharpness: Show log`
 */
export async function runCommand(page, title) {
  await untilShown(page, `the command ${title}`, async () => {
    await page.keyboard.press('F1');
    const input = page.locator('.quick-input-widget input.input');
    await input.waitFor({ timeout: 5_000 });
    await input.fill(`>${title}`);
    return page.locator('.quick-input-widget .quick-input-list-row').filter({ hasText: title }).first();
  });
}

/**
 * Right-clicks a file in the explorer and chooses an item of its menu.
 *
 * @param {Page} page
 * @param {string} fileName as the explorer shows it
 * @param {string} item the menu item's label
 */
export async function chooseInExplorerMenu(page, fileName, item) {
  const row = page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: fileName }).first();
  await row.waitFor({ timeout: workbenchLimit });
  await chooseInMenu(page, row, item);
}

/**
 * Right-clicks anything and chooses an item of its menu. Contributed items come 5 to 8 seconds after the
 * window opens, and an open menu does not refresh: it is closed and opened until the item is there.
 *
 * @param {Page} page
 * @param {Locator} target
 * @param {string} item the menu item's label
 */
export async function chooseInMenu(page, target, item) {
  await untilShown(page, `the menu item ${item}`, async () => {
    await target.click({ button: 'right' });
    return page.locator('.context-view .monaco-menu .action-item').filter({ hasText: item }).first();
  });
}

/**
 * The content of the webview that opened last.
 *
 * @param {Page} page
 * @returns {FrameLocator}
 */
export function webview(page) {
  return page.locator('iframe.webview.ready').last().contentFrame().frameLocator('#active-frame');
}

/**
 * Waits until VS Code has written down a state of its windows. In a browser it does so every five seconds, at an
 * idle moment: a page that is reloaded before then comes back without what was opened last.
 *
 * @param {Page} page
 * @param {RegExp} state to be found in what is written. It is JSON in strings of JSON: between a name and its
 *   value stand any number of quotes and backslashes.
 */
export async function untilSaved(page, state) {
  const deadline = Date.now() + saveLimit;
  while (Date.now() < deadline) {
    /** @type {string[]} */
    const saved = await page.evaluate(readSavedTexts);
    if (saved.some((text) => state.test(text))) return;
    await page.waitForTimeout(250);
  }
  throw new Error(`VS Code did not save ${String(state)} within ${String(saveLimit / 1000)} s.`);
}

/**
 * Opens a menu or list again and again until what is looked for stands in it, and clicks that.
 *
 * @param {Page} page
 * @param {string} what for the error
 * @param {() => Promise<Locator>} open
 */
async function untilShown(page, what, open) {
  const deadline = Date.now() + menuLimit;
  while (Date.now() < deadline) {
    const wanted = await open();
    try {
      await wanted.waitFor({ timeout: 1_500 });
      await wanted.click({ timeout: 1_500 });
      return;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'TimeoutError')) throw error;
      await page.keyboard.press('Escape');
    }
  }
  throw new Error(`VS Code did not show ${what} within ${String(menuLimit / 1000)} s.`);
}
