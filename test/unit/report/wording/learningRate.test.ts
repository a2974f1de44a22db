import { describe, expect, it } from 'vitest';
import { completeTraining } from '../../../../src/report/request';
import { edgeFactor, learningRateAnswer } from '../../../../src/report/wording/learningRate';
import type { EigenvalueInterval, PartialReport, Training } from '../../../../src/report/report';
import { exactly, exampleReport } from '../exampleReport';

const proved: EigenvalueInterval = {
  lower: 2.4,
  upper: 2.5,
  kind: 'proved',
  confidence: 1,
  certified: true,
  steps: 9,
};

function said(facts: PartialReport = {}, lambdaMax: Partial<EigenvalueInterval> = {}): string {
  const { headline, sentences } = learningRateAnswer({
    method: 'exact',
    gradientNorm: 0,
    layers: exampleReport.layers,
    samples: exampleReport.samples,
    bounds: {
      lambdaMax: { lower: exactly(1), upper: exactly(4), blockwiseUpper: null },
      lambdaMin: { lower: exactly(-3), upper: exactly(0.25) },
      eigenvalues: [],
    },
    sharpness: {
      lambdaMax: { ...proved, ...lambdaMax },
      lambdaMin: { ...proved, lower: 0.1, upper: 0.1 },
    },
    ...facts,
  })!;
  return [headline, ...sentences].join(' | ');
}

function withTraining(training: Partial<Training>): string {
  return said({ training: completeTraining(training) });
}

describe('what λ_max says of a learning rate', () => {
  it('is an edge, whose it is, and for whom it is none; never a recommendation', () => {
    expect(said()).toBe(
      'edge 0.8 | Full-batch gradient descent: edge 0.8; above it the loss rises first and may recover. | Mini-batches are stable for less; it is no limit for Adam.',
    );
    expect(said({}, { kind: 'spectrum' })).toContain('descent: edge 0.8; above it');
    expect(said()).not.toMatch(/use|recommend|choose|should/);
  });

  it('is that of the upper bound until λ_max is certified, and an estimate where that is one', () => {
    expect(said({}, { certified: false })).toMatch(/^edge ≥ 0\.5 .*by the upper bound;/);
    expect(said({ method: 'estimate' }, { certified: false })).toMatch(
      /^edge ≳ 0\.5 .*by the estimate of the upper bound;/,
    );
  });

  it('says where the learning rate stands that was given', () => {
    expect(withTraining({ learningRate: 0.2 })).toBe(
      '25 % of the edge | Full-batch gradient descent: edge 0.8; above it the loss rises first and may recover. | η = 0.2 stands below it: its own edge is a λ_max of 10. | Mini-batches are stable for less; it is no limit for Adam.',
    );
    expect(withTraining({ learningRate: 1.6 })).toMatch(/^200 % of the edge.*stands above it/);
    expect(withTraining({ learningRate: 0.2, momentum: 0.9 })).toMatch(/momentum 0\.9: edge 1\.52/);
    expect(withTraining({ learningRate: 0.2, optimiser: 'nesterov' })).toMatch(/Nesterov’s momentum 0\.9/);
    expect(withTraining({ learningRate: 0.2, batchSize: 32 })).toContain(
      'Mini-batches of 32 are stable for less; it is no limit for Adam.',
    );
  });

  it('is none for Adam, whose own edge is told', () => {
    expect(withTraining({ optimiser: 'adam', learningRate: 0.001 })).toMatch(
      /^no edge from here \| .*38\/η = 38,000 \(β₁ = 0\.9\)/,
    );
  });

  it('is none where nothing curves upwards, where weights were folded, and none is stable at a saddle', () => {
    const downwards = {
      bounds: {
        lambdaMax: { lower: exactly(-3), upper: exactly(-1), blockwiseUpper: null },
        lambdaMin: { lower: exactly(-5), upper: exactly(-3) },
        eigenvalues: [],
      },
    };
    expect(said(downwards, { lower: -2, upper: -1.5 })).toMatch(/^no edge from here/);
    expect(said({ warnings: [{ kind: 'folded-weights', message: '' }] })).toMatch(/^not told/);
    const saddle = { ...proved, lower: -0.25, upper: -0.25 };
    expect(said({ sharpness: { lambdaMax: proved, lambdaMin: saddle } })).toMatch(/a saddle, where no rate/);
    expect(said({ gradientNorm: 1, sharpness: { lambdaMax: proved, lambdaMin: saddle } })).not.toMatch(
      /saddle/,
    );
  });

  it('is not known before anything is', () => {
    expect(learningRateAnswer({})).toBeNull();
  });
});

/** Whether PyTorch's SGD goes away from 0 on λx²/2, by its documentation's update. */
function diverges({ momentum, optimiser }: Training, learningRate: number, lambda: number): boolean {
  let [x, velocity] = [1, 0];
  for (let step = 0; step < 20_000; step++) {
    const gradient = lambda * x;
    velocity = momentum * velocity + gradient;
    x -= learningRate * (optimiser === 'nesterov' ? gradient + momentum * velocity : velocity);
    if (Math.abs(x) > 1e6) return true;
  }
  return false;
}

describe('the edge on a quadratic', () => {
  it.each([
    { optimiser: 'sgd' },
    { optimiser: 'momentum', momentum: 0.5 },
    { optimiser: 'momentum', momentum: 0.9 },
    { optimiser: 'nesterov', momentum: 0.5 },
    { optimiser: 'nesterov', momentum: 0.9 },
  ] as const)('parts what shrinks from what grows: %o', (given) => {
    const training = completeTraining(given);
    for (const lambda of [0.01, 1.257, 400]) {
      const edge = edgeFactor(training) / lambda;
      expect(diverges(training, 0.995 * edge, lambda)).toBe(false);
      expect(diverges(training, 1.005 * edge, lambda)).toBe(true);
    }
  });
});
