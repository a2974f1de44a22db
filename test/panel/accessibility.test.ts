import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { formatQuantity } from '../../src/report/wording/number';
import { show, themeNames } from './panelPage.mjs';
import {
  closePanel,
  done,
  layersForm,
  panel,
  phases,
  posted,
  report,
  textOf,
  violations,
  weightsOnly,
} from './panelTest';

describe.each(themeNames)('accessibility in %s', (theme) => {
  it('has no violation in any phase', async () => {
    const page = await panel(null, { theme });
    const check = async (what: string, part?: string): Promise<void> => {
      expect(await violations(page, part), what).toEqual([]);
    };
    for (const [phase, state] of Object.entries(phases)) {
      await show(page, state);
      await check(phase);
    }
    await show(page, weightsOnly, {}, false, null, layersForm);
    await check('the layers of a file of weights');
    await show(page, done);
    for (const id of ['method', 'loss', 'samples', 'parameters', 'mode', 'precision', 'seed']) {
      await page.locator(`#${id}-chip`).click();
      // The rest of the page stands as it was checked above.
      await check(`the menu of the ${id}`, '.chips');
      await page.keyboard.press('Escape');
    }
    await page.locator('#export').click();
    await page.locator('#bounds-picture').click();
    await page.locator('#blocks-numbers').click();
    await page.locator('.card .numbers').first().waitFor();
    await check('what a card and the report can be saved as, and the table behind a chart');
  }, 240_000);
});

describe('a narrow panel', () => {
  it('has one column and nothing to scroll sideways', async () => {
    const page = await panel(done, { width: 400 });
    const { scroll, lefts } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      lefts: [...document.querySelectorAll('.card')].map((card) =>
        Math.round(card.getBoundingClientRect().left),
      ),
    }));
    expect(scroll).toBe(400);
    expect(new Set(lefts).size).toBe(1);
    const widths = await page.evaluate(() =>
      [...document.querySelectorAll('.chart')].map((chart) => chart.scrollWidth - chart.clientWidth),
    );
    expect(widths.every((over) => over <= 0)).toBe(true);
  });

  it.each([
    ['320 pixels', 320, 1],
    ['1,280 pixels at 200 %', 640, 2],
  ])('has nothing to scroll sideways at %s, with any menu open', async (_what, width, zoom) => {
    const page = await panel(null, { width, zoom });
    const overflow = (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    for (const [phase, state] of Object.entries(phases)) {
      await show(page, state);
      expect(await overflow(), phase).toBeLessThanOrEqual(0);
    }
    await show(page, done);
    for (const id of [
      'loss-chip',
      'samples-chip',
      'parameters-chip',
      'seed-chip',
      'export',
      'bounds-picture',
    ]) {
      await page.locator(`#${id}`).click();
      const menu = (await page.locator('.menu-items').last().boundingBox())!;
      expect(menu.x, id).toBeGreaterThanOrEqual(0);
      expect(await overflow(), id).toBeLessThanOrEqual(0);
      await page.keyboard.press('Escape');
    }
  });

  it('draws its charts again when its width changes', async () => {
    const page = await panel(done, { width: 1000 });
    const width = () =>
      page.locator('.section.bounds svg').evaluate((svg) => svg.getBoundingClientRect().width);
    const wide = await width();
    await page.setViewportSize({ width: 500, height: 900 });
    await expect.poll(width).toBeLessThan(wide / 1.8);
  });
});

describe('motion', () => {
  const animation = (page: Page) =>
    page.locator('.progress .done').evaluate((bar) => getComputedStyle(bar).animationName);

  it('stands still for who asked for less of it', async () => {
    expect(await animation(await panel(phases.reading, { reducedMotion: false }))).toBe('wander');
    await closePanel();
    expect(await animation(await panel(phases.reading, { reducedMotion: true }))).toBe('none');
  });
});

describe('what is kept', () => {
  it('the last state is drawn again after a reload, with its sorting and its place, before the host answers', async () => {
    const first = await panel(done, { height: 500 });
    await first.locator('#sort-parameters').click();
    await first.locator('#sort-parameters').click();
    await first.evaluate(() => window.scrollTo(0, 300));
    await expect.poll(() => first.evaluate('window.saved.scroll')).toBe(300);
    const saved = await first.evaluate('window.saved');
    await closePanel();

    const page = await panel(null, { height: 500, saved });
    expect(await posted(page)).toEqual([{ type: 'ready' }]);
    expect(await page.locator('tbody .layer-name').allInnerTexts()).toEqual(['fc.2', 'fc.1', 'fc.0']);
    expect(await textOf(page)).toContain(`λmax ≤ ${formatQuantity(report.bounds.lambdaMax.upper)}`);
    expect(await page.evaluate(() => window.scrollY)).toBe(300);
  });
});
