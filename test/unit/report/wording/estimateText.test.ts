import { describe, expect, it } from 'vitest';
import { probesText, rateText } from '../../../../src/report/wording/estimateText';
import type { EstimateFacts } from '../../../../src/report/report';
import { exampleEstimate, exampleReport } from '../exampleReport';

const said = (facts: Partial<EstimateFacts>, trace = 5) =>
  probesText({
    ...exampleReport,
    trace: { value: trace, standardError: 0.04 },
    estimate: { ...exampleEstimate, ...facts },
  });

describe('the probes in words', () => {
  it('are none where nothing is estimated', () => {
    expect(probesText(exampleReport)).toBeNull();
  });

  it('say that the precision was reached, and what the trace’s is relative to', () => {
    expect(said({})).toBe(
      '30 random probes, as many as a pilot of 10 called for: 95 % intervals within the 1 % asked',
    );
    expect(said({ absoluteTrace: 51.73 }, -0.2)).toBe(
      '30 random probes, as many as a pilot of 10 called for: 95 % intervals within the 1 % asked, the trace’s relative to Σ|λ| ≈ 52',
    );
  });

  it('say what ended them, and whether they were enough all the same', () => {
    const fewer = { wantedProbes: 1200, stoppedBy: 'product budget' };
    expect(said({ ...fewer, precisionReached: false })).toBe(
      '30 random probes of the 1,200 that a pilot of 10 called for, ended by the product budget: 95 % intervals wider than the 1 % asked',
    );
    expect(said(fewer)).toMatch(/ended by the product budget: 95 % intervals within the 1 % asked$/);
    expect(said({ precisionReached: false })).toBe(
      '30 random probes, as many as a pilot of 10 called for, which was too few: 95 % intervals wider than the 1 % asked',
    );
  });

  it('are told while they are drawn, before it is known what they reach', () => {
    expect(said({ wantedProbes: 1200, stoppedBy: null })).toBe(
      '30 random probes of the 1,200 that a pilot of 10 called for, so far',
    );
    expect(probesText({ estimate: exampleEstimate })).toBe(
      '30 random probes, as many as a pilot of 10 called for',
    );
  });
});

describe('2/U as an estimate', () => {
  const upper = { value: 4, standardError: 0.1 };

  it('turns the interval over, exactly and not to first order', () => {
    expect(rateText(upper, { lower: 3.2, upper: 5 })).toBe('0.50 (0.40 to 0.63, 95 %)');
  });

  it('has one standard error where the interval is not known, or would reach to infinity', () => {
    expect(rateText(upper, undefined)).toBe('0.50 ± 0.02');
    expect(rateText(upper, { lower: -1, upper: 5 })).toBe('0.50 ± 0.02');
  });
});
