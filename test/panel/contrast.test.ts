import { decode } from 'fast-png';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { show, themeNames } from './panelPage.mjs';
import { done, estimateReport, exactReport, panel, phases, report } from './panelTest';

/** Every mark of every chart, and the borders that mean something, as they come out on the screen. */

/** What carries no meaning of its own: lines of the grid, cells whose numbers stand in a table, what is pointed at. */
const exempt = 'grid cell cells hit hatch-ground picture';

interface Place {
  readonly name: string;
  readonly ground: string;
  readonly clip: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** Leaves nothing on the page but the charts, which is photographed many times, or shows everything again. */
async function showOnlyCharts(page: Page, only: boolean): Promise<void> {
  await page.evaluate((hides) => {
    for (const element of document.querySelectorAll<HTMLElement>('#panel *')) {
      const holds = element.closest('.chart') !== null || element.querySelector('.chart') !== null;
      element.style.display = hides && !holds ? 'none' : '';
    }
  }, only);
}

/** Hides every shape and tells where one of each kind is, in groups of which no two overlap: each is measured alone. */
async function hiddenMarks(page: Page): Promise<Place[][]> {
  return page.evaluate((left) => {
    const shapes = [
      ...document.querySelectorAll<SVGElement>('.chart svg :is(path, rect, line, circle, text)'),
    ];
    const seen = new Set<string>();
    const groups: Place[][] = [];
    for (const shape of shapes) {
      if (shape.closest('defs, clipPath, pattern') !== null) continue;
      shape.style.visibility = 'hidden';
      const named = shape.closest('[class]');
      const name = `${shape.closest('section')?.ariaLabel ?? ''}: ${shape.tagName}.${named?.getAttribute('class') ?? ''}`;
      const box = shape.getBoundingClientRect();
      const isMark = !left.split(' ').some((each) => named?.classList.contains(each));
      if (shape.tagName === 'text' || !isMark || seen.has(name) || box.width + box.height < 2) continue;
      seen.add(name);
      const [x, y] = [box.x + window.scrollX - 2, box.y + window.scrollY - 2];
      const clip = { x, y, width: box.width + 4, height: box.height + 4 };
      const apart = ({ clip: other }: Place): boolean =>
        other.x > x + clip.width ||
        other.y > y + clip.height ||
        x > other.x + other.width ||
        y > other.y + other.height;
      const free = groups.findIndex((places) => places.every(apart));
      const group = free < 0 ? groups.length : free;
      shape.dataset['group'] = String(group);
      const ground = getComputedStyle(shape.closest('.card')!).backgroundColor;
      (groups[group] ??= []).push({ name, clip, ground });
    }
    return groups;
  }, exempt);
}

/** Relative luminance of sRGB, by WCAG. */
function luminance(channels: ArrayLike<number>): number {
  return [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
    const channel = (channels[at] ?? 0) / 255;
    return sum + weight * (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  }, 0);
}

/** The largest contrast of a pixel at each place to its ground, by WCAG. */
async function contrasts(page: Page, places: readonly Omit<Place, 'name'>[]): Promise<number[]> {
  const { data, width, channels } = decode(await page.screenshot({ fullPage: true }));
  const zoom = await page.evaluate(() => window.devicePixelRatio);
  return places.map(({ clip, ground }) => {
    const base = luminance(ground.match(/\d+/g)!.slice(0, 3).map(Number));
    const [left, top] = [Math.floor(clip.x * zoom), Math.floor(clip.y * zoom)];
    let most = 1;
    for (let y = Math.max(0, top); y < top + clip.height * zoom; y++)
      for (let x = Math.max(0, left); x < left + clip.width * zoom; x++) {
        const at = (y * width + x) * channels;
        const here = luminance(data.subarray(at, at + 3));
        most = Math.max(most, (Math.max(base, here) + 0.05) / (Math.min(base, here) + 0.05));
      }
    return most;
  });
}

/** The marks that were measured, and those below 3:1. */
async function measured(page: Page): Promise<{ names: string; faint: string[] }> {
  await showOnlyCharts(page, true);
  const groups = await hiddenMarks(page);
  const faint: string[] = [];
  for (const [group, places] of groups.entries()) {
    await page.evaluate((shown) => {
      for (const shape of document.querySelectorAll<SVGElement>('[data-group]'))
        shape.style.visibility = shape.dataset['group'] === shown ? 'visible' : 'hidden';
    }, String(group));
    const found = await contrasts(page, places);
    for (const [at, { name }] of places.entries())
      if ((found[at] ?? 0) < 3) faint.push(`${name} ${(found[at] ?? 0).toFixed(2)}:1`);
  }
  await showOnlyCharts(page, false);
  return { names: groups.flatMap((places) => places.map(({ name }) => name)).join('\n'), faint };
}

/** Charts are drawn one after the other: waits for these marks before it measures. */
async function expectContrast(page: Page, marks: readonly string[]): Promise<void> {
  for (const mark of marks) await page.locator(`.${mark}`).first().waitFor({ state: 'attached' });
  const { names, faint } = await measured(page);
  for (const mark of marks) expect(names).toContain(mark);
  expect(faint).toEqual([]);
}

describe.each(themeNames)('in %s', (theme) => {
  it('marks of charts have 3:1 against their ground', async () => {
    // Few layers: the charts are photographed for every group of marks.
    const short = { ...estimateReport, layers: estimateReport.layers.slice(0, 4) };
    const page = await panel({ ...done, report: short }, { theme, zoom: 2 });
    await expectContrast(page, ['found-max', 'whisker', 'spread', 'parabola']);
    await show(page, { ...done, report: { ...report, sharpness: exactReport.sharpness! } });
    await expectContrast(page, ['blockwise', 'bar-coupling', 'bar-unit']);
  }, 240_000);

  it('borders that warn have 3:1', async () => {
    const page = await panel({ ...phases['done-estimate'], changed: ['x'] }, { theme, zoom: 2 });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const places: Place[] = [];
    for (const name of ['.chip.assumed', '.strip.stale', '.warnings']) {
      const { x, y, ...box } = (await page.locator(name).first().boundingBox())!;
      // Of what is round the upper border, else the left one.
      const [width, height] = name === '.warnings' ? [4, box.height] : [box.width, 2];
      places.push({ name, ground, clip: { x, y, width, height } });
    }
    const found = await contrasts(page, places);
    for (const [at, { name }] of places.entries()) expect(found[at], name).toBeGreaterThan(3);
  });
});
