import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPanelMessage } from '../../../src/host/panelMessage';
import type { PanelToHost } from '../../../src/report/panelMessages';

const messages: readonly PanelToHost[] = [
  { type: 'ready' },
  { type: 'run' },
  { type: 'cancel' },
  { type: 'compute', method: 'auto', blocks: false, scaleAdapted: true, plane: false, evaluation: false },
  {
    type: 'compute',
    method: 'closed-form',
    blocks: true,
    scaleAdapted: false,
    plane: false,
    evaluation: true,
  },
  { type: 'compute', method: 'exact', blocks: false, scaleAdapted: false, plane: false, evaluation: true },
  { type: 'compute', method: 'estimate', blocks: true, scaleAdapted: true, plane: false, evaluation: false },
  { type: 'change-samples' },
  { type: 'write-architecture' },
  { type: 'show-log' },
  { type: 'choose-samples', choice: { kind: 'file', path: '/a' }, shapes: {} },
  { type: 'choose-samples', choice: { kind: 'browse' }, shapes: {} },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 3, 8], ids: null } },
  { type: 'export', format: 'html', svg: null },
  { type: 'export', format: 'json', svg: null },
  { type: 'export', format: 'csv', svg: null },
  { type: 'export', format: 'svg', svg: '<svg/>' },
];

it.each(messages)('reads $type', (message) => {
  expect(readPanelMessage({ ...message, extra: 1 })).toEqual(message);
});

it.each([
  null,
  undefined,
  'run',
  [],
  {},
  { type: 'eval' },
  { type: 'compute' },
  { type: 'compute', method: 'guess', blocks: false, scaleAdapted: false, plane: false, evaluation: false },
  { type: 'compute', method: 'auto', blocks: 1, scaleAdapted: false, plane: false, evaluation: false },
  { type: 'compute', method: 'auto', blocks: false, scaleAdapted: false, plane: false, evaluation: 'yes' },
  { type: 'compute', method: 'auto', blocks: false, scaleAdapted: false, plane: false },
  { type: 'compute', method: 'auto', blocks: false, scaleAdapted: false, evaluation: false },
  { type: 'compute', method: 'auto', blocks: false },
  { type: 'choose-samples' },
  { type: 'choose-samples', choice: { kind: 'file' } },
  { type: 'choose-samples', choice: { kind: 'file', path: 3 } },
  { type: 'choose-samples', choice: { kind: 'random' } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: '1x3' } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [] } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 0] } },
  { type: 'choose-samples', choice: { kind: 'random' }, shapes: { image: [1, 2.5] } },
  { type: 'export', format: 'exe', svg: null },
  { type: 'export', format: 'svg', svg: null },
])('refuses %j', (message) => {
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
