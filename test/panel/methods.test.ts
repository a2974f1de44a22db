import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { formatNumber } from '../../src/report/wording/number';
import type { PanelState } from '../../src/report/panelMessages';
import type { PartialReport, Quantity, Report } from '../../src/report/report';
import { show } from './panelPage.mjs';
import { closePanel, done, estimateReport, exactReport, panel, phases, posted, textOf } from './panelTest';

function shown(report: Report): PanelState {
  return { ...done, file: report.model.file, report };
}

describe('an exact Hessian', () => {
  it('answers with λ_max itself, beside the bound', async () => {
    const page = await panel(shown(exactReport));
    expect(await textOf(page, '.header')).toContain('exact · 666 columns');
    const answers = await textOf(page, '.section.answers');
    for (const part of [
      'λmax = 26.52 From the whole spectrum',
      'Upper bound from trace and norm: 33.87',
      'λmin = -0.666 (from the whole spectrum): curves downwards by 2.5 % of λmax, as is ordinary',
      'edge 0.07541',
    ]) {
      expect(answers).toContain(part);
    }
    expect(answers).not.toContain('many times too high');
  });

  it('shows the spectrum as a picture and, when asked, as numbers', async () => {
    const page = await panel(shown(exactReport));
    const card = page.locator('.section.spectrum');
    expect(await card.locator('svg').getAttribute('role')).toBe('img');
    expect(await card.locator('table').isVisible()).toBe(false);
    await card.locator('#spectrum-numbers').focus();
    await page.keyboard.press('Enter');
    await card.locator('table').waitFor();
    const counts = await card.locator('td').allInnerTexts();
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(666);
  });
});

describe('an estimate', () => {
  it('says how finely it is known, in which precision, and what ended it', async () => {
    const page = await panel(shown(estimateReport));
    const header = await textOf(page, '.header');
    for (const chip of ['estimate · 1 %', 'float32 · product error 3.4e-6', 'stopped by product budget']) {
      expect(header).toContain(chip);
    }
    expect(await textOf(page, '.strip')).toContain(
      'with 40 random probes over 1,024 samples in float32; ± is one standard error',
    );
  });

  it('calls the bound an estimate, and says which interval is certified and which is not', async () => {
    const page = await panel(shown(estimateReport));
    const answers = await textOf(page, '.section.answers');
    for (const part of [
      'λmax = 53.1 Certified at 99.9 %, between 53.11 and 53.14',
      'Estimate of the upper bound: 68.2 (67.7 to 68.8, 95 %)',
      'λmin between -4.902 and -3.22 (with 99.9 % confidence, after 24 Lanczos steps)',
      'Mini-batches are stable for less; it is no limit for Adam.',
    ]) {
      expect(answers).toContain(part);
    }
    expect(answers).not.toMatch(/Proved|λmax ≤/);
    const facts = await textOf(page, '.section.bounds .facts');
    for (const part of [
      'λmin -4.902 to -3.22, not certified',
      'trace T 423 (420 to 426, 95 %)',
      'squared norm F² 4,660 (4,590 to 4,730, 95 %)',
      'λ2 to λ10 ≲ 48.3 (47.9 to 48.6, 95 %) to 21.58 (21.42 to 21.73, 95 %)',
      'Gauss-Newton part alone ≲ 67.7 (67.3 to 68.2, 95 %)',
      '40 random probes of the 113 that a pilot of 10 called for, ended by the product budget: 95 % intervals wider than the 1 % asked',
    ]) {
      expect(facts).toContain(part);
    }
    await page.locator('[data-term=probes]').focus();
    expect(await page.locator('#tooltip').innerText()).toContain('Ten others tell how many');
  });

  it('says both ends of λ_max where they are far apart, and that they are not certified', async () => {
    const lambdaMax = { ...estimateReport.sharpness!.lambdaMax, upper: 80.1, certified: false };
    const page = await panel(
      shown({ ...estimateReport, sharpness: { ...estimateReport.sharpness!, lambdaMax } }),
    );
    const answers = await textOf(page, '.section.answers');
    expect(answers).toContain(
      'λmax 53.11 to 80.1 Not certified: with 99.9 % confidence, after 24 Lanczos steps',
    );
    expect(answers).toContain('edge ≳ 0.02931');
  });

  it('says that blocks were not asked for, and has a dash where their numbers would be', async () => {
    const page = await panel(shown(estimateReport));
    expect(await textOf(page, '.blocks.absent')).toContain(
      '“Blocks of layers, where estimated” (behind the chip “Method”)',
    );
    expect(await page.locator('.blocks svg').count()).toBe(0);
    const own = await page.locator('td.ownBound').allInnerTexts();
    expect(new Set(own)).toEqual(new Set(['–']));
    expect(own).toHaveLength(estimateReport.layers.length);
  });

  it('keeps many layers readable: the largest as bars, all in a table that scrolls under its head', async () => {
    const page = await panel(shown(estimateReport));
    expect(await textOf(page, '.contributions')).toContain('44 smaller in the table');
    const region = page.locator('.section.table .scroller');
    await region.evaluate((box) => box.scrollTo(0, 400));
    const [top, head] = await region.evaluate((box) => [
      box.getBoundingClientRect().top,
      box.querySelector('thead th')!.getBoundingClientRect().top,
    ]);
    expect(head).toBeCloseTo(top, 0);
  });
});

