import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Detail, DetailOf } from '../../src/report/detail';
import { post, show, themeNames } from './panelPage.mjs';
import { closePanel, done, panel, posted, report, textOf, violations } from './panelTest';

const weight: Detail = {
  kind: 'layer',
  tensors: [
    { name: 'fc.1.weight', shape: [16, 32], norm: 4.5, mean: 0.01, least: -1.5, greatest: 0.75, zeros: 2 },
    { name: 'fc.1.bias', shape: [16], norm: 0.5, mean: 0.1, least: -0.2, greatest: 0.3, zeros: 0 },
  ],
  weight: {
    rows: 16,
    columns: 32,
    ofOutputs: true,
    cell: [2, 1],
    values: Array.from({ length: 8 }, (_, i) => Array.from({ length: 32 }, (_, j) => Math.sin(i * j))),
  },
  singularValues: { values: [3, 2, 1, 0.5], count: 16 },
};

const listed = report.topSamples![0]!;
const sampleOf: DetailOf = { kind: 'sample', index: listed.index };
const digit: Detail = {
  kind: 'sample',
  inputs: [
    {
      name: 'x',
      dims: [64],
      picture: listed.picture,
      every: 1,
      mean: 0.3,
      least: 0,
      greatest: 1,
      values: [0, 0.25, 1],
    },
  ],
  label: listed.label,
  predicted: listed.predicted,
  target: [],
  loss: listed.loss,
  outputs: [
    { index: 7, value: 3.25, probability: 0.9 },
    { index: 1, value: 1, probability: 0.1 },
  ],
  outputCount: 10,
  gradient: {
    norm: 2.5,
    shares: report.layers.map(({ name }, at) => ({ layer: name, share: at === 0 ? 0.5 : 0.25 })),
  },
};

async function answer(page: Page, of: DetailOf, detail: Detail): Promise<void> {
  await post(page, { type: 'detail', of, answer: { ok: true, detail } });
}

const title = (page: Page) => page.locator('#page-title').innerText();
const isReport = async (page: Page) =>
  (await page.locator('.section.answers').isVisible()) && !(await page.locator('#page-title').isVisible());

