import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtModel } from '../../../../src/formats/built/builtModel';
import { GraphBuilder } from '../../../../src/formats/built/graphBuilder';
import { readOnnx } from '../../../../src/formats/onnx/readOnnx';
import { Session } from '../../../../src/runtime/session';
import { findSubject, noSubjectChoice } from '../../../../src/subject/subject';

/** tanh(x W + b) V with a frozen V and a shift of the samples that is no parameter, large enough to be external. */
function twoLayers(weights: readonly number[], width: number): ReturnType<typeof builtModel> {
  const b = new GraphBuilder();
  const numbers = (from: number, count: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => weights[(from + i) % weights.length] ?? 0);
  const x = b.input('x', 'float32', ['N', 3]);
  const w = b.parameter('first.kernel', { type: 'float32', dims: [3, width], data: numbers(0, 3 * width) });
  const bias = b.parameter('first.bias', { type: 'float32', dims: [width], data: numbers(1, width) });
  const v = b.parameter('last.kernel', { type: 'float32', dims: [width, 2], data: numbers(2, 2 * width) });
  const shift = b.constant('mean', { type: 'float32', dims: [3], data: Float32Array.of(1, 2, 3) });
  const product = b.add('MatMul', [b.add('Sub', [x, shift]), w], {}, 'first');
  const hidden = b.add('Tanh', [b.add('Add', [product, bias], {}, 'first')], {}, 'first');
  const output = b.add('Concat', [b.add('MatMul', [hidden, v], {}, 'last'), hidden], { axis: 1 });
  const graph = b.finish([{ name: 'y', value: output, type: 'float32', dims: ['N', width + 2] }]);
  const parameters = { trained: new Set(['first.kernel', 'first.bias']), frozen: new Set(['last.kernel']) };
  return builtModel(graph, { file: '/x', sha256: '', format: 'test', producer: null, parameters });
}

describe('a built graph', () => {
  it('is written as the ONNX file that the reader of ONNX reads back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: true, min: -2, max: 2 }), { minLength: 7, maxLength: 60 }),
        fc.constantFrom(1, 5, 700),
        async (weights, width) => {
          const model = twoLayers(weights, width);
          const { bytes, externalData } = model.executable(['y']);
          if (externalData.length > 0) return;
          const { graph } = await readOnnx(import.meta.filename, bytes);
          expect(graph.nodes).toEqual(model.graph.nodes);
          expect([...graph.initialisers].map(([name, { dims, data }]) => ({ name, dims, data }))).toEqual(
            [...model.graph.initialisers].map(([name, { dims, data }]) => ({ name, dims, data })),
          );
          expect(graph.inputs).toEqual(model.graph.inputs);
          expect(graph.outputs).toEqual(model.graph.outputs);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('runs, with large tensors as they lie in memory', async () => {
    const width = 700;
    const weights = [0.3, -0.7, 0.2, 0.9, -0.1];
    const model = twoLayers(weights, width);
    const executable = model.executable(['y']);
    expect(executable.externalData.map(({ path }) => path)).toEqual(['first.kernel', 'last.kernel']);
    const session = await Session.open(executable, 1, 'disabled');
    const { y } = await session.run({ x: { dims: [1, 3], data: Float32Array.of(2, 2, 2) } }, ['y']);
    await session.release();
    const at = (from: number, i: number): number => Math.fround(weights[(from + i) % weights.length] ?? 0);
    const hidden = Array.from({ length: width }, (_, i) =>
      Math.tanh(at(0, i) - at(0, 2 * width + i) + at(1, i)),
    );
    const outputs = [0, 1].map((k) => hidden.reduce((sum, h, i) => sum + h * at(2, 2 * i + k), 0));
    [...outputs, ...hidden].forEach((value, i) => {
      // 700 products in float32.
      expect(Math.abs(Number(y?.data[i]) - value)).toBeLessThan(width * 2 ** -22);
    });
  });

  it('has the parameters that its file says, and no others', () => {
    const { parameters, survey } = findSubject(twoLayers([0.1, 0.2], 4), noSubjectChoice);
    expect(parameters.map(({ name }) => name)).toEqual(['first.kernel', 'first.bias']);
    expect(survey.leftOut).toEqual([]);
    const choice = { ...noSubjectChoice, parameters: { trained: ['last.*'], fixed: ['first.bias'] } };
    const chosen = findSubject(twoLayers([0.1, 0.2], 4), choice);
    expect(chosen.parameters.map(({ name }) => name)).toEqual(['first.kernel', 'last.kernel']);
    expect(chosen.survey.said).toEqual({ trained: ['last.kernel'], fixed: ['first.bias'] });
  });
});
