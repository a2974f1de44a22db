import { describe, expect, it } from 'vitest';
import type { Rules } from '../../../src/autodiff/rules/rules';
import { rules } from '../../../src/autodiff/rules/rules';
import { scale } from '../../../src/graph/static/elementwise';
import { failureFrom } from '../formats/failures';
import type { ModelParts } from '../onnxModel';
import { numbers } from './evaluation';
import { classTargets, floats, openParts, samplesOf } from './opening';

const network: ModelParts = {
  nodes: [
    { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['a'], name: 'first' },
    { operator: 'Tanh', inputs: ['a'], outputs: ['b'], name: 'activation' },
    { operator: 'Softmax', inputs: ['b'], outputs: ['c'], name: 'attention' },
    { operator: 'MatMul', inputs: ['c', 'w2'], outputs: ['logits'], name: 'second' },
  ],
  initialisers: { w1: floats(1, [4, 5]), w2: floats(2, [5, 3]) },
  inputs: [{ name: 'x', dims: ['N', 4] }],
  outputs: ['logits'],
};

const open = (table: Rules, parts = network): ReturnType<typeof openParts> =>
  openParts(parts, samplesOf('x', 6, [4]), classTargets(6, 3), 'cross-entropy', {}, table);

describe('the check at run time', () => {
  it('passes with the rules as they are', async () => {
    const products = await open(rules);
    expect(products.measured.differenceError).toBeLessThan(1e-7);
    await products.release();
  });

  it.each(['cross-entropy', 'binary-cross-entropy'] as const)(
    'passes where no weight moves the %s, and all that differs is rounding',
    async (loss) => {
      const constant: ModelParts = {
        opset: 13,
        nodes: [
          { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['a'] },
          { operator: 'LogSoftmax', inputs: ['a'], outputs: ['b'] },
          { operator: 'Flatten', inputs: ['b'], outputs: ['c'] },
          { operator: 'MatMul', inputs: ['c', 'w2'], outputs: ['logits'] },
        ],
        initialisers: { w1: floats(2, [6, 1]), w2: floats(3, [8, 3]) },
        inputs: [{ name: 'x', dims: ['N', 8, 6] }],
        outputs: ['logits'],
      };
      const values = Float64Array.of(0.8333333333333334, 0.08333333333333333, 0.08333333333333333);
      const products = await openParts(
        constant,
        samplesOf('x', 1, [8, 6]),
        { count: 1, width: 3, values },
        loss,
      );
      expect(Math.hypot(...(await products.multiply(new Float64Array(30).fill(1))))).toBeLessThan(1e-14);
      await products.release();
    },
  );

  it('passes where only the rounding far from the weights differs, and at them there is none', async () => {
    // log Σ exp over one number is that number, and its maximum is held as it is at the weights: ln(exp(0)) there.
    const constant: ModelParts = {
      opset: 13,
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['a'] },
        { operator: 'LogSoftmax', inputs: ['a'], outputs: ['b'] },
        { operator: 'Flatten', inputs: ['b'], outputs: ['c'] },
        { operator: 'MatMul', inputs: ['c', 'w2'], outputs: ['logits'] },
      ],
      initialisers: { w1: floats(2, [6, 1]), w2: floats(3, [8, 1]) },
      inputs: [{ name: 'x', dims: ['N', 8, 6] }],
      outputs: ['logits'],
    };
    const targets = { count: 4, width: 1, values: Float64Array.of(0.75, 0.5, 0.25, 1) };
    const inputs = [{ name: 'x', dims: [8, 6], data: numbers(4 * 48, 5, 40, 90) }];
    const products = await openParts(constant, { count: 4, inputs }, targets, 'binary-cross-entropy');
    expect(Math.hypot(...(await products.multiply(new Float64Array(14).fill(1))))).toBeLessThan(1e-14);
    await products.release();
  });

  it('passes for two classes and one input, where a direction may move both logits alike', async () => {
    const affine: ModelParts = {
      nodes: [{ operator: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['logits'] }],
      initialisers: {
        w: { dims: [1, 2], data: Float32Array.of(0.86, 0.55) },
        b: { dims: [2], data: Float32Array.of(-0.99, 0.54) },
      },
      inputs: [{ name: 'x', dims: ['N', 1] }],
      outputs: ['logits'],
    };
    const soft = Float64Array.of(0.125, 0.875, 0, 1, 0.125, 0.875, 1, 0, 0, 1);
    const targets = { count: 5, width: 2, values: soft };
    for (let seed = 0; seed < 10; seed++) {
      const inputs = [{ name: 'x', dims: [1], data: numbers(5, seed, 2, 6) }];
      const products = await openParts(affine, { count: 5, inputs }, targets);
      expect(products.measured.differenceError).toBeLessThan(1e-6);
      await products.release();
    }
  });

  it('names the operator whose forward rule is wrong', async () => {
    const wrong: Rules = {
      ...rules,
      softmax: {
        ...rules.softmax,
        jvp: (g, value, operation, tangents) => {
          const right = rules.softmax.jvp(g, value, operation, tangents);
          return right === null || operation.stable ? right : scale(g, right, 1.01);
        },
      },
    };
    const { kind, message } = await failureFrom(() => open(wrong));
    expect(kind).toBe('UnsupportedOperator');
    expect(message).toContain('Node "attention" (Softmax)');
  });

  it('names the operator whose reverse rule is wrong', async () => {
    const wrong: Rules = {
      ...rules,
      unary: {
        ...rules.unary,
        vjp: (g, value, operation, cotangent, wanted) =>
          rules.unary
            .vjp(g, value, operation, cotangent, wanted)
            .map((part) => (part === null || operation.function !== 'tanh' ? part : scale(g, part, 1.01))),
      },
    };
    const { message } = await failureFrom(() => open(wrong));
    expect(message).toContain('Node "activation" (Tanh)');
  });

  it('holds at a kink: units that are exactly 0 on every sample', async () => {
    const parts: ModelParts = {
      ...network,
      nodes: network.nodes.map((node) => (node.operator === 'Tanh' ? { ...node, operator: 'Relu' } : node)),
      initialisers: { w1: { dims: [4, 5], data: new Float32Array(20) }, w2: floats(2, [5, 3]) },
    };
    const products = await open(rules, parts);
    expect(await products.multiply(new Float64Array(35).fill(1, 0, 20))).toEqual(new Float64Array(35));
    await products.release();
  });
});
