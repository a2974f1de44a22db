import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { fields, nothingSaid } from '../../src/report/form';
import { groups } from '../../src/report/options';
import { saidDefaults, show } from './panelPage.mjs';
import { done, panel, phases, posted, textOf } from './panelTest';

const known = phases.overview.inspection;
const lastSaid = async (page: Page): Promise<unknown> => (await posted(page)).at(-1);

describe('every chip', () => {
  it('starts from what nobody has said', () => {
    expect(saidDefaults).toEqual(nothingSaid);
  });

  it('opens what can be changed of it, in every phase that has chips', async () => {
    const page = await panel(done);
    for (const state of [
      done,
      phases.failed,
      phases['choosing-samples'],
      phases.overview,
      phases.cancelled,
    ]) {
      await show(page, state, {}, false, known);
      for (const group of Object.keys(groups)) {
        const chip = page.locator(`#${group}-chip`);
        await chip.click();
        const ids = fields.filter((field) => field.group === group).map(({ key }) => `said-${key}`);
        for (const id of ids) expect(await page.locator(`#${id}`).count(), `${state.phase} ${id}`).toBe(1);
        await page.keyboard.press('Escape');
        if (await page.locator('.menu-items').isVisible()) await chip.click();
      }
    }
  });

  it('of the loss takes another one with its options, and refuses what is none', async () => {
    const page = await panel(done);
    await show(page, done, {}, false, known);
    await page.locator('#loss-chip').click();
    await page.locator('#said-loss').click();
    await page.locator('#said-loss vscode-option', { hasText: 'huber' }).click();
    await page.locator('#said-classWeights').pressSequentially('1, -2');
    await page.locator('#compute').click();
    expect(await textOf(page, '#menu-fault')).toContain(
      '“Class weights” takes balanced, or numbers of at least 0 with commas between',
    );
    await page.locator('#said-classWeights').press('Control+A');
    await page.locator('#said-classWeights').pressSequentially('balanced');
    await page.locator('#compute').click();
    expect(await lastSaid(page)).toEqual({ type: 'say', said: { loss: 'huber', classWeights: 'balanced' } });
    await show(page, done, { loss: 'huber', classWeights: 'balanced' }, false, known);
    await page.locator('#loss-chip').click();
    await page.locator('#said-loss').click();
    await page.locator('#said-loss vscode-option').first().click();
    await page.locator('#compute').click();
    expect(await lastSaid(page)).toEqual({ type: 'say', said: { loss: null } });
  });

  it('of the parameters lists the tensors with a tick each, and gives them back to the file', async () => {
    const page = await panel(done);
    await page.locator('#parameters-chip').click();
    expect(await lastSaid(page)).toEqual({ type: 'look' });
    expect(await textOf(page, '.menu-items')).toContain('Reading which tensors');
    await show(page, done, {}, false, known);
    const ticks = page.locator('.ticks vscode-checkbox');
    expect(await ticks.allInnerTexts()).toEqual(known.tensors.map(({ name }) => name));
    await ticks.nth(1).click();
    await ticks.nth(2).click();
    await page.locator('#compute').click();
    expect(await lastSaid(page)).toEqual({
      type: 'say',
      said: { trained: ['norm.mean'], fixed: ['fc.0.bias'] },
    });
    await show(page, done, { trained: ['norm.mean'], fixed: ['fc.0.bias'] }, false, known);
    await page.locator('#parameters-chip').click();
    await page.locator('#as-the-file-says').click();
    await page.locator('#compute').click();
    expect(await lastSaid(page)).toEqual({ type: 'say', said: { trained: null, fixed: null } });
  });

  it('of the samples says their keys, their factor and how many', async () => {
    const page = await panel(done);
    await page.locator('#samples-chip').click();
    await page.locator('#said-labels').pressSequentially('y');
    await page.locator('#said-scale').pressSequentially('0.5');
    await page.locator('#said-limit').pressSequentially('100');
    await page.locator('#compute').click();
    expect(await lastSaid(page)).toEqual({ type: 'say', said: { labels: 'y', scale: 0.5, limit: 100 } });
    await page.locator('#samples-chip').click();
    await page.locator('#menu-samples').click();
    expect(await lastSaid(page)).toEqual({ type: 'change-samples' });
  });
});
