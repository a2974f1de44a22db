import { describe, expect, it } from 'vitest';
import { questions } from '../../../src/charts/answers';
import type { PartialReport } from '../../../src/report/report';
import { digits, estimateReport, interval } from './reports';

/** What is said to each of the four questions. */
function said(known: PartialReport): string[] {
  return questions(known).map(({ answer }) =>
    answer === null ? '' : [answer.headline, ...answer.sentences].join(' '),
  );
}

const proved = { kind: 'proved', confidence: 1, steps: 9 } as const;

describe('the four answers', () => {
  it('say of a perceptron whose λ_max is proved that it is', () => {
    const sharpness = {
      lambdaMax: interval(1.0301, 1.0341, proved),
      lambdaMin: interval(0.001, 0.0010001, proved),
    };
    const [sharpest, , point, rate] = said({ ...digits, sharpness });
    expect(sharpest).toContain('λ_max = 1.03 Proved, between 1.03 and 1.035.');
    expect(sharpest).toContain('Upper bound from trace and norm: 1.599.');
    expect(point).toContain('λ_min = 0.001 (proved): no direction curves downwards.');
    expect(rate).toMatch(/^edge 1\.934 Full-batch gradient descent: edge 1\.934; above it/);
    expect(rate).not.toContain('saddle');
  });

  it('leave open what an interval leaves open', () => {
    const sharpness = {
      lambdaMax: interval(1, 1.5, { ...proved, certified: false }),
      lambdaMin: interval(-0.5, 0.001, { ...proved, certified: false }),
    };
    const [sharpest, , point, rate] = said({ ...digits, sharpness });
    expect(sharpest).toContain('λ_max 1 to 1.5 Not certified: a proof, after 9 Lanczos steps.');
    expect(point).toContain('whether a direction curves downwards is left open');
    expect(rate).toMatch(/^edge ≥ 1\.251 .*by the upper bound/);
  });

  it('never show an estimate of the bound below the largest Ritz value', () => {
    const { bounds, sharpness } = estimateReport;
    const low = { ...bounds, lambdaMax: { ...bounds.lambdaMax, upper: { value: 50, standardError: 2 } } };
    // 50 ± 2 · 2.02, cut off at the largest Ritz value, 53.1184.
    const { intervals } = estimateReport.estimate!;
    const upper = { lower: 53.1184, upper: 54.04 };
    const lambdaMax = { ...intervals.bounds.lambdaMax, upper };
    const [sharpest, , , rate] = said({
      ...estimateReport,
      bounds: low,
      sharpness: sharpness!,
      estimate: {
        ...estimateReport.estimate!,
        intervals: { ...intervals, bounds: { ...intervals.bounds, lambdaMax } },
      },
    });
    expect(sharpest).toContain('Estimate of the upper bound: 53 (53 to 55, 95 %).');
    expect(rate).toMatch(/^edge 0\.0376/);
  });

  it('say of an estimate in which interval it lies, before λ_max is found', () => {
    const { sharpness: _, ...before } = estimateReport;
    const [sharpest, , , rate] = said(before);
    expect(sharpest).toContain('λ_max ≲ 68.2 ± 0.3');
    expect(sharpest).toContain('An estimate of the upper bound, 68.2 (67.7 to 68.8, 95 %), and no proof');
    expect(rate).toMatch(/^edge ≳ 0\.02931 \(0\.02910 to 0\.02952.*by the estimate of the upper bound/);
  });

  it('know nothing before anything is known', () => {
    expect(said({})).toEqual(['', '', '', '']);
  });
});
