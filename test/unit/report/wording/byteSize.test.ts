import { expect, it } from 'vitest';
import { byteSize } from '../../../../src/report/wording/byteSize';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [12_345, '12.3 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [98_765_432, '98.8 MB'],
  [7.5e9, '7.50 GB'],
  [3e12, '3.00 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});
