// VS Code used as a person does: by its menus, palette and panels, with what they show as the only evidence.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatNumber, formatQuantity } from '../../src/report/wording/number';
import type { Report } from '../../src/report/report';
import { runCommand, untilSaved, webview } from './hostedVscode.mjs';
import { writeOpenSizes } from './openSizesExport';
import {
  analyze,
  clickModel,
  folder,
  openModels,
  page,
  root,
  saveAs,
  sharpestDirectionShown,
  until,
  untilWritten,
  usePersonalVscode,
} from './personTest';
import { writeSmallModel } from './smallModel';
import { writeTrainingExport } from './trainingExport';
import { workersBelow } from './workers';

/** Beside the example: copies of it, a few samples, models that are refused or ask for something. */
usePersonalVscode(async () => {
  await copyFile(join(folder, 'digits-early.onnx'), join(folder, 'digits-look.onnx'));
  await mkdir(join(folder, 'alone'));
  await mkdir(join(folder, 'several'));
  await copyFile(join(folder, 'digits-early.onnx'), join(folder, 'several', 'two.onnx'));
  for (const name of ['one.npz', 'other.npz']) {
    await copyFile(join(folder, 'digits.npz'), join(folder, 'several', name));
  }
  await writeSmallModel(folder, join(folder, 'small'), 'small.onnx');
  await writeTrainingExport(join(folder, 'small'), 'unfinished.onnx');
  await copyFile(join(folder, 'digits.onnx'), join(folder, 'alone', 'lonely.onnx'));
  await writeOpenSizes(join(folder, 'alone'), 'anysize.onnx');
  await writeFile(
    join(folder, 'alone', 'pointer.onnx'),
    'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
  );
  await writeFile(join(folder, 'alone', 'numbers.bin'), Buffer.alloc(64));
});

/** What the command line says of the digits: another way to the same numbers than the panel's. */
async function commandLineReport(): Promise<Report> {
  const cli = join(root, 'dist', 'cli.js');
  const args = ['analyze', join(folder, 'digits.onnx'), '--samples', join(folder, 'digits.npz'), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], {
    maxBuffer: 64 * 1024 ** 2,
  });
  return JSON.parse(stdout) as Report;
}

async function analyzeSmall(): Promise<void> {
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: /^small$/ }).click();
  await analyze('small.onnx');
}

