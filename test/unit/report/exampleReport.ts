import type { EstimateFacts, LayerReport, Quantity, Report } from '../../../src/report/report';

export function exactly(value: number): Quantity {
  return { value, standardError: 0 };
}

function layer(name: string, inputs: number, outputs: number, contribution: number): LayerReport {
  return {
    name,
    kind: 'Linear',
    parameters: outputs * (inputs + 1),
    inputs,
    outputs,
    weightNorm: 4.25,
    trace: exactly(2.5),
    ownCurvature: exactly(1.5),
    coupling: exactly(0.25),
    contribution: exactly(contribution),
    blockUpperBound: exactly(1.75),
    elasticity: null,
    units: null,
    sharpestShare: null,
    sharpestUnits: null,
    sharpestInputs: null,
    lambdaMax: null,
  };
}

/** What an estimate with these bounds could tell of its errors. */
export const exampleEstimate: EstimateFacts = {
  probes: 30,
  wantedProbes: 30,
  pilotProbes: 10,
  stoppedBy: 'complete',
  precisionReached: true,
  absoluteTrace: 5.1,
  studentQuantile: 2.045,
  intervals: {
    trace: { lower: 4.918, upper: 5.082 },
    frobeniusSquared: { lower: 3.1, upper: 4.9 },
    bounds: {
      lambdaMax: {
        lower: { lower: 0.0042, upper: 0.005 },
        // Its lower end is the largest Ritz value.
        upper: { lower: 1.575, upper: 1.641 },
        blockwiseUpper: { lower: 1.459, upper: 1.541 },
      },
      lambdaMin: { lower: { lower: -1.591, upper: -1.509 }, upper: { lower: 0.0023, upper: 0.0031 } },
      eigenvalues: [{ k: 2, lower: { lower: -0.02, upper: -0.02 }, upper: { lower: 0.859, upper: 0.941 } }],
    },
  },
};

/** A report of the shape that the closed form gives; its numbers are made up but for those that depend on each other. */
export const exampleReport: Report = {
  schema: 1,
  model: {
    file: 'digits.onnx',
    sha256: '0123456789abcdef'.repeat(4),
    format: 'ONNX',
    producer: 'pytorch 2.1',
    parameters: 1210,
    output: 'logits',
    architecture: 'perceptron 64-16-10, tanh',
  },
  samples: {
    source: 'digits.npz',
    count: 1797,
    classes: 10,
    labels: 'given',
    scale: 1,
    meanLoss: 0.01767,
    accuracy: 0.99944,
  },
  loss: 'cross-entropy',
  lossAssumed: true,
  lossOptions: { classWeights: null, labelSmoothing: 0, ignoredSamples: 0 },
  method: 'closed-form',
  analysis: {
    precision: 'float64',
    productError: 0,
    mode: 'evaluation',
    seed: 0,
    requestedPrecision: 0.01,
    stoppedBy: 'complete',
    threads: 2,
    cost: { multiplyAdds: 2.1e9, bytes: 4e7 },
    versions: { 'model-sharpness': '0.1.0' },
  },
  gradientNorm: 0.01509,
  trace: exactly(5),
  frobeniusSquared: exactly(4),
  bounds: {
    lambdaMax: { lower: exactly(0.0046), upper: exactly(1.6), blockwiseUpper: exactly(1.5) },
    lambdaMin: { lower: exactly(-1.55), upper: exactly(0.0027) },
    eigenvalues: [{ k: 2, lower: exactly(-0.02), upper: exactly(0.9) }],
  },
  gaussNewton: { trace: exactly(4.5), frobeniusSquared: exactly(3), upper: exactly(1.4) },
  layers: [layer('fc.0', 64, 16, 1.8), layer('fc.1', 16, 10, -0.2)],
  blocks: [
    [exactly(1.5), exactly(0.25)],
    [exactly(0.25), exactly(1.5)],
  ],
  orthogonality: {
    crossSampleShare: 0.875,
    classes: [0, 1],
    layers: [
      {
        crossSampleShare: 0.9,
        gram: [
          [1, 0.5],
          [0.5, 1],
        ],
      },
      { crossSampleShare: 0.5, gram: null },
    ],
  },
  eigenvalues: null,
  response: null,
  slices: null,
  plane: null,
  sharpestSamples: null,
  verdict: null,
  topSamples: [
    {
      index: 3,
      label: 1,
      predicted: null,
      loss: 2.25,
      share: 0.125,
      picture: { width: 2, height: 1, channels: 1, pixels: [0, 255] },
    },
  ],
  scaleAdapted: null,
  spectrum: null,
  warnings: [{ kind: 'LossAssumed', message: 'The loss is assumed.' }],
  time: { read: 0.02, compute: 0.25, total: 0.27 },
};
