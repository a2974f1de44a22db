import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readComparisonMessage, readPanelMessage, readSavedComparison } from '../../../src/host/panelMessage';
import type { ComparisonToHost } from '../../../src/comparison/panelState';
import type { PanelToHost } from '../../../src/report/panelMessages';

const messages: readonly PanelToHost[] = [
  { type: 'ready' },
  { type: 'run' },
  { type: 'cancel' },
  { type: 'look' },
  { type: 'skip', stage: 'Probing the Hessian' },
  { type: 'say', said: {} },
  { type: 'say', said: { method: 'estimate', blocks: true, precision: 0.05, seed: 3, timeLimit: null } },
  {
    type: 'say',
    said: { loss: 'huber', classWeights: [1, 2], decayed: ['*.weight'], labels: null, scale: -2 },
  },
  {
    type: 'say',
    said: { loss: null, classWeights: 'balanced', inputs: { image: 'x', '': 'y' }, output: 'a=b, c' },
  },
  { type: 'say', said: { trained: ['a.b'], fixed: null, limit: 9, dtype: 'float64', evaluation: true } },
  { type: 'change-samples' },
  { type: 'answer-layers', answers: { '1.function': '"relu"' } },
  { type: 'use-layers' },
  { type: 'run-python' },
  { type: 'detail', of: { kind: 'layer', index: 0 } },
  { type: 'detail', of: { kind: 'sample', index: 1658 } },
  { type: 'write-architecture' },
  { type: 'show-log' },
  { type: 'choose-samples', choice: { kind: 'file', path: '/a' }, shapes: {} },
  { type: 'choose-samples', choice: { kind: 'browse' }, shapes: {} },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 3, 8], ids: null } },
  { type: 'export', format: 'html' },
  { type: 'export', format: 'json' },
  { type: 'export', format: 'csv' },
  { type: 'picture', picture: { name: 'sharpest-samples', format: 'svg', content: '<svg/>' } },
  { type: 'picture', picture: { name: 'over-lossMean', format: 'png', content: 'iVBORw==' } },
  { type: 'copy-markdown' },
];

it.each(messages)('reads $type', (message) => {
  expect(readPanelMessage({ ...message, extra: 1 })).toEqual(message);
});

const refused: readonly unknown[] = [
  null,
  undefined,
  'run',
  [],
  {},
  { type: 'eval' },
  { type: 'answer-layers', answers: { '1.function': ['relu'] } },
  { type: 'skip' },
  { type: 'skip', stage: 3 },
  { type: 'say' },
  { type: 'say', said: { samples: '/etc/passwd' } },
  { type: 'say', said: { method: 'guess' } },
  { type: 'say', said: { method: null } },
  { type: 'say', said: { blocks: 1 } },
  { type: 'say', said: { precision: 0 } },
  { type: 'say', said: { seed: 1.5 } },
  { type: 'say', said: { seed: null } },
  { type: 'say', said: { classWeights: [1, -2] } },
  { type: 'say', said: { classWeights: 'even' } },
  { type: 'say', said: { decayed: [3] } },
  { type: 'say', said: { decayed: ['a', 'a'] } },
  { type: 'say', said: { inputs: { a: ['x'] } } },
  { type: 'say', said: { limit: '9' } },
  { type: 'say', said: { __proto__: null, toString: 'x' } },
  { type: 'detail' },
  { type: 'detail', of: { kind: 'layer', index: -1 } },
  { type: 'detail', of: { kind: 'file', index: 0 } },
  { type: 'detail', of: { kind: 'sample', index: '0' } },
  { type: 'choose-samples' },
  { type: 'choose-samples', choice: { kind: 'file' } },
  { type: 'choose-samples', choice: { kind: 'file', path: 3 } },
  { type: 'choose-samples', choice: { kind: 'random' } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: '1x3' } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [] } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 0] } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 2.5] } },
  { type: 'export', format: 'exe' },
  { type: 'picture' },
  { type: 'picture', picture: { name: '../../x', format: 'svg', content: '<svg/>' } },
  { type: 'picture', picture: { name: 'x', format: 'html', content: '<p>' } },
  { type: 'picture', picture: { name: 'x', format: 'png', content: null } },
];

it.each(refused)('refuses %j', (message) => {
  expect(readPanelMessage(message)).toBeNull();
});

it('never throws and never passes on what it does not know', () => {
  fc.assert(
    fc.property(fc.anything(), (message) => {
      const read = readPanelMessage(message);
      expect(read === null || messages.some(({ type }) => type === read.type)).toBe(true);
    }),
  );
});

const descent = { optimiser: 'sgd', learningRate: 0.1, momentum: 0, batchSize: null } as const;

it.each<ComparisonToHost>([
  { type: 'ready' },
  { type: 'stop-following' },
  { type: 'train', training: descent },
  {
    type: 'train',
    training: { ...descent, optimiser: 'adam', momentum: 0.9, learningRate: null, batchSize: 64 },
  },
  { type: 'export', format: 'html' },
])('reads $type of a comparison', (message) => {
  expect(readComparisonMessage({ ...message, extra: 1 })).toEqual(message);
});

it.each<unknown>([
  null,
  { type: 'say' },
  { type: 'export', format: 'csv' },
  { type: 'train' },
  { type: 'train', training: { ...descent, optimiser: 'lion' } },
  { type: 'train', training: { ...descent, learningRate: -1 } },
  { type: 'train', training: { ...descent, learningRate: Infinity } },
  { type: 'train', training: { ...descent, momentum: 1 } },
  { type: 'train', training: { ...descent, momentum: Number.NaN } },
  { type: 'train', training: { ...descent, batchSize: 1.5 } },
])('refuses %j of a comparison', (message) => {
  expect(readComparisonMessage(message)).toBeNull();
});

it('reads what a comparison kept over a reload, and nothing else', () => {
  expect(readSavedComparison({ files: ['/a', '/b'], folder: null, extra: 1 })).toEqual({
    files: ['/a', '/b'],
    folder: null,
  });
  expect(readSavedComparison({ files: ['/a'], folder: '/a' })).toEqual({ files: ['/a'], folder: '/a' });
  for (const saved of [
    undefined,
    {},
    { files: [], folder: null },
    { files: [1], folder: null },
    { files: ['/a'] },
  ])
    expect(readSavedComparison(saved)).toBeNull();
});
