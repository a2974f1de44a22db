import { describe, expect, it } from 'vitest';
import { formatCount, formatNumber, formatPercent, formatQuantity } from '../../src/report/wording/number';
import type { PanelState, PanelToHost, Picture } from '../../src/report/panelMessages';
import type { Report } from '../../src/report/report';
import { largeReport } from './largeReport.mjs';
import { show } from './panelPage.mjs';
import { done, panel, phases, posted, report, textOf } from './panelTest';

const { model, samples, loss, analysis } = report;
const file = model.file;

describe('a finished report', () => {
  it('shows what the numbers depend on', async () => {
    const page = await panel(done);
    const text = await textOf(page, '.header');
    for (const fact of [
      file,
      model.architecture,
      `${formatCount(model.parameters)} parameters`,
      'exact · closed form',
      loss,
      `${formatCount(samples.count)} samples · ${samples.source}`,
      `${analysis.mode} mode`,
      analysis.precision,
      `${formatNumber(report.time['total']!)} s`,
    ]) {
      expect(text).toContain(fact);
    }
    expect(text).not.toContain('assumed');
  });

  it('shows many layers with all their blocks, the first of them in any order, and all on request', async () => {
    const large = largeReport(130);
    const page = await panel({ ...done, report: large });
    const rows = page.locator('.card.table tbody tr');
    expect(await rows.count()).toBe(24);
    expect(await textOf(page, '.section.layers')).toContain('Each cell is 2 × 2 blocks');
    // What is written at the end of every scroll has all but the megabytes of the blocks.
    const kept = await page.evaluate('(({ layers, blocks }) => [layers.length, blocks])(saved.state.report)');
    expect(kept).toEqual([130, null]);
    await page.locator('#sort-contribution').click();
    const contributions = large.layers.map(({ contribution }) => contribution.value);
    const largest = contributions.indexOf(Math.max(...contributions));
    expect(await rows.first().getAttribute('id')).toBe(`row-${largest}`);
    expect(await page.locator('#sort-contribution').evaluate((head) => head === document.activeElement)).toBe(
      true,
    );
    await page.locator('#all-layers').click();
    expect(await rows.count()).toBe(130);
    expect(await rows.first().getAttribute('id')).toBe(`row-${largest}`);
    expect(await page.locator('#all-layers').count()).toBe(0);
    expect(await rows.nth(24).evaluate((row) => row === document.activeElement)).toBe(true);
  });

  it('answers four questions with the report’s numbers', async () => {
    const page = await panel(done);
    const answers = await textOf(page, '.section.answers');
    const { lambdaMax, lambdaMin } = report.bounds;
    const [first] = report.layers;
    for (const answer of [
      `λmax ≤ ${formatQuantity(lambdaMax.upper)}`,
      `at least ${formatQuantity(lambdaMax.lower)}`,
      'may be many times too high',
      `fc.0 · ${formatPercent(first!.contribution.value / lambdaMax.upper.value)}`,
      `‖∇L‖ = ${formatNumber(report.gradientNorm)}`,
      `between ${formatQuantity(lambdaMin.lower)} and ${formatQuantity(lambdaMin.upper)}`,
      `Mean loss ${formatNumber(samples.meanLoss)} (chance: ln 10 = 2.303), accuracy 99.94 %`,
      `edge ≥ ${formatNumber(2 / lambdaMax.upper.value)}`,
    ]) {
      expect(answers).toContain(answer);
    }
  });

  it('says what the bounds are made from, and what else is bounded', async () => {
    const page = await panel(done);
    const facts = await textOf(page, '.section.bounds .facts');
    expect(facts).toContain(`trace T ${formatQuantity(report.trace)}`);
    expect(facts).toContain(`squared norm F² ${formatQuantity(report.frobeniusSquared)}`);
    expect(facts).toContain(`Gauss-Newton part alone ≤ ${formatQuantity(report.gaussNewton!.upper)}`);
    const { eigenvalues } = report.bounds;
    expect(facts).toContain(
      `λ2 to λ10 ≤ ${formatQuantity(eigenvalues[0]!.upper)} to ${formatQuantity(eigenvalues.at(-1)!.upper)}`,
    );
  });

  it('has every number of every layer in the table', async () => {
    const page = await panel(done);
    const rows = await page.locator('tbody tr').allInnerTexts();
    expect(rows.map((row) => row.replace(/\s+/g, ' '))).toEqual(
      report.layers.map((layer, index) =>
        [
          `${layer.name} ${layer.kind} ${layer.inputs} → ${layer.outputs}`,
          formatCount(layer.parameters),
          formatQuantity(layer.trace),
          formatQuantity(layer.blockUpperBound!),
          formatQuantity(layer.contribution),
          formatPercent(layer.contribution.value / report.bounds.lambdaMax.upper.value),
          formatNumber(layer.weightNorm),
          `${layer.elasticity! > 0 ? '+' : ''}${formatPercent(layer.elasticity! / 100)}`,
          formatPercent(report.orthogonality!.layers[index]!.crossSampleShare),
        ].join(' '),
      ),
    );
  });

  it('shows estimates with their error, and an assumed loss as such', async () => {
    const { lambdaMax } = report.bounds;
    const upper = { value: 36.123, standardError: 0.37 };
    const estimated: Report = {
      ...report,
      method: 'estimate',
      lossAssumed: true,
      samples: { ...samples, labels: 'predicted' },
      bounds: { ...report.bounds, lambdaMax: { ...lambdaMax, upper, blockwiseUpper: null } },
      warnings: [{ kind: 'predicted-labels', message: 'The labels are the model’s own.' }],
    };
    const page = await panel({ ...done, report: estimated });
    const text = await textOf(page);
    for (const part of [
      'λmax ≲ 36.1 ± 0.4',
      'An estimate of the upper bound',
      'cross-entropy · assumed',
      'labels predicted by the model',
      'The labels are the model’s own.',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('Proved');
  });

  it('says what a bound that is not positive, and a proved saddle, mean', async () => {
    const exact = (value: number) => ({ value, standardError: 0 });
    const withBounds = (upper: number, lambdaMin: [number, number], gradientNorm = 0): PanelState => ({
      ...done,
      report: {
        ...report,
        gradientNorm,
        bounds: {
          lambdaMax: { lower: exact(-1), upper: exact(upper), blockwiseUpper: null },
          lambdaMin: { lower: exact(lambdaMin[0]), upper: exact(lambdaMin[1]) },
          eigenvalues: [],
        },
      },
    });
    const page = await panel(withBounds(-0.5, [-3, -1]));
    expect(await textOf(page)).toContain('no edge follows from it');
    await show(page, withBounds(2, [-3, -1]));
    const saddle = await textOf(page);
    expect(saddle).toContain(
      'λmin ≤ -1: a direction curves downwards where the gradient is as good as zero, so this is no minimum',
    );
    expect(saddle).toContain('a saddle, where no rate is stable');
    await show(page, withBounds(2, [-3, -1], 10));
    const slope = await textOf(page);
    expect(slope).toContain('curves downwards by at least 50 % of λmax, as is ordinary');
    expect(slope).not.toContain('no rate is stable');
    await show(page, withBounds(2, [0, 1]));
    const minimum = await textOf(page);
    expect(minimum).toContain('no direction curves downwards');
    expect(minimum).not.toContain('no rate is stable');
  });

  it('explains a negative contribution', async () => {
    const layers = report.layers.map((layer, index) =>
      index === 2 ? { ...layer, contribution: { value: -0.1, standardError: 0 } } : layer,
    );
    const page = await panel({ ...done, report: { ...report, layers } });
    expect(await textOf(page)).toContain('fc.2 is negative: it lowers the bound');
  });

  it('draws only the cards whose numbers are there', async () => {
    const page = await panel(done);
    expect(await page.locator('.driver').count()).toBe(3);
    expect(await page.locator('.chart svg').count()).toBe(6);
    const bare: Report = {
      ...report,
      blocks: null,
      orthogonality: null,
      topSamples: null,
      gaussNewton: null,
      layers: report.layers.map((layer) => ({ ...layer, elasticity: null, units: null })),
    };
    await show(page, { ...done, report: bare });
    expect(await page.locator('.driver, .samples .card').count()).toBe(0);
    expect(await page.locator('.chart svg').count()).toBe(2);
    expect(await page.locator('th.elasticity, th.crossSampleShare').count()).toBe(0);
  });

  it('shows the samples that weigh most as pictures, pixel by pixel, with words for who cannot see them', async () => {
    const page = await panel(done);
    const pictures = page.locator('.sample-list svg.picture');
    expect(await pictures.count()).toBe(report.topSamples!.length);
    expect(await pictures.nth(2).getAttribute('aria-label')).toBe(
      'picture of sample 480, label 7, predicted 9',
    );
    const { picture } = report.topSamples![2]!;
    // The colour in the middle of a pixel, as the browser painted it.
    const box = (await pictures.nth(2).boundingBox())!;
    await pictures.nth(2).scrollIntoViewIfNeeded();
    const side = box.width / picture!.width;
    const shot = await pictures.nth(2).screenshot();
    const painted = await page.evaluate(
      async ([png, step]) => {
        const image = await createImageBitmap(
          new Blob([Uint8Array.from(atob(png), (character) => character.charCodeAt(0))]),
        );
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = canvas.getContext('2d')!;
        context.drawImage(image, 0, 0);
        const half = Math.floor(step / 2);
        return Array.from({ length: 64 }, (_, at) => {
          const x = Math.floor((at % 8) * step) + half;
          const y = Math.floor(Math.floor(at / 8) * step) + half;
          return context.getImageData(x, y, 1, 1).data[0];
        });
      },
      [shot.toString('base64'), side] as const,
    );
    expect(painted).toEqual(picture!.pixels);
  });

  it('shows samples that are no pictures in words alone', async () => {
    const topSamples = report.topSamples!.map((sample) => ({ ...sample, picture: null }));
    const page = await panel({ ...done, report: { ...report, topSamples } });
    expect(await page.locator('.sample-list svg').count()).toBe(0);
    expect(await textOf(page, '.sample-list')).toContain('#480, label 7, predicted 9');
  });

  it('names the classes at the axis of the Gram picture', async () => {
    const page = await panel(done);
    expect(await page.locator('.drivers .class-name').allTextContents()).toEqual(
      Array.from({ length: 10 }, (_, digit) => String(digit)),
    );
  });

  it('exports the report, and copies it', async () => {
    const page = await panel(done);
    const chosen = ['export-html', 'export-json', 'export-csv', 'copy-markdown', 'report-svg-dark'];
    for (const id of chosen) {
      await page.locator('#export').click();
      await page.locator(`#${id}`).click();
    }
    const messages = (await posted(page)).slice(1);
    expect(messages.slice(0, 4)).toEqual([
      { type: 'export', format: 'html' },
      { type: 'export', format: 'json' },
      { type: 'export', format: 'csv' },
      { type: 'copy-markdown' },
    ]);
    const [picture] = picturesOf(messages);
    expect(picture).toMatchObject({ name: 'report', format: 'svg' });
    expect(picture!.content).toMatch(/^<svg /);
    expect(picture!.content).not.toContain('var(');
  });

  it('saves the charts of a card, light or dark, of the layer that is shown', async () => {
    const page = await panel(done);
    await page.locator('#bounds-picture').click();
    await page.locator('#bounds-png-dark').click();
    await expect.poll(async () => picturesOf(await posted(page)).length).toBe(1);
    const [png] = picturesOf(await posted(page));
    expect(png).toMatchObject({ name: 'bounds', format: 'png' });
    // The corner is the palette's ground, opaque; somewhere is the mark of the upper bound.
    const pixels = await page.evaluate(async (content) => {
      const image = new Image();
      image.src = `data:image/png;base64,${content}`;
      await image.decode();
      const context = Object.assign(document.createElement('canvas'), {
        width: image.width,
        height: image.height,
      }).getContext('2d')!;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const colours = new Set<string>();
      for (let at = 0; at < data.length; at += 4) colours.add([...data.slice(at, at + 4)].join(' '));
      return { width: image.width, corner: [...data.slice(0, 4)], blue: colours.has('89 164 249 255') };
    }, png!.content);
    expect(pixels).toEqual({ width: 1720, corner: [31, 31, 31, 255], blue: true });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('bounds-picture');

    await page.locator('#units-picture').click();
    await page.locator('#units-svg-light').click();
    expect(picturesOf(await posted(page))[1]!.content).toContain('fc.0');
    expect(await page.locator('.card.table .picture-menu').count()).toBe(0);
  });
});

function picturesOf(messages: readonly PanelToHost[]): Picture[] {
  return messages.flatMap((message) => (message.type === 'picture' ? [message.picture] : []));
}

describe('names full of markup', () => {
  const markup = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>&amp;';
  const hostile: Report = {
    ...report,
    model: { ...model, file: markup, architecture: markup, producer: markup },
    samples: { ...samples, source: markup },
    layers: report.layers.map((layer, index) => ({ ...layer, name: `${index}${markup}`, kind: markup })),
    warnings: [{ kind: 'x', message: markup }],
  };

  it('are text everywhere', async () => {
    const page = await panel({ ...done, file: markup, report: hostile });
    await page.locator('#units-layer').click();
    expect(await page.locator('h1').innerText()).toBe(markup);
    expect(await page.locator('main img, main script').count()).toBe(0);
    await show(page, {
      ...phases.failed,
      file: markup,
      failure: { ...phases.failed.failure, message: markup },
    });
    expect(await page.locator('[role=alert] p').innerText()).toBe(markup);
    const candidates = [{ path: markup, name: markup, description: markup, fits: true }];
    await show(page, { ...phases['choosing-samples'], candidates });
    expect(await page.locator('.candidates strong').innerText()).toBe(markup);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
  });
});
