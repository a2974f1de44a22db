import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { done, panel, textOf } from './panelTest';

describe('the table', () => {
  const names = (page: Page) => page.locator('tbody .layer-name').allInnerTexts();

  it('is sorted by a head, by mouse and by keyboard, and says how', async () => {
    const page = await panel(done);
    const head = page.locator('th.contribution');
    await page.locator('#sort-contribution').click();
    expect(await names(page)).toEqual(['fc.0', 'fc.1', 'fc.2']);
    expect(await head.getAttribute('aria-sort')).toBe('descending');
    await page.keyboard.press('Enter');
    expect(await names(page)).toEqual(['fc.2', 'fc.1', 'fc.0']);
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    expect(await page.locator('[aria-sort=ascending], [aria-sort=descending]').count()).toBe(1);
    await page.locator('#sort-elasticity').click();
    expect(await names(page)).toEqual(['fc.2', 'fc.1', 'fc.0']);
    await page.locator('#sort-layer').click();
    expect(await names(page)).toEqual(['fc.0', 'fc.1', 'fc.2']);
  });

  it('is one stop for Tab, and arrows go through its rows', async () => {
    const page = await panel(done);
    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('row-2');
    expect(await page.locator('tbody tr[tabindex="0"]').count()).toBe(1);
  });
});

describe('a layer', () => {
  const marked = (page: Page) =>
    page.evaluate(() =>
      [...document.querySelectorAll('.marked')].map((each) => each.getAttribute('data-layer')),
    );

  it('is marked everywhere when it is pointed at anywhere', async () => {
    const page = await panel(done);
    for (const selector of [
      'tbody tr >> nth=1',
      '.contributions svg .row >> nth=1',
      '.blocks svg .cell >> nth=4',
    ]) {
      await page.locator(selector).hover();
      const layers = await marked(page);
      expect(layers.length).toBeGreaterThan(8);
      expect(layers.every((layer) => layer?.split(' ').includes('1'))).toBe(true);
    }
    for (const place of [
      'tbody tr.marked',
      '.contributions .row.marked',
      '.blocks .cell.marked',
      '.drivers .row.marked',
    ]) {
      expect(await page.locator(place).count()).toBeGreaterThan(0);
    }
    await page.locator('h1').hover();
    expect(await marked(page)).toEqual([]);
  });

  it('is marked by focus too', async () => {
    const page = await panel(done);
    await page.locator('tbody tr').first().focus();
    expect(await page.locator('.contributions .row.marked').getAttribute('data-layer')).toBe('0');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.contributions .row.marked').getAttribute('data-layer')).toBe('1');
  });

  it('can be chosen for the cards of widths and samples', async () => {
    const page = await panel(done);
    await page.locator('#units-layer').click();
    await page.locator('#units-layer vscode-option').nth(1).click();
    expect(await textOf(page, '.driver >> nth=1')).toContain('16 hidden units fed by fc.1');
    expect(await textOf(page, '.driver >> nth=2')).toContain('inputs of fc.1');
  });
});

describe('the keyboard', () => {
  it('reaches every control and every explanation, and Escape puts an explanation away', async () => {
    const page = await panel(done);
    const reached: string[] = [];
    let explained = 0;
    for (let step = 0; step < 120; step += 1) {
      await page.keyboard.press('Tab');
      const { id, name, tip } = await page.evaluate(() => ({
        id: document.activeElement?.id ?? '',
        name: document.activeElement?.tagName ?? '',
        tip: document.querySelector<HTMLElement>('#tooltip')?.hidden === false,
      }));
      if (name === 'BODY') break;
      reached.push(id);
      if (tip) explained += 1;
    }
    for (const id of [
      'change-samples',
      'export',
      'run-again',
      'samples-chip',
      'sort-layer',
      'sort-share',
      'row-0',
      'units-layer',
      'bounds-picture',
    ]) {
      expect(reached).toContain(id);
    }
    // Chips, question marks, facts and heads.
    expect(explained).toBe(await page.locator('main [data-term]').count());
    await page.locator('.hint').first().focus();
    expect(await page.locator('#tooltip').innerText()).toContain('How sharp is the loss here?');
    await page.keyboard.press('Escape');
    expect(await page.locator('#tooltip').isVisible()).toBe(false);
  });

  it('explains on hover, inside the window, and while the explanation itself is pointed at', async () => {
    const page = await panel(done, { width: 400 });
    await page.locator('.hint').nth(3).hover();
    const box = (await page.locator('#tooltip').boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(400);
    await page.mouse.move(box.x + 20, box.y + 10);
    expect(await page.locator('#tooltip').isVisible()).toBe(true);
    await page.locator('h1').hover();
    expect(await page.locator('#tooltip').isVisible()).toBe(false);
  });

  it('opens and closes the export menu', async () => {
    const page = await panel(done);
    await page.locator('#export').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#export-csv').isVisible()).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    expect(await page.locator('.menu-items').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('export');
  });
});
