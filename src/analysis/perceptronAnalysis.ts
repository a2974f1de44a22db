import { accuracy } from '../loss/accuracy';
import { lossFor, type ChosenLoss } from '../loss/chooseLoss';
import { losses } from '../loss/losses';
import { closedForm } from '../perceptron/closedForm/closedForm';
import { planClosedForm } from '../perceptron/closedForm/plan';
import type { Problem } from '../perceptron/closedForm/sampleTile';
import { activationNamed } from '../perceptron/activations';
import { firstActivations, networkOutputs } from '../perceptron/forward';
import type { Perceptron } from '../perceptron/perceptron';
import { FailureError } from '../report/failure';
import type { Report } from '../report/report';
import { MatrixProducts, type Matrix } from '../runtime/matrixProducts';
import type { Samples } from '../samples/samples';
import { samplesFor } from '../samples/samplesFor';
import type { AnalysisRun } from './analysisRun';
import { certified } from './certificate';
import { topSamples, withDrivers } from './drivers';
import { checkForwardPass } from './forwardCheck';
import { perceptronReport } from './perceptronReport';
import type { ReadPerceptron } from './readPerceptron';
import { analysisFacts, lossOptions, sampleFacts } from './reportFacts';
import { closedFormWarnings, warningsAbout } from './warnings';

/**
 * The closed form for a perceptron of any depth, what drives it, and the interval of λ_max that its exact trace and norm
 * prove.
 */
export async function analysePerceptron(read: ReadPerceptron, run: AnalysisRun): Promise<Report> {
  const { model, perceptron: asRead, logitsInGraph, inputSpec, facts, notes } = read;
  const { request, threads, stopwatch } = run;
  run.known = { ...run.known, model: facts, method: 'closed-form' };
  run.tell('Reading the samples');
  const { samples, ignored } = await samplesFor(request, [inputSpec]);
  const input = samples.inputs[0];
  if (input === undefined)
    throw new FailureError('NoSamples', `${samples.source} holds no inputs; choose another file.`);
  stopwatch.lap('samples');

  const plan = planClosedForm(asRead, samples.count, request.memoryBudget);
  run.tell('Checking the forward pass');
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
    const chosen = lossFor(request, samples, logits, asRead.head);
    const { loss, targets } = chosen;
    const perceptron = lossSide(asRead, chosen);
    run.known = { ...run.known, loss, lossAssumed: chosen.assumed };
    stopwatch.lap('forward');

    const problem: Problem = { perceptron, inputs, loss, targets, matrix: 'hessian' };
    const form = await closedForm(problem, products, plan, run.begin('Computing the curvature', plan));
    stopwatch.lap('compute');
    requireFiniteLoss(form.losses, samples);

    const described = sampleFacts(run, samples, chosen, form.meanLoss, accuracy(logits, chosen.classes));
    const first: Report = {
      schema: 1,
      model: facts,
      samples: described,
      loss,
      lossAssumed: chosen.assumed,
      lossOptions: lossOptions(run, ignored),
      method: 'closed-form',
      analysis: analysisFacts(run, {
        precision: 'float64',
        productError: 0,
        stoppedBy: 'complete',
        cost: { multiplyAdds: plan.multiplyAdds, bytes: plan.bytes },
      }),
      ...perceptronReport(perceptron, form),
      gaussNewton: null,
      topSamples: topSamples(form, logits, chosen.classes, samples, input),
      scaleAdapted: null,
      spectrum: null,
      warnings: [...warningsAbout(described, chosen, ignored, notes), ...closedFormWarnings(request)],
      time: stopwatch.seconds(),
    };
    run.known = first;
    const driven = await withDrivers(
      first,
      problem,
      chosen.classes,
      products,
      request.memoryBudget,
      (stage, cost, soFar) => {
        run.known = soFar;
        return run.begin(stage, cost);
      },
    );
    stopwatch.lap('drivers');
    run.known = driven;
    const report = await certified(driven, model, samples, chosen, run);
    stopwatch.lap('certificate');
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

/** A perceptron with a loss that the closed form does not hold, but products do. */
export class NoClosedForm extends FailureError {}

/** A loss of numbers is taken of what the model gives: behind a sigmoid head, of the sigmoid. */
function lossSide(perceptron: Perceptron, { loss }: ChosenLoss): Perceptron {
  const { head, layers } = perceptron;
  if (losses[loss].targets !== 'numbers' || head === 'none') return perceptron;
  const last = layers.at(-1);
  if (head === 'softmax' || last?.activation.name !== 'identity') {
    throw new NoClosedForm(
      'UnsupportedStructure',
      `The loss ${loss} is one of what the model's ${head} gives, for which there is no closed form here; ask for another --method or another --loss.`,
    );
  }
  return {
    ...perceptron,
    layers: [...layers.slice(0, -1), { ...last, activation: activationNamed('sigmoid') }],
  };
}