describe('an estimate that runs', () => {
  const { model, samples, loss, lossAssumed, method, analysis, gradientNorm } = estimateReport;
  const facts = { model, samples, loss, lossAssumed, method, analysis, gradientNorm };
  const running = (report: PartialReport): PanelState => ({
    phase: 'running',
    file: model.file,
    progress: { stage: 'Probes', fraction: 0.5, remainingSeconds: 20, step: 3, steps: 5, cost: null, report },
    earlier: null,
  });
  const coarse = ({ value, standardError }: Quantity): Quantity => ({
    value: 1.02 * value,
    standardError: 4 * standardError,
  });
  const tops = (page: Page) =>
    page.evaluate(() =>
      [...document.querySelectorAll('.section')].map((each) => each.getBoundingClientRect().top),
    );

  it('shows λ_max’s interval before there are bounds, and keeps the places of what will come', async () => {
    const page = await panel(running(facts));
    const before = await tops(page);
    const { sharpness } = estimateReport;
    await show(
      page,
      running({
        ...facts,
        sharpness: {
          ...sharpness!,
          lambdaMax: { ...sharpness!.lambdaMax, lower: 51.2, upper: 214.7, certified: false, steps: 6 },
        },
      }),
    );
    expect(await textOf(page, '.section.answers')).toContain('λmax 51.2 to 214.7 Not certified');
    expect((await tops(page)).slice(0, 5)).toEqual(before.slice(0, 5));
    expect(await page.locator('.section.spectrum .unknown').count()).toBe(1);
  });

  it('moves nothing while the error bars shrink, and has the interval of the probes drawn by then', async () => {
    const { bounds, layers, trace, frobeniusSquared, sharpness } = estimateReport;
    const estimate = { ...estimateReport.estimate!, stoppedBy: null };
    const { intervals } = estimate;
    const { lambdaMax } = intervals.bounds;
    const wide = { ...lambdaMax, upper: { lower: 67.1, upper: 72.4 } };
    const first: PartialReport = {
      ...facts,
      sharpness: sharpness!,
      trace: coarse(trace),
      frobeniusSquared: coarse(frobeniusSquared),
      bounds: { ...bounds, lambdaMax: { ...bounds.lambdaMax, upper: coarse(bounds.lambdaMax.upper) } },
      layers: layers.map((layer) => ({ ...layer, contribution: coarse(layer.contribution) })),
      blocks: null,
      estimate: {
        ...estimate,
        probes: 12,
        intervals: { ...intervals, bounds: { ...intervals.bounds, lambdaMax: wide } },
      },
    };
    const page = await panel(running(first));
    const before = await tops(page);
    expect(await textOf(page, '.section.answers')).toContain('upper bound: 69.6 (67.1 to 72.4, 95 %)');
    expect(await textOf(page, '.section.bounds .facts')).toContain('12 random probes of the 113');
    await show(page, running({ ...first, bounds, layers, trace, frobeniusSquared, estimate }));
    expect(await tops(page)).toEqual(before);
    expect(await textOf(page, '.section.answers')).toContain('upper bound: 68.2 (67.7 to 68.8, 95 %)');
    expect(await textOf(page, '.section.bounds .facts')).toContain('40 random probes of the 113');
  });
});

