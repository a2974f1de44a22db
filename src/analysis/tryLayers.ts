import { basename } from 'node:path';
import { readModel } from '../formats/readModel';
import { inRows } from '../loss/targets';
import { meanLossOf } from '../loss/evenGuess';
import { lossOfOutputs } from '../loss/lossOfOutputs';
import type { Architecture } from '../report/architecture';
import { FailureError } from '../report/failure';
import { requestDefaults, requestOf, type LayersToTry, type LayersTrial } from '../report/request';
import { findSampleCandidates } from '../samples/candidates';
import { openAnalysedModel, subjectChoice } from './analysedModel';
import { readAnalysedSamples } from './analysedSamples';
import { AnalysisRun } from './analysisRun';
import { outputsForLoss } from './openedGraph';
import { completedByFile } from './saidByFile';

/** Samples that layers are tried on, and the time after which no others are. */
const mostSamples = 256;
const mostMilliseconds = 20_000;

/**
 * The loss and the accuracy that a file of weights gives with each of some architectures, by forward passes alone. The
 * samples are those that were said, else the best of the data files beside the model that fit.
 * @returns a trial for each, until the time is over
 */
export async function tryLayers({ file, said, architectures }: LayersToTry): Promise<readonly LayersTrial[]> {
  const end = performance.now() + mostMilliseconds;
  const trials: LayersTrial[] = [];
  for (const architecture of architectures) {
    if (performance.now() > end) break;
    try {
      trials.push(await tryOne({ file, said }, architecture));
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      trials.push({ ok: false, fault: error.message });
    }
  }
  return trials;
}

async function tryOne(
  { file, said }: Pick<LayersToTry, 'file' | 'said'>,
  architecture: Architecture,
): Promise<LayersTrial> {
  const model = await readModel(file, architecture);
  const limit = Math.min(said.limit ?? mostSamples, mostSamples);
  const options = { ...requestDefaults, ...requestOf(said), limit, model: file };
  const analysed = openAnalysedModel(model, subjectChoice(options), 1);
  const { subject, session } = analysed;
  try {
    const path = said.samples ?? (await bestBeside(file, subject.inputs));
    const from = { kind: 'file', path, inputs: said.inputs ?? {}, labels: said.labels } as const;
    const run = new AnalysisRun(completedByFile({ ...options, samples: from }, model.said), () => undefined);
    const { samples } = await readAnalysedSamples(analysed, subject.inputs, run);
    if (samples.labels === null)
      throw new FailureError(
        'UsageError',
        `${basename(path)} holds no labels, and without them no loss tells right layers from wrong ones.`,
      );
    const outputs = await outputsForLoss(analysed, samples, null, run);
    const { loss, targets, accuracy } = lossOfOutputs(run.request, subject, samples, outputs);
    const { rows } = targets;
    const data =
      rows === undefined
        ? outputs.data
        : inRows(outputs.data, [samples.count, ...outputs.dims], rows.classAxis);
    const { source, count } = samples;
    return { ok: true, loss: meanLossOf(loss, data, targets), accuracy, of: loss, source, count };
  } finally {
    await session.release();
  }
}

async function bestBeside(file: string, inputs: Parameters<typeof findSampleCandidates>[1]): Promise<string> {
  const [best] = await findSampleCandidates(file, inputs, null);
  if (best?.fits === true) return best.path;
  throw new FailureError(
    'UsageError',
    `No data file beside the model fits these layers${best === undefined ? '' : ` (${best.name}: ${best.description})`}, so their loss is not known yet.`,
  );
}
