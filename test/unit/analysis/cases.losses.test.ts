import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';

function expectRelative(found: number, wanted: number, tolerance: number): void {
  expect(Math.abs(found / wanted - 1)).toBeLessThanOrEqual(tolerance);
}

type Asked = Partial<AnalysisRequest>;

/** From explicit Hessians by another library's automatic differentiation, in float64. */
interface Known {
  readonly loss: number;
  readonly gradient: number;
  readonly trace: number;
  readonly squared: number;
  readonly largest: number;
  readonly smallest: number;
}

function known(...[loss, gradient, trace, squared, largest, smallest]: readonly number[]): Known {
  return { loss, gradient, trace, squared, largest, smallest } as Known;
}

function run(model: string, samples: string, request: Asked): Promise<Report> {
  const folder = join('test', 'references', 'cases');
  return analyse(
    {
      ...requestDefaults,
      model: join(folder, `${model}.onnx`),
      samples: { kind: 'file', path: join(folder, `${samples}.npz`), inputs: {}, labels: null },
      threads: 1,
      ...request,
    },
    () => undefined,
  );
}

const crossEntropy = { loss: 'cross-entropy' } as const;

const cases: readonly (readonly [what: string, model: string, samples: string, Asked, Known])[] = [
  [
    'class labels as whole floats',
    'floatlab_ce',
    'floatlab_ce',
    crossEntropy,
    known(1.158352982, 0.3727482375, 1.839511762, 1.699379565, 0.5841786788, -0.2797443475),
  ],
  [
    'class weights',
    'floatlab_ce',
    'floatlab_ce',
    { ...crossEntropy, classWeights: [0.5, 1, 3] },
    known(1.186137146, 0.6607855538, 1.397488041, 3.208952847, 0.7452653136, -0.5398801283),
  ],
  [
    'an ignored class 0',
    'floatlab_ce',
    'floatlab_ce',
    { ...crossEntropy, ignoreLabel: 0 },
    known(1.289565612, 0.7506939742, 1.567695604, 4.011647377, 0.7992199984, -0.5153329946),
  ],
  [
    'whole numbers as targets of a regression',
    'mse_int',
    'mse_int',
    { loss: 'mean-squared-error' },
    known(7.478079001, 3.082638234, 6.548547485, 63.73360891, 2.64238726, -2.338499619),
  ],
  [
    'missing targets',
    'msenan',
    'msenan',
    {},
    known(0.7784023579, 0.3745199816, 7.20095798, 5.842718145, 0.8818306623, -0.377315909),
  ],
  [
    'masked targets of several labels',
    'ml-100',
    'ml-100',
    {},
    known(0.7024701527, 0.08936650002, 0.8907056605, 0.1418495096, 0.1341926876, -0.07030266649),
  ],
  [
    'positives that weigh 3',
    'ml-100',
    'ml-100',
    { posWeight: [3] },
    known(1.438367161, 0.3755397511, 1.679952071, 1.187416055, 0.3706217353, -0.2782095641),
  ],
  [
    'positives that weigh differently',
    'ml-100',
    'ml-100',
    { posWeight: [1, 2, 3, 0.5] },
    known(0.9965054283, 0.2771130175, 1.148242549, 0.7807554343, 0.3321026756, -0.2451490565),
  ],
  [
    'an ignored label 255',
    'seg255',
    'seg255',
    {},
    known(1.19968736, 0.4783565517, 2.926558057, 2.56382354, 1.374858389, -0.1613078697),
  ],
  [
    'weight decay',
    'floatlab_ce',
    'floatlab_ce',
    { ...crossEntropy, weightDecay: 0.05 },
    known(1.260652571, 0.4057812435, 4.689511762, 2.025830741, 0.6341786788, -0.2297443475),
  ],
  [
    'weight decay of a network of convolutions',
    'seg255',
    'seg255',
    { weightDecay: 0.05 },
    known(1.270785174, 0.5053967354, 7.476558057, 3.083979345, 1.424858389, -0.1113078697),
  ],
];

function expectKnown(report: Report, expected: Known): void {
  expectRelative(report.samples.meanLoss, expected.loss, 1e-8);
  expectRelative(report.gradientNorm, expected.gradient, 1e-8);
  expectRelative(report.trace.value, expected.trace, 1e-8);
  expectRelative(report.frobeniusSquared.value, expected.squared, 1e-8);
  expectRelative(report.sharpness?.lambdaMax.upper ?? Number.NaN, expected.largest, 1e-8);
  expectRelative(report.sharpness?.lambdaMin.lower ?? Number.NaN, expected.smallest, 1e-8);
}

it.each(cases)('%s', async (_, model, samples, request, expected) => {
  const found = await run(model, samples, request);
  expectKnown(found, expected);
  const exact = await run(model, samples, { ...request, method: 'exact' });
  expectKnown(exact, expected);
  const layers = (report: Report): number[] =>
    report.layers.flatMap(({ trace, ownCurvature }) => [trace.value, ownCurvature?.value ?? Number.NaN]);
  layers(found).forEach((value, at) => expectRelative(layers(exact)[at]!, value, 1e-8));
  const newton = ({ gaussNewton }: Report): number[] => [
    gaussNewton?.trace.value ?? Number.NaN,
    gaussNewton?.frobeniusSquared.value ?? Number.NaN,
  ];
  newton(found).forEach((value, at) => expectRelative(newton(exact)[at]!, value, 1e-8));
});

it('weights of the samples in the data file', async () => {
  const report = await run('digits', 'sw', {});
  expectRelative(report.samples.meanLoss, 0.02164987698, 1e-8);
  expectRelative(report.gradientNorm, 0.1361044127, 1e-8);
  expectRelative(report.trace.value, 8.782323751, 1e-8);
  expectRelative(report.frobeniusSquared.value, 8.182378675, 1e-8);
  expect(report.lossOptions.sampleWeights).toBe('sample_weight');
});

it.each([
  ['msenan', 'ignored-numbers', /^8 of 120 targets are missing/],
  ['ml-100', 'ignored-numbers', /^10 of 120 targets are missing \(NaN, or −100/],
  ['seg255', 'ignored-label', /label 255 is the only one outside .* 10 of 200 predictions are left out/],
])('%s: says what is left out', async (name, kind, sentence) => {
  const { warnings } = await run(name, name, {});
  expect(warnings.find((warning) => warning.kind === kind)?.message).toMatch(sentence);
});