describe('from the explorer', () => {
  it('the panel shows the numbers of the command line, and keeps them over a reload', async () => {
    const report = await commandLineReport();
    const bound = formatQuantity(report.bounds.lambdaMax.upper);
    await analyze('digits.onnx');
    const shown = await sharpestDirectionShown();
    expect(shown).toContain(bound);
    expect(shown).toContain(formatNumber(report.sharpness?.lambdaMax.upper ?? Number.NaN));
    const rows = webview(page).locator('.section.table tbody tr');
    expect(await rows.count()).toBe(report.layers.length);
    for (const layer of report.layers) {
      const row = await rows.filter({ hasText: layer.name }).innerText();
      expect(row).toContain(formatQuantity(layer.contribution));
      expect(row).toContain(formatQuantity(layer.trace));
    }
    expect(await page.locator('.tab', { hasText: 'Sharpness of digits.onnx' }).count()).toBe(1);

    await untilSaved(page, /phase\W+done/);
    await page.reload();
    expect(await sharpestDirectionShown()).toContain(bound);
    await page.waitForTimeout(1000);
    const strip = await webview(page).getByRole('status').innerText();
    expect(strip).not.toMatch(/changed|Reading|Starting/);
    await webview(page).locator('#run-again').click();
    // The numbers of before stand there for a moment.
    await webview(page).locator('.strip:not(.done)').waitFor();
    expect(await sharpestDirectionShown()).toContain(bound);
  });

  it('a hidden panel shows the same when it comes back', async () => {
    await analyzeSmall();
    const before = await sharpestDirectionShown();
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'train.ts' }).dblclick();
    await page.locator('.tab.active', { hasText: 'train.ts' }).waitFor();
    await page.locator('.tab', { hasText: 'Sharpness of small.onnx' }).click();
    expect(await sharpestDirectionShown()).toBe(before);
  });

  it('the report is exported as the command line prints it', async () => {
    await analyze('digits.onnx');
    await sharpestDirectionShown();
    const path = join(folder, 'digits.sharpness-report.json');
    await webview(page).locator('#export').click();
    await webview(page).locator('#export-json').click();
    await saveAs(path, 'digits.sharpness-report.json');
    await untilWritten(path);
    const exported = JSON.parse(await readFile(path, 'utf8')) as Report;
    expect({ ...exported, time: null }).toEqual({ ...(await commandLineReport()), time: null });
    const answers = await sharpestDirectionShown();
    await runCommand(page, 'View: Close All Editors');
    await page
      .locator('.explorer-folders-view .monaco-list-row', { hasText: 'sharpness-report.json' })
      .dblclick();
    expect(await sharpestDirectionShown()).toBe(answers);
    expect(await webview(page).getByRole('status').innerText()).toContain('A saved report.');
    expect(await webview(page).locator('#run-again').count()).toBe(0);
  });

  it('a model that is opened has its first page, then its report, and keeps it over a close', async () => {
    const row = page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'digits-look.onnx' });
    await row.dblclick();
    await webview(page).getByRole('status').filter({ hasText: 'Nothing was computed yet' }).waitFor();
    expect(await webview(page).locator('.section.overview tbody tr').count()).toBeGreaterThan(3);
    await webview(page).locator('#analyze').click();
    const bound = await sharpestDirectionShown();
    await runCommand(page, 'View: Close All Editors');
    await row.dblclick();
    expect(await sharpestDirectionShown()).toBe(bound);
  });

  it('cancelling from the panel kills the worker and leaves the report of before', async () => {
    await analyzeSmall();
    const before = await sharpestDirectionShown();
    // The report may be one that is kept: the worker comes with another run.
    await webview(page).locator('#run-again').click();
    await webview(page).locator('.strip:not(.done)').waitFor();
    await sharpestDirectionShown();
    const [worker] = await workersBelow(process.pid);
    if (worker === undefined) throw new Error('The worker is gone within its idle time.');
    // A worker that is stopped stays where it is: the analysis cannot end before it is cancelled.
    process.kill(worker, 'SIGSTOP');
    await webview(page).locator('#run-again').click();
    await webview(page).locator('#cancel').click();
    expect(await sharpestDirectionShown()).toBe(before);
    await until(async () => !(await workersBelow(process.pid)).includes(worker));
    await webview(page).locator('#run-again').click();
    await webview(page).locator('.strip:not(.done)').waitFor();
    expect(await sharpestDirectionShown()).toBe(before);
  });
});

it('from the palette, a model is picked from those of the workspace', async () => {
  await runCommand(page, 'Analyze sharpness');
  const rows = page.locator('.quick-input-widget .quick-input-list-row');
  await rows.filter({ hasText: 'small.onnx' }).first().waitFor();
  const offered = (await rows.allInnerTexts()).join('\n');
  expect(offered).toContain('lonely.onnx');
  expect(offered).not.toContain('pointer.onnx');
  await rows.filter({ hasText: 'small.onnx' }).first().click();
  await sharpestDirectionShown();
  await page.locator('.tab', { hasText: 'Sharpness of small.onnx' }).waitFor();
});

it('the loss is changed by its chip, and written down once the run succeeded', async () => {
  await analyzeSmall();
  const before = await sharpestDirectionShown();
  await webview(page).locator('#loss-chip').click();
  await webview(page).locator('#said-labelSmoothing').click();
  await page.keyboard.type('0.1');
  await webview(page).locator('#compute').click();
  await webview(page).locator('.chips', { hasText: 'label smoothing 0.1' }).waitFor();
  expect(await sharpestDirectionShown()).not.toBe(before);
  const sidecar = join(folder, 'small', 'small.sharpness.json');
  await untilWritten(sidecar);
  expect(JSON.parse(await readFile(sidecar, 'utf8'))).toEqual({ labelSmoothing: 0.1 });
  // By hand, it makes the report old.
  await writeFile(sidecar, '{ "labelSmoothing": 0 }');
  await webview(page).locator('.strip.stale', { hasText: 'small.sharpness.json changed' }).waitFor();
  await rm(sidecar);
});