describe('the computation', () => {
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.id);
  const valueOf = (page: Page, id: string) =>
    page.locator(`#${id}`).evaluate((control) => (control as HTMLInputElement).value);

  it('is changed in the menu of its chip, by keyboard alone', async () => {
    const page = await panel(done);
    await page.locator('#method-chip').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#method-chip').getAttribute('aria-expanded')).toBe('true');
    expect(await page.locator('#tooltip').isVisible()).toBe(false);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('said-method');
    await page.keyboard.press('End');
    for (const id of ['precision', 'top', 'timeLimit', 'blocks', 'scaleAdapted']) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(`said-${id}`);
      if (id === 'precision') await page.keyboard.type('0.05');
    }
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('compute');
    await page.keyboard.press('Enter');
    const said = { method: 'estimate', precision: 0.05, scaleAdapted: true } as const;
    expect((await posted(page)).at(-1)).toEqual({ type: 'say', said });
    expect(await page.locator('.menu-items').count()).toBe(0);

    // Opened again, it shows what the host has taken over.
    await show(page, shown(estimateReport), said);
    await page.locator('#method-chip').click();
    expect(await valueOf(page, 'said-method')).toBe('estimate');
    expect(await valueOf(page, 'said-precision')).toBe('0.05');
    expect(await page.locator('#said-scaleAdapted').getAttribute('aria-checked')).toBe('true');
    await page.keyboard.press('Escape');
    expect(await page.locator('.menu-items').count()).toBe(0);
    expect(await focused(page)).toBe('method-chip');
  });

  it('can be changed where it failed, and while a run has not chosen a method yet', async () => {
    const page = await panel(phases.failed);
    expect(await textOf(page, '#method-chip')).toBe('method: Automatic');
    await page.locator('#method-chip').click();
    // What is being chosen stays when the header is drawn again.
    await page.locator('#said-timeLimit').pressSequentially('30');
    await show(page, phases.running);
    expect(await valueOf(page, 'said-timeLimit')).toBe('30');
    await page.locator('#compute').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'say', said: { timeLimit: 30 } });
  });

  it('adds the blocks to an estimate that has none', async () => {
    const page = await panel(null);
    await show(page, shown(estimateReport), { scaleAdapted: true });
    await page.locator('#estimate-blocks').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'say', said: { blocks: true } });
    await show(page, done);
    expect(await page.locator('#estimate-blocks').count()).toBe(0);
  });

  it('goes on in evaluation mode where a training export was refused, and back by its chip', async () => {
    const page = await panel(null);
    const message = 'Node "bn" (BatchNormalization) is in training mode; ask for the setting “evaluation”.';
    const failure = { kind: 'TrainingMode', message, detail: null } as const;
    await show(page, { ...phases.failed, failure });
    expect(await textOf(page, '.failure')).toContain(
      'ask for “Evaluation mode of a training export” (behind the chip “Mode”).',
    );
    expect(await page.locator('#failure-evaluation').innerText()).toBe('Analyse in evaluation mode');
    expect(await page.locator('#failure-evaluation').getAttribute('appearance')).toBe('primary');
    expect(await page.locator('#failure-run').getAttribute('appearance')).toBe('secondary');
    await page.locator('#failure-evaluation').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'say', said: { evaluation: true } });
    await show(page, done, { evaluation: true });
    await page.locator('#mode-chip').click();
    expect(await page.locator('#said-evaluation').getAttribute('aria-checked')).toBe('true');
    await page.locator('#said-evaluation').click();
    await page.locator('#compute').click();
    expect((await posted(page)).at(-1)).toEqual({ type: 'say', said: { evaluation: false } });
    // Any other failure has no such way out.
    await show(page, phases.failed);
    expect(await page.locator('#failure-evaluation').count()).toBe(0);
  });

  it('is kept over a reload of the window, before the host has spoken', async () => {
    const first = await panel(null);
    await show(first, done, { method: 'estimate', blocks: true });
    const saved = await first.evaluate<unknown>('window.saved');
    await closePanel();
    const page = await panel(null, { saved });
    await page.locator('#method-chip').click();
    expect(await valueOf(page, 'said-method')).toBe('estimate');
    expect(await page.locator('#said-blocks').getAttribute('aria-checked')).toBe('true');
  });

  it('finds the scale-adapted sharpness, which has its own line and explanation', async () => {
    const page = await panel(phases['done-scale-adapted']);
    expect(await textOf(page, '.section.bounds .facts')).toContain(
      'λmax, scale-adapted 3.11 to 3.14, certified at 99.9 % after 9 Lanczos steps',
    );
    await page.locator('[data-term=scaleAdapted]').focus();
    expect(await page.locator('#tooltip').innerText()).toContain('every parameter is measured in units');
  });
});

