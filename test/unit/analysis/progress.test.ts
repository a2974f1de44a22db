import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { requestDefaults, type Progress } from '../../../src/report/request';

it('every stage of the work tells its cost before it starts, the first one that of the report', async () => {
  const told: Progress[] = [];
  const report = await analyse(
    {
      ...requestDefaults,
      model: resolve('examples/digits.onnx'),
      samples: { kind: 'file', path: resolve('examples/digits.npz'), inputs: {}, labels: null },
      limit: 60,
    },
    (progress) => told.push(progress),
  );
  const stages = [...new Set(told.map(({ stage }) => stage))];
  const firsts = stages.map((stage) => told.find((progress) => progress.stage === stage)!);
  const working = firsts.filter(({ cost }) => cost !== null);
  expect(firsts.filter(({ cost }) => cost === null).every(({ fraction }) => fraction === null)).toBe(true);
  expect(working.map(({ stage }) => stage)).toContain('Comparing with the Gauss-Newton matrix');
  expect(working[1]).toMatchObject({ stage: 'Computing the curvature', cost: report.analysis.cost });
  // λ_max comes before it.
  expect(working[1]?.report.sharpness?.lambdaMax.certified).toBe(true);
  for (const { remainingSeconds, cost } of working) {
    expect(remainingSeconds).toBeGreaterThan(0);
    expect(cost?.multiplyAdds).toBeGreaterThan(0);
  }
});

it('the samples that weigh most come with their pictures, the Gram pictures with their classes', async () => {
  const report = await analyse(
    {
      ...requestDefaults,
      model: resolve('examples/digits.onnx'),
      samples: { kind: 'file', path: resolve('examples/digits.npz'), inputs: {}, labels: null },
    },
    () => undefined,
  );
  expect(report.topSamples?.map(({ picture }) => [picture?.width, picture?.height])).toEqual(
    new Array(12).fill([8, 8]),
  );
  const { classes, layers } = report.orthogonality!;
  expect(classes).toHaveLength(layers[0]!.gram!.length);
  expect(classes).toEqual(classes?.toSorted((a, b) => a - b));
  expect(new Set(classes)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
});

it('an estimate tells its stages in their order, how far the whole is, and reports what it took', async () => {
  const told: Progress[] = [];
  const report = await analyse(
    {
      ...requestDefaults,
      model: resolve('examples/digits.onnx'),
      samples: { kind: 'file', path: resolve('examples/digits.npz'), inputs: {}, labels: null },
      limit: 60,
      method: 'estimate',
      precision: 0.2,
    },
    (progress) => told.push(progress),
  );
  const working = told.filter(({ cost }) => cost !== null);
  expect([...new Set(working.map(({ stage }) => stage))]).toEqual([
    'Searching the sharpest direction',
    'Finding out how many probes it takes',
    'Probing the Hessian',
    'Estimating the density of the eigenvalues',
    'Measuring what a move of the weights costs',
    'Searching the sharpest direction of each layer',
    'Comparing with the Gauss-Newton matrix',
  ]);
  expect(new Set(working.map(({ steps }) => steps))).toEqual(new Set([7]));
  const fractions = working.map(({ fraction }) => fraction!);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(fractions[0]).toBe(0);
  expect(fractions.at(-1)).toBe(1);
  // λ_max is there before the first probe.
  expect(working.find(({ step }) => step === 2)?.report.sharpness?.lambdaMax.certified).toBe(true);
  const ofOne = report.analysis.cost.multiplyAdds / working[0]!.cost!.multiplyAdds;
  expect(ofOne).toBeGreaterThan(1);
});
