import { describe, expect, it } from 'vitest';
import { findRunSubject, findSubject, noSubjectChoice } from '../../../src/subject/subject';
import { floats, modelOf } from '../autodiff/opening';
import { failureFrom } from '../formats/failures';
import type { ModelParts, NodeParts } from '../onnxModel';
import { roundedParts } from '../quantisedParts';

const node = (
  operator: string,
  inputs: string[],
  output: string,
  attributes: NodeParts['attributes'] = {},
) => ({
  operator,
  inputs,
  outputs: [output],
  attributes,
});

function network(end: readonly NodeParts[], width = 3): ModelParts {
  return {
    nodes: [node('MatMul', ['x', 'w'], 'a'), node('Add', ['a', 'b'], 'z'), ...end],
    initialisers: {
      w: floats(1, [4, width]),
      b: floats(2, [width]),
      one: { dims: [1], data: Float32Array.of(1) },
      axis: { dims: [1], data: BigInt64Array.of(-1n) },
    },
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: [{ name: 'y', dims: ['N', null] }],
  };
}

describe('what is run of a quantised model', () => {
  it.each<[string, readonly NodeParts[], number?]>([
    ['no head', [node('Mul', ['z', 'one'], 'y')]],
    ['softmax', [node('Softmax', ['z'], 'y', { axis: { int: -1 } })]],
    [
      'the logarithm of a softmax',
      [node('Softmax', ['z'], 'p', { axis: { int: -1 } }), node('Log', ['p'], 'y')],
    ],
    ['sigmoid', [node('Sigmoid', ['z'], 'y')], 1],
    [
      'both classes of a sigmoid',
      [
        node('Sigmoid', ['z'], 'p'),
        node('Sub', ['one', 'p'], 'q'),
        node('Concat', ['q', 'p'], 'y', { axis: { int: 1 } }),
      ],
      1,
    ],
    [
      'a softmax that is written out',
      [
        node('ReduceMax', ['z'], 'm', { axes: { ints: [-1] } }),
        node('Sub', ['z', 'm'], 'd'),
        node('Exp', ['d'], 'e'),
        node('ReduceSum', ['e', 'axis'], 's'),
        node('Div', ['e', 's'], 'y'),
      ],
    ],
    ['a bounded output', [node('Tanh', ['z'], 'y')]],
  ])('has output and head of the float model: %s', async (_, end, width) => {
    const parts = network(end, width);
    const float = findSubject(await modelOf(parts), noSubjectChoice);
    const rounded = await modelOf(roundedParts(parts));
    const twin = findRunSubject(rounded, noSubjectChoice);
    expect([twin.output, twin.head]).toEqual([float.output, float.head]);
    expect(twin.inputs).toEqual(float.inputs);
    const failure = await failureFrom(() =>
      Promise.resolve().then(() => findSubject(rounded, noSubjectChoice)),
    );
    expect(failure.message).toMatch(/computes with quantised numbers/);
  });

  it('asks which output where the float model does', async () => {
    const two: ModelParts = {
      ...network([node('Mul', ['z', 'one'], 'y'), node('Exp', ['z'], 'v')]),
      outputs: ['y', 'v'].map((name) => ({ name, dims: ['N', 3] })),
    };
    for (const model of [await modelOf(two), await modelOf(roundedParts(two))]) {
      const find = model.graph.nodes.length > 4 ? findRunSubject : findSubject;
      const failure = await failureFrom(() => Promise.resolve().then(() => find(model, noSubjectChoice)));
      expect(failure.message).toMatch(/several outputs .*choose one with --output/);
    }
  });
});
