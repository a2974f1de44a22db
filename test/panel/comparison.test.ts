import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compare } from '../../src/comparison/compare';
import type { ComparisonState } from '../../src/comparison/panelState';
import { sampleChanges } from '../../src/analysis/sampleChanges';
import { failedRow, rowOf, runRow, trainedAs } from '../../src/comparison/row';
import type { Picture } from '../../src/report/panelMessages';
import { evaluationOf } from '../unit/comparison/reports';
import { bundledPanel, openBrowser, openPanel, post, themeNames } from './panelPage.mjs';
import { exactReport, report, textOf, violations } from './panelTest';

const descent = { optimiser: 'sgd', learningRate: 0.5, momentum: 0, batchSize: null } as const;
const failure = { kind: 'DamagedModel', message: '“epoch-2.onnx” ends too early.', detail: null } as const;
const hostile = '/r/epoch-1<img src=x onerror=alert(1)>.onnx';
const rows = [
  rowOf(hostile, report, descent),
  failedRow('/r/epoch-2.onnx', failure),
  rowOf('/r/epoch-3.onnx', exactReport, descent),
];
const running: ComparisonState = {
  phase: 'running',
  comparison: compare(rows.slice(0, 1)),
  files: ['/r'],
  training: null,
  waiting: ['epoch-2.onnx', 'epoch-3.onnx'],
  folder: '/r',
  following: false,
  notes: [],
  failure: null,
};
const done: ComparisonState = { ...running, phase: 'done', comparison: compare(rows), waiting: [] };

let browser: Browser;
let bundle: Awaited<ReturnType<typeof bundledPanel>>;
let opened: Awaited<ReturnType<typeof openPanel>> | null = null;

beforeAll(async () => {
  [browser, bundle] = await Promise.all([openBrowser(), bundledPanel('comparison')]);
});
afterAll(() => browser.close());
afterEach(async () => {
  const refused = await opened?.page.evaluate('window.violations');
  await opened?.close();
  expect(refused).toEqual([]);
  expect(opened?.errors).toEqual([]);
});

async function panel(state: ComparisonState, options: Parameters<typeof openPanel>[2] = {}): Promise<Page> {
  opened = await openPanel(browser, bundle, options);
  await post(opened.page, { type: 'comparison', state });
  return opened.page;
}

const posted = (page: Page): Promise<unknown[]> => page.evaluate('window.posted');

