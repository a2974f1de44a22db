import { availableParallelism } from 'node:os';
import { version } from '../../package.json';
import { activationNamed } from '../perceptron/activations';
import { closedForm } from '../perceptron/closedForm/closedForm';
import { planClosedForm } from '../perceptron/closedForm/plan';
import { firstActivations, networkOutputs } from '../perceptron/forward';
import type { Problem } from '../perceptron/closedForm/sampleTile';
import type { Perceptron } from '../perceptron/perceptron';
import { FailureError } from '../report/failure';
import { predictedSeconds } from '../report/cost';
import type { Cost, PartialReport, Report, SampleFacts } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { MatrixProducts, type Matrix } from '../runtime/matrixProducts';
import { runtimeVersion } from '../runtime/session';
import { drawInputs } from '../samples/drawInputs';
import { SeededRandom } from '../samples/random';
import { withoutIgnored } from '../samples/ignoredLabels';
import { readSamples } from '../samples/readSamples';
import type { InputSpec, Samples } from '../samples/samples';
import { accuracy } from './accuracy';
import { chooseLoss } from './chooseLoss';
import type { ChosenLoss } from './chosenLoss';
import { checkForwardPass } from './forwardCheck';
import { modelLabels } from './modelLabels';
import { topSamples, withDrivers } from './drivers';
import { perceptronReport } from './perceptronReport';
import { readPerceptron } from './readPerceptron';
import { RemainingTime, Stopwatch } from './stopwatch';
import { warningsAbout } from './warnings';

/** The relative precision that an analysis aims at where the closed form is not exact already. */
const requestedPrecision = 0.01;

/**
 * The use case: a request in, a report out. The closed form for a perceptron of any depth; everything else is refused
 * by naming the node in the way.
 * @param onProgress told the stage, the fraction done and what is known so far
 * @throws FailureError for whatever the user can do something about
 */
