import { tensorAt } from '../inference/tensorAt';
import { accuracy } from '../loss/accuracy';
import { lossFor } from '../loss/chooseLoss';
import { fromHeld, heldNumbers, lossInput } from '../loss/lossInput';
import { computeClosedFormInUnit } from '../perceptron/closedForm/closedFormInUnit';
import { planClosedForm, type ClosedFormPlan } from '../perceptron/closedForm/plan';
import type { Problem } from '../perceptron/closedForm/sampleTile';
import { firstActivations, computeOutputs } from '../perceptron/forward';
import { FailureError } from '../report/failure';
import type { Report, Warning } from '../report/report';
import { costText, type PredictedCost } from '../report/wording/cost';
import { MatrixProducts, type Matrix } from '../runtime/matrixProducts';
import type { Samples } from '../samples/samples';
import type { AnalysedModel } from './analysedModel';
import { readAnalysedSamples } from './analysedSamples';
import type { AnalysisRun } from './analysisRun';
import {
  certificateStageOf,
  certify,
  costOfProducts,
  tellFirstInterval,
  type FirstSearch,
} from './certificate';
import { dataWarnings } from './dataWarnings';
import { drivers, topSamples, wholePlan, type Driver } from './drivers';
import { checkForwardPass } from './forwardCheck';
import { analyseGraph } from './graphAnalysis';
import { inTrueSizes } from './inTrueSizes';
import { stageOfLayers } from './layerSharpness';
import { notMeasured, stageOfMeasurements } from './measurements';
import { modelWarnings } from './modelWarnings';
import { perceptronReport } from './perceptronReport';
import { readPerceptron, type ReadPerceptron } from './readPerceptron';
import type { PlannedStage } from './runPlan';
import { endsStage, withLeftOut } from './leftOut';
import { analysisFacts, lossOptions, sampleFacts } from './reportFacts';
import { closedFormWarnings, warningsAbout } from './warnings';
import { setting } from '../report/wording/settings';

const closedFormStage = 'Computing the curvature';

/** So many times a closed form's memory may be kept by what multiplies. */
const roomForArenas = 6;

