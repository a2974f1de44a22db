import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadKind } from '../../../src/subject/head';
import { chooseLoss, lossWithoutLabels, type LossOptions } from '../../../src/loss/chooseLoss';
import { computeLosses } from '../../../src/loss/losses';
import { FailureError } from '../../../src/report/failure';
import { SeededRandom } from '../../../src/samples/random';
import type { Labels } from '../../../src/samples/samples';

const automatic: LossOptions = {
  loss: 'auto',
  classWeights: null,
  labelSmoothing: 0,
  posWeight: null,
  ignoreLabel: null,
};

function classes(...values: number[]): Labels {
  return { kind: 'classes', values: Int32Array.from(values) };
}

function rows(width: number, ...values: number[]): Labels {
  return { kind: 'rows', width, values: Float64Array.from(values) };
}

/** Whole numbers that are no classes. */
function whole(width: number, ...values: number[]): Labels {
  const refusal = new FailureError('UnsupportedLabels', 'No classes.');
  const shape = { dims: width === 1 ? [] : [width], whole: true, refusal };
  return { kind: 'rows', width, values: Float64Array.from(values), shape };
}

/** One sample of each class. */
function words(...names: string[]): Labels {
  return { kind: 'classes', values: Int32Array.from(names.keys()), names };
}

function choose(labels: Labels, head: HeadKind, width: number, options: Partial<LossOptions> = {}) {
  return chooseLoss(labels, { head, width, options: { ...automatic, ...options }, source: 'data.npz' });
}

function failureOf(action: () => unknown): { kind: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  throw new Error('Nothing failed');
}

describe('the loss that fits head and labels', () => {
  it.each<[string, Labels, HeadKind, number, string, boolean]>([
    ['several linear outputs, class labels', classes(0, 2), 'none', 3, 'cross-entropy', true],
    ['a softmax, class labels', classes(0, 2), 'softmax', 3, 'cross-entropy', false],
    ['one linear output, labels 0 and 1', classes(0, 1), 'none', 1, 'binary-cross-entropy', true],
    ['one sigmoid, labels 0 and 1', classes(0, 1), 'sigmoid', 1, 'binary-cross-entropy', false],
    ['one sigmoid, float labels 0 and 1', rows(1, 0, 1), 'sigmoid', 1, 'binary-cross-entropy', false],
    ['one linear output, float targets', rows(1, 0.5, 3), 'none', 1, 'mean-squared-error', false],
    ['one linear output, whole targets', classes(5, 20, 7), 'none', 1, 'mean-squared-error', true],
    ['one linear output, whole targets below 0', whole(1, -5, 20, 7), 'none', 1, 'mean-squared-error', true],
    ['several linear outputs, whole targets', whole(2, 5, 3, 7, 0), 'none', 2, 'mean-squared-error', true],
    ['one linear output, words', words('a', 'b'), 'none', 1, 'binary-cross-entropy', true],
    ['a softmax, words', words('a', 'b', 'c'), 'softmax', 3, 'cross-entropy', false],
    ['several linear outputs, float targets', rows(2, 0.5, 3, -1, 0), 'none', 2, 'mean-squared-error', false],
    ['a softmax, soft rows', rows(2, 0.5, 0.5, 0.1, 0.9), 'softmax', 2, 'cross-entropy', false],
    ['linear outputs, one-hot rows', rows(2, 0, 1, 1, 0), 'none', 2, 'cross-entropy', true],
    ['linear outputs, rows of 0 and 1', rows(2, 1, 1, 0, 0), 'none', 2, 'binary-cross-entropy', true],
    ['a row of sigmoids, rows of 0 and 1', rows(2, 1, 1, 0, 1), 'sigmoid', 2, 'binary-cross-entropy', false],
    [
      'several linear outputs, classes that are scaled',
      rows(2, 2, 0, 0, 2),
      'none',
      2,
      'mean-squared-error',
      true,
    ],
    ['a row of sigmoids, rows beyond 1', rows(2, 1, 7, 0, 1), 'sigmoid', 2, 'mean-squared-error', false],
  ])('%s', (_, labels, head, width, loss, assumed) => {
    expect(choose(labels, head, width)).toMatchObject({ loss, assumed });
  });

  it('is the one asked for, and then nothing is assumed', () => {
    expect(choose(classes(0, 2), 'none', 3, { loss: 'mean-squared-error' })).toMatchObject({
      loss: 'mean-squared-error',
      assumed: false,
      oneHot: true,
      classes: null,
    });
    const asked = { loss: 'cross-entropy' } as const;
    expect(choose(classes(0, 2), 'none', 3, asked)).toMatchObject({ assumed: false, oneHot: false });
  });

  it('is squared error of what a softmax gives, where it is asked for', () => {
    const asked = { loss: 'mean-squared-error' } as const;
    expect(choose(rows(2, 0.25, 0.75), 'softmax', 2, asked)).toMatchObject({ loss: 'mean-squared-error' });
    expect(choose(rows(2, 3, 4), 'softmax', 2, asked)).toMatchObject({ loss: 'mean-squared-error' });
  });

  it('takes class labels as one-hot rows', () => {
    const { targets, classes: labels } = choose(classes(2, 0), 'softmax', 3);
    expect([...targets.values]).toEqual([0, 0, 1, 1, 0, 0]);
    expect([...(labels ?? [])]).toEqual([2, 0]);
  });
});

