import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { reportJson } from '../../../src/report/schema';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest, type Progress } from '../../../src/report/request';
import { CutShortError } from '../../../src/report/cutShort';
import { cutReportText } from '../../../src/report/text';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel } from '../onnxModel';
import { npzBytes } from '../samples/writers';

const folder = temporaryFolder();
const intervals = 'the intervals of λ_max and λ_min';
/** What comes after them, as it ends a list. */
const drivers =
  'the Gauss-Newton matrix, the hidden units, the Gram matrices of the samples and the elasticities';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Analyses under a clock that is past the limit from the first progress on for which `late` holds. */
function analysedUntil(
  late: (progress: Progress) => boolean,
  request: Partial<AnalysisRequest> & Pick<AnalysisRequest, 'model' | 'samples'>,
): Promise<Report> {
  let clock = 0;
  // Every look at the clock is a fifth of a second later than the one before: all progress is told.
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 200));
  return analyse({ ...requestDefaults, threads: 1, timeLimit: 1e6, ...request }, (progress) => {
    if (late(progress)) clock += 1e9;
  });
}

function reference(name: string): Pick<AnalysisRequest, 'model' | 'samples'> {
  const path = (file: string) => fileURLToPath(new URL(`../../references/${file}`, import.meta.url));
  return {
    model: path(`${name}.onnx`),
    samples: { kind: 'file', path: path(`${name}.npz`), inputs: {}, labels: null },
  };
}

/** A single layer of 9 parameters. */
async function smallPerceptron(): Promise<Pick<AnalysisRequest, 'model' | 'samples'>> {
  const model = onnxModel({
    nodes: [{ operator: 'Gemm', inputs: ['x', 'W', 'b'], outputs: ['logits'], attributes: {} }],
    initialisers: {
      W: { dims: [2, 3], data: Float32Array.of(1, -0.5, 0.25, 0.5, 1, -1) },
      b: { dims: [3], data: Float32Array.of(0.5, 0, -0.5) },
    },
    inputs: [{ name: 'x', dims: ['N', 2] }],
    outputs: ['logits'],
  });
  const data = npzBytes({
    x: { type: 'f4', shape: [3, 2], values: [1, 0.5, -1, 0.25, 0.75, -2] },
    y: { type: 'i8', shape: [3], values: [0, 1, 2] },
  });
  const path = await folder.write('m.npz', data);
  return {
    model: await folder.write('m.onnx', model),
    samples: { kind: 'file', path, inputs: {}, labels: null },
  };
}

function expectLeftOut(report: Report, parts: string): void {
  expect(report.analysis.stoppedBy).toBe('time limit');
  expect(report.warnings).toContainEqual({
    kind: 'time-limit',
    message: `The time limit left out ${parts}; allow more time (the setting “time”).`,
  });
  expect(() => reportJson(report)).not.toThrow();
}

async function cutShort(analysis: Promise<Report>): Promise<CutShortError> {
  const error = await analysis.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CutShortError) return error;
  throw new Error('The report is not cut short', { cause: error });
}

const searching = ({ stage }: Progress): boolean => stage === 'Searching the sharpest direction';

