import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readRestoredState } from '../../../src/host/restoredState';
import { computationDefaults } from '../../../src/report/form';

const file = '/models/m.onnx';

it('gives back the file that a panel showed; its report is kept elsewhere', () => {
  const state = { phase: 'done', file, report: {}, changed: [] };
  expect(readRestoredState({ state, settings: {}, scroll: 3 })).toEqual({ file, computation: null });
});

it('gives back what was to be computed, whatever the panel showed', () => {
  const computation = { ...computationDefaults, method: 'estimate', evaluation: true };
  const state = { phase: 'failed', file };
  expect(readRestoredState({ state, form: { said: { ...computation, loss: 'huber' } } })).toEqual({
    file,
    computation,
  });
});

it.each([
  null,
  'estimate',
  { ...computationDefaults, method: 'guess' },
  { method: 'auto', blocks: true },
  { ...computationDefaults, seed: 'none' },
])('has no computation from %j', (computation) => {
  const state = { phase: 'failed', file };
  expect(readRestoredState({ state, form: { said: computation } })).toEqual({ file, computation: null });
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
