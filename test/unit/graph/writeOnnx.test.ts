import { expect, it } from 'vitest';
import { mul, neg, scale, unary } from '../../../src/graph/static/elementwise';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import { evaluate } from '../autodiff/evaluation';
import { classTargets, floats, openParts, samplesOf } from '../autodiff/opening';

it('gives a value that is an output and is read by others, whatever onnxruntime makes of the nodes', async () => {
  const g = new StaticGraph();
  const x = g.input('x', [2], 'real');
  const z = scale(g, x, 2);
  const sigmoid = unary(g, 'sigmoid', z);
  // In float64 both are divisions, which onnxruntime fuses with the product.
  const slope = mul(g, sigmoid, unary(g, 'sigmoid', neg(g, z)));
  const feeds = { x: Float64Array.of(0, Math.log(3) / 2) };
  const text = (values: Iterable<number>): string[] => [...values].map((value) => value.toFixed(12));
  const [found = [], foundSlope = []] = await evaluate([sigmoid, slope], feeds);
  expect(text(found)).toEqual(text([1 / 2, 3 / 4]));
  expect(text(foundSlope)).toEqual(text([1 / 4, 3 / 16]));
  // Under two names, and an input.
  const [, again = [], input = []] = await evaluate([sigmoid, sigmoid, x], feeds);
  expect(text(again)).toEqual(text(found));
  expect(text(input)).toEqual(text(feeds.x));
});

it('gives products of a sigmoid behind a normalisation, whose divisions onnxruntime 1.30 would lose', async () => {
  const parts = {
    opset: 13,
    nodes: [
      { operator: 'InstanceNormalization', inputs: ['x', 'scale', 'scale'], outputs: ['a'] },
      { operator: 'Sigmoid', inputs: ['a'], outputs: ['b'] },
      { operator: 'Abs', inputs: ['b'], outputs: ['c'] },
      { operator: 'Flatten', inputs: ['c'], outputs: ['d'] },
      { operator: 'Gemm', inputs: ['d', 'w', 'bias'], outputs: ['logits'] },
    ],
    initialisers: { scale: floats(1, [2]), w: floats(2, [36, 1]), bias: floats(3, [1]) },
    inputs: [{ name: 'x', dims: ['N', 2, 3, 2, 3] }],
    outputs: ['logits'],
  };
  const products = await openParts(parts, samplesOf('x', 1, [2, 3, 2, 3]), classTargets(1, 1));
  expect(products.order).toBe(39);
  await products.release();
});
