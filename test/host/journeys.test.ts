// Whole ways of a person through the panel, in one VS Code: each step begins with what the one before left.
import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { formatNumber } from '../../src/report/wording/number';
import { runCommand, untilSaved, webview } from './hostedVscode.mjs';
import {
  analyze,
  chooseUntilTab,
  clickModel,
  folder,
  openModels,
  page,
  root,
  saveAs,
  sharpestDirectionShown,
  unfold,
  until,
  untilWritten,
  usePersonalVscode,
} from './personTest';
import { writeSmallModel } from './smallModel';
import { workersBelow } from './workers';

const python = '/usr/bin/python3';
const hasPyTorch = spawnSync(python, ['-c', 'import torch, numpy'], { timeout: 120_000 }).status === 0;
if (!hasPyTorch) console.warn(`Skipped: ${python} has no PyTorch, which makes a model of weights.`);

const reference = (name: string): string => join(root, 'test', 'references', 'formats', name);

usePersonalVscode(async () => {
  await writeSmallModel(folder, join(folder, 'checkpoints'), 'epoch-2.onnx');
  await copyFile(join(folder, 'digits-early.onnx'), join(folder, 'checkpoints', 'epoch-1.onnx'));
  await writeSmallModel(folder, join(folder, 'journey'), 'journey.onnx');
  const weights = join(folder, 'weights');
  await mkdir(weights);
  await copyFile(reference('mlp_tanh.state.pt'), join(weights, 'mlp.pt'));
  await copyFile(reference('mlp_tanh.npz'), join(weights, 'mlp.npz'));
  await writeFile(join(weights, 'mlp.sharpness.json'), '{ "samples": "mlp.npz" }');
  await copyFile(reference('mlp_tanh.py'), join(weights, 'net.py'));
});

/** A comparison but for its sentences, which name a setting as its face has it: panel or terminal. */
const withoutSentences = (json: string): unknown =>
  JSON.parse(json, (key, value: unknown) => (key === 'message' ? '' : value));

/**
 * Nothing that is computed meanwhile comes to its end: every worker that appears stands still.
 *
 * @param work is told the workers that stand
 */
async function withWorkersHeld(work: (held: ReadonlySet<number>) => Promise<void>): Promise<void> {
  const held = new Set<number>();
  let over = false;
  const signal = (worker: number, name: NodeJS.Signals): void => {
    try {
      process.kill(worker, name);
    } catch {
      // It ended meanwhile.
    }
  };
  const holding = until(async () => {
    for (const worker of await workersBelow(process.pid)) {
      held.add(worker);
      signal(worker, 'SIGSTOP');
    }
    return over;
  });
  try {
    await work(held);
  } finally {
    over = true;
    await holding;
    for (const worker of held) signal(worker, 'SIGCONT');
  }
}

it('a folder of checkpoints is compared, is there after a reload, grows as it is followed, and is exported', async () => {
  await chooseUntilTab('checkpoints', 'Compare sharpness', 'Sharpness compared: checkpoints');
  const panel = webview(page);
  const rows = panel.locator('.section.rows tbody tr');
  await panel.locator('.strip.done').waitFor();
  const compared = await rows.allInnerTexts();
  expect(compared.map((row) => /epoch-\d/.exec(row)?.[0])).toEqual(['epoch-1', 'epoch-2']);

  await untilSaved(page, /folder\W+[^"\\]*checkpoints/);
  await page.reload();
  await webview(page).locator('.strip.done').waitFor();
  expect(await rows.allInnerTexts()).toEqual(compared);

  await panel.locator('#follow').click();
  await panel.getByText('Each new checkpoint of the folder joins.').waitFor();
  const checkpoints = join(folder, 'checkpoints');
  await copyFile(join(folder, 'digits.onnx'), join(checkpoints, 'epoch-3.onnx'));
  const cli = join(root, 'dist', 'cli.js');
  // The panel takes the only data file that fits; the terminal takes none that is not named.
  const args = [cli, 'compare', checkpoints, '--samples', join(checkpoints, 'samples.csv'), '--json'];
  const printed = promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 ** 2 });
  await rows.filter({ hasText: 'epoch-3' }).waitFor();
  await panel.locator('.strip.done').waitFor();
  await panel.locator('#follow').click();
  await panel.getByText('All 3 are compared.').waitFor();

  const path = join(folder, 'comparison.json');
  await panel.locator('#export-json').click();
  await saveAs(path, 'comparison.json');
  await untilWritten(path);
  expect(withoutSentences(await readFile(path, 'utf8'))).toEqual(withoutSentences((await printed).stdout));
});

