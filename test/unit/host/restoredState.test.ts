import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readRestoredState } from '../../../src/host/restoredState';
import { exampleReport } from '../report/exampleReport';

const file = '/models/m.onnx';

it('gives back the report that a panel showed', () => {
  const state = { phase: 'done', file, report: exampleReport, stale: false };
  expect(readRestoredState({ state, settings: {}, scroll: 3 })).toEqual({
    file,
    report: exampleReport,
    computation: null,
  });
});

it('gives back what was to be computed, whatever the panel showed', () => {
  const computation = {
    method: 'estimate',
    blocks: true,
    scaleAdapted: false,
    plane: false,
    evaluation: true,
  };
  const state = { phase: 'failed', file };
  expect(readRestoredState({ state, computation })).toEqual({ file, report: null, computation });
});

it.each([
  null,
  'estimate',
  { method: 'guess', blocks: true, scaleAdapted: false, plane: false, evaluation: true },
  { method: 'auto', blocks: true, scaleAdapted: false, plane: false },
  { method: 'auto', blocks: true, scaleAdapted: false, evaluation: true },
])('has no computation from %j', (computation) => {
  const state = { phase: 'failed', file };
  expect(readRestoredState({ state, computation })).toEqual({ file, report: null, computation: null });
});

it.each([
  { phase: 'running', file, progress: {} },
  { phase: 'done', file, report: { ...exampleReport, schema: 2 } },
  { phase: 'done', file, report: { ...exampleReport, layers: 'none' } },
  { phase: 'done', file, report: null },
])('keeps the file alone where there is no report that can be shown', (state) => {
  expect(readRestoredState({ state })).toEqual({ file, report: null, computation: null });
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
