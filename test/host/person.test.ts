// VS Code used as a person does: by its menus, palette and panels, with what they show as the only evidence.
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/report/report';
import { chooseInExplorerMenu, runCommand, startHostedVscode, webview } from './hostedVscode.mjs';

const root = join(import.meta.dirname, '..', '..');

let folder: string;
let vscode: Awaited<ReturnType<typeof startHostedVscode>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sharp-person-'));
  await cp(join(root, 'examples'), folder, { recursive: true });
  vscode = await startHostedVscode({ folder });
});

afterAll(async () => {
  await vscode.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the command line says of a file: another way to the same numbers than the panel's. */
async function reportOfCommandLine(...args: readonly string[]): Promise<Report> {
  const cli = join(root, 'dist', 'cli.js');
  const options = { maxBuffer: 64 * 1024 ** 2, cwd: folder };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'analyze', ...args, '--json'],
    options,
  );
  return JSON.parse(stdout) as Report;
}

function models(page: Page) {
  return page
    .locator('.pane', { has: page.locator('.pane-header', { hasText: /^Models/ }) })
    .locator('.monaco-list-row');
}