it('a report is entered and left, changed by its chip, cancelled, closed, found again, exported and read back', async () => {
  await unfold('journey');
  await analyze('journey.onnx');
  const plain = await sharpestDirectionShown();

  const panel = webview(page);
  await panel.locator('.section.table tbody .layer-name').first().click();
  await panel.locator('svg[aria-labelledby^="layer-weight-chart"]').waitFor();
  const layer = await panel.locator('#page-title').innerText();
  await panel.locator('#back').click();
  expect(await sharpestDirectionShown()).toBe(plain);

  const smoothing = async (value: string): Promise<void> => {
    await panel.locator('#loss-chip').click();
    await panel.getByLabel('Label smoothing').fill(value);
    await panel.locator('#compute').click();
  };
  const chips = panel.locator('.chips');
  await smoothing('0.1');
  await chips.filter({ hasText: 'label smoothing 0.1' }).waitFor();
  const smoothed = await sharpestDirectionShown();
  expect(smoothed).not.toBe(plain);
  await withWorkersHeld(async (held) => {
    await smoothing('0.2');
    await until(() => Promise.resolve(held.size > 0));
    await panel.locator('#cancel').click();
    expect(await sharpestDirectionShown()).toBe(smoothed);
    await until(async () => !(await workersBelow(process.pid)).some((worker) => held.has(worker)));
  });
  const sidecar = join(folder, 'journey', 'journey.sharpness.json');
  const written = await readFile(sidecar, 'utf8');
  expect(JSON.parse(written)).toEqual({ labelSmoothing: 0.1 });
  // By hand, it makes the report old, and current again.
  await writeFile(sidecar, '{ "labelSmoothing": 0 }');
  await panel.locator('.strip.stale', { hasText: 'journey.sharpness.json changed' }).waitFor();
  await writeFile(sidecar, written);
  await panel.locator('.strip.done:not(.stale)').waitFor();

  await runCommand(page, 'View: Close All Editors');
  await page.reload();
  await clickModel(await openModels(), 'journey.onnx');
  expect(await sharpestDirectionShown()).toBe(smoothed);
  await chips.filter({ hasText: 'label smoothing 0.1' }).waitFor();

  const path = join(folder, 'journey', 'journey.sharpness-report.json');
  await panel.locator('#export').click();
  await panel.locator('#export-json').click();
  await saveAs(path, 'journey.sharpness-report.json');
  await untilWritten(path);
  // What is driven from outside shows no toasts: the offer stands behind the bell.
  await page.locator('[id="status.notifications"]').click();
  await page.locator('.notifications-center').getByRole('button', { name: 'Open', exact: true }).click();
  await panel.getByText('A saved report.').waitFor();
  expect(await panel.locator('#run-again').count()).toBe(0);
  expect(await sharpestDirectionShown()).toBe(smoothed);
  await panel.locator('.section.table tbody .layer-name').first().click();
  expect(await panel.locator('#page-title').innerText()).toBe(layer);
  await panel.getByText('This is a saved report').waitFor();
});

it.skipIf(!hasPyTorch)(
  'weights become a model by the class of the workspace, run in one’s own Python',
  async () => {
    await unfold('weights');
    await analyze('mlp.pt');
    await webview(page).locator('#layers-python').click();
    const maker = page.locator('.quick-input-widget .quick-input-list-row', { hasText: 'MlpTanh' });
    await maker.click();
    const input = page.locator('.quick-input-widget input.input');
    await until(async () => (await input.inputValue()) === 'python3');
    await input.fill(python);
    await input.press('Enter');
    await page.locator('.view-line', { hasText: 'load_weights' }).first().waitFor();
    await page
      .locator('.quick-input-widget .quick-input-list-row', { hasText: `Run it with ${python}` })
      .click();
    await page.locator('.tab', { hasText: 'Sharpness of mlp-exported.onnx' }).waitFor();
    await sharpestDirectionShown();
    const { loss } = JSON.parse(await readFile(reference('mlp_tanh.ref.json'), 'utf8')) as { loss: number };
    expect(await webview(page).locator('.section.answers').innerText()).toContain(formatNumber(loss));
  },
);
