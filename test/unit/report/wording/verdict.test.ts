import { describe, expect, it } from 'vitest';
import type { Report, Response } from '../../../../src/report/report';
import {
  delicateFrom,
  fewSamplesFrom,
  tolerantBelow,
  trainingFrom,
  verdictOf,
} from '../../../../src/report/wording/verdict';
import { exampleReport } from '../exampleReport';

const meanLoss = 0.5;
const guessLoss = 2.5;
const lambdaMax = { lower: 2, upper: 2, kind: 'proved', confidence: 1, certified: true, steps: 9 } as const;
const sharpness = { lambdaMax, lambdaMin: { ...lambdaMax, lower: -1, upper: -1 } };

/** A trained classifier whose worst move adds that share of what training took off the loss, and whose gradient is nothing. */
function known(added: number, response: Partial<Response> = {}): Report {
  return {
    ...exampleReport,
    samples: { ...exampleReport.samples, meanLoss, accuracy: 0.95 },
    gradientNorm: 0,
    sharpness,
    response: {
      relativeStep: 0.01,
      worst: { loss: meanLoss + added * (guessLoss - meanLoss), accuracy: 0.9 },
      random: { loss: meanLoss, accuracy: 0.9502, draws: 5 },
      scaleInvariant: 4,
      guessLoss,
      ...response,
    },
  };
}

function textOf(report: Report): string | undefined {
  return verdictOf(report)?.text;
}

function withSamples(report: Report, samples: Partial<Report['samples']>): Report {
  return { ...report, samples: { ...report.samples, ...samples } };
}

/** A gradient whose plain step saves that share of the loss. */
function saving(share: number, report: Report): Report {
  return { ...report, gradientNorm: Math.sqrt(share * 2 * lambdaMax.upper * meanLoss) };
}

function uncertain(share: number, report: Report): Report {
  const interval: NonNullable<Report['sharpness']>['lambdaMax'] = {
    ...lambdaMax,
    samplingError: share * lambdaMax.lower,
  };
  return { ...report, sharpness: { ...sharpness, lambdaMax: interval } };
}

/** The example and its earlier checkpoint, as measured. */
const example = withSamples(
  known(0, {
    worst: { loss: 0.04662, accuracy: 0.98442 },
    random: { loss: 0.01391, accuracy: 0.99889, draws: 5 },
    guessLoss: Math.log(10),
  }),
  { meanLoss: 0.01383, accuracy: 0.99889 },
);
const earlier = withSamples(
  known(0, {
    worst: { loss: 0.3732, accuracy: 0.9143 },
    random: { loss: 0.3445, accuracy: 0.92777, draws: 5 },
    guessLoss: Math.log(10),
  }),
  { meanLoss: 0.3442, accuracy: 0.9271 },
);

describe('the verdict, in words', () => {
  it('calls weights tolerant that may move', () => {
    expect(verdictOf(example)).toEqual({
      kind: 'tolerant',
      text: 'Tolerant: moving the weights by 1 % costs next to nothing. In the sharpest direction the accuracy goes from 99.89 % to 98.44 %; in random directions hardly anything changes. Nothing to do.',
    });
    expect(textOf(earlier)).toBe(
      'Tolerant: moving the weights by 1 % costs next to nothing. In the sharpest direction the accuracy goes from 92.71 % to 91.43 %; in random directions hardly anything changes. Nothing to do.',
    );
  });

  it('calls weights ordinary that lose some', () => {
    expect(verdictOf(known(0.1))).toEqual({
      kind: 'ordinary',
      text: 'Ordinary: moving the weights by 1 % can cost some of what training gained. In the sharpest direction the accuracy goes from 95 % to 90 %; in random directions hardly anything changes. Nothing to do, but measure after rounding the weights to 4 bits or fewer.',
    });
  });

  it('calls weights delicate that lose much, and names the layer that holds most of the sharpest direction', () => {
    const [first, second] = exampleReport.layers as [Report['layers'][0], Report['layers'][0]];
    const layers = [
      { ...first, sharpestShare: 0.49 },
      { ...second, sharpestShare: 0.51 },
    ];
    expect(verdictOf({ ...known(0.5), layers })).toEqual({
      kind: 'delicate',
      text: 'Delicate: moving the weights by 1 % can cost a large part of what training gained. In the sharpest direction the accuracy goes from 95 % to 90 %; in random directions hardly anything changes. Measure before and after rounding or fine-tuning, above all of fc.1: 51 % of the sharpness is there.',
    });
    const ending = /Measure before and after rounding or fine-tuning\.$/;
    expect(textOf({ ...known(0.5), layers: [layers[0]!] })).toMatch(ending);
    expect(textOf({ ...known(0.5), layers: [first, second] })).toMatch(ending);
  });

  it.each([
    [0, 'tolerant'],
    [-0.01, 'tolerant'],
    [tolerantBelow - 1e-9, 'tolerant'],
    [tolerantBelow + 1e-9, 'ordinary'],
    [delicateFrom - 1e-9, 'ordinary'],
    [delicateFrom + 1e-9, 'delicate'],
    [50, 'delicate'],
  ] as const)('draws the line at its cuts: %f is %s', (added, kind) => {
    expect(verdictOf(known(added))?.kind).toBe(kind);
  });

  it('says first where training goes on', () => {
    expect(textOf(saving(trainingFrom - 1e-9, known(0.1)))).toMatch(/^Ordinary/);
    expect(textOf(saving(trainingFrom + 1e-9, known(0.1)))).toMatch(
      /^Not trained to the end: one plain step of gradient descent would still save 10 % of the loss or more; train on\. Ordinary: .* fewer\.$/,
    );
    expect(textOf(saving(0.72, known(0)))).toMatch(
      /^Not trained to the end: .* would still save most of the loss; train on\. Tolerant: .* Nothing else to do\.$/,
    );
  });

  it('says last where the samples are too few', () => {
    expect(textOf(uncertain(fewSamplesFrom - 1e-9, known(0)))).toMatch(/Nothing to do\.$/);
    expect(textOf(uncertain(0.48, known(0)))).toMatch(
      /Nothing to do\. The samples are too few: for others like them λ_max may be off by 48 % \(one standard error\); take more\.$/,
    );
    const below = { ...lambdaMax, lower: -2, upper: -1, samplingError: 1 };
    expect(textOf({ ...known(0), sharpness: { ...sharpness, lambdaMax: below } })).toMatch(
      /Nothing to do\.$/,
    );
  });
});

