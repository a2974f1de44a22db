import { tensorAt } from '../inference/tensorAt';
import { accuracy } from '../loss/accuracy';
import { lossFor } from '../loss/chooseLoss';
import { fromHeld, heldNumbers, lossInput } from '../loss/lossInput';
import { computeClosedFormInUnit } from '../perceptron/closedForm/closedFormInUnit';
import { planClosedForm } from '../perceptron/closedForm/plan';
import { firstActivations, computeOutputs } from '../perceptron/forward';
import { FailureError } from '../report/failure';
import type { Report } from '../report/report';
import { MatrixProducts, type Matrix } from '../runtime/matrixProducts';
import type { Samples } from '../samples/samples';
import { samplesFor } from '../samples/samplesFor';
import type { AnalysedModel } from './analysedModel';
import type { AnalysisRun } from './analysisRun';
import { certify } from './certificate';
import { dataWarnings } from './dataWarnings';
import { topSamples, addDrivers } from './drivers';
import { checkForwardPass } from './forwardCheck';
import { analyseGraph } from './graphAnalysis';
import { inTrueSizes } from './inTrueSizes';
import { modelWarnings } from './modelWarnings';
import { perceptronReport } from './perceptronReport';
import { readPerceptron, type ReadPerceptron } from './readPerceptron';
import { analysisFacts, lossOptions, sampleFacts } from './reportFacts';
import { closedFormWarnings, warningsAbout } from './warnings';
import { setting } from '../report/wording/settings';

/**
 * The closed form for a perceptron of any depth, what drives it, and the interval of λ_max that its exact trace and norm
 * prove.
 */
export async function analysePerceptron(
  analysed: AnalysedModel,
  read: ReadPerceptron,
  run: AnalysisRun,
): Promise<Report> {
  const { subject, session } = analysed;
  const { input: own, perceptron: asRead, inputSpec, facts } = read;
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
    const first = await firstActivations(asRead, rows);
    const inputs = first.values;
    const logits = await computeOutputs(asRead, inputs, products);
    const outputsOf = async (tensor: string): Promise<Float64Array> =>
      (await tensorAt(session, tensor, samples, null, request.memoryBudget)).data;
    const found = await outputsOf(own.tensor);
    await checkForwardPass(
      { subject, input: own, perceptron: asRead, first, outputs: logits, found },
      products,
    );
    // Labels that the model gives itself are those of its own run, whatever the method.
    const data = fromHeld(own, heldNumbers(own, found, samples.count));
    const chosen = lossFor(request, samples, { ...logits, data }, subject.head);
    const { loss, targets } = chosen;
    let perceptron = asRead;
    // Errors of numbers are those of what the model gives: its head is part of the function then.
    if (lossInput(subject, loss).tensor !== own.tensor) {
      const whole = await readPerceptron(analysed, loss);
      if (!whole.ok && request.method === 'closed-form')
        throw new FailureError(whole.failure.kind, whole.failure.message, whole.failure.detail);
      if (!whole.ok) return await analyseGraph(analysed, run);
      ({ perceptron } = whole.read);
      const outputs = await computeOutputs(perceptron, inputs, products);
      const { input: ofLoss } = whole.read;
      await checkForwardPass(
        { subject, input: ofLoss, perceptron, first, outputs, found: await outputsOf(ofLoss.tensor) },
        products,
      );
    }
    run.known = { ...run.known, loss, lossAssumed: chosen.assumed };
    stopwatch.lap('forward');

    const { problem, form } = await computeClosedFormInUnit(
      { perceptron, inputs, loss, targets, matrix: 'hessian', weightDecay: request.weightDecay },
      products,
      plan,
      run.begin('Computing the curvature', plan),
    );
    run.unit = form.unit;
    stopwatch.lap('compute');
    requireFiniteLoss(form.losses, samples);

    const described = sampleFacts(run, samples, chosen, form, accuracy(logits, chosen.classes));
    const report: Report = {
      schema: 1,
      model: facts,
      samples: described,
      loss,
      lossAssumed: chosen.assumed,
      lossOptions: lossOptions(run, samples, chosen, ignored),
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
      warnings: [
        ...warningsAbout(described, chosen, modelWarnings(subject, loss, request)),
        ...dataWarnings(request, samples, chosen, ignored),
        ...closedFormWarnings(request),
      ],
      time: stopwatch.seconds(),
    };
    run.known = report;
    const driven = await addDrivers(report, problem, {
      classes: chosen.classes,
      products,
      memoryBudget: request.memoryBudget,
      beginStage: (stage, cost, soFar) => {
        run.known = soFar;
        return run.begin(stage, cost);
      },
    });
    stopwatch.lap('drivers');
    run.known = driven;
    const whole = await certify(driven, analysed, samples, chosen, run);
    stopwatch.lap('certificate');
    return { ...inTrueSizes(whole, run.unit), time: stopwatch.seconds() };
  } finally {
    await products.release();
  }
}

function requireFiniteLoss(losses: Float64Array, samples: Samples): void {
  const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
  if (wrong === -1) return;
  throw new FailureError(
    'NonFiniteLoss',
    `The loss of sample ${samples.indices?.[wrong] ?? wrong} in ${samples.source} is ${losses[wrong]}; check the samples, their scaling (${setting('scale')}) and the loss (${setting('loss')}).`,
  );
}
