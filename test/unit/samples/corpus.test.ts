import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSampleCandidates } from '../../../src/samples/candidates';
import { floats, readAt } from './reading';

const shared = process.env['MODEL_SHARPNESS_SHARED'];
const reason = shared === undefined ? ' (corpus absent: MODEL_SHARPNESS_SHARED not set)' : '';

describe.skipIf(shared === undefined)(`samples made elsewhere${reason}`, () => {
  const path = (name: string): string => join(shared ?? '', name);

  it('of MNIST', async () => {
    const samples = await readAt(path('corpus/mnist-2000.npz'), floats(1, 28, 28), { scale: 1 / 255 });
    expect(samples).toMatchObject({ source: 'mnist-2000.npz', count: 2000 });
    const data = samples.inputs[0]?.data ?? new Float64Array(0);
    expect(data).toHaveLength(2000 * 784);
    expect(data.reduce((a, b) => Math.max(a, b))).toBe(1);
    // The first test images show 7, 2, 1, 0, 4.
    expect(samples.labels).toMatchObject({ kind: 'classes' });
    expect(Array.from(samples.labels?.values.subarray(0, 5) ?? [])).toEqual([7, 2, 1, 0, 4]);
  });

  it.each([
    ['a', [64], 1797],
    ['a_init', [64], 1797],
    ['b', [784], 1000],
    ['c', [1, 28, 28], 512],
    ['csmall', [1, 8, 8], 128],
    ['d', [8, 8], 512],
  ] as const)('of the reference case %s', async (name, dims, count) => {
    const samples = await readAt(path(`reference/${name}.npz`), floats(...dims));
    expect(samples.count).toBe(count);
    expect(samples.inputs[0]?.dims).toEqual(dims);
    expect(samples.labels?.kind).toBe('classes');
    expect(new Set(samples.labels?.values)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it('are found beside the model', async () => {
    const [best] = await findSampleCandidates(path('reference/a.onnx'), floats(64), 10);
    expect(best).toMatchObject({
      name: 'a.npz',
      fits: true,
      description: '1,797 samples of 64 numbers, labels 0 to 9',
    });
  });
});
