import { describe, expect, it } from 'vitest';
import { TensorProto_DataType as DataType } from '../../../../src/runtime/onnx/onnx_pb';
import { modelOf } from '../../autodiff/opening';
import { graphBytes, type GraphParts, type ModelParts, type NodeParts } from '../../onnxModel';
import { results } from '../running';

const branch = (nodes: NodeParts[], output: string, rest: Partial<GraphParts> = {}): Uint8Array =>
  graphBytes({ nodes, outputs: [output], ...rest });
const one = (operator: string, inputs: string[], output: string): NodeParts => ({
  operator,
  inputs,
  outputs: [output],
});
const choice = (condition: string, output: string, yes: Uint8Array, no: Uint8Array): NodeParts => ({
  operator: 'If',
  inputs: [condition],
  outputs: [output],
  attributes: { then_branch: { graph: yes }, else_branch: { graph: no } },
});
const truth = (value: number) => ({ dims: [], dataType: DataType.BOOL, int32Data: [value] });
const neg = branch([one('Neg', ['x'], 'inner')], 'inner');
const abs = branch([one('Abs', ['x'], 'inner')], 'inner');

function parts(nodes: NodeParts[], rest: Partial<ModelParts> = {}): ModelParts {
  return { nodes, inputs: [{ name: 'x', dims: ['N', 2] }], outputs: ['y'], ...rest };
}

async function read(given: ModelParts): Promise<{ operators: string[]; y: number[] }> {
  const model = await modelOf(given);
  const { y } = await results(model.executable(['y']), { x: { dims: [1, 2], data: Float32Array.of(3, -4) } });
  return {
    operators: model.graph.nodes.map(({ operator }) => operator),
    y: Array.from(y?.data ?? [], Number),
  };
}

/** Whether the axis of x has the size. */
const sized = (axis: bigint, size: bigint, condition = 'c') => ({
  nodes: [
    one('Shape', ['x'], 'shape'),
    one('Gather', ['shape', 'axis'], 'found'),
    one('Equal', ['found', 'size'], condition),
  ],
  initialisers: {
    axis: { dims: [], data: BigInt64Array.of(axis) },
    size: { dims: [], data: BigInt64Array.of(size) },
  },
});

describe('an If whose condition is known', () => {
  it.each([
    [1, 'Neg', [-3, 4]],
    [0, 'Abs', [3, 4]],
  ] as const)('is the branch that a constant takes: %s', async (value, operator, y) => {
    const given = parts([choice('c', 'y', neg, abs)], { initialisers: { c: truth(value) } });
    expect(await read(given)).toEqual({ operators: [operator, 'Identity'], y });
  });

  it.each([
    [2n, 'Neg'],
    [1n, 'Abs'],
  ] as const)('is the one that the shape of a sample takes: %s', async (size, operator) => {
    const { nodes, initialisers } = sized(1n, size);
    const { operators } = await read(parts([...nodes, choice('c', 'y', neg, abs)], { initialisers }));
    expect(operators).toEqual(['Shape', 'Gather', 'Equal', operator, 'Identity']);
  });

  it('is what a branch within a branch makes, with weights and names that others have too', async () => {
    const inner = choice(
      'c',
      'chosen',
      branch([one('Mul', ['x', 'w'], 'm')], 'm', {
        initialisers: { w: { dims: [1], data: Float32Array.of(5) } },
      }),
      abs,
    );
    const first = choice('c', 'a', branch([inner], 'chosen'), abs);
    const second = choice('c', 'b', neg, abs);
    const third = choice('c', 'd', neg, abs);
    const sum = one('Sum', ['a', 'b', 'd'], 'y');
    const found = await read(parts([first, second, third, sum], { initialisers: { c: truth(1) } }));
    expect(found.operators).not.toContain('If');
    expect(found.y).toEqual([15 - 3 - 3, -20 + 4 + 4]);
  });

  it('stays where the number of samples or their numbers decide', async () => {
    const { nodes, initialisers } = sized(0n, 1n);
    expect((await read(parts([...nodes, choice('c', 'y', neg, abs)], { initialisers }))).operators).toContain(
      'If',
    );
    const bySum = [one('ReduceSum', ['x'], 's'), one('Less', ['s', 's'], 'l'), one('Squeeze', ['l'], 'c')];
    expect((await read(parts([...bySum, choice('c', 'y', neg, abs)]))).operators).toContain('If');
  });
});
