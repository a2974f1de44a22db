import { describe, expect, it } from 'vitest';
import { learningRateStatement } from '../../../../src/report/wording/learningRate';
import type { EigenvalueInterval, Report } from '../../../../src/report/report';
import { exactly, exampleReport } from '../exampleReport';

function statement(
  upper: number,
  minLower: number,
  minUpper: number,
  method: Report['method'] = 'exact',
  gradientNorm = 0,
) {
  return learningRateStatement({
    method,
    gradientNorm,
    layers: exampleReport.layers,
    bounds: {
      lambdaMax: { lower: exactly(upper - 1), upper: exactly(upper), blockwiseUpper: null },
      lambdaMin: { lower: exactly(minLower), upper: exactly(minUpper) },
      eigenvalues: [],
    },
  });
}

describe('learningRateStatement', () => {
  it('gives 2/U and calls it no more than it is', () => {
    const sentences = statement(4, 0.5, 1);
    expect(sentences).toEqual([
      'Plain full-batch gradient descent without momentum or weight decay is locally stable along the sharpest ' +
        'direction for a learning rate below 2/λ_max, so 2/U = 0.5 is a learning rate that no positive curvature ' +
        'makes unstable at this point (U: the upper bound on λ_max).',
    ]);
  });

  it('calls an estimated bound an estimate', () => {
    expect(statement(4, 0.5, 1, 'estimate')[0]).toContain('(U: the estimate of the upper bound on λ_max)');
  });

  it('calls the point a saddle where λ_min is below zero for certain and the gradient as good as zero', () => {
    const sentences = statement(4, -3, -0.25);
    expect(sentences[0]).toContain('2/U = 0.5 ');
    expect(sentences[1]).toBe(
      'But λ_min is at most -0.25, below zero, where the gradient is as good as zero: the point is a saddle, and no learning rate is stable there.',
    );
  });

  it('calls negative curvature ordinary where a slope outweighs it, with its size beside λ_max', () => {
    expect(statement(4, -3, -0.25, 'exact', 0.1)[1]).toBe(
      'λ_min is at most -0.25 (at least 6.3 % of λ_max in size): a direction curves downwards, which is ordinary away from a minimum; the slope outweighs it here.',
    );
  });

  it('leaves open what the bounds leave open', () => {
    expect(statement(4, -3, 0.25)[1]).toMatch(/^These bounds leave open whether λ_min is negative/);
  });

  it.each([0, -2])('derives no rate from an upper bound of %d', (upper) => {
    const sentences = statement(upper, -5, -3);
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toMatch(/^2\/U means nothing here/);
  });

  it('does not call a saddle what lies within three standard errors of zero', () => {
    const [, second] = learningRateStatement({
      method: 'estimate',
      bounds: {
        lambdaMax: { lower: exactly(1), upper: exactly(4), blockwiseUpper: null },
        lambdaMin: { lower: exactly(-3), upper: { value: -0.1, standardError: 0.04 } },
        eigenvalues: [],
      },
    });
    expect(second).toMatch(/^These bounds leave open/);
  });

  it('gives 2/λ_max by what was found of it, and a saddle that was found', () => {
    const found = (lambdaMax: Partial<EigenvalueInterval>, minimum: number) =>
      learningRateStatement({
        method: 'exact',
        gradientNorm: 0,
        layers: exampleReport.layers,
        bounds: {
          lambdaMax: { lower: exactly(1), upper: exactly(4), blockwiseUpper: null },
          lambdaMin: { lower: exactly(-3), upper: exactly(0.25) },
          eigenvalues: [],
        },
        sharpness: {
          lambdaMax: { ...proved, lower: 2.4, upper: 2.5, ...lambdaMax },
          lambdaMin: { ...proved, lower: minimum, upper: minimum },
        },
      });
    const proved = { kind: 'proved', confidence: 1, certified: true, steps: 9 } as const;
    expect(found({}, 0.1)).toHaveLength(1);
    expect(found({}, 0.1)[0]).toContain('2/λ_max is at least 0.8 (proved)');
    expect(found({ certified: false }, 0.1)[0]).toContain('at least 0.8 (a proof, after 9 Lanczos steps)');
    expect(found({ kind: 'spectrum' }, 0.1)[0]).toContain('2/λ_max itself is 0.8, from the whole spectrum');
    expect(found({ upper: Infinity }, 0.1)[0]).not.toContain('2/λ_max is at least');
    expect(found({}, -0.25)[1]).toMatch(/^But λ_min is at most -0.25, below zero/);
  });
});