describe('labels that do not fit', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    [
      'a class beyond the outputs',
      () => choose(classes(0, 3), 'softmax', 3),
      'LabelOutOfRange',
      /Label 3 of sample 1/,
    ],
    [
      'words of fewer kinds than classes',
      () => choose(words('cat', 'dog'), 'softmax', 3),
      'UnsupportedLabels',
      /data\.npz are 2 different words \("cat" and "dog"\), but the model has 3 classes.* integers 0 to 2/,
    ],
    [
      'words of more kinds than one output tells apart',
      () => choose(words('cat', 'dog', 'eel'), 'none', 1),
      'UnsupportedLabels',
      /3 different words .* but the model has 2 classes/,
    ],
    [
      '−1 and 1 for one output',
      () => choose(whole(1, -1, 1, 1), 'none', 1),
      'UnsupportedLabels',
      /No classes/,
    ],
    [
      'a class beyond 1 for one output',
      () => choose(classes(0, 7), 'sigmoid', 1),
      'LabelOutOfRange',
      /Label 7/,
    ],
    [
      'another width',
      () => choose(rows(2, 1, 0), 'none', 3),
      'SampleShapeMismatch',
      /2 numbers .* 3 outputs/,
    ],
    [
      'no probabilities under a softmax',
      () => choose(rows(2, 3, 4), 'softmax', 2),
      'UnsupportedLabels',
      /softmax/,
    ],
    [
      'no distribution for cross-entropy',
      () => choose(rows(2, 1, 1), 'none', 2, { loss: 'cross-entropy' }),
      'UnsupportedLabels',
      /sum to 1/,
    ],
    [
      'no probabilities for binary cross-entropy',
      () => choose(rows(1, 3), 'none', 1, { loss: 'binary-cross-entropy' }),
      'UnsupportedLabels',
      /from 0 to 1/,
    ],
    [
      'cross-entropy of one output',
      () => choose(classes(0), 'none', 1, { loss: 'cross-entropy' }),
      'UsageError',
      /two/,
    ],
    [
      'another number of class weights',
      () => choose(classes(0), 'none', 3, { classWeights: [1, 2] }),
      'UsageError',
      /2 numbers, but the model has 3/,
    ],
    [
      'class weights for another loss',
      () => choose(classes(0, 1), 'none', 1, { loss: 'huber', classWeights: [1] }),
      'UsageError',
      /belong to cross-entropy/,
    ],
  ])('%s', (_, action, kind, message) => {
    const failure = failureOf(action);
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(message);
  });
});

describe('class weights and label smoothing', () => {
  it('give PyTorch’s weighted mean', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(2),
            fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }),
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        fc.array(fc.double({ min: 0.1, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (samples, classWeights, labelSmoothing) => {
          const { targets } = choose(classes(...samples.map(([label]) => label)), 'none', 3, {
            classWeights,
            labelSmoothing,
          });
          const values = computeLosses(
            'cross-entropy',
            Float64Array.from(samples.flatMap(([, z]) => z)),
            targets.values,
            targets.width,
          );
          const mean = values.reduce((a, b) => a + b, 0) / samples.length;
          // The documentation's formula: Σ_n [(1−ε) w_y (−log p_y) + ε/C Σ_c w_c (−log p_c)] / Σ_n w_y.
          let numerator = 0;
          let denominator = 0;
          for (const [label, z] of samples) {
            const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
            z.forEach((value, c) => {
              const share = (c === label ? 1 - labelSmoothing : 0) + labelSmoothing / 3;
              numerator += share * classWeights[c]! * (logSum - value);
            });
            denominator += classWeights[label]!;
          }
          expect(mean).toBeCloseTo(numerator / denominator, 10);
        },
      ),
    );
  });

  it('balance the classes that occur', () => {
    const { targets } = choose(classes(0, 0, 0, 1), 'none', 3, { classWeights: 'balanced' });
    // Every class has the same weight in all: 3 × w_0 = 1 × w_1, and the rows sum to N.
    expect(targets.values.reduce((a, b) => a + b, 0)).toBeCloseTo(4, 12);
    expect(3 * targets.values[0]!).toBeCloseTo(targets.values[10]!, 12);
  });
});

