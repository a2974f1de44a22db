// VS Code used as a person does, from the list of models, by the view or the palette; what is asked before an analysis.
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { runCommand, untilSaved, webview } from './hostedVscode.mjs';
import { writeOpenSizes } from './openSizesExport';
import {
  clickModel,
  folder,
  openModels,
  page,
  sharpestDirectionShown,
  usePersonalVscode,
} from './personTest';
import { writeSmallModel } from './smallModel';
import { writeTrainingExport } from './trainingExport';

/** Beside the example: copies of it, a few samples, models that are refused or ask for something. */
usePersonalVscode(async () => {
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

/** The rows of the list that the command opens: once more where something else took the focus, as a window does that still comes up. */
async function offeredModels(): Promise<Locator> {
  const rows = page.locator('.quick-input-widget .quick-input-list-row');
  const first = rows.filter({ hasText: 'small.onnx' }).first();
  const opens = async (): Promise<boolean> => {
    await runCommand(page, 'Analyze sharpness');
    return first.waitFor({ timeout: 20_000 }).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(opens, { timeout: 240_000 }).toBe(true);
  return rows;
}

it('from the palette, a model is picked from those of the workspace', async () => {
  const rows = await offeredModels();
  const offered = (await rows.allInnerTexts()).join('\n');
  expect(offered).toContain('lonely.onnx');
  expect(offered).not.toContain('pointer.onnx');
  await rows.filter({ hasText: 'small.onnx' }).first().click();
  await sharpestDirectionShown();
  await page.locator('.tab', { hasText: 'Sharpness of small.onnx' }).waitFor();
});

it('the models view lists models by content, follows changes, and opens the analysis', async () => {
  const models = await openModels();
  await models.filter({ hasText: 'digits.onnx' }).waitFor();
  const texts = (await models.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
  // What was analysed before says what was found.
  expect(
    texts.filter((text) => /^\s*digits\.onnx\s*(ONNX model · [\d.]+ kB|λ_max )/.test(text)),
  ).toHaveLength(1);
  expect(texts.find((text) => text.includes('pointer.onnx'))).toMatch(/Git LFS pointer.*cannot be analysed/);
  expect(texts.join('\n')).not.toContain('numbers.bin');

  await copyFile(join(folder, 'digits.onnx'), join(folder, 'added.onnx'));
  await models.filter({ hasText: 'added.onnx' }).waitFor();
  await rm(join(folder, 'added.onnx'));
  await models.filter({ hasText: 'added.onnx' }).waitFor({ state: 'detached' });

  await clickModel(models, 'small.onnx');
  await sharpestDirectionShown();
  await models.filter({ hasText: /small\.onnx.*λ_max .*loss .*(just now|ago)/ }).waitFor();
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
  const rows = await offeredModels();
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