describe('the page of a layer', () => {
  it.each([
    ['its bar', '.contributions svg .row >> nth=1'],
    ['its block', '.blocks svg .cell >> nth=5'],
    ['its row of the table', 'tbody tr >> nth=1'],
    ['its name', 'tbody .layer-name >> nth=1'],
  ])('opens by a click on %s, and is asked for once', async (_, place) => {
    const page = await panel(done);
    await page.locator(place).click();
    expect(await title(page)).toBe('Layer fc.1');
    expect(await page.locator('.section.answers').isVisible()).toBe(false);
    expect(await page.locator('.section.header').isVisible()).toBe(true);
    const of = { kind: 'layer', index: 1 } as const;
    await show(page, done);
    expect((await posted(page)).filter(({ type }) => type === 'detail')).toEqual([{ type: 'detail', of }]);
    await page.locator('#back').click();
    expect(await isReport(page)).toBe(true);
  });

  it('shows the report’s numbers at once and those of the file when they come', async () => {
    const page = await panel(done);
    await page.locator('tbody tr >> nth=1').click();
    const before = await textOf(page, '.section.detail');
    for (const words of ['parameters', '‖W‖', 'hidden units fed by fc.1', 'inputs of fc.1', 'fc.1 (itself)'])
      expect(before).toContain(words);
    await answer(page, { kind: 'layer', index: 0 }, weight);
    expect(await page.locator('#layer-weight-chart-title').count()).toBe(0);
    await answer(page, { kind: 'layer', index: 1 }, weight);
    const after = await textOf(page, '.section.detail');
    for (const words of [
      '16 × 32 numbers, a row for each output. Each cell stands for 2 × 1 of them',
      'fc.1.weight 16 × 32 4.5 0.01 -1.5 0.75 2',
      'The 4 largest of 16',
      '‖W‖²/σ1² = 2.25 of at most 16.',
    ])
      expect(after).toContain(words);
    const cells = page.locator('svg[aria-labelledby^="layer-weight-chart"] path.cells');
    expect(await cells.count()).toBeGreaterThan(10);
  });

  it('lists the samples that carry its own λ_max, with the pictures of other lists; each opens its page', async () => {
    const { index, label, predicted, loss } = listed;
    const sharpestSamples = [
      { index, label, predicted, loss, share: 0.4 },
      { index: 70_001, label: 3, predicted: 5, loss: 2.5, share: 0.25 },
    ];
    const layers = report.layers.map((layer, l) => (l === 1 ? { ...layer, sharpestSamples } : layer));
    const page = await panel({ ...done, report: { ...report, layers } });
    await page.locator('tbody tr >> nth=1').click();
    const items = page.locator('.section.detail .sample-list li');
    const words = (await items.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
    expect(words[0]).toMatch(/^40 % #/);
    expect(words[1]).toBe('25 % #70,001, label 3, predicted 5 loss 2.5');
    expect(await items.first().locator('svg').count()).toBe(1);
    expect(await textOf(page, '.section.detail')).toContain('Check the labels of');
    await items.last().click();
    expect(await title(page)).toBe('Sample #70,001');
  });

  it('says why there is nothing of the file', async () => {
    const page = await panel(done);
    await page.locator('tbody tr >> nth=1').click();
    const refusal = 'm.onnx changed since this analysis: run it again.';
    await post(page, { type: 'detail', of: { kind: 'layer', index: 1 }, answer: { ok: false, refusal } });
    expect(await textOf(page, '.section.detail')).toContain(refusal);
    await closePanel();

    const saved = await panel(null);
    await show(saved, done, {}, true);
    await saved.locator('tbody tr >> nth=1').click();
    expect(await textOf(saved, '.section.detail')).toContain('This is a saved report');
    expect((await posted(saved)).filter(({ type }) => type === 'detail')).toEqual([]);
  });

  it('is reached and left by the keyboard, and the focus and the place come back', async () => {
    const page = await panel(done, { height: 500 });
    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('ArrowDown');
    const before = await page.evaluate(() => window.scrollY);
    expect(before).toBeGreaterThan(0);
    await page.keyboard.press('Enter');
    expect(await title(page)).toBe('Layer fc.1');
    expect(await page.evaluate(() => [document.activeElement?.id, window.scrollY])).toEqual(['back', 0]);
    await answer(page, { kind: 'layer', index: 1 }, weight);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('back');
    await page.keyboard.press('Enter');
    expect(await isReport(page)).toBe(true);
    expect(await page.evaluate(() => [document.activeElement?.id, window.scrollY])).toEqual([
      'row-1',
      before,
    ]);
  });

  it('leads to the layers that it acts with, and stays over a reload', async () => {
    const page = await panel(done);
    await page.locator('tbody tr >> nth=1').click();
    await page.locator('.section.detail tbody tr[data-layer="2"]').click();
    expect(await title(page)).toBe('Layer fc.2');
    const saved = await page.evaluate('window.saved');
    await closePanel();
    const again = await panel(done, { saved });
    expect(await title(again)).toBe('Layer fc.2');
    expect((await posted(again)).some(({ type }) => type === 'detail')).toBe(true);
  });
});

describe('the page of a sample', () => {
  it('opens from its list, and shows what the model makes of it', async () => {
    const page = await panel(done);
    const place = page.locator(`[data-sample="${listed.index}"] .opens`).first();
    await place.focus();
    await page.keyboard.press('Enter');
    expect(await title(page)).toContain('Sample #');
    expect(await posted(page)).toContainEqual({ type: 'detail', of: sampleOf });
    await answer(page, sampleOf, digit);
    const text = await textOf(page, '.section.detail');
    for (const words of [
      'x: 64 numbers from 0 to 1, mean 0.3.',
      'The 2 largest of 10 outputs.',
      '7 3.25 90 %',
      'The gradient of its own loss has the norm 2.5.',
      'fc.0 50 %',
    ])
      expect(text).toContain(words);
    expect(await page.locator('.section.detail svg.picture').count()).toBe(2);
    await page.locator('.section.detail tr[data-layer="0"]').click();
    expect(await title(page)).toBe('Layer fc.0');
  });
});

describe.each(themeNames)('the pages in %s', (theme) => {
  it('have no violation of accessibility', async () => {
    const page = await panel(done, { theme });
    await page.locator('tbody tr >> nth=1').click();
    await answer(page, { kind: 'layer', index: 1 }, weight);
    expect(await violations(page), 'a layer').toEqual([]);
    await page.locator('#back').click();
    await page.locator(`[data-sample="${listed.index}"] .opens`).first().click();
    await answer(page, sampleOf, digit);
    expect(await violations(page), 'a sample').toEqual([]);
  });
});
