import { describe, expect, it } from 'vitest';
import { show } from './panelPage.mjs';
import { layersForm, panel, posted, textOf, weightsOnly } from './panelTest';

describe('a file of weights', () => {
  it('is asked for its layers, each with its choices, and every alternative has its loss', async () => {
    const page = await panel(weightsOnly);
    await show(page, weightsOnly, {}, false, null, layersForm);
    const labels = await page
      .locator('.layers-form vscode-dropdown')
      .evaluateAll((lists) =>
        lists.map((list) => [list.getAttribute('aria-label'), (list as HTMLSelectElement).value]),
      );
    expect(labels).toEqual([
      ['conv1: stride', '1'],
      ['conv1: padding', '0'],
      ['Between conv1 and fc1', ''],
      ['Pooling between conv1 and fc1', '[{"maxPool":2}]'],
      ['Between fc1 and fc2', ''],
    ]);
    const rows = await page.locator('.layers-form li').allInnerTexts();
    expect(rows.map((row) => row.replace(/\s+/g, ' ').trim())).toEqual([
      'leakyRelu mean loss 0.31, accuracy 90.3 % Take',
      'relu mean loss 0.34, accuracy 89.5 % Take',
      'tanh mean loss 1.9, accuracy 41 % Take',
    ]);
    await page.locator('#layers-use').click({ force: true });
    expect((await posted(page)).map(({ type }) => type)).toEqual(['ready']);
  });

  it('takes an alternative, or an answer to one question, beside those that were given', async () => {
    const page = await panel(weightsOnly);
    await show(page, weightsOnly, {}, false, null, layersForm);
    await page.locator('#layers-take-0').click();
    const answers = { ...layersForm.answers, '1.function': '"leakyRelu"', '4.function': '"leakyRelu"' };
    expect((await posted(page)).at(-1)).toEqual({ type: 'answer-layers', answers });
    await page.locator('#layers-0').click();
    await page.locator('#layers-0 vscode-option', { hasText: '2' }).click();
    expect((await posted(page)).at(-1)).toEqual({
      type: 'answer-layers',
      answers: { ...layersForm.answers, '0.stride': '2' },
    });

    await show(page, weightsOnly, {}, false, null, { ...layersForm, answers, complete: true });
    expect(await textOf(page, '.layers-form li >> nth=0')).toContain('chosen');
    await page.locator('#layers-use').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'use-layers' });
    await page.locator('#layers-python').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'run-python' });
    await page.locator('#layers-json').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'write-architecture' });
  });

  it('says when its layers are being tried, and asks nothing of a saved report', async () => {
    const page = await panel(weightsOnly);
    const untrusted = { ...layersForm, tried: null, runsPython: false };
    await show(page, weightsOnly, {}, false, null, untrusted);
    expect(await page.locator('#layers-python').count()).toBe(0);
    expect(await textOf(page, '.layers-form')).toContain('Trying them on the samples…');
    await show(page, weightsOnly, {}, true, null, layersForm);
    expect(await page.locator('.layers-form').count()).toBe(0);
  });
});
