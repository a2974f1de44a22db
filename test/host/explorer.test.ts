// VS Code used as a person does, from the files of the explorer, with what the panels show as the only evidence.
import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { formatNumber, formatQuantity } from '../../src/report/wording/number';
import type { Report } from '../../src/report/report';
import { reportJson } from '../../src/report/schema';
import { largeReport } from '../panel/largeReport.mjs';
import { runCommand, untilSaved, webview } from './hostedVscode.mjs';
import {
  analyze,
  folder,
  page,
  root,
  saveAs,
  sharpestDirectionShown,
  unfold,
  untilWritten,
  usePersonalVscode,
} from './personTest';
import { writeSmallModel } from './smallModel';

usePersonalVscode(async () => {
  await copyFile(join(folder, 'digits-early.onnx'), join(folder, 'digits-look.onnx'));
  await writeSmallModel(folder, join(folder, 'small'), 'small.onnx');
  await writeFile(join(folder, 'large.sharpness-report.json'), reportJson(largeReport(130)));
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

it('the panel shows and exports the numbers of the command line, and keeps them over a reload', async () => {
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

  const path = join(folder, 'digits.sharpness-report.json');
  await webview(page).locator('#export').click();
  await webview(page).locator('#export-json').click();
  await saveAs(path, 'digits.sharpness-report.json');
  await untilWritten(path);
  const exported = JSON.parse(await readFile(path, 'utf8')) as Report;
  expect({ ...exported, time: null }).toEqual({ ...report, time: null });

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
  await unfold('small');
  await analyze('small.onnx');
  const before = await sharpestDirectionShown();
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'train.ts' }).dblclick();
  await page.locator('.tab.active', { hasText: 'train.ts' }).waitFor();
  await page.locator('.tab', { hasText: 'Sharpness of small.onnx' }).click();
  expect(await sharpestDirectionShown()).toBe(before);
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

it('a saved report of many layers has all their blocks', async () => {
  await page
    .locator('.explorer-folders-view .monaco-list-row', { hasText: 'large.sharpness-report.json' })
    .dblclick();
  await webview(page).getByText('A saved report.').waitFor();
  await webview(page).locator('.section.layers', { hasText: 'Each cell is 2 × 2 blocks' }).waitFor();
  await webview(page).locator('#blocks-numbers').click();
  await webview(page).locator('.section.layers .numbers', { hasText: 'attention.part1' }).waitFor();
});
