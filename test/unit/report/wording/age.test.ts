import { expect, it } from 'vitest';
import { ageText } from '../../../../src/report/wording/age';

it.each([
  [0, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [3 * 3600e3, '3 hours ago'],
  [49 * 3600e3, '2 days ago'],
  [70 * 24 * 3600e3, '2 months ago'],
  [800 * 24 * 3600e3, '2 years ago'],
])('%d ms are %s', (milliseconds, text) => {
  expect(ageText(milliseconds)).toBe(text);
});
