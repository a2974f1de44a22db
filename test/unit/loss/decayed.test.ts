import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { HessianProducts } from '../../../src/autodiff/hessianProducts';
import { ModelSession } from '../../../src/inference/modelSession';
import type { Quantity, Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { lossOptionTexts } from '../../../src/report/wording/lossText';
import { findSubject, noSubjectChoice } from '../../../src/subject/subject';
import { modelOf, productDefaults } from '../autodiff/opening';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type ModelParts } from '../onnxModel';
import { npzBytes } from '../samples/writers';
import { explicitly, initialisers, layers, samples, targets } from './smallNetwork';

const folder = temporaryFolder();
const lambda = 0.375;
const network: ModelParts = {
  opset: 13,
  nodes: layers,
  initialisers,
  inputs: [{ name: 'x', dims: ['N', 2] }],
  outputs: ['z'],
};

async function analysed(request: Partial<AnalysisRequest>): Promise<Report> {
  const data = npzBytes({
    x: { type: 'f8', shape: [12, 2], values: samples.flat() },
    y: { type: 'f8', shape: [12, 2], values: targets.flat() },
  });
  return analyse(
    {
      ...requestDefaults,
      model: await folder.write('model.onnx', onnxModel(network)),
      samples: { kind: 'file', path: await folder.write('data.npz', data), inputs: {}, labels: null },
      loss: 'mean-squared-error',
      weightDecay: lambda,
      threads: 1,
      ...request,
    },
    () => undefined,
  );
}

const oracle = explicitly('mean-squared-error');
type Name = keyof typeof initialisers;
/** In the order of the oracle: each layer's weight (its rows the outputs, which a sum of squares does not see) and bias. */
const names: readonly Name[] = (['w1', 'b1', 'w2', 'b2'] as const).flatMap((name) =>
  Array.from(initialisers[name].data, () => name),
);

/** What the oracle gives for a decay over these parameters. */
function decaying(decayed: readonly Name[]) {
  const lambdas = names.map((name) => (decayed.includes(name) ? lambda : 0));
  const withDecay = (matrix: readonly (readonly number[])[]): number[][] =>
    matrix.map((row, i) => row.map((element, j) => element + (i === j ? lambdas[i]! : 0)));
  const hessian = withDecay(oracle.hessian);
  const ofLayer = (l: number): number[] => [...names.keys()].filter((i) => names[i]!.endsWith(String(l)));
  const traceOf = (matrix: readonly (readonly number[])[], rows: readonly number[]): number =>
    rows.reduce((sum, i) => sum + matrix[i]![i]!, 0);
  const squaresOf = (matrix: readonly (readonly number[])[], rows: readonly number[]): number =>
    rows.reduce((sum, i) => sum + rows.reduce((inRow, j) => inRow + matrix[i]![j]! ** 2, 0), 0);
  const all = [...names.keys()];
  const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(hessian));
  const gaussNewton = withDecay(oracle.gaussNewton);
  const squared = (name: Name): number => initialisers[name].data.reduce((sum, w) => sum + w * w, 0);
  return {
    loss: oracle.loss + (lambda / 2) * decayed.reduce((sum, name) => sum + squared(name), 0),
    trace: traceOf(hessian, all),
    squares: squaresOf(hessian, all),
    largest: Math.max(...realEigenvalues),
    smallest: Math.min(...realEigenvalues),
    layers: [1, 2].map((l) => ({
      trace: traceOf(hessian, ofLayer(l)),
      own: squaresOf(hessian, ofLayer(l)),
    })),
    gaussNewton: { trace: traceOf(gaussNewton, all), squares: squaresOf(gaussNewton, all) },
    count: lambdas.filter(Boolean).length,
  };
}

function expectRelative(found: number | undefined, wanted: number, tolerance = 1e-9): void {
  expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(tolerance * Math.abs(wanted));
}

function expectEstimate(found: Quantity | undefined, wanted: number): void {
  const { value, standardError } = found ?? { value: Number.NaN, standardError: 0 };
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(5 * standardError + 1e-5 * Math.abs(wanted));
}

const patterns: readonly (readonly [readonly string[], readonly Name[]])[] = [
  [['w*'], ['w1', 'w2']],
  [['b*'], ['b1', 'b2']],
  [['w2'], ['w2']],
  [
    ['*1', 'b2'],
    ['w1', 'b1', 'b2'],
  ],
];

