import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { PanelState, PanelToHost } from '../../src/report/panelMessages';
import { questionsOf, type LayersForm } from '../../src/report/layersForm';
import type { Report } from '../../src/report/report';
import estimateFixture from './fixtures/report-estimate.json';
import exactFixture from './fixtures/report-exact.json';
import fixture from './fixtures/report.json';
import { bundledPanel, openBrowser, openPanel, show } from './panelPage.mjs';

/** What every test of the panel starts from: a report, a state for every phase, one browser, one page a test. */

export const report = fixture as unknown as Report;
export const exactReport = exactFixture as unknown as Report;
export const estimateReport = estimateFixture as unknown as Report;
const { model, samples, loss, lossAssumed } = report;
const file = model.file;
export const done = {
  phase: 'done',
  file,
  report,
  changed: [],
  finished: null,
} as const satisfies PanelState;

export const phases = {
  reading: { phase: 'reading', file },
  'choosing-samples': {
    phase: 'choosing-samples',
    file,
    facts: { model },
    candidates: [
      {
        path: '/data/faces.npy',
        name: 'faces.npy',
        description: 'holds 4,096 numbers a sample',
        fits: false,
      },
      {
        path: '/data/digits.npz',
        name: 'digits.npz',
        description: '1,797 samples of 64 numbers',
        fits: true,
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
      { name: 'ids', dims: [null, null], optional: true, shape: [1, 32] },
    ],
  },
  running: {
    phase: 'running',
    file,
    progress: {
      stage: 'Blocks of the Hessian',
      fraction: 0.42,
      remainingSeconds: 3,
      step: null,
      steps: null,
      cost: { multiplyAdds: 5.7e11, bytes: 660e6, seconds: 20 },
      report: { model, samples, loss, lossAssumed, gradientNorm: report.gradientNorm },
    },
    earlier: null,
  },
  skippable: {
    phase: 'running',
    file,
    progress: {
      stage: 'Comparing with the Gauss-Newton matrix',
      fraction: 0.8,
      remainingSeconds: 3,
      step: 6,
      steps: 7,
      cost: null,
      canSkip: true,
      report: { model, samples, loss, lossAssumed, gradientNorm: report.gradientNorm },
    },
    earlier: null,
  },
  again: {
    phase: 'running',
    file,
    progress: {
      stage: 'Blocks of the Hessian',
      fraction: 0.42,
      remainingSeconds: 3,
      step: null,
      steps: null,
      cost: null,
      report: { model },
    },
    earlier: { report, finished: Date.now() - 3 * 24 * 3600e3 },
  },
  overview: {
    phase: 'overview',
    file,
    inspection: {
      facts: { model },
      candidates: [],
      openInputs: [],
      outputs: ['logits'],
      tensors: [
        { name: 'fc.0.weight', shape: [32, 64], layer: 'fc.0', kind: 'Linear' },
        { name: 'fc.0.bias', shape: [32], layer: 'fc.0', kind: 'Linear' },
        { name: 'norm.mean', shape: [64], layer: null, kind: null },
      ],
    },
  },
  done,
  'done-exact': { ...done, report: exactReport },
  'done-estimate': { ...done, report: estimateReport },
  stale: { ...done, changed: [file] },
  failed: {
    phase: 'failed',
    file,
    known: { model, samples, gradientNorm: report.gradientNorm },
    failure: { kind: 'LabelOutOfRange', message: 'digits.npz has the label 12 in row 5.', detail: 'a stack' },
  },
  'done-scale-adapted': {
    ...done,
    report: {
      ...report,
      scaleAdapted: {
        lambdaMax: {
          lower: 3.11,
          upper: 3.14,
          kind: 'probabilistic',
          confidence: 0.999,
          certified: true,
          steps: 9,
        },
      },
    },
  },
  cancelled: { phase: 'cancelled', file, known: { model } },
} as const satisfies Record<string, PanelState>;

/** A file of weights, and what is asked of it. */
export const weightsOnly = {
  ...phases.failed,
  failure: {
    kind: 'ArchitectureMissing',
    message: '"net.pth" holds weights ("conv1.weight" [6, 3, 5, 5], …) and not what is between them.',
    detail: '{}',
  },
} as const satisfies PanelState;
const asked = questionsOf({
  input: [3, '?', '?'],
  layers: [
    { conv: 'conv1', stride: '?', padding: '?' },
    '?',
    'flatten',
    { linear: 'fc1' },
    '?',
    { linear: 'fc2' },
  ],
});
export const layersForm: LayersForm = {
  questions: asked,
  answers: { '0.stride': '1', '0.padding': '0', '1.pooling': '[{"maxPool":2}]' },
  complete: false,
  runsPython: true,
  tried: {
    sentence: 'What was tried: mean loss (cross-entropy) and accuracy on 256 samples of digits.npz.',
    rows: ['leakyRelu', 'relu', 'tanh'].map((caption, place) => ({
      answers: { '1.function': `"${caption}"`, '4.function': `"${caption}"` },
      caption,
      loss: [0.31, 0.34, 1.9][place] ?? 0,
      accuracy: [0.903, 0.895, 0.41][place] ?? null,
    })),
  },
};

let browser: Browser;
/** The bundled panel. */
export let bundle: Awaited<ReturnType<typeof bundledPanel>>;
let opened: Awaited<ReturnType<typeof openPanel>> | null = null;

beforeAll(async () => {
  [browser, bundle] = await Promise.all([openBrowser(), bundledPanel()]);
});

afterAll(async () => {
  await browser.close();
});

afterEach(closePanel);

/** Closes the page, which must have reported no error and no violation of its content security policy. */
export async function closePanel(): Promise<void> {
  if (opened === null) return;
  const { page, errors, close } = opened;
  opened = null;
  const refused = await page.evaluate('window.violations');
  await close();
  expect(refused).toEqual([]);
  expect(errors).toEqual([]);
}

/** A page that shows the panel in a state; every test may have one at a time. */
export async function panel(
  state: PanelState | null,
  options: Parameters<typeof openPanel>[2] = {},
): Promise<Page> {
  opened = await openPanel(browser, bundle, options);
  if (state !== null) await show(opened.page, state);
  return opened.page;
}

/** What the panel has posted to the host. */
export async function posted(page: Page): Promise<PanelToHost[]> {
  return page.evaluate('window.posted');
}

/** The text as a person reads it, in one line. */
export async function textOf(page: Page, selector = 'main'): Promise<string> {
  return (await page.locator(selector).innerText()).replace(/\s+/g, ' ');
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every violation of accessibility that axe-core finds in a part of the page as it stands, the least as well. */
export async function violations(page: Page, part = 'html'): Promise<unknown[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  return page.evaluate(`
    axe.run(document.querySelector(${JSON.stringify(part)}), { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary) })))`);
}
