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