describe('the panel of a comparison', () => {
  it('shows each row when it is ready, how far the next is, and cancels', async () => {
    const page = await panel(running);
    expect(await page.locator('.section.rows tbody tr').count()).toBe(1);
    const progress = { name: 'epoch-2.onnx', stage: 'Lanczos', fraction: 0.4 };
    await post(page, { type: 'progress', progress });
    expect(await textOf(page, '.strip')).toContain('1 ready, 2 to come: epoch-2.onnx, Lanczos…');
    expect(await page.locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe('40');
    await page.locator('#cancel').click();
    expect(await posted(page)).toEqual([{ type: 'ready' }, { type: 'cancel' }]);
  });

  it('has the page’s cards, a failed row with its sentence, and charts over the models', async () => {
    const page = await panel(done);
    const text = await textOf(page);
    expect(text).toContain('“epoch-2.onnx” ends too early.');
    expect(text).toContain('epoch-1<img src=x onerror=alert(1)>.onnx');
    for (const title of ['The models', 'Loss', 'Contributions of the layers', 'What changed'])
      expect(text).toContain(title);
    // The first report is of a version that looked for no λ_max.
    expect(await page.locator('.section.edge svg circle.checkpoint').count()).toBe(1);
    expect(await page.locator('.section.curves svg').first().locator('circle.checkpoint').count()).toBe(2);
    expect(await page.locator('.section.edge svg path.failed').count()).toBe(1);
    expect(await page.locator('.section.edge svg path.edge').count()).toBe(1);
    expect(await page.locator('.section.stacks svg rect.bar').count()).toBeGreaterThan(3);
  });

  it('shows what changed sample by sample between a float model and its twin that was only run', async () => {
    const [float, twin] = ['/r/model.onnx', '/r/model.int8.onnx'] as const;
    const changes = sampleChanges(evaluationOf(0).samples, evaluationOf(0.25).samples);
    const comparison = compare(
      [rowOf(float, report, null), runRow(twin, evaluationOf(0.25).report, null, 'It computes with int8.')],
      changes === null ? [] : [{ float, twin, found: changes }],
    );
    const page = await panel({ ...done, comparison });
    expect(await textOf(page, '.section.rows')).toContain('only run');
    expect(await textOf(page, '.section.samples')).toContain('1 of 2 predictions changed; mean loss +0.25');
    expect(await page.locator('.section.samples tbody tr').count()).toBe(2);
    expect(
      await page.locator('.section.differences th[scope=col], .section.differences thead th').count(),
    ).toBe(3);
    expect(await textOf(page, '.section.warnings')).toContain('It computes with int8.');
    expect(await violations(page)).toEqual([]);
  });

  it('follows the folder, and exports', async () => {
    const page = await panel(done);
    await page.locator('#follow').click();
    await post(page, { type: 'comparison', state: { ...done, following: true } });
    expect(await textOf(page, '.strip')).toContain('Each new checkpoint of the folder joins.');
    await page.locator('#follow').click();
    await page.locator('#export-html').click();
    await page.locator('#export-json').click();
    await page.locator('#copy-markdown').click();
    await page.locator('#edge-picture').click();
    await page.locator('#edge-svg-light').click();
    const messages = (await posted(page)).slice(1);
    const [picture] = messages.splice(-1) as { picture: Picture }[];
    expect(picture).toMatchObject({ type: 'picture', picture: { name: 'edge', format: 'svg' } });
    expect(picture!.picture.content).toContain('3 models compared');
    expect(messages).toEqual([
      { type: 'follow' },
      { type: 'stop-following' },
      { type: 'export', format: 'html' },
      { type: 'export', format: 'json' },
      { type: 'copy-markdown' },
    ]);
  });

  it('tells the host how the models are trained, and keeps what is compared for a reload', async () => {
    const page = await panel(done);
    expect(await page.evaluate('window.saved')).toEqual({ files: ['/r'], folder: '/r' });
    const rate = page.locator('#training-rate');
    expect(await rate.inputValue()).toBe('0.5');
    await rate.fill('0.25');
    // A row that becomes ready leaves alone what is being typed.
    await post(page, { type: 'comparison', state: { ...done, notes: ['A checkpoint joined.'] } });
    expect(await rate.inputValue()).toBe('0.25');
    await rate.blur();
    const slower = { ...descent, learningRate: 0.25 };
    expect(await posted(page)).toContainEqual({ type: 'train', training: slower });
    const comparison = compare(rows.map((row) => trainedAs(row, slower)));
    await post(page, { type: 'comparison', state: { ...done, training: slower, comparison } });
    expect(await textOf(page, '.section.edge')).toContain('η = 0.25: the edge of stability is a λmax of 8');
    await page.locator('#training-optimiser').selectOption('adam');
    expect(await posted(page)).toContainEqual({
      type: 'train',
      training: { ...slower, optimiser: 'adam', momentum: 0.9 },
    });
  });

  it('says why nothing is compared', async () => {
    const nothing = { ...running, phase: 'failed', comparison: compare([]), waiting: [], failure } as const;
    const page = await panel(nothing);
    expect(await textOf(page, '[role=alert]')).toContain('“epoch-2.onnx” ends too early.');
  });

  it('has nothing to scroll sideways at 320 pixels', async () => {
    const page = await panel(done, { width: 320 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });

  it.each(themeNames)('has no violation of accessibility in %s', async (theme) => {
    const page = await panel(done, { theme });
    expect(await violations(page)).toEqual([]);
  });
});