describe('a time limit that ends a perceptron’s analysis', () => {
  it('before anything is known says so', async () => {
    const late = ({ stage }: Progress): boolean => stage === 'Differentiating the graph';
    const failure = await failureFrom(() => analysedUntil(late, reference('a')));
    expect(failure.kind).toBe('TimeLimit');
    expect(failure.message).toMatch(
      /^The time limit of \d.* ended the analysis \(Checking the forward pass\); allow more time \(--time\)\.$/,
    );
  });

  it('in the closed form leaves λ_max and the gradient', async () => {
    const late = ({ stage }: Progress): boolean => stage === 'Computing the curvature';
    const { report } = await cutShort(analysedUntil(late, reference('a')));
    expect(report.sharpness?.lambdaMax.certified).toBe(true);
    expect(report.gradientNorm).toBeGreaterThan(0);
    expect(report.bounds).toBeNull();
  });

  it('as the search begins leaves the bounds, and says what is missing', async () => {
    const report = await analysedUntil(searching, { ...reference('a'), scaleAdapted: true });
    expectLeftOut(report, `${intervals}, ${drivers}`);
    expect(report.sharpness).toBeUndefined();
    expect(report.gaussNewton).toBeNull();
    expect(report.warnings).toContainEqual({
      kind: 'no-scale-adapted',
      message: 'The scale-adapted sharpness was not found: the time limit had run out.',
    });
  });

  it('before the last column leaves the bounds without the spectrum', async () => {
    const whole = await analysedUntil(() => false, await smallPerceptron());
    expect(whole.analysis.stoppedBy).toBe('complete');
    expect(whole.spectrum?.values).toHaveLength(9);
    vi.restoreAllMocks();
    const report = await analysedUntil(searching, await smallPerceptron());
    expectLeftOut(
      report,
      `${intervals}, the spectrum, the Gauss-Newton matrix, the Gram matrices of the samples and the elasticities`,
    );
    expect(report.bounds).toEqual(whole.bounds);
    expect(report.sharpness).toBeUndefined();
  });

  it('in the scale-adapted search is told by stoppedBy', async () => {
    const late = ({ stage }: Progress): boolean => stage.endsWith('scale-adapted');
    const report = await analysedUntil(late, { ...reference('a'), scaleAdapted: true });
    expect(report.sharpness?.lambdaMax.certified).toBe(true);
    expect(report.scaleAdapted).toBeNull();
    expect(report.analysis.stoppedBy).toBe('time limit');
  });
});

describe('a time limit that ends an estimate', () => {
  const estimated = (late: (progress: Progress) => boolean): Promise<Report> =>
    analysedUntil(late, { ...reference('csmall'), method: 'estimate', precision: 0.1 });

  it('after its probes names the density and the Gauss-Newton matrix, and the probes are complete', async () => {
    let wanted = Number.POSITIVE_INFINITY;
    const report = await estimated(({ report: { estimate } }) => {
      wanted = estimate?.wantedProbes ?? wanted;
      return (estimate?.probes ?? 0) >= wanted;
    });
    expectLeftOut(
      report,
      'what a move of the weights costs, the density of the eigenvalues and the Gauss-Newton matrix',
    );
    expect(report.estimate?.stoppedBy).toBe('complete');
    expect(report.sharpness).toBeDefined();
  });

  it('after the Hessian names the Gauss-Newton matrix alone', async () => {
    const report = await estimated(({ stage }) => stage === 'Comparing with the Gauss-Newton matrix');
    expectLeftOut(report, 'the Gauss-Newton matrix');
    expect(report.spectrum).not.toBeNull();
  });

  it('before there are error bars leaves what is known by then, as a report and as text', async () => {
    const error = await cutShort(estimated(({ report: { sharpness } }) => sharpness !== undefined));
    expect(error.failure.kind).toBe('TimeLimit');
    const { report } = error;
    expect(report).toMatchObject({ trace: null, frobeniusSquared: null, bounds: null, layers: [] });
    expect(report.analysis.stoppedBy).toBe('time limit');
    expect(report.gradientNorm).toBeGreaterThan(0);
    expect(report.samples.meanLoss).toBeGreaterThan(0);
    const { lower, upper } = report.sharpness!.lambdaMax;
    expect(lower).toBeLessThan(upper);
    expect(JSON.parse(reportJson(report))).toMatchObject({ trace: null });
    expect(cutReportText(report)).toMatch(/^λ_max +between .* after \d+ Lanczos steps$/m);
    expect(cutReportText(report)).toContain('The time limit ended the analysis after');
  });

  it('while it is differentiated leaves nothing, and says so', async () => {
    const failure = await failureFrom(() => estimated(({ stage }) => stage === 'Differentiating the graph'));
    expect(failure.message).toContain('(Differentiating the graph)');
  });
});
