import { describe, expect, it } from 'vitest';
import { modelOf, floats } from '../autodiff/opening';
import { failureFrom, oneSentence } from '../formats/failures';
import type { ModelParts, NodeParts } from '../onnxModel';

const huge = 2 ** 31;

function model(node: Omit<NodeParts, 'outputs' | 'name'>, integers: readonly number[]): ModelParts {
  return {
    nodes: [{ ...node, outputs: ['y'], name: 'grows' }],
    initialisers: {
      integers: { dims: [integers.length], data: BigInt64Array.from(integers, BigInt) },
      zero: { dims: [], data: Float32Array.of(0) },
      w: floats(1, [2, 3, 3, 3]),
    },
    inputs: [{ name: 'x', dims: ['N', 3, 4, 4] }],
    outputs: ['y'],
  };
}

type Case = readonly [operator: string, inputs: readonly string[], integers: readonly number[]];

/** A shape that stands in the file; the second list is one that a model may well have. */
const cases: readonly (readonly [...Case, readonly number[]])[] = [
  ['Pad', ['x', 'integers', 'zero'], [0, 0, huge, 0, 0, 0, 0, 0], [0, 0, 1, 2, 0, 0, 1, -2]],
  ['Tile', ['x', 'integers'], [1, 1, 2 ** 15, 2 ** 15], [1, 2, 3, 1]],
  ['Expand', ['x', 'integers'], [1, 3, 2 ** 16, 2 ** 16], [1, 3, 4, 4]],
  ['ConstantOfShape', ['integers'], [2 ** 20, 2 ** 20], [3, 4]],
  ['OneHot', ['x', 'integers', 'zero'], [huge], [10]],
  ['Resize', ['x', '', '', 'integers'], [1, 3, 2 ** 16, 2 ** 16], [1, 3, 8, 8]],
];

describe('a tensor whose size stands in the file', () => {
  it.each(cases)('of %s is refused beyond reason', async (operator, inputs, integers) => {
    const failure = await failureFrom(() => modelOf(model({ operator, inputs }, integers)));
    expect(failure.kind).toBe('TooLarge');
    expect(failure.message).toMatch(oneSentence);
    expect(failure.message).toContain(`Node "grows" (${operator}) makes a tensor of at least `);
  });

  it.each(cases)('of %s is read else', async (operator, inputs, _, integers) => {
    expect((await modelOf(model({ operator, inputs }, integers))).graph.nodes).toHaveLength(1);
  });

  it.each([
    [[huge, 0, 0, 0], true],
    [[2 ** 20, 0, 0, 2 ** 20], true],
    [[1, 1, 1, 1], false],
  ] as const)('of a convolution padded by %j', async (pads, refused) => {
    const parts = model({ operator: 'Conv', inputs: ['x', 'w'], attributes: { pads: { ints: pads } } }, []);
    if (refused) expect((await failureFrom(() => modelOf(parts))).kind).toBe('TooLarge');
    else expect((await modelOf(parts)).graph.nodes).toHaveLength(1);
  });

  /** x, put beside itself so many times over, with a node of another kind between each two. */
  const doubled = (times: number): ModelParts => ({
    nodes: Array.from({ length: times }, (_, i) => [
      {
        operator: 'Concat',
        inputs: [`x${i}`, `x${i}`],
        outputs: [`c${i}`],
        name: `c${i}`,
        attributes: { axis: { int: 1 } },
      },
      { operator: i % 2 === 0 ? 'Relu' : 'Transpose', inputs: [`c${i}`], outputs: [`x${i + 1}`] },
    ]).flat(),
    initialisers: {},
    inputs: [{ name: 'x0', dims: ['N', 4] }],
    outputs: [`x${times}`],
  });

  it('that doubles step by step is refused where it is beyond reason, and read else', async () => {
    const failure = await failureFrom(() => modelOf(doubled(27)));
    expect(failure.message).toContain('Node "c26" (Concat) makes a tensor of at least 536,870,912 numbers');
    expect((await modelOf(doubled(26))).graph.nodes).toHaveLength(52);
  });
});
