import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packState, unpackState, withoutManyBlocks } from '../../../src/report/packedBlocks';
import type { PanelState } from '../../../src/report/panelMessages';
import type { Report } from '../../../src/report/report';
import { exampleReport } from './exampleReport';

const quantity = fc.record({
  value: fc.double({ noNaN: true }),
  standardError: fc.constantFrom(0, 0, 0.25, 1e-300),
});

/** The blocks of a number of layers, the same few numbers over and over. */
const blocks = fc
  .record({
    layers: fc.constantFrom(0, 1, 64, 65, 90),
    own: fc.array(quantity, { minLength: 1, maxLength: 7 }),
  })
  .map(({ layers, own }) =>
    Array.from({ length: layers }, (_, l) =>
      Array.from({ length: layers }, (_, m) => own[(l + 3 * m) % own.length]!),
    ),
  );

function statesOf(blocks: Report['blocks']): PanelState[] {
  const finished = { report: { ...exampleReport, blocks }, finished: 5 };
  return [
    { phase: 'done', file: 'm.onnx', changed: [], ...finished },
    {
      phase: 'running',
      file: 'm.onnx',
      progress: {
        stage: 'Reading',
        fraction: null,
        remainingSeconds: null,
        step: 1,
        steps: 4,
        cost: null,
        report: {},
      },
      earlier: finished,
    },
  ];
}

describe('the blocks of a state, packed', () => {
  it('are those that were packed, in any phase that has them', () => {
    fc.assert(
      fc.property(blocks, (own) => {
        for (const state of statesOf(own)) {
          const packed = packState(state);
          expect(unpackState(packed)).toEqual(state);
          expect(packed.blocks?.layers ?? null).toBe(own.length > 64 ? own.length : null);
          expect(packed.state).toEqual(withoutManyBlocks(state));
          // What is packed is not sent twice.
          if (own.length > 64) expect(JSON.stringify(packed.state)).not.toContain('"blocks":[');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are none where a state has none', () => {
    for (const state of [...statesOf(null), { phase: 'reading', file: 'm.onnx' } as const])
      expect(unpackState(packState(state))).toBe(state);
  });
});
