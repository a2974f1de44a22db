import type { EvaluatedSamples, Evaluation } from '../../../src/analysis/evaluate';
import { nothingKnown } from '../../../src/analysis/cutReport';
import type { Report, Sharpness } from '../../../src/report/report';
import { exampleReport, exactly } from '../report/exampleReport';

/** A report with this λ_max. */
export function reportWith(
  lambdaMax: number,
  facts: Partial<Report> = {},
  found: Partial<Sharpness['lambdaMax']> = {},
): Report {
  const interval = {
    lower: lambdaMax,
    upper: lambdaMax,
    kind: 'proved',
    confidence: 1,
    certified: true,
    steps: 20,
  } as const;
  return {
    ...exampleReport,
    trace: exactly(2 * lambdaMax),
    sharpness: {
      lambdaMax: { ...interval, samplingError: 0.1, ...found },
      lambdaMin: { ...interval, lower: -0.1, upper: -0.1 },
    },
    response: {
      relativeStep: 0.01,
      worst: { loss: 0.05, accuracy: 0.98 },
      random: { loss: 0.02, accuracy: 0.99, draws: 2 },
      scaleInvariant: 300 * lambdaMax,
      guessLoss: 2.3,
    },
    ...facts,
  };
}

/** What forward passes tell of two samples, the losses of both this much above 1 and 2. */
export function evaluationOf(added: number, samples: Partial<EvaluatedSamples> = {}): Evaluation {
  const { model, loss, lossOptions } = exampleReport;
  const { parameters: _parameters, architecture: _architecture, ...file } = model;
  return {
    report: {
      ...nothingKnown,
      gradientNorm: null,
      model: file,
      samples: { ...exampleReport.samples, meanLoss: 1.5 + added },
      loss,
      lossOptions,
      warnings: [],
    },
    samples: {
      parts: Float64Array.of((1 + added) / 2, (2 + added) / 2),
      weights: Float64Array.of(0.5, 0.5),
      indices: null,
      inputs: 'the same',
      targets: 'the same',
      predictions: Int32Array.of(0, added > 0 ? 1 : 0),
      labels: Int32Array.of(0, 1),
      ...samples,
    },
  };
}
