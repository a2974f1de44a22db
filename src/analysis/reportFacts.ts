import { version } from '../../package.json';
import type { ChosenLoss } from '../loss/chooseLoss';
import type { LossOfOutputs } from '../loss/lossOfOutputs';
import { evenGuessLoss } from '../loss/evenGuess';
import { isOfOutput, losses } from '../loss/losses';
import type { Targets } from '../loss/targets';
import type { AnalysisFacts, Loss, LossOptions, SampleFacts } from '../report/report';
import { runtimeVersion } from '../runtime/session';
import type { Samples } from '../samples/samples';
import { decayedCount, type Subject } from '../subject/subject';
import type { AnalysisRun } from './analysisRun';

/** The samples as the report shows them. */
export function sampleFacts(
  { request }: AnalysisRun,
  samples: Samples,
  { loss, targets }: ChosenLoss,
  { meanLoss, penalty }: { readonly meanLoss: number; readonly penalty: number },
  accuracy: number | null,
): SampleFacts {
  return {
    source: samples.source,
    count: samples.count,
    classes: isOfOutput(loss) ? 0 : Math.max(2, targets.width),
    labels:
      loss === 'output'
        ? 'none'
        : samples.labels !== null
          ? 'given'
          : request.samples.kind === 'random'
            ? 'drawn'
            : 'predicted',
    scale: samples.scale,
    ...(samples.normalisation !== undefined && { normalisation: samples.normalisation }),
    meanLoss,
    accuracy,
    ...evenGuessFact(loss, targets, penalty),
  };
}

/** The level of chance at these weights, where the options of the loss make it another than the logarithm of the number of classes. */
function evenGuessFact(loss: Loss, targets: Targets, penalty: number): Pick<SampleFacts, 'evenGuessLoss'> {
  const data = evenGuessLoss(loss, targets);
  const guess = data === null ? null : data + penalty;
  const usual = Math.log(losses[loss].targets === 'probabilities' ? 2 : targets.width);
  return guess === null || Math.abs(guess / usual - 1) < 1e-9 ? {} : { evenGuessLoss: guess };
}

/** Where a sample has several predictions: how many, and how many of all were left out. */
export function rowFacts({
  targets: { rows },
  ignoredRows,
}: LossOfOutputs): Pick<SampleFacts, 'rowsPerSample' | 'ignoredRows'> {
  return rows === undefined ? {} : { rowsPerSample: rows.perSample, ignoredRows };
}

/** What of the loss is not its kind; what is as usual is left out, but for what every report has had. */
export function lossOptions(
  { request }: AnalysisRun,
  subject: Pick<Subject, 'parameters' | 'decayed'>,
  { weights }: Samples,
  { ignoredNumbers, takenAsIgnored = null }: ChosenLoss & Partial<Pick<LossOfOutputs, 'takenAsIgnored'>>,
  ignoredSamples: number,
): LossOptions {
  const { classWeights, labelSmoothing, posWeight, weightDecay, decayed } = request;
  const ignoreLabel = takenAsIgnored ?? request.ignoreLabel;
  return {
    classWeights,
    labelSmoothing,
    ignoredSamples,
    ...(ignoredNumbers > 0 && { ignoredNumbers }),
    ...(ignoreLabel !== null && { ignoreLabel }),
    ...(posWeight !== null && { posWeight }),
    ...(weightDecay > 0 && { weightDecay }),
    ...(weightDecay > 0 &&
      decayed.length > 0 && { decayed: { patterns: decayed, parameters: decayedCount(subject) } }),
    ...(weights !== undefined && { sampleWeights: weights.key }),
  };
}

/** How it was computed; `computed` is what the method decides. */
export function analysisFacts(
  { request, threads, memoryBudget }: AnalysisRun,
  computed: Pick<AnalysisFacts, 'precision' | 'productError' | 'stoppedBy' | 'cost'>,
): AnalysisFacts {
  return {
    ...computed,
    mode: 'evaluation',
    seed: request.seed,
    requestedPrecision: request.precision,
    threads,
    memoryBudget,
    versions: { 'model-sharpness': version, onnxruntime: runtimeVersion },
  };
}
