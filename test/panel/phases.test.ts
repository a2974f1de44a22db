import { describe, expect, it } from 'vitest';
import { formatNumber } from '../../src/report/wording/number';
import { show } from './panelPage.mjs';
import { bundle, done, panel, phases, posted, report, textOf } from './panelTest';

const file = report.model.file;

describe('the script', () => {
  it('stays under 300 KB', () => {
    expect(Buffer.byteLength(bundle.script)).toBeLessThan(300_000);
  });

  it('says that it is ready, once', async () => {
    const page = await panel(null);
    expect(await posted(page)).toEqual([{ type: 'ready' }]);
  });

  it('is not disturbed by messages that are not the host’s', async () => {
    const page = await panel(done);
    await page.evaluate(`window.postMessage('hello', '*'); window.postMessage({ type: 'other' }, '*')`);
    await show(page, phases.stale);
    expect(await textOf(page, '.strip')).toContain('changed');
  });
});

describe('each phase', () => {
  it('reading: names the file and keeps the places of the answers', async () => {
    const page = await panel(phases.reading);
    expect(await textOf(page)).toContain(`Reading ${file}…`);
    expect(await page.locator('.answer').count()).toBe(4);
    expect(await page.locator('[role=progressbar]').getAttribute('aria-valuenow')).toBeNull();
  });

  it('choosing samples: the files that fit first, a dialog, or random inputs', async () => {
    const page = await panel(phases['choosing-samples']);
    expect(await page.locator('.candidates strong').allInnerTexts()).toEqual(['digits.npz', 'faces.npy']);
    expect(await page.locator('#candidate-1').getAttribute('disabled')).not.toBeNull();
    expect(await page.locator('.answer, .chart').count()).toBe(0);
    await page.locator('#candidate-0').click();
    await page.locator('#browse').click();
    await page.getByText('Random inputs (not your training data)').click();
    const choose = (choice: object) => ({ type: 'choose-samples', choice, shapes: {} });
    expect((await posted(page)).slice(1)).toEqual([
      choose({ kind: 'file', path: '/data/digits.npz' }),
      choose({ kind: 'browse' }),
      choose({ kind: 'random' }),
    ]);
  });

  it('choosing samples: asks for the sizes that the model leaves open, and goes on with them', async () => {
    const page = await panel(phases['choosing-sizes']);
    const [image, ids] = [page.getByLabel('Shape of image'), page.getByLabel('Shape of ids')];
    expect(await image.getAttribute('placeholder')).toBe('?x3x?x?');
    expect(await ids.inputValue()).toBe('1x32');
    const fault = () => textOf(page, '#shape-fault');
    for (const [typed, sentence] of [
      ['', 'The shape of image is open, but random inputs need it; write ?x3x?x? with a size'],
      ['1x3x0x8', 'The shape of image is "1x3x0x8", which the model does not take; write ?x3x?x? with'],
      ['1x4x8x8', 'The shape of image is "1x4x8x8", which the model'],
      ['1x3x8', 'The shape of image is "1x3x8", which the model'],
    ] as const) {
      await image.fill(typed);
      await page.locator('#random').click();
      expect(await fault()).toContain(sentence);
      expect(await image.getAttribute('aria-invalid')).toBe('true');
    }
    expect(await posted(page)).toHaveLength(1);
    await image.fill(' 1x3x8x8 ');
    await page.locator('#random').click();
    expect(await fault()).toBe('');
    // A file has sizes of its own; a field that is emptied leaves them open again.
    await image.fill('');
    await ids.fill('');
    await page.locator('#browse').click();
    expect((await posted(page)).slice(1)).toEqual([
      { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 3, 8, 8] } },
      { type: 'choose-samples', choice: { kind: 'browse' }, shapes: { ids: null } },
    ]);
  });

  it('running: shows what is known, how far it is, and can be cancelled', async () => {
    const page = await panel(phases.running);
    const text = await textOf(page);
    expect(text).toContain('Blocks of the Hessian… 42 % · about 3 s left · 5.7e11 multiply-adds, 660 MB');
    expect(text).toContain(`‖∇L‖ = ${formatNumber(report.gradientNorm)}`);
    expect(await page.locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe('42');
    await page.locator('#cancel').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'cancel' });
  });

  it('running: nothing moves when a number arrives', async () => {
    const page = await panel(phases.running);
    const tops = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.section')]
          .slice(0, 6)
          .map((each) => each.getBoundingClientRect().top),
      );
    const before = await tops();
    const { bounds, trace, frobeniusSquared } = report;
    const { progress } = phases.running;
    const more = { ...progress, report: { ...progress.report, trace, frobeniusSquared } };
    await show(page, { ...phases.running, progress: more });
    expect(await tops()).toEqual(before);
    // The first of the bounds may lengthen the sentences of the answers, but moves nothing above them.
    await show(page, { ...phases.running, progress: { ...more, report: { ...more.report, bounds } } });
    expect((await tops()).slice(0, 4)).toEqual(before.slice(0, 4));
  });

  it('running: the focus stays on Cancel while progress comes in', async () => {
    const page = await panel(phases.running);
    await page.locator('#cancel').focus();
    const { progress } = phases.running;
    await show(page, { ...phases.running, progress: { ...progress, fraction: 0.6 } });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('cancel');
  });

  it('running: a step that can be skipped is, and the focus is lost to no other button', async () => {
    const page = await panel(phases.running);
    expect(await page.locator('#skip').count()).toBe(0);
    await show(page, phases.skippable);
    await page.locator('#skip').focus();
    await page.keyboard.press('Enter');
    expect((await posted(page)).at(-1)).toEqual({
      type: 'skip',
      stage: 'Comparing with the Gauss-Newton matrix',
    });
    const { progress } = phases.skippable;
    await show(page, { ...phases.skippable, progress: { ...progress, canSkip: false } });
    expect(await page.locator('#skip').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('section status');
    await page.keyboard.press('Enter');
    expect((await posted(page)).filter(({ type }) => type === 'cancel')).toEqual([]);
  });

  it('done with a skipped step: says so and offers what is missing', async () => {
    const warnings = [
      { kind: 'skipped', message: 'Skipped by the user: the Gauss-Newton matrix; run it again.' },
    ];
    const analysis = { ...report.analysis, stoppedBy: 'user' };
    const page = await panel({ ...done, report: { ...report, analysis, warnings } });
    expect(await textOf(page, '.strip')).toContain('Ended by user before it was complete.');
    expect(await textOf(page, '.warnings')).toContain('Skipped by the user: the Gauss-Newton matrix');
    await page.locator('#strip-run').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'run' });
  });

  it('done and stale: says that the file changed and offers to run again', async () => {
    const page = await panel(phases.stale);
    expect(await textOf(page, '.strip')).toContain(
      `${file} changed since this analysis: the numbers describe it as it was.`,
    );
    await page.locator('#strip-run').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'run' });
  });

  it('failed: the sentence in the place of the numbers, what is known stays, and three ways on', async () => {
    const page = await panel(phases.failed);
    expect(await page.locator('[role=alert]').innerText()).toContain(phases.failed.failure.message);
    expect(await textOf(page)).not.toContain('a stack');
    expect(await textOf(page)).toContain(`‖∇L‖ = ${formatNumber(report.gradientNorm)}`);
    expect(await page.locator('.unknown').count()).toBe(0);
    for (const id of ['failure-run', 'failure-samples', 'failure-log']) await page.locator(`#${id}`).click();
    expect((await posted(page)).slice(1).map(({ type }) => type)).toEqual([
      'run',
      'change-samples',
      'show-log',
    ]);
  });

  it('overview: shows layers and parameters of a model, and analyses at one button', async () => {
    const page = await panel(phases.overview);
    expect(await textOf(page, '.strip')).toContain('Nothing was computed yet');
    await page.locator('#other-tensors').click();
    const rows = await page.locator('.section.overview tbody tr').allInnerTexts();
    expect(rows.map((row) => row.replace(/\s+/g, ' ').trim())).toEqual([
      'fc.0 Linear fc.0.weight 32 × 64 2,048',
      'fc.0.bias 32 32',
      'norm.mean 64 64',
    ]);
    expect(await page.locator('.answer, .chart, #run-again').count()).toBe(0);
    await page.locator('#analyze').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'run' });
  });

  it('running once more: the numbers of the last run stand, with their age', async () => {
    const page = await panel(phases.again);
    expect(await textOf(page, '.strip')).toContain('the numbers are those of the last run, 3 days ago.');
    expect(await page.locator('.unknown').count()).toBe(0);
    expect(await page.locator('.section.table tbody tr').count()).toBe(report.layers.length);
  });

  it('kept: says how old it is', async () => {
    const page = await panel({ ...done, finished: Date.now() - 2 * 3600e3 });
    expect(await textOf(page, '.strip')).toContain('Analysed 2 hours ago.');
  });

  it('saved: a report from a file has its numbers and nothing that runs', async () => {
    const page = await panel(null);
    await show(page, done, undefined, true);
    expect(await textOf(page, '.strip')).toContain('A saved report.');
    expect(await page.locator('#run-again, #change-samples, #samples-chip, #method-chip').count()).toBe(0);
    expect(await page.locator('#measure-plane, #estimate-blocks').count()).toBe(0);
    expect(await page.locator('#export').count()).toBe(1);
    await show(page, phases.failed, undefined, true);
    expect(await page.locator('vscode-button[id^=failure]').count()).toBe(0);
  });

  it('cancelled: what was known can be exported as such', async () => {
    const page = await panel({
      ...phases.cancelled,
      known: { model: report.model, samples: report.samples },
    });
    await page.locator('#export').click();
    expect(await page.locator('[id^=export-]').count()).toBe(1);
    await page.locator('#export-json').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'export', format: 'json' });
  });

  it('cancelled: says so and offers to run again', async () => {
    const page = await panel(phases.cancelled);
    expect(await textOf(page, '.strip')).toContain('Cancelled');
    expect(await page.locator('.unknown').count()).toBe(0);
    await page.locator('#strip-run').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'run' });
  });
});