describe('the verdict is void', () => {
  const advice = 'Choose the samples that the model was trained on, with their labels and their scaling.';

  it.each([
    [{ source: 'random inputs' }, 'the inputs are random'],
    [{ labels: 'predicted' }, 'the labels are the model’s own predictions'],
    [{ meanLoss: guessLoss }, 'the loss of 2.5 is no better than that of guessing, 2.5'],
    [{ meanLoss: guessLoss * (1 - 1e-7) }, 'the loss of 2.5 is no better than that of guessing, 2.5'],
    [{ meanLoss: 3 }, 'the loss of 3 is no better than that of guessing, 2.5'],
  ] as const)('%o', (samples, reason) => {
    expect(verdictOf(withSamples(known(0.1), samples))).toEqual({
      kind: 'void',
      text: `These numbers do not describe your training: ${reason}. ${advice}`,
    });
  });

  it('also where nothing was measured', () => {
    const report = { ...withSamples(known(0.1), { meanLoss: 2.4 }), response: null };
    expect(verdictOf(report)?.text).toContain('the loss of 2.4 is no better than that of guessing, 2.303.');
    expect(verdictOf({ ...report, samples: { ...report.samples, meanLoss: 2.3 } })).toBeNull();
  });
});

describe('the verdict at the edges', () => {
  it('is tolerant at a perfect fit that stays one, though no share of its loss can be saved', () => {
    const perfect = withSamples(
      known(0, { worst: { loss: 1e-6, accuracy: 1 }, random: { loss: 0, accuracy: 1, draws: 5 } }),
      { meanLoss: 0, accuracy: 1 },
    );
    expect(textOf({ ...perfect, gradientNorm: 1e-9 })).toBe(
      'Tolerant: moving the weights by 1 % costs next to nothing. In the sharpest direction the accuracy stays at 100 % and the loss goes from 0 to 1e-6; in random directions hardly anything changes. Nothing to do.',
    );
  });

  it('speaks of the loss where no class is meant', () => {
    const loss = (worst: number, random: number): string | undefined =>
      textOf(
        withSamples(
          known(0, {
            worst: { loss: worst, accuracy: null },
            random: { loss: random, accuracy: null, draws: 5 },
          }),
          { accuracy: null, classes: 0 },
        ),
      );
    expect(loss(0.6, 0.5)).toContain(
      'In the sharpest direction the loss goes from 0.5 to 0.6; in random directions hardly anything changes. Nothing to do, but',
    );
    expect(loss(0.6, 0.52)).toContain('in random directions the loss becomes 0.52.');
  });

  it('tells what random directions change where that is much, too', () => {
    const random = { loss: 0.6, accuracy: 0.93, draws: 5 };
    expect(textOf(known(0.1, { random }))).toContain('in random directions the accuracy becomes 93 %.');
  });

  it('is delicate where the loss becomes no number', () => {
    const none = { loss: null, accuracy: null };
    expect(verdictOf(known(0, { worst: none }))?.kind).toBe('delicate');
    expect(textOf(known(0, { worst: none }))).toContain(
      'In the sharpest direction the loss is no number any more; in random directions hardly anything changes.',
    );
    expect(textOf(known(0, { worst: none, random: { ...none, draws: 5 } }))).toContain(
      'in random directions the loss is no number any more.',
    );
  });

  it('is unknown where nobody knows what guessing loses', () => {
    const own = { ...known(0.1, { guessLoss: null }), loss: 'output' } as const;
    expect(verdictOf(withSamples(own, { classes: 0, accuracy: null }))).toBeNull();
  });
});