describe('what a move of the weights costs', () => {
  it('stands first, with its chart, its numbers as a table, and a plane at a click', async () => {
    const page = await panel(shown(exactReport));
    const { verdict, response } = exactReport;
    expect(await textOf(page, '.card.verdict')).toContain(verdict!.text);
    const card = page.locator('.section.response');
    expect(await card.locator('svg').first().getAttribute('role')).toBe('img');
    expect(await textOf(page, '.section.response .facts')).toContain(
      `loss ${formatNumber(exactReport.samples.meanLoss)} → ${formatNumber(response!.worst.loss!)}`,
    );
    expect(await textOf(page, '.section.answers')).toContain('for other samples like these');
    await page.locator('#measure-plane').click();
    const last = (await posted(page)).at(-1);
    expect(last).toMatchObject({ type: 'say', said: { plane: true } });
    await show(
      page,
      shown({
        ...exactReport,
        plane: {
          second: 'gradient',
          step: [-0.02, 0, 0.02],
          loss: [
            [4, 2, 4],
            [2, 1, 2],
            [4, 2, 3],
          ],
        },
      }),
    );
    expect(await page.locator('.section.response svg').count()).toBe(2);
    expect(await page.locator('#measure-plane').count()).toBe(0);
  });
});

describe('the learning rate’s card', () => {
  it('says where a learning rate stands that is typed in it, for the optimiser that is chosen', async () => {
    const page = await panel(shown(exactReport));
    const card = page.locator('.answer', { hasText: 'Learning rate' });
    await page.locator('#training').click();
    await page.locator('#training-rate').fill('0.03');
    await page.keyboard.press('Tab');
    // The edge of plain gradient descent is 0.0754.
    expect(await card.locator('.headline').innerText()).toBe('40 % of the edge');
    await page.locator('#training-optimiser').selectOption('momentum');
    expect(await card.innerText()).toContain('momentum 0.9: edge 0.1432');
    expect(await card.locator('.headline').innerText()).toBe('21 % of the edge');
    await page.locator('#training-batch').fill('32');
    await page.keyboard.press('Tab');
    expect(await card.innerText()).toContain('Mini-batches of 32 are stable for less');
    await page.locator('#training-optimiser').selectOption('adam');
    expect(await card.locator('.headline').innerText()).toBe('no edge from here');
    // Nothing is computed again.
    expect((await posted(page)).filter(({ type }) => type === 'say')).toEqual([]);
  });
});
