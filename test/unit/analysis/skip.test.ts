import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { reportJson } from '../../../src/report/schema';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest, type Progress } from '../../../src/report/request';
import { hasSkipped } from '../../../src/report/skipped';

const references = fileURLToPath(new URL('../../references/', import.meta.url));
const perceptron = 'a';
const estimated = { name: 'csmall', method: 'estimate', precision: 0.1 } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Skips what `unwanted` says as soon as that may be skipped. */
async function analysedWithout(
  unwanted: (progress: Progress) => boolean,
  { name = perceptron, ...options }: Partial<AnalysisRequest> & { readonly name?: string },
): Promise<{ readonly report: Report; readonly stages: string[]; readonly skippable: Set<string> }> {
  let skip: (stage: string) => void = () => undefined;
  const stages: string[] = [];
  const skippable = new Set<string>();
  const samples = { kind: 'file', path: `${references}${name}.npz`, inputs: {}, labels: null } as const;
  const request = { ...requestDefaults, threads: 1, model: `${references}${name}.onnx`, samples, ...options };
  // Every look at the clock is a fifth of a second later than the one before: all progress is told.
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 200));
  const report = await analyse(
    request,
    (progress) => {
      if (stages.at(-1) !== progress.stage) stages.push(progress.stage);
      if (progress.canSkip === true) skippable.add(progress.stage);
      if (unwanted(progress)) skip(progress.stage);
    },
    (given) => {
      skip = given;
    },
  );
  expect(() => reportJson(report)).not.toThrow();
  return { report, stages, skippable };
}

const at =
  (stage: string) =>
  (progress: Progress): boolean =>
    progress.stage === stage && progress.canSkip === true;

function expectSkipped({ analysis, warnings }: Report, what: string): void {
  expect(analysis.stoppedBy).toBe('user');
  expect(warnings).toContainEqual({
    kind: 'skipped',
    message: `Skipped by the user: ${what}; run the analysis again to have it.`,
  });
}

describe('a step that the user skips', () => {
  it('is none of those that everything rests on', async () => {
    const { report, skippable } = await analysedWithout(() => false, estimated);
    expect(hasSkipped(report)).toBe(false);
    expect(skippable).not.toContain('Finding out how many probes it takes');
    const always = (): boolean => true;
    const without = await analysedWithout(always, { ...estimated, precision: 0.03 });
    expect(without.report.trace.standardError).toBeGreaterThan(0);
    expect(without.report.sharpness?.lambdaMax.upper).toBeGreaterThan(0);
    const { probes, wantedProbes, stoppedBy } = without.report.estimate!;
    expect(stoppedBy).toBe('user');
    expect(probes).toBeGreaterThanOrEqual(20);
    expect(probes).toBeLessThan(wantedProbes);
    expect(without.report.spectrum).toBeNull();
    expect(without.report.gaussNewton).toBeNull();
  });

  it.each([
    ['Measuring what a move of the weights costs', 'what a move of the weights costs', 'slices'],
    ['Estimating the density of the eigenvalues', 'the density of the eigenvalues', 'spectrum'],
    ['Comparing with the Gauss-Newton matrix', 'the Gauss-Newton matrix', 'gaussNewton'],
  ] as const)('%s: alone is missing, and named', async (stage, what, field) => {
    const whole = await analysedWithout(() => false, estimated);
    const { report, stages } = await analysedWithout(at(stage), estimated);
    expectSkipped(report, what);
    expect(whole.report[field]).not.toBeNull();
    expect(report[field]).toBeNull();
    expect(report.bounds).toEqual(whole.report.bounds);
    const others = (['slices', 'spectrum', 'gaussNewton'] as const).filter((each) => each !== field);
    for (const other of others) expect(report[other]).toEqual(whole.report[other]);
    expect(stages).toEqual(whole.stages);
  });

  it('of a perceptron’s drivers leaves the others', async () => {
    // A time limit makes every driver a stage of its own.
    const options = { timeLimit: 1e9 };
    const whole = await analysedWithout(() => false, options);
    const { report, stages } = await analysedWithout(at('Comparing with the Gauss-Newton matrix'), options);
    expectSkipped(report, 'the Gauss-Newton matrix');
    expect(report.gaussNewton).toBeNull();
    expect(report.layers).toEqual(whole.report.layers);
    expect(report.sharpness).toEqual(whole.report.sharpness);
    expect(stages).toEqual(whole.stages);
  });

  it('before λ_max is certified keeps the interval that there is', async () => {
    let first: Report['sharpness'];
    const { report } = await analysedWithout((progress) => {
      if (!at('Searching the sharpest direction')(progress)) return false;
      first ??= progress.report.sharpness;
      return true;
    }, estimated);
    expect(report.sharpness?.lambdaMax).toEqual(first?.lambdaMax);
    expect(report.sharpness?.lambdaMax.certified).toBe(false);
    expectSkipped(report, 'a narrower interval of λ_max and what follows from it');
    expect(report.gaussNewton).not.toBeNull();
  });

  it('counts only while it runs and may be skipped', async () => {
    const { report } = await analysedWithout(({ canSkip }) => canSkip !== true, estimated);
    expect(hasSkipped(report)).toBe(false);
    expect(report.analysis.stoppedBy).toBe('complete');
  });
});