describe('the models view', () => {
  it('lists models by content, follows changes, and opens the analysis', async () => {
    const models = await openModels();
    await models.filter({ hasText: 'digits.onnx' }).waitFor();
    const texts = (await models.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    // What was analysed before says what was found.
    expect(
      texts.filter((text) => /^\s*digits\.onnx\s*(ONNX model · [\d.]+ kB|λ_max )/.test(text)),
    ).toHaveLength(1);
    expect(texts.find((text) => text.includes('pointer.onnx'))).toMatch(
      /Git LFS pointer.*cannot be analysed/,
    );
    expect(texts.join('\n')).not.toContain('numbers.bin');

    await copyFile(join(folder, 'digits.onnx'), join(folder, 'added.onnx'));
    await models.filter({ hasText: 'added.onnx' }).waitFor();
    await rm(join(folder, 'added.onnx'));
    await models.filter({ hasText: 'added.onnx' }).waitFor({ state: 'detached' });

    await clickModel(models, 'small.onnx');
    await sharpestDirectionShown();
    await models.filter({ hasText: /small\.onnx.*λ_max .*loss .*(just now|ago)/ }).waitFor();
  });
});

it('a model without samples beside it asks for them before it shows any number', async () => {
  const models = await openModels();
  await clickModel(models, 'lonely.onnx');
  await webview(page).getByLabel('Choose samples').waitFor();
  expect(await webview(page).locator('body').innerText()).not.toContain('≤');
  await webview(page).locator('#random').click();
  await sharpestDirectionShown();
  expect(await webview(page).locator('body').innerText()).toContain('random inputs');
});

it('sizes that the model leaves open are asked for with its samples, and remembered beside it', async () => {
  const models = await openModels();
  await clickModel(models, 'anysize.onnx');
  await webview(page).getByLabel('Shape of image').fill('1x3x6x5');
  await webview(page).locator('#random').click();
  expect(await webview(page).locator('#shape-fault').innerText()).toContain('?x2x?x?');
  await webview(page).getByLabel('Shape of image').fill('1x2x6x5');
  await webview(page).locator('#random').click();
  await sharpestDirectionShown();
  const sidecar = join(folder, 'alone', 'anysize.sharpness.json');
  expect(JSON.parse(await readFile(sidecar, 'utf8'))).toEqual({ shapes: { image: [1, 2, 6, 5] } });
});

it('an export in training mode is refused, analysed in evaluation mode at a click, and so again after a reload', async () => {
  await runCommand(page, 'Analyze sharpness');
  const rows = page.locator('.quick-input-widget .quick-input-list-row');
  await rows.filter({ hasText: 'small.onnx' }).first().waitFor();
  await page.locator('.quick-input-widget input.input').fill('unfinished');
  await rows.filter({ hasText: 'unfinished.onnx' }).first().click();
  await webview(page).locator('.failure', { hasText: 'is in training mode' }).waitFor();
  await webview(page).locator('#failure-evaluation').click();
  const bound = await sharpestDirectionShown();
  expect(await webview(page).locator('.warnings').innerText()).toContain('in evaluation mode, as asked');

  await untilSaved(page, /evaluation\W+true/);
  await page.reload();
  expect(await sharpestDirectionShown()).toBe(bound);
  await webview(page).locator('#mode-chip').click();
  expect(await webview(page).locator('#said-evaluation').getAttribute('aria-checked')).toBe('true');
  await page.keyboard.press('Escape');
  await webview(page).locator('#run-again').click();
  await page.waitForTimeout(1500);
  expect(await webview(page).locator('.failure').count()).toBe(0);
  expect(await sharpestDirectionShown()).toBe(bound);
});

it('the samples that are chosen are remembered beside the model, and used without a question', async () => {
  const models = await openModels();
  await models.filter({ hasText: 'two.onnx' }).click();
  await webview(page).locator('#candidate-1').click();
  const bound = await sharpestDirectionShown();
  const sidecar = join(folder, 'several', 'two.sharpness.json');
  expect(JSON.parse(await readFile(sidecar, 'utf8'))).toEqual({ samples: 'other.npz' });

  await runCommand(page, 'View: Close All Editors');
  await models.filter({ hasText: 'two.onnx' }).click();
  expect(await sharpestDirectionShown()).toBe(bound);
  expect(await webview(page).locator('#samples-chip').innerText()).toContain('other.npz');
});