/** A closed form of more is minutes: it is computed only where it was asked for. */
const mostUnasked = 2e12;

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
  const { samples, ignored } = await readAnalysedSamples(analysed, [inputSpec], run);
  const input = samples.inputs[0];
  if (input === undefined)
    throw new FailureError('NoSamples', `${samples.source} holds no inputs; choose another file.`);
  stopwatch.lap('samples');

  const plan = planClosedForm(asRead, samples.count, run.memoryBudget);
  if (request.method === 'auto' && plan.multiplyAdds > mostUnasked)
    return analyseGraph(analysed, run, [estimatedWarning(plan)]);
  run.tell('Running the model');
  const between = (): void => {
    run.requireTime();
  };
  const small = plan.bytes <= run.memoryBudget / roomForArenas;
  const products = await MatrixProducts.open(threads, between, small ? 'arena' : 'released');
  let first: FirstSearch | null = null;
  try {
    const rows: Matrix = {
      rows: samples.count,
      columns: input.data.length / samples.count,
      data: input.data,
    };
    const activations = await firstActivations(asRead, rows);
    const inputs = activations.values;
    const logits = await computeOutputs(asRead, inputs, products);
    const outputsOf = async (tensor: string): Promise<Float64Array> =>
      (await tensorAt(session, tensor, samples, null, run.memoryBudget)).data;
    const found = await outputsOf(own.tensor);
    // Labels that the model gives itself are those of its own run, whatever the method.
    const given = { ...logits, data: fromHeld(own, heldNumbers(own, found, samples.count)) };
    const chosen = lossFor(request, samples, given, subject.head);
    const { loss, targets } = chosen;
    // Errors of numbers are those of what the model gives: its head is part of the function then.
    const withHead =
      lossInput(subject, loss).tensor === own.tensor ? null : await readPerceptron(analysed, loss);
    if (withHead !== null && !withHead.ok) {
      if (request.method === 'auto') return await analyseGraph(analysed, run);
      throw new FailureError(withHead.failure.kind, withHead.failure.message, withHead.failure.detail);
    }
    const perceptron = withHead?.read.perceptron ?? asRead;
    run.known = { ...run.known, loss, lossAssumed: chosen.assumed };

    const { weightDecay } = request;
    const { memoryBudget } = run;
    const objective = { subject, session, samples, targets, loss, weightDecay, between };
    // Where no limit may cut it short, the closed form brings in its own passes what are stages of their own otherwise.
    const whole = request.timeLimit === null ? wholePlan(perceptron, samples.count, memoryBudget) : null;
    const used = whole ?? plan;
    const driversOf = (problem: Problem): Driver[] =>
      drivers(problem, chosen.classes, products, memoryBudget, whole !== null);
    const asGiven: Problem = { perceptron, inputs, loss, targets, matrix: 'hessian', weightDecay };
    const certificate = (which: 'first' | 'proved'): PlannedStage =>
      certificateStageOf(facts.parameters, samples.count, which);
    const ofProducts = (count: number): PredictedCost =>
      costOfProducts(count, facts.parameters, samples.count);
    const ofLayers = stageOfLayers(ofProducts, perceptron.layers.length);
    run.expect([
      certificate('first'),
      { stage: closedFormStage, cost: used },
      certificate('proved'),
      stageOfMeasurements(ofProducts, request),
      ...(ofLayers === null ? [] : [ofLayers]),
      ...driversOf(asGiven),
    ]);
    const options = lossOptions(run, subject, samples, chosen, ignored);
    // Of products, which are held against the model's own outputs by themselves.
    const factsOf: Parameters<typeof tellFirstInterval>[2] = (products) => ({
      samples: sampleFacts(run, samples, chosen, products, accuracy(given, chosen.classes)),
      lossOptions: options,
    });
    first = await tellFirstInterval(objective, run, factsOf, used.bytes);
    run.tell('Checking the forward pass');
    await checkForwardPass(
      { subject, input: own, perceptron: asRead, first: activations, outputs: logits, found },
      products,
    );
    if (withHead !== null) {
      const { input: ofLoss } = withHead.read;
      const outputs = await computeOutputs(perceptron, inputs, products);
      const ownOutputs = await outputsOf(ofLoss.tensor);
      await checkForwardPass(
        { subject, input: ofLoss, perceptron, first: activations, outputs, found: ownOutputs },
        products,
      );
    }
    stopwatch.lap('forward');
    const { problem, form } = await computeClosedFormInUnit(
      asGiven,
      products,
      used,
      run.begin(closedFormStage, used),
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
      lossOptions: options,
      method: 'closed-form',
      analysis: analysisFacts(run, {
        precision: 'float64',
        productError: 0,
        stoppedBy: 'complete',
        cost: { multiplyAdds: used.multiplyAdds, bytes: used.bytes },
      }),
      ...perceptronReport(perceptron, form),
      gaussNewton: null,
      topSamples: topSamples(form, { samples, outputs: logits, classes: chosen.classes }),
      ...notMeasured,
      scaleAdapted: null,
      spectrum: null,
      warnings: [
        ...warningsAbout(described, chosen, modelWarnings(subject, loss, request, samples.count)),
        ...dataWarnings(request, samples, chosen, ignored),
        ...closedFormWarnings(request),
      ],
      time: stopwatch.seconds(),
    };
    // Until it is proved, what was found first stays.
    const { sharpness } = run.known;
    run.known = sharpness === undefined || run.unit !== 1 ? report : { ...report, sharpness };
    const about = {
      samples,
      chosen,
      accuracyOf: (data: Float64Array) => accuracy({ ...logits, data }, chosen.classes),
    };
    const proved = await certify(report, { objective, first, about }, run).finally(() => session.release());
    stopwatch.lap('certificate');
    const driven = await addDrivers(proved, driversOf(problem), run);
    stopwatch.lap('drivers');
    return { ...inTrueSizes(withLeftOut(driven, run.leftOut), run.unit), time: stopwatch.seconds() };
  } finally {
    await first?.products?.release();
    await products.release();
  }
}

function estimatedWarning(plan: ClosedFormPlan): Warning {
  const message = `The closed form of this perceptron takes ${costText(plan)}, so trace, norm and bounds are estimated; use ${setting('method', 'closed-form')} where they are to be exact.`;
  return { kind: 'method', message };
}

/** Adds one driver after the other, as long as there is time. */
async function addDrivers(report: Report, parts: readonly Driver[], run: AnalysisRun): Promise<Report> {
  let current = report;
  for (const { stage, cost, what, addTo } of parts) {
    run.known = current;
    if (run.outOfTime()) run.leaveOut(what, stage);
    else {
      const before = current;
      current = await addTo(current, run.beginOptional(stage, cost)).catch((error: unknown) => {
        if (!endsStage(error)) throw error;
        run.leaveOut(what, stage);
        return before;
      });
    }
  }
  return current;
}

/** @throws FailureError NonFiniteLoss that names the sample as it is counted in its file */
export function requireFiniteLoss(losses: Float64Array, samples: Samples): void {
  const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
  if (wrong === -1) return;
  throw new FailureError(
    'NonFiniteLoss',
    `The loss of sample ${samples.indices?.[wrong] ?? wrong} in ${samples.source} is ${losses[wrong]}; check the samples, their scaling (${setting('scale')}) and the loss (${setting('loss')}).`,
  );
}
