import { describe, expect, it } from 'vitest';
import type { Attribute, GraphNode } from '../../../src/graph/graph';
import { attributeOf } from '../../../src/graph/nodeAttributes';
import { classTargets, floats, openParts, samplesOf } from '../autodiff/opening';
import { failureFrom, oneSentence } from '../formats/failures';

function nodeWith(attribute: Attribute | null): GraphNode {
  return {
    name: 'act',
    operator: 'LeakyRelu',
    domain: '',
    inputs: ['x'],
    outputs: ['y'],
    attributes: new Map(attribute === null ? [] : [['alpha', attribute]]),
  };
}

describe('attributeOf', () => {
  it('gives the value, and null where there is no such attribute', () => {
    expect(attributeOf(nodeWith({ kind: 'float', value: 0.3 }), 'alpha', 'float')).toBe(0.3);
    expect(attributeOf(nodeWith(null), 'alpha', 'float')).toBeNull();
  });

  it.each<readonly [Attribute, string]>([
    [{ kind: 'int', value: 1 }, 'int'],
    [{ kind: 'floats', value: [0.3] }, 'floats'],
    [{ kind: 'string', value: '0.3' }, 'string'],
    [{ kind: 'unsupported', value: "a reference to a function's attribute" }, 'a reference to a function'],
  ])('refuses another kind than the one that is due: %o', async (attribute, found) => {
    const failure = await failureFrom(async () => attributeOf(nodeWith(attribute), 'alpha', 'float'));
    expect(failure.kind).toBe('DamagedModel');
    expect(failure.message).toMatch(oneSentence);
    expect(failure.message).toContain(`Node "act" (LeakyRelu) has the attribute "alpha" as ${found}`);
  });

  it('refuses a model before onnxruntime has seen it', async () => {
    const parts = {
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] },
        {
          operator: 'BatchNormalization',
          inputs: ['a', 'scale', 'bias', 'mean', 'variance'],
          outputs: ['logits'],
          name: 'bn',
          attributes: { training_mode: { float: 1 } },
        },
      ],
      initialisers: {
        w: floats(1, [4, 3]),
        scale: floats(2, [3]),
        bias: floats(3, [3]),
        mean: floats(4, [3]),
        variance: { dims: [3], data: Float32Array.of(1, 2, 3) },
      },
      inputs: [{ name: 'x', dims: ['N', 4] }],
      outputs: ['logits'],
    };
    const failure = await failureFrom(() => openParts(parts, samplesOf('x', 4, [4]), classTargets(4, 3)));
    expect(failure.message).toBe(
      'Node "bn" (BatchNormalization) has the attribute "training_mode" as float where int is due, so its meaning is unknown; export the model again.',
    );
  });
});
