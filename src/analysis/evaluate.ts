import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ComparedReport } from '../comparison/numbers';
import { partsOfSamples, samplingError, type SampleParts } from '../curvature/samplingError';
import { readModel } from '../formats/readModel';
import { ancestors, producers } from '../graph/flow';
import { roundsByBatch } from '../graph/quantisation';
import { predictedClass } from '../loss/accuracy';
import type { ChosenLoss } from '../loss/chooseLoss';
import { headNote, lossInput } from '../loss/lossInput';
import { computeLosses, isOfOutput } from '../loss/losses';
import { inRows, rowsPerSample, rowWeights } from '../loss/targets';
import { FailureError } from '../report/failure';
import type { Warning } from '../report/report';
import type { AnalysisRequest, Progress } from '../report/request';
import { setting } from '../report/wording/settings';
import type { Samples } from '../samples/samples';
import { findHead, sameTensor } from '../subject/head';
import { findRunSubject, type RunSubject } from '../subject/subject';
import { openModel, subjectChoice, type OpenedModel } from './analysedModel';
import { readAnalysedSamples } from './analysedSamples';
import { AnalysisRun } from './analysisRun';
import { nothingKnown } from './cutReport';
import { dataWarnings } from './dataWarnings';
import { chooseLossOn, outputsForLoss } from './openedGraph';
import { requireFiniteLoss } from './perceptronAnalysis';
import { lossOptions, rowFacts, sampleFacts } from './reportFacts';
import { completedByFile, takenFromFile } from './saidByFile';
import { warningsAbout } from './warnings';

/** What forward passes tell of every sample. */
export interface EvaluatedSamples extends SampleParts {
  /** Where every sample lies in its file; null: all of the file, in its order. */
  readonly indices: Int32Array | null;
  /** Hash of the numbers that the model was given. */
  readonly inputs: string;
  /** Hash of the loss and its targets; null where these are the model's own. */
  readonly targets: string | null;
  /** The class of every prediction, −1 for those that are left out; null where no single class is meant. */
  readonly predictions: Int32Array | null;
  /** The class of every sample, −1 where it has none; null where a sample has several, or no single class is meant. */
  readonly labels: Int32Array | null;
}

/** A model that was only run. */
export interface Evaluation {
  /** Its loss and accuracy; nothing that takes a derivative. */
  readonly report: ComparedReport;
  readonly samples: EvaluatedSamples;
}

/** No weight decay is counted. */
const undecayed = { parameters: [], decayed: new Set<string>() };

/**
 * What forward passes alone tell of a model, differentiable or not. Output and loss are chosen as an analysis chooses them,
 * of a quantised model as for the float model that it was made from.
 * @throws FailureError where the model does not run on the samples, or it is not certain what its output holds
 */
export async function evaluate(
  request: AnalysisRequest,
  onProgress: (progress: Progress) => void,
): Promise<Evaluation> {
  const run = new AnalysisRun(request, onProgress);
  run.tell('Reading the model');
  if (request.weightDecay > 0) {
    throw new FailureError(
      'UsageError',
      `A weight decay is over the float weights, which a model that is only run does not tell; leave out ${setting('weight-decay')}.`,
    );
  }
  const model = await readModel(request.model, request.architecture);
  run.request = completedByFile(request, model.said);
  const subject = findRunSubject(model, subjectChoice(request));
  const beforeRun = (): void => {
    run.requireTime();
  };
  const opened = openModel(model, subject, run.threads, beforeRun, run.memoryBudget);
  try {
    return await evaluateOpened(opened, run);
  } finally {
    await opened.session.release();
  }
}

