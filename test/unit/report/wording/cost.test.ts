import { expect, it } from 'vitest';
import { costText, durationText, predictedSeconds } from '../../../../src/report/wording/cost';

it('a cost is told in two significant digits', () => {
  expect(costText({ multiplyAdds: 5.7123e11, bytes: 660e6 })).toBe('5.7e11 multiply-adds, 660 MB');
  expect(costText({ multiplyAdds: 12_345, bytes: 900 })).toBe('12,000 multiply-adds, 900 B');
});

it('a decomposition takes as long with many threads as with one', () => {
  const cost = { multiplyAdds: 0, bytes: 0, serialOperations: 3e9 };
  expect(predictedSeconds(cost, 1)).toBe(2);
  expect(predictedSeconds(cost, 16)).toBe(2);
});

it('twice the threads take half the time', () => {
  const cost = { multiplyAdds: 6e11, bytes: 0 };
  expect(predictedSeconds(cost, 1)).toBe(60);
  expect(predictedSeconds(cost, 2)).toBe(30);
});

it.each([
  [0.2, '1 s'],
  [28.4, '28 s'],
  [99.4, '99 s'],
  [100, '2 min'],
  [754, '13 min'],
  [9000, '2.5 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
