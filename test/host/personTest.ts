import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { chooseInExplorerMenu, runCommand, startHostedVscode, webview } from './hostedVscode.mjs';

/** What every test of a person starts from: a VS Code with a copy of the examples in it, and one window for the tests of a file. */

export const root = join(import.meta.dirname, '..', '..');

let vscode: Awaited<ReturnType<typeof startHostedVscode>>;
/** The workspace folder. */
export let folder: string;
/** The window. */
export let page: Page;

/** @param prepare what the tests of this file want beside the examples */
export function usePersonalVscode(prepare: () => Promise<void>): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sharp-person-'));
    await cp(join(root, 'examples'), folder, { recursive: true });
    await prepare();
    vscode = await startHostedVscode({ folder });
  });

  afterAll(async () => {
    await vscode.stop();
    await rm(folder, { recursive: true, force: true });
  });

  // A window takes longer to open than most tests: the next test has it, too, unless something went wrong in it.
  let opened = false;
  beforeEach(async () => {
    if (opened) {
      await runCommand(page, 'View: Close All Editors');
      await runCommand(page, 'View: Show Explorer');
      await runCommand(page, 'Collapse Folders in Explorer');
      return;
    }
    page = await vscode.openPage();
    opened = true;
    page.setDefaultTimeout(240_000);
    // VS Code reads extensions seconds after it shows files: opened before, a model is bytes to it.
    await viewIcon().waitFor();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'pass') return;
    opened = false;
    await page.context().close();
  });
}

function viewIcon(): Locator {
  return page.locator('.activitybar .action-label[aria-label^="Model Sharpness"]');
}

/** The rows of the view, which has an icon of its own in the activity bar. */
export async function openModels(): Promise<Locator> {
  await viewIcon().click();
  return page.locator('[id="workbench.view.extension.modelSharpness"] .monaco-list-row');
}

/** Opens a model of the view, whose list has only the rows that are seen. */
export async function clickModel(models: Locator, name: string): Promise<void> {
  const row = models.filter({ hasText: name });
  await models.first().hover();
  for (let turn = 0; turn < 40 && (await row.count()) === 0; turn++) {
    await page.mouse.wheel(0, 40);
    await page.waitForTimeout(100);
  }
  await row.click();
}

/** What the panel says of the sharpest direction, once the analysis is done. */
export async function sharpestDirectionShown(): Promise<string> {
  await webview(page).locator('.strip.done').waitFor();
  return webview(page).getByRole('region', { name: 'The sharpest direction', exact: true }).innerText();
}

/** Opens a folder in the explorer. */
export async function unfold(name: string): Promise<void> {
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: new RegExp(`^${name}$`) }).click();
}

/** "Analyze sharpness" in the explorer's menu, until its panel is there. */
export async function analyze(fileName: string): Promise<void> {
  await chooseUntilTab(fileName, 'Analyze sharpness', `Sharpness of ${fileName}`);
}

/** An item of the explorer's menu, until the tab that it opens is there. */
export async function chooseUntilTab(fileName: string, item: string, title: string): Promise<void> {
  await chooseInExplorerMenu(page, fileName, item);
  const tab = page.locator('.tab', { hasText: title });
  const menu = page.locator('.context-view .monaco-menu');
  // A menu takes no click in its first moments, but the item has the focus then.
  while (!(await tab.isVisible())) {
    await page.waitForTimeout(500);
    if (await menu.isVisible()) await page.keyboard.press('Enter');
  }
}

/** Answers the dialog that VS Code shows in a browser, once it has filled in what the extension proposes. */
export async function saveAs(path: string, proposal: string): Promise<void> {
  const input = page.locator('.quick-input-widget input.input');
  await input.waitFor();
  await until(async () => (await input.inputValue()).endsWith(proposal));
  await input.fill(path);
  await input.press('Enter');
}

/** Waits for it; the test's own limit ends it. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Waits for a file that VS Code writes. */
export async function untilWritten(path: string): Promise<void> {
  await until(() => Promise.resolve(existsSync(path)));
}