describe('weights and gaps, against PyTorch 1.13', () => {
  const soft = rows(3, 0.2, 0.5, 0.3, 0.1, 0.1, 0.8);
  const three = [0.3, -1.2, 0.8, 2, 0.1, -0.4];
  const single = [0.3, -1.2, 0.8, 2];
  const gaps = rows(3, 1, Number.NaN, 0.5, 0, 2, Number.NaN);
  const weights = [0.5, 2, 1];
  const samples = Float64Array.of(0.5, 2);
  it.each<[string, Labels, number[], Partial<LossOptions>, Float64Array | null, number]>([
    ['binary classes', classes(0, 1, 1, 0), single, { classWeights: [0.5, 3] }, null, 0.9991130039447397],
    ['binary rows', rows(1, 0, 1, 1, 0), single, { classWeights: [0.5, 3] }, null, 0.9991130039447397],
    ['positives', classes(0, 1, 1, 0), single, { posWeight: [2.5] }, null, 1.8918102721815053],
    [
      'positives of soft labels',
      rows(1, 0.2, 0.9, 1, 0),
      single,
      { posWeight: [2.5], loss: 'binary-cross-entropy' },
      null,
      1.8335138229914687,
    ],
    ['classes of soft rows', soft, three, { classWeights: weights }, null, 2.6765246351341156],
    [
      'classes of smoothed soft rows',
      soft,
      three,
      { classWeights: weights, labelSmoothing: 0.1 },
      null,
      2.6279729687536784,
    ],
    ['samples and classes of soft rows', soft, three, { classWeights: weights }, samples, 2.5862756037153125],
    ['samples and classes', classes(1, 2), three, { classWeights: weights }, samples, 2.595213946400945],
    [
      'samples and classes in rows of 0 and 1',
      rows(3, 0, 1, 0, 0, 0, 1),
      three,
      { classWeights: weights },
      samples,
      2.595213946400945,
    ],
    ['samples with gaps', gaps, three, {}, samples, 3.102],
  ])('%s', (_, labels, outputs, options, ofSamples, wanted) => {
    const width = outputs === single ? 1 : 3;
    const { loss, targets } = chooseLoss(labels, {
      head: 'none',
      width,
      options: { ...automatic, ...options },
      source: 'data.npz',
      weights: ofSamples,
    });
    const values = computeLosses(loss, Float64Array.from(outputs), targets.values, width, targets.factors);
    expect(values.reduce((a, b) => a + b, 0) / targets.count).toBeCloseTo(wanted, 12);
  });

  it('refuses class weights where a sample has several classes', () => {
    const failure = failureOf(() => choose(rows(2, 1, 1, 0, 0), 'sigmoid', 2, { classWeights: [1, 2] }));
    expect(failure.message).toMatch(/need one class for each sample/);
  });
});

describe('labels from the model itself', () => {
  const outputs = { rows: 2, columns: 3, data: Float64Array.from([0, 5, 1, 2, 0, -1]) };

  it('are its predictions for samples without labels', () => {
    const { loss, classes: labels } = lossWithoutLabels(outputs, 'softmax', automatic, null);
    expect(loss).toBe('cross-entropy');
    expect([...(labels ?? [])]).toEqual([1, 0]);
  });

  it('are drawn from its distribution for random inputs', () => {
    const count = 20_000;
    const data = new Float64Array(3 * count).map((__, at) => [0, 1, 2][at % 3]!);
    const { classes: labels } = lossWithoutLabels(
      { rows: count, columns: 3, data },
      'softmax',
      automatic,
      SeededRandom.fromSeed(1),
    );
    const total = Math.exp(0) + Math.exp(1) + Math.exp(2);
    [0, 1, 2].forEach((c) => {
      const p = Math.exp(c) / total;
      const share = (labels ?? Int32Array.of()).filter((label) => label === c).length / count;
      // Five standard deviations of a binomial share.
      expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / count));
    });
  });
});
