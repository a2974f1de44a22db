import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bundleFile, collectTexts } from '../../../scripts/translations.mjs';

it('are all in the bundle that translators get, and nothing else is (npm run translations)', () => {
  expect(JSON.parse(readFileSync(bundleFile, 'utf8'))).toEqual(collectTexts());
});
