import { describe, expect, it } from 'vitest';
import { cotangentsOf, tangentsOf } from '../../../src/autodiff/derivatives';
import { ancestors } from '../../../src/graph/flow';
import type { LoweredModel } from '../../../src/graph/lowering/lowerGraph';
import { lowerGraph } from '../../../src/graph/lowering/lowerGraph';
import { lowerings } from '../../../src/graph/lowering/lowerings';
import { operatorName } from '../../../src/graph/operatorName';
import { mul, unary } from '../../../src/graph/static/elementwise';
import { reduceSum } from '../../../src/graph/static/linear';
import { reshape } from '../../../src/graph/static/shape';
import type { Value } from '../../../src/graph/static/value';
import { sizeOf } from '../../../src/graph/static/value';
import type { Trace } from '../../../src/graph/trace';
import { ModelSession } from '../../../src/inference/modelSession';
import type { ModelParts, TensorValue } from '../onnxModel';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { evaluate, norm, numbers, relativeError } from '../autodiff/evaluation';
import { classTargets, modelOf, openParts, samplesOf } from '../autodiff/opening';
import { classicalCases } from './operators/classicalCases';
import { commonCases } from './operators/commonCases';
import { contributedCases } from './operators/contributedCases';
import { indexingCases } from './operators/indexingCases';
import { furtherCases } from './operators/furtherCases';
import { recurrentCases } from './operators/recurrentCases';
import { resizingCases } from './operators/resizingCases';
import type { OperatorCase } from './operators/operatorCase';
import { operatorNetwork } from './operators/operatorCase';

const cases: readonly OperatorCase[] = [
  ...commonCases,
  ...classicalCases,
  ...contributedCases,
  ...indexingCases,
  ...resizingCases,
  ...furtherCases,
  ...recurrentCases,
].map((one) => ({
  domain: '',
  note: '',
  ...one,
}));

const count = 4;
const samples = Float64Array.from(Float32Array.from(numbers(count * 4, 3)));

/** The network with float64 in the place of float32. */
function widened(parts: ModelParts): ModelParts {
  const initialisers = Object.entries(parts.initialisers ?? {}) as readonly (readonly [
    string,
    TensorValue,
  ])[];
  return {
    ...parts,
    initialisers: Object.fromEntries(
      initialisers.map(([name, tensor]) => [
        name,
        tensor.data instanceof Float32Array ? { ...tensor, data: Float64Array.from(tensor.data) } : tensor,
      ]),
    ),
    inputs: [{ name: 'input', dims: ['N', 4], type: DataType.DOUBLE }],
  };
}

interface Lowered {
  readonly model: LoweredModel;
  readonly trace: Trace;
  readonly first: Value;
  readonly feeds: Readonly<Record<string, Float64Array | BigInt64Array>>;
}

/** The part of the network up to the operator's output, run by onnxruntime and lowered. */
async function lowered(parts: ModelParts): Promise<Lowered> {
  const file = await modelOf(parts);
  const nodes = ancestors(file.graph, 'y');
  const session = new ModelSession(file, ['y'], 1);
  const inputs = [{ name: 'input', dims: [4], data: samples }];
  const trace = await session.trace({ count, inputs }, count, 'y').finally(() => session.release());
  const learned = { learned: new Set(['first']), copies: new Map<string, never>() };
  const model = lowerGraph(file.graph, {
    nodes,
    output: 'y',
    parameters: learned,
    inputDims: new Map([['input', [count, 4]]]),
    trace,
  });
  const first = model.parameters.get('first');
  const tensor = file.graph.initialisers.get('first');
  if (first === undefined || tensor === undefined)
    throw new Error('The operator does not depend on the weights');
  const feeds: Record<string, Float64Array | BigInt64Array> = {
    'parameter 0': Float64Array.from(tensor.data as Iterable<number>),
    'input 0': samples,
  };
  for (const [name, { operation }] of model.computed) {
    const own = trace.get(name)?.data ?? [];
    if (operation.kind === 'input')
      feeds[operation.name] = BigInt64Array.from(own as Iterable<number>, BigInt);
  }
  return { model, trace, first, feeds };
}

async function forwardError(parts: ModelParts): Promise<number> {
  const { model, trace, feeds } = await lowered(parts);
  const [own = new Float64Array(0)] = await evaluate([model.output], feeds);
  return relativeError(own, Float64Array.from(trace.get('y')?.data ?? [], Number));
}

describe.each(cases.filter((one) => one.float32Only !== true))(
  'the operator $domain $operator $note',
  (one) => {
    it('gives the numbers that onnxruntime gives in float64', async () => {
      // Attributes are float32, and so are their defaults in onnxruntime.
      expect(await forwardError(widened(operatorNetwork(one)))).toBeLessThan(1e-7);
    });
  },
);

// The proof at run time compares the outputs with those of onnxruntime's own operator, the gradient with a finite
// difference of the loss, the product with one of the gradient, and uᵀHv with vᵀHu.
describe('the table of operators', () => {
  it('has a case for every operator', () => {
    const nodes = cases.flatMap((one) => operatorNetwork(one).nodes);
    const tested = new Set(nodes.map(({ domain = '', operator }) => operatorName({ domain, operator })));
    expect(Object.keys(lowerings).filter((name) => !tested.has(name))).toEqual([]);
  });
});

describe.each(cases)('the operator $domain $operator $note', (one) => {
  it('gives the numbers that onnxruntime gives', async () => {
    expect(await forwardError(operatorNetwork(one))).toBeLessThan(1e-5);
  });

  it('has the second derivative that reverse over reverse gives', async () => {
    const { model, first, feeds } = await lowered(operatorNetwork(one));
    const { g, output } = model;
    // sin makes the function curved where the operator is linear.
    const curved = unary(
      g,
      'sin',
      mul(g, output, g.constant(numbers(sizeOf(output.dims), 9, 1, 2), output.dims)),
    );
    const total = (value: Value): Value =>
      reshape(
        g,
        reduceSum(
          g,
          value,
          value.dims.map((_, axis) => axis),
        ),
        [],
      );
    const v = g.input('v', first.dims, 'real');
    const [gradient = null] = cotangentsOf(g, new Map([[total(curved), g.scalar(1)]]), [first]);
    if (gradient === null) throw new Error('No gradient');
    const [forward = null] = tangentsOf(g, [gradient], new Map([[first, v]]));
    const [reverse = null] = cotangentsOf(g, new Map([[total(mul(g, gradient, v)), g.scalar(1)]]), [first]);
    if (forward === null || reverse === null) throw new Error('No second derivative');
    const direction = numbers(sizeOf(first.dims), 50);
    const found = await evaluate([forward, reverse], { ...feeds, v: direction });
    const [over = new Float64Array(0), back = new Float64Array(0)] = found;
    expect(norm(over)).toBeGreaterThan(1e-6);
    expect(relativeError(over, back)).toBeLessThan(1e-11);
  });

  it.each(['float64', 'float32'] as const)('gives products in %s that pass the proof', async (precision) => {
    const products = await openParts(
      operatorNetwork(one),
      samplesOf('input', count, [4]),
      classTargets(count, 3),
      'cross-entropy',
      { precision },
    );
    const { asymmetry, differenceError, productError } = products.measured;
    expect(asymmetry).toBeLessThan(precision === 'float64' ? 1e-12 : 1e-5);
    expect(differenceError).toBeLessThan(1e-6);
    expect(productError).toBeLessThan(2e-5);
    await products.release();
  });
});
