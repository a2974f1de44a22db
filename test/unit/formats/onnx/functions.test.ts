import { describe, expect, it } from 'vitest';
import { noSubjectChoice, findSubject } from '../../../../src/subject/subject';
import { Session } from '../../../../src/runtime/session';
import { floats, modelOf } from '../../autodiff/opening';
import type { FunctionParts, ModelParts, NodeParts } from '../../onnxModel';

const domain = 'own';
const leaky: FunctionParts = {
  domain,
  name: 'Bend',
  inputs: ['z'],
  outputs: ['bent', 'z'],
  nodes: [
    { operator: 'LeakyRelu', inputs: ['z'], outputs: ['bent'], attributes: { alpha: { of: 'slope' } } },
  ],
};
const layer: FunctionParts = {
  domain,
  name: 'Layer',
  inputs: ['v', 'weight', 'bias'],
  outputs: ['out'],
  nodes: [
    { operator: 'MatMul', inputs: ['v', 'weight'], outputs: ['h'], name: 'product' },
    { operator: 'Add', inputs: ['h', 'bias'], outputs: ['g'] },
    { operator: 'Bend', domain, inputs: ['g'], outputs: ['out'], attributes: { slope: { float: 0.3 } } },
  ],
};
const call = (operator: string, inputs: string[], outputs: string[], rest: Partial<NodeParts> = {}) => ({
  operator,
  domain,
  inputs,
  outputs,
  ...rest,
});

function parts(nodes: readonly NodeParts[], functions: readonly FunctionParts[]): ModelParts {
  return {
    nodes,
    functions,
    opset: { '': 17, [domain]: 1 },
    initialisers: { a: floats(1, [4, 3]), b: floats(2, [3]), c: floats(3, [3, 3]), d: floats(4, [3]) },
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: ['y'],
  };
}

/** Two rows of numbers through the file, inlined, and through onnxruntime, which knows functions itself. */
async function outputs(given: ModelParts): Promise<number[]> {
  const session = await Session.open((await modelOf(given)).executable(['y']), 1);
  const x = { dims: [2, 4], data: Float32Array.from([1, -2, 0.5, 3, -1, 0.25, 2, -0.5]) };
  const { y } = await session.run({ x });
  await session.release();
  return Array.from(y?.data ?? [], Number);
}

const written = (slope: number | null): ModelParts => {
  const bend = (input: string, output: string): NodeParts => ({
    operator: 'LeakyRelu',
    inputs: [input],
    outputs: [output],
    ...(slope !== null && { attributes: { alpha: { float: slope } } }),
  });
  return parts(
    [
      { operator: 'MatMul', inputs: ['x', 'a'], outputs: ['m'] },
      { operator: 'Add', inputs: ['m', 'b'], outputs: ['n'] },
      bend('n', 'o'),
      { operator: 'MatMul', inputs: ['o', 'c'], outputs: ['p'] },
      { operator: 'Add', inputs: ['p', 'd'], outputs: ['q'] },
      bend('q', 'y'),
    ],
    [],
  );
};

describe("a model's own functions", () => {
  it('are put in the place of their calls, nested ones too', async () => {
    const nodes = [
      call('Layer', ['x', 'a', 'b'], ['o'], { name: 'one' }),
      call('Layer', ['o', 'c', 'd'], ['y']),
    ];
    const model = await modelOf(parts(nodes, [layer, leaky]));
    expect(model.graph.nodes.map(({ operator }) => operator)).toEqual(
      [1, 2].flatMap(() => ['MatMul', 'Add', 'LeakyRelu']),
    );
    expect(model.graph.nodes[0]?.name).toBe('one/product');
    expect(findSubject(model, noSubjectChoice).parameters.map(({ name }) => name)).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(await outputs(parts(nodes, [layer, leaky]))).toEqual(await outputs(written(0.3)));
  });

  it.each([
    ['the call gives', { slope: { float: 0.7 } }, {}, 0.7],
    ['the function has by default', {}, { slope: { float: 0.2 } }, 0.2],
    ['nobody gives', {}, {}, null],
  ] as const)('take the attribute that %s', async (_, attributes, defaults, slope) => {
    const bend = { ...leaky, defaults };
    const nodes = written(null).nodes.map((node) =>
      node.operator === 'LeakyRelu' ? { ...node, operator: 'Bend', domain, attributes } : node,
    );
    expect(await outputs(parts(nodes, [bend]))).toEqual(await outputs(written(slope)));
  });

  it('may leave outputs away, and pass inputs on', async () => {
    const pair = (made: string[]): NodeParts[] => [
      { operator: 'MatMul', inputs: ['x', 'a'], outputs: ['m'] },
      call('Bend', ['m'], made, { attributes: { slope: { float: 0.5 } } }),
    ];
    const product = [{ operator: 'MatMul', inputs: ['x', 'a'], outputs: ['y'] }];
    expect(await outputs(parts(pair(['', 'y']), [leaky]))).toEqual(await outputs(parts(product, [])));
  });

  it.each([
    ['of another version of the operators', { ...leaky, opset: 13 }],
    ['that calls itself', { ...leaky, nodes: [call('Bend', ['z'], ['bent'])] }],
  ])('%s stays a call, which is refused', async (_, bend) => {
    const nodes = [
      { operator: 'MatMul', inputs: ['x', 'a'], outputs: ['m'] },
      call('Bend', ['m'], ['y'], { attributes: { slope: { float: 0.5 } } }),
    ];
    const model = await modelOf(parts(nodes, [bend]));
    expect(() => findSubject(model, noSubjectChoice)).toThrow(/belongs to the domain "own"/);
  });
});
