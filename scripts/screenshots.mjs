import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { bundledPanel, openBrowser, openPanel, post, show, themeNames } from '../test/panel/panelPage.mjs';

/**
 * Writes pictures of the panel in VS Code's four themes, and of its phases, to screenshots/:
 * `npm run screenshots`, or `npm run screenshots -- REPORT.json` for a report that `model-sharpness analyze --json` wrote.
 * `npm run screenshots -- readme` writes those of the README to media/, from the example as dist/cli.js computes it.
 */

const folder = new URL('../screenshots/', import.meta.url);

/** @returns {Promise<import('../src/report/report').Report>} */
async function chosenReport() {
  if (forReadme) return computed('analyze', 'examples/digits.onnx');
  const fixture = new URL('../test/panel/fixtures/report.json', import.meta.url);
  return JSON.parse(await readFile(process.argv[2] ?? fixture, 'utf8'));
}

/**
 * @param {'analyze' | 'compare'} command
 * @param {readonly string[]} models
 */
function computed(command, ...models) {
  const flags = ['--samples', 'examples/digits.npz', '--json'];
  const cwd = new URL('../', import.meta.url);
  return JSON.parse(
    execFileSync(process.execPath, ['dist/cli.js', command, ...models, ...flags], { cwd, encoding: 'utf8' }),
  );
}

const forReadme = process.argv[2] === 'readme';
const report = await chosenReport();
const file = report.model.file;
const { model, samples, loss, lossAssumed } = report;
const known = { model, samples, loss, lossAssumed };

/** @type {Record<string, import('../src/report/panelMessages').PanelState>} */
const phases = {
  reading: { phase: 'reading', file },
  'choosing-samples': {
    phase: 'choosing-samples',
    file,
    facts: { model },
    candidates: [
      {
        path: '/digits.npz',
        name: 'digits.npz',
        description: '1,797 samples of 64 numbers, labels 0 to 9',
        fits: true,
      },
      { path: '/old.csv', name: 'old.csv', description: '200 rows of 65 columns, labels 0 to 9', fits: true },
      {
        path: '/faces.npy',
        name: 'faces.npy',
        description: '400 samples of 4,096 numbers; the model wants 64',
        fits: false,
      },
    ],
    openInputs: [],
  },
  'choosing-sizes': {
    phase: 'choosing-samples',
    file,
    facts: { model },
    candidates: [],
    openInputs: [
      { name: 'image', dims: [null, 3, null, null], optional: false, shape: null },
      { name: 'input_ids', dims: [null, null], optional: true, shape: [1, 32] },
    ],
  },
  running: {
    phase: 'running',
    file,
    progress: {
      stage: 'Blocks of the Hessian, 2 of 6',
      fraction: 0.42,
      remainingSeconds: 3,
      step: 1,
      steps: 4,
      cost: { multiplyAdds: 5.7e11, bytes: 660e6, seconds: 20 },
      report: { ...known, gradientNorm: report.gradientNorm },
    },
    earlier: null,
  },
  overview: {
    phase: 'overview',
    file,
    inspection: {
      facts: { model },
      candidates: [],
      openInputs: [],
      outputs: [model.output],
      tensors: [
        { name: 'fc.0.weight', shape: [32, 64], layer: 'fc.0', kind: 'Linear' },
        { name: 'fc.0.bias', shape: [32], layer: 'fc.0', kind: 'Linear' },
        { name: 'fc.1.weight', shape: [16, 32], layer: 'fc.1', kind: 'Linear' },
        { name: 'norm.mean', shape: [64], layer: null, kind: null },
      ],
    },
  },
  stale: { phase: 'done', file, report, finished: null, changed: [file] },
  failed: {
    phase: 'failed',
    file,
    known: { model },
    failure: {
      kind: 'SampleShapeMismatch',
      message:
        'faces.npy holds samples of 4,096 numbers (key "x"), but the input "input" of digits.onnx takes 64: choose other samples.',
      detail: null,
    },
  },
  cancelled: { phase: 'cancelled', file, known },
};

if (!forReadme) await mkdir(folder, { recursive: true });
const bundle = await bundledPanel();
const browser = await openBrowser();

/** The reports that are not of the closed form. */
async function otherMethods() {
  for (const method of ['exact', 'estimate']) {
    const fixture = new URL(`../test/panel/fixtures/report-${method}.json`, import.meta.url);
    /** @type {import('../src/report/report').Report} */
    const other = JSON.parse(await readFile(fixture, 'utf8'));
    const done = /** @type {const} */ ({
      phase: 'done',
      file: other.model.file,
      report: other,
      changed: [],
      finished: null,
    });
    for (const theme of themeNames) await picture(`${method}-${theme}`, done, { theme });
    await picture(`${method}-narrow`, done, { width: 400 });
  }
}

/**
 * @param {string} name
 * @param {import('../src/report/panelMessages').PanelState} state
 * @param {Parameters<typeof openPanel>[2]} options
 */
async function picture(name, state, options) {
  await save(new URL(`${name}.png`, folder), bundle, options, true, (page) => show(page, state));
}

/**
 * @param {URL} target
 * @param {typeof bundle} script
 * @param {Parameters<typeof openPanel>[2]} options
 * @param {boolean} fullPage
 * @param {(page: import('playwright-core').Page) => Promise<void>} draw
 */
async function save(target, script, options, fullPage, draw) {
  const { page, errors, close } = await openPanel(browser, script, options);
  await draw(page);
  await page.screenshot({ path: target.pathname, fullPage });
  await close();
  if (errors.length > 0) throw new Error(`${target.pathname}: ${errors.join('; ')}`);
  process.stdout.write(`${target.pathname}\n`);
}

/** The first screens that the README shows: the verdict, and two checkpoints compared. */
async function readmePictures() {
  const media = new URL('../media/', import.meta.url);
  await save(new URL('panel.png', media), bundle, { height: 610 }, false, (page) => show(page, done));
  const comparison = computed('compare', 'examples/digits-early.onnx', 'examples/digits.onnx');
  const idle = {
    files: [],
    training: null,
    waiting: [],
    folder: null,
    following: false,
    notes: [],
    failure: null,
  };
  const state = { phase: 'done', comparison, ...idle };
  const script = await bundledPanel('comparison');
  await save(new URL('comparison.png', media), script, { height: 865 }, false, (page) =>
    post(page, { type: 'comparison', state }),
  );
}

async function everyPicture() {
  for (const theme of themeNames) await picture(`done-${theme}`, done, { theme });
  for (const [name, state] of Object.entries(phases)) await picture(name, state, { height: 300 });
  await picture('narrow', done, { width: 400 });
  if (process.argv[2] === undefined) await otherMethods();
}

const done = /** @type {const} */ ({ phase: 'done', file, report, changed: [], finished: null });
try {
  await (forReadme ? readmePictures() : everyPicture());
} finally {
  await browser.close();
}