async function evaluateOpened(opened: OpenedModel, run: AnalysisRun): Promise<Evaluation> {
  const { model, subject } = opened;
  const { request } = run;
  const { samples, ignored } = await readAnalysedSamples(opened, subject.inputs, run);
  const bySample = ancestors(model.graph, subject.output).some(roundsByBatch);
  const { chosen, logits, batch } = await chooseLossOn(opened, samples, run, bySample ? 1 : null);
  const { loss, targets } = chosen;
  const input = lossInput(subject, loss);
  // Errors of numbers are those of what the model gives, its head included.
  const isOfHead = input.tensor !== lossInput(subject, request.loss === 'auto' ? null : request.loss).tensor;
  if (isOfHead) run.request = { ...request, loss };
  const outputs = isOfHead ? await outputsForLoss(opened, samples, batch, run) : logits;
  const { rows, width } = targets;
  const data =
    rows === undefined
      ? outputs.data
      : inRows(outputs.data, [samples.count, ...outputs.dims], rows.classAxis);
  const parts = lossParts(chosen, data);
  requireFiniteLoss(
    parts.parts.map((part, n) => (parts.weights[n]! > 0 ? part / parts.weights[n]! : 0)),
    samples,
  );
  const meanLoss = parts.parts.reduce((sum, part) => sum + part, 0);
  const described = {
    ...sampleFacts(run, samples, chosen, { meanLoss, penalty: 0 }, chosen.accuracy),
    ...rowFacts(chosen),
    lossError: samplingError(parts),
  };
  const { file, sha256, format, producer } = model;
  return {
    report: {
      ...nothingKnown,
      gradientNorm: null,
      model: {
        ...{ file: basename(file), sha256, format, producer },
        output: originalName(subject, input.tensor),
      },
      samples: described,
      loss,
      lossOptions: lossOptions(run, undecayed, samples, chosen, ignored),
      warnings: [
        ...warningsAbout(described, chosen, notesOn(subject, chosen, request, bySample)),
        ...dataWarnings(request, samples, chosen, ignored),
      ],
    },
    samples: {
      ...parts,
      indices: samples.indices,
      inputs: hashOfInputs(samples),
      targets: described.labels === 'given' || described.labels === 'none' ? hashOfTargets(chosen) : null,
      ...classesOf(chosen, data, width),
    },
  };
}

/** What every sample adds to the mean loss. @param outputs in the rows of the targets */
function lossParts({ loss, targets }: ChosenLoss, outputs: Float64Array): SampleParts {
  const { values, width, factors, count } = targets;
  const weights = rowWeights(targets, 0, count);
  const losses = computeLosses(loss, outputs, values, width, factors);
  return partsOfSamples(
    losses.map((each, row) => (weights[row]! > 0 ? weights[row]! * each : 0)),
    weights,
    rowsPerSample(targets),
  );
}

/** The classes that the outputs say, and those of the labels. @param outputs in the rows of the targets */
function classesOf(
  { targets, classes }: ChosenLoss,
  outputs: Float64Array,
  columns: number,
): Pick<EvaluatedSamples, 'predictions' | 'labels'> {
  if (classes === null) return { predictions: null, labels: null };
  const weights = rowWeights(targets, 0, targets.count);
  const matrix = { rows: weights.length, columns, data: outputs };
  return {
    predictions: Int32Array.from(weights, (weight, row) => (weight > 0 ? predictedClass(matrix, row) : -1)),
    labels: rowsPerSample(targets) === 1 ? classes : null,
  };
}

function hashOf(...parts: readonly (string | Float64Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const text = typeof part === 'string';
    hash.update(text ? part : new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest('hex');
}

function hashOfInputs({ inputs }: Samples): string {
  return hashOf(...inputs.flatMap(({ name, dims, data }) => [`${name} ${dims.join('×')} `, data]));
}

function hashOfTargets({ loss, targets }: ChosenLoss): string {
  const { width, values, factors, count } = targets;
  return hashOf(`${loss} ${width} `, values, factors ?? '', rowWeights(targets, 0, count));
}

/** The name of a tensor before the model was quantised: those who quantise keep the names of outputs, and of what is inside. */
function originalName({ graph, model }: RunSubject, tensor: string): string {
  return model.graph.outputs.some(({ name }) => name === tensor)
    ? tensor
    : sameTensor(producers(graph), tensor);
}

/** What a reader should know of how it is run. */
function notesOn(
  subject: RunSubject,
  { loss }: ChosenLoss,
  request: AnalysisRequest,
  bySample: boolean,
): Warning[] {
  const { model, output, head } = subject;
  const isRounded =
    !isOfOutput(loss) && head.kind !== 'none' && findHead(model.graph, output).kind === 'none';
  return [
    headNote(subject, loss) ?? [],
    takenFromFile(model.said, request),
    isRounded
      ? `The loss is put on what the model’s ${head.kind} is made from: that its probabilities are rounded afterwards is not counted.`
      : [],
    bySample
      ? 'It rounds by the range of each batch (dynamic quantisation), so it is run on one sample at a time: in batches its loss is another.'
      : [],
  ]
    .flat()
    .map((message) => ({ kind: 'model', message }));
}
