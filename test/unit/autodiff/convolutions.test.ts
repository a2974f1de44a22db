import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ModelParts } from '../onnxModel';
import { relativeError } from './evaluation';
import { classTargets, floats, modelOf, openProducts, samplesOf } from './opening';

const size = fc.integer({ min: 1, max: 3 });
const axis = fc.record({
  kernel: size,
  stride: size,
  dilation: fc.integer({ min: 1, max: 2 }),
  before: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 2 }),
});

/** Convolved pixel by pixel first, so that what follows has a gradient by its images. */
const convolutions = fc
  .record({
    axes: fc.array(axis, { minLength: 1, maxLength: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    inner: fc.integer({ min: 1, max: 2 }),
    each: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ axes, groups, inner, each }) => {
    const channels = groups * inner;
    const attributes = {
      group: { int: groups },
      strides: { ints: axes.map(({ stride }) => stride) },
      dilations: { ints: axes.map(({ dilation }) => dilation) },
      pads: { ints: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)] },
    };
    const image = [channels, ...axes.map(() => 9)];
    const parts: ModelParts = {
      inputs: [{ name: 'x', dims: ['N', ...image] }],
      nodes: [
        { operator: 'Conv', inputs: ['x', 'mixing'], outputs: ['mixed'] },
        { operator: 'Tanh', inputs: ['mixed'], outputs: ['images'] },
        { operator: 'Conv', inputs: ['images', 'kernels'], outputs: ['maps'], attributes },
        { operator: 'Tanh', inputs: ['maps'], outputs: ['bent'] },
        { operator: 'GlobalAveragePool', inputs: ['bent'], outputs: ['means'] },
        { operator: 'Flatten', inputs: ['means'], outputs: ['flat'] },
        { operator: 'Gemm', inputs: ['flat', 'head'], outputs: ['logits'] },
      ],
      initialisers: {
        mixing: floats(1, [channels, channels, ...axes.map(() => 1)]),
        kernels: floats(2, [groups * each, inner, ...axes.map(({ kernel }) => kernel)]),
        head: floats(3, [groups * each, 3]),
      },
      outputs: ['logits'],
    };
    return { parts, image };
  });

// In float64 there are no convolutions: columns and products, which the check at run time holds against differences.
it('convolutions of any strides, dilations, groups and margins: float32 has the products of float64', async () => {
  await fc.assert(
    fc.asyncProperty(convolutions, async ({ parts, image }) => {
      const model = await modelOf(parts);
      const samples = samplesOf('x', 3, image);
      const targets = classTargets(3, 3);
      const exact = await openProducts(model, samples, targets, 'cross-entropy');
      const single = await openProducts(model, samples, targets, 'cross-entropy', { precision: 'float32' });
      const vector = Float64Array.from({ length: exact.order }, (_, i) => Math.cos(i + 1));
      const [wanted, found] = [await exact.multiply(vector), await single.multiply(vector)];
      const [newton, ownNewton] = [
        await exact.multiplyGaussNewton(vector),
        await single.multiplyGaussNewton(vector),
      ];
      await exact.release();
      await single.release();
      expect(relativeError(found, wanted)).toBeLessThan(1e-4);
      expect(relativeError(ownNewton, newton)).toBeLessThan(1e-4);
    }),
    { numRuns: 12, seed: 1 },
  );
});