export async function analyse(
  request: AnalysisRequest,
  onProgress: (progress: Progress) => void,
): Promise<Report> {
  const stopwatch = new Stopwatch();
  let known: PartialReport = { schema: 1 };
  const threads = request.threads ?? availableParallelism();
  const tell = (stage: string): void => {
    onProgress({ stage, fraction: null, remainingSeconds: null, cost: null, report: known });
  };
  /** Tells of a stage before it starts, then of the fraction done. */
  const begin = (stage: string, { multiplyAdds, bytes }: Cost): ((fraction: number) => void) => {
    const cost = { multiplyAdds, bytes };
    const remaining = new RemainingTime(predictedSeconds(cost, threads));
    const told = (fraction: number): void => {
      onProgress({ stage, fraction, remainingSeconds: remaining.seconds(fraction), cost, report: known });
    };
    told(0);
    return (fraction) => {
      if (remaining.due(fraction)) told(fraction);
    };
  };

  tell('Reading the model');
  const {
    model,
    perceptron: asRead,
    logitsInGraph,
    inputSpec,
    facts,
    notes,
  } = await readPerceptron(request.model, request.output);
  known = { ...known, model: facts, method: 'closed-form' };
  stopwatch.lap('read');

  tell('Reading the samples');
  const { samples, ignored } = withoutIgnored(await samplesFor(request, inputSpec));
  const input = samples.inputs[0];
  if (input === undefined)
    throw new FailureError('NoSamples', `${samples.source} holds no inputs; choose another file.`);
  stopwatch.lap('samples');

  const plan = planClosedForm(asRead, samples.count, request.memoryBudget);
  tell('Checking the forward pass');
  const products = await MatrixProducts.open(threads);
  try {
    const rows: Matrix = {
      rows: samples.count,
      columns: input.data.length / samples.count,
      data: input.data,
    };
    const inputs = firstActivations(asRead, rows);
    const logits = await networkOutputs(asRead, inputs, products);
    const { type } = inputSpec;
    await checkForwardPass(
      { model, perceptron: asRead, logitsInGraph, input, type, outputs: logits },
      products,
      threads,
    );
    const chosen = lossFor(request, samples, logits, asRead);
    const { loss, targets } = chosen;
    const perceptron = lossSide(asRead, chosen);
    known = { ...known, loss, lossAssumed: chosen.assumed };
    stopwatch.lap('forward');

    const problem: Problem = { perceptron, inputs, loss, targets, matrix: 'hessian' };
    const form = await closedForm(problem, products, plan, begin('Computing the curvature', plan));
    stopwatch.lap('compute');
    requireFiniteLoss(form.losses, samples);

    const sampleFacts: SampleFacts = {
      source: samples.source,
      count: samples.count,
      classes: loss === 'mean-squared-error' ? 0 : Math.max(2, targets.width),
      labels: samples.labels !== null ? 'given' : request.samples.kind === 'random' ? 'drawn' : 'predicted',
      scale: samples.scale,
      meanLoss: form.meanLoss,
      accuracy: accuracy(logits, chosen.classes),
    };
    const first: Report = {
      schema: 1,
      model: facts,
      samples: sampleFacts,
      loss,
      lossAssumed: chosen.assumed,
      lossOptions: {
        classWeights: request.classWeights,
        labelSmoothing: request.labelSmoothing,
        ignoredSamples: ignored,
      },
      method: 'closed-form',
      analysis: {
        precision: 'float64',
        productError: 0,
        mode: 'evaluation',
        seed: request.seed,
        requestedPrecision,
        stoppedBy: 'complete',
        threads,
        cost: { multiplyAdds: plan.multiplyAdds, bytes: plan.bytes },
        versions: { 'model-sharpness': version, onnxruntime: runtimeVersion },
      },
      ...perceptronReport(perceptron, form),
      gaussNewton: null,
      topSamples: topSamples(form, logits, chosen.classes, samples, input),
      spectrum: null,
      warnings: warningsAbout(sampleFacts, chosen.classes, ignored, notes),
      time: stopwatch.seconds(),
    };
    known = first;
    const report = await withDrivers(
      first,
      problem,
      chosen.classes,
      products,
      request.memoryBudget,
      (stage, cost, soFar) => {
        known = soFar;
        return begin(stage, cost);
      },
    );
    stopwatch.lap('drivers');
    return { ...report, time: stopwatch.seconds() };
  } finally {
    await products.release();
  }
}

function requireFiniteLoss(losses: Float64Array, samples: Samples): void {
  const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
  if (wrong === -1) return;
  throw new FailureError(
    'NonFiniteLoss',
    `The loss of sample ${samples.indices?.[wrong] ?? wrong} in ${samples.source} is ${losses[wrong]}; check the samples, their scaling (--scale) and the loss (--loss).`,
  );
}

async function samplesFor(request: AnalysisRequest, spec: InputSpec): Promise<Samples> {
  const { samples: source, seed, scale, limit } = request;
  if (source.kind === 'random') return drawInputs([spec], source.count, seed);
  return readSamples(source, [spec], { scale, limit, seed });
}

function lossFor(
  request: AnalysisRequest,
  samples: Samples,
  logits: Matrix,
  { head }: Perceptron,
): ChosenLoss {
  if (samples.labels !== null)
    return chooseLoss(samples.labels, head, logits.columns, request, samples.source);
  const random = request.samples.kind === 'random' ? SeededRandom.fromSeed(request.seed + 1) : null;
  return modelLabels(logits, head, request, random);
}

/** Squared error is taken of what the model gives: behind a sigmoid head, of the sigmoid. */
function lossSide(perceptron: Perceptron, { loss }: ChosenLoss): Perceptron {
  if (loss !== 'mean-squared-error' || perceptron.head !== 'sigmoid') return perceptron;
  const last = perceptron.layers.at(-1);
  if (last?.activation.name !== 'identity') {
    throw new FailureError(
      'UnsupportedStructure',
      `Squared error after ${last?.activation.name ?? 'nothing'} and a sigmoid is not analysed here; choose --loss binary-cross-entropy.`,
    );
  }
  return {
    ...perceptron,
    layers: [...perceptron.layers.slice(0, -1), { ...last, activation: activationNamed('sigmoid') }],
  };
}
