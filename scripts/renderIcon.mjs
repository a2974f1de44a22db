// Draws media/icon.png, which the marketplace wants, from media/icon.svg: `node scripts/renderIcon.mjs`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { browserFlags, browserPath } from './browser.mjs';
import { root } from './processes.mjs';

const size = 128;
const svg = await readFile(join(root, 'media', 'icon.svg'), 'utf8');
const browser = await chromium.launch({ executablePath: browserPath(), args: browserFlags });
try {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`);
  await writeFile(join(root, 'media', 'icon.png'), await page.screenshot({ omitBackground: true }));
} finally {
  await browser.close();
}
