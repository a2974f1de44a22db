import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readRestoredState } from '../../../src/host/restoredState';
import { exampleReport } from '../report/exampleReport';

const file = '/models/m.onnx';

it('gives back the report that a panel showed', () => {
  const state = { phase: 'done', file, report: exampleReport, stale: false };
  expect(readRestoredState({ state, settings: {}, scroll: 3 })).toEqual({ file, report: exampleReport });
});

it.each([
  { phase: 'running', file, progress: {} },
  { phase: 'done', file, report: { ...exampleReport, schema: 2 } },
  { phase: 'done', file, report: { ...exampleReport, layers: 'none' } },
  { phase: 'done', file, report: null },
])('keeps the file alone where there is no report that can be shown', (state) => {
  expect(readRestoredState({ state })).toEqual({ file, report: null });
});

it.each([undefined, null, 'state', {}, { state: null }, { state: { file: 3 } }])(
  'refuses what names no file: %j',
  (saved) => {
    expect(readRestoredState(saved)).toBeNull();
  },
);

it('never throws', () => {
  fc.assert(
    fc.property(fc.anything(), (saved) => {
      expect(() => readRestoredState(saved)).not.toThrow();
    }),
  );
});
