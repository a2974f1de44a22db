// The panel with a report of many layers in a real browser: prints as JSON what it takes until it is painted, and what
// scripts, styles and layout take of a frame while it is scrolled and its table is sorted.
import { largeReport } from '../test/panel/largeReport.mjs';
import { bundledPanel, openBrowser, openPanel, post, saidDefaults } from '../test/panel/panelPage.mjs';

const layerCount = 500;
/** Pixels of a turn of the wheel, as a person's. */
const turn = 120;

/** @param {number[]} times of frames */
function spread(times) {
  const sorted = times.toSorted((one, other) => one - other);
  return { frames: times.length, median: sorted[times.length >> 1], worst: sorted.at(-1) };
}

const browser = await openBrowser();
try {
  const { page, errors } = await openPanel(browser, await bundledPanel(), {});
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  /** Milliseconds that the page has spent on scripts, styles and layout so far. */
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const own = new Set(['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration']);
    return metrics.reduce((sum, { name, value }) => sum + (own.has(name) ? 1000 * value : 0), 0);
  };
  /** @param {() => Promise<unknown>} act */
  const frame = async (act) => {
    const before = await spent();
    await act();
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    return (await spent()) - before;
  };

  const report = largeReport(layerCount);
  // As the host packs them.
  const values = (report.blocks ?? []).flatMap((row) => row.map(({ value }) => value));
  const blocks = { layers: layerCount, values, errors: null };
  const state = {
    phase: 'done',
    file: report.model.file,
    report: { ...report, blocks: null },
    changed: [],
    finished: null,
  };
  const form = { said: saidDefaults, known: null, layers: null };
  const message = { type: 'state', state, blocks, form, name: null, readOnly: false };
  const bytes = JSON.stringify({ ...message, blocks: null }).length + 8 * values.length;
  // Parsed before the clock starts: the host posts it as a structure.
  await page.evaluate(
    `window.large = ${JSON.stringify(message)}; large.blocks.values = Float64Array.from(large.blocks.values); 0`,
  );
  const painted = await page.evaluate(`new Promise((done) => {
    let start = 0;
    // Before the panel's own listener: with the data, which take their time to be copied, in the page.
    window.addEventListener('message', ({ data }) => { start = data && performance.now(); }, { capture: true, once: true });
    window.addEventListener('message', () => {
      const look = () => document.querySelector('#row-0') === null
        ? requestAnimationFrame(look)
        : requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
      look();
    });
    window.postMessage(window.large, '*');
  })`);
  // The charts are there once their boxes have a width.
  await post(page, { type: 'none' });

  const height = await page.evaluate('document.scrollingElement.scrollHeight');
  await page.mouse.move(500, 400);
  const scrolled = [];
  for (let at = 0; at < height; at += turn) scrolled.push(await frame(() => page.mouse.wheel(0, turn)));
  const region = page.locator('.card.table .scroller');
  await region.scrollIntoViewIfNeeded();
  await region.hover();
  const inTable = [];
  for (let at = 0; at < 60; at++) inTable.push(await frame(() => page.mouse.wheel(0, turn)));
  const sorted = [];
  const heads = await page.locator('.card.table thead button').evaluateAll((all) => all.map(({ id }) => id));
  for (const id of [...heads, ...heads])
    sorted.push(await frame(() => page.evaluate(`document.getElementById('${id}').click()`)));
  if (errors.length > 0) throw new Error(errors.join('; '));
  console.log(
    JSON.stringify({
      layers: layerCount,
      bytes,
      painted,
      scrolled: spread(scrolled),
      inTable: spread(inTable),
      sorted: spread(sorted),
    }),
  );
} finally {
  await browser.close();
}
