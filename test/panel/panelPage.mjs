import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { browserFlags, browserPath } from '../../scripts/browser.mjs';
import themes from './fixtures/themes.json' with { type: 'json' };

/** The panel in a real browser, as the host shows it: the same content security policy, a theme, and a host that listens. */

const origin = 'http://panel.test';
const nonce = 'c3RyaWN0';
/** What nobody has chosen, as `nothingSaid` of src/report/form.ts, which a test holds it against. */
export const saidDefaults = /** @type {const} */ ({
  inputs: null,
  labels: null,
  scale: null,
  normalize: null,
  skipBroken: null,
  limit: null,
  output: null,
  loss: null,
  classWeights: null,
  labelSmoothing: null,
  posWeight: null,
  ignoreLabel: null,
  weightDecay: null,
  decayed: null,
  trained: null,
  fixed: null,
  method: 'auto',
  precision: 0.01,
  dtype: 'auto',
  evaluation: false,
  blocks: false,
  scaleAdapted: false,
  plane: false,
  top: null,
  timeLimit: null,
  seed: 0,
});

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @typedef {keyof typeof themes} ThemeName */

export const themeNames = /** @type {ThemeName[]} */ (Object.keys(themes));

/**
 * @param {'panel' | 'comparison'} name of a model, or of a comparison
 * @returns {Promise<{ script: string, style: string }>} the panel's script and style, bundled as for release
 */
export async function bundledPanel(name = 'panel') {
  const built = await build({
    absWorkingDir: root,
    entryPoints: [`webview/${name}.ts`, 'webview/panel.css'],
    outdir: 'dist/webview',
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    write: false,
  });
  /** @param {string} ending */
  const output = (ending) => {
    const found = built.outputFiles.find(({ path }) => path.endsWith(ending));
    if (found === undefined) throw new Error(`esbuild wrote no panel${ending}.`);
    return found.text;
  };
  return { script: output('.js'), style: output('.css') };
}

export function openBrowser() {
  return chromium.launch({ executablePath: browserPath(), args: browserFlags });
}

/**
 * A new page that shows the panel. What it posts to the host is collected in the page as `window.posted`, violations of
 * its content security policy as `window.violations`, and `window.saved` is what `getState` gives.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {{ script: string, style: string }} bundle
 * @param {{ theme?: ThemeName, width?: number, height?: number, saved?: unknown, reducedMotion?: boolean, zoom?: number, translations?: Record<string, string> }} options
 */
export async function openPanel(browser, bundle, options) {
  const {
    theme = 'dark',
    width = 1040,
    height = 900,
    saved,
    reducedMotion = true,
    zoom = 1,
    translations,
  } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: zoom,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  });
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const { kind, variables } = themes[theme];
  const styled = Object.entries(variables)
    .map(([name, value]) => `--vscode-${name}: ${value};`)
    .join(' ');
  // The toolkit makes one empty style element to learn whether the browser knows :focus-visible; the nonce is for it.
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${origin} 'nonce-${nonce}'; font-src ${origin}; img-src ${origin} data:`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8">
    <meta property="csp-nonce" content="${nonce}"><title>Sharpness</title>
    <link rel="stylesheet" href="${origin}/theme.css"><link rel="stylesheet" href="${origin}/panel.css"></head>
    <body class="${kind}" data-vscode-theme-kind="${kind}">${
      translations === undefined
        ? ''
        : `<script nonce="${nonce}">document.body.dataset.translations = ${JSON.stringify(JSON.stringify(translations))}</script>`
    }<main id="panel"></main><script nonce="${nonce}" src="${origin}/panel.js"></script></body></html>`;
  /** @type {Record<string, [string, string]>} */
  const files = {
    '/': ['text/html', html],
    // VS Code's own default styles for a webview give the body this padding; the panel must undo it.
    '/theme.css': ['text/css', `:root { ${styled} } body { padding: 0 20px; }`],
    '/panel.css': ['text/css', bundle.style],
    '/panel.js': ['text/javascript', bundle.script],
  };
  await page.route(`${origin}/**`, async (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname] ?? ['text/plain', ''];
    await route.fulfill({ contentType, body, headers: { 'content-security-policy': policy } });
  });
  await page.addInitScript(`
    window.posted = [];
    window.violations = [];
    window.saved = ${JSON.stringify(saved)};
    window.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => window.posted.push(message),
      getState: () => window.saved,
      setState: (state) => { window.saved = state; },
    });
  `);
  await page.goto(`${origin}/`);
  return { page, errors, close: () => context.close() };
}

/**
 * Sends a state as the host does and waits until it is drawn.
 *
 * @param {import('playwright-core').Page} page
 * @param {import('../../src/report/panelMessages').PanelState} state
 * @param {Partial<import('../../src/report/form').Said>} said
 * @param {boolean} readOnly
 * @param {import('../../src/report/panelMessages').FormState['known']} known
 * @param {import('../../src/report/panelMessages').FormState['layers']} layers
 */
export async function show(page, state, said = {}, readOnly = false, known = null, layers = null) {
  const message = {
    type: 'state',
    state,
    blocks: null,
    form: { said: { ...saidDefaults, ...said }, known, layers },
    name: null,
    readOnly,
  };
  await post(page, message);
}

/**
 * Posts a message as the host does and waits until it is drawn.
 *
 * @param {import('playwright-core').Page} page
 * @param {object} message
 */
export async function post(page, message) {
  await page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`);
  // Two frames: the charts are drawn once their boxes have a width.
  await page.evaluate(
    `new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done))))`,
  );
}