describe.each(patterns)('a decay over %j', (decayed, fitting) => {
  const wanted = decaying(fitting);

  it.each(['closed-form', 'exact'] as const)('has the explicit Hessian (%s)', async (method) => {
    const report = await analysed({ method, decayed });
    expectRelative(report.samples.meanLoss, wanted.loss);
    expectRelative(report.trace.value, wanted.trace);
    expectRelative(report.frobeniusSquared.value, wanted.squares);
    expectRelative(report.sharpness?.lambdaMax.lower, wanted.largest);
    expectRelative(report.sharpness?.lambdaMin.upper, wanted.smallest);
    wanted.layers.forEach(({ trace, own }, l) => {
      expectRelative(report.layers[l]?.trace.value, trace);
      expectRelative(report.layers[l]?.ownCurvature?.value, own);
    });
    expectRelative(report.gaussNewton?.trace.value, wanted.gaussNewton.trace);
    expectRelative(report.gaussNewton?.frobeniusSquared.value, wanted.gaussNewton.squares);
    expect(report.lossOptions.decayed).toEqual({ patterns: decayed, parameters: wanted.count });
    expect(lossOptionTexts(report.lossOptions)).toContain(
      `weight decay 0.375 of ${wanted.count} parameters (${decayed.join(', ')})`,
    );
  });

  it.each(['float64', 'float32'] as const)('is estimated within its errors in %s', async (dtype) => {
    const report = await analysed({ method: 'estimate', blocks: true, dtype, decayed });
    expectRelative(report.samples.meanLoss, wanted.loss, 1e-6);
    expectEstimate(report.trace, wanted.trace);
    expectEstimate(report.frobeniusSquared, wanted.squares);
    expect(report.sharpness?.lambdaMax.upper).toBeGreaterThanOrEqual(wanted.largest - 1e-6);
    expect(report.sharpness?.lambdaMax.lower).toBeLessThanOrEqual(wanted.largest + 1e-6);
    wanted.layers.forEach(({ trace, own }, l) => {
      expectEstimate(report.layers[l]?.trace, trace);
      expectEstimate(report.layers[l]?.ownCurvature ?? undefined, own);
    });
    expectEstimate(report.gaussNewton?.trace, wanted.gaussNewton.trace);
  });
});

it.each(['closed-form', 'exact', 'estimate'] as const)(
  'the pattern * is no pattern, but that it is told (%s)',
  async (method) => {
    const { time: _, lossOptions, ...all } = await analysed({ method });
    const { time: __, lossOptions: told, ...named } = await analysed({ method, decayed: ['*'] });
    expect(named).toEqual(all);
    expect(told).toEqual({ ...lossOptions, decayed: { patterns: ['*'], parameters: names.length } });
  },
);

it('a pattern without a weight decay changes nothing and is not told', async () => {
  const { time: _, ...without } = await analysed({ weightDecay: 0 });
  const { time: __, ...report } = await analysed({ weightDecay: 0, decayed: ['w*'] });
  expect(report).toEqual(without);
});

it('a tied weight decays where a pattern names any of its copies', async () => {
  const weight = { dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const model = await modelOf({
    ...network,
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'onnx::MatMul_7'], outputs: ['a'] },
      { operator: 'Tanh', inputs: ['a'], outputs: ['b'] },
      { operator: 'MatMul', inputs: ['b', 'decoder.weight'], outputs: ['z'] },
    ],
    initialisers: {
      'onnx::MatMul_7': weight,
      'decoder.weight': { dims: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) },
    },
  });
  const subject = findSubject(model, { ...noSubjectChoice, decayed: ['*.weight'] });
  expect(subject.parameters).toHaveLength(1);
  expect([...subject.decayed]).toEqual(subject.parameters.map(({ name }) => name));
});

it('a pattern that names no parameter is refused', async () => {
  const { kind, message } = await failureFrom(() => analysed({ decayed: ['w*', '*.weight'] }));
  expect(kind).toBe('UsageError');
  expect(message).toMatch(
    /^No parameter of the model is named "\*\.weight", as --decayed has it; name .*"w1"/,
  );
});

it('products are those without a decay and λ times what decays of the vector', async () => {
  const model = await modelOf(network);
  const given = {
    session: new ModelSession(model, ['z'], 1),
    samples: { count: 12, inputs: [{ name: 'x', dims: [2], data: Float64Array.from(samples.flat()) }] },
    targets: { count: 12, width: 2, values: Float64Array.from(targets.flat()) },
    loss: 'mean-squared-error',
  } as const;
  const open = (decayed: readonly Name[], weightDecay: number): Promise<HessianProducts> => {
    const subject = findSubject(model, { ...noSubjectChoice, decayed });
    return HessianProducts.open({ ...given, subject, weightDecay }, productDefaults);
  };
  const plain = await open([], 0);
  const cases = fc.record({
    decayed: fc.subarray<Name>(['w1', 'b1', 'w2', 'b2'], { minLength: 1 }),
    weightDecay: fc.double({ min: 0, max: 10, noNaN: true }),
    vector: fc.float64Array({ min: -1, max: 1, noNaN: true, minLength: 22, maxLength: 22 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ decayed, weightDecay, vector }) => {
      const products = await open(decayed, weightDecay);
      try {
        const pull = (theta: Float64Array, onto: Float64Array): Float64Array =>
          onto.map((value, i) => value + (decayed.includes(names[i]!) ? weightDecay * theta[i]! : 0));
        expect(await products.multiply(vector)).toEqual(pull(vector, await plain.multiply(vector)));
        const newton = await plain.multiplyGaussNewton(vector);
        expect(await products.multiplyGaussNewton(vector)).toEqual(pull(vector, newton));
        expect(products.gradient).toEqual(pull(plain.weights, plain.gradient));
      } finally {
        await products.release();
      }
    }),
    { numRuns: 20, seed: 5 },
  );
  await plain.release();
  await given.session.release();
});
