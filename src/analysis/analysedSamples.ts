import { tensorAt } from '../inference/tensorAt';
import { lossFor } from '../loss/chooseLoss';
import { meanLossOf } from '../loss/evenGuess';
import { FailureError } from '../report/failure';
import { normalisationsText } from '../report/normalisations';
import { setting } from '../report/wording/settings';
import {
  normalisationOf,
  normalised,
  usualNormalisations,
  type Normalisation,
} from '../samples/pictures/normalisation';
import { rowsOfSamples, type InputSpec, type Samples } from '../samples/samples';
import { samplesFor } from '../samples/samplesFor';
import type { OpenedModel } from './analysedModel';
import type { AnalysisRun } from './analysisRun';

/** Samples on which normalisations are tried. */
const mostTried = 256;

/** The samples of a request, pictures among them normalised as asked for, else as gives the least mean loss. */
export async function readAnalysedSamples(
  analysed: OpenedModel,
  specs: readonly InputSpec[],
  run: AnalysisRun,
): Promise<{ readonly samples: Samples; readonly ignored: number }> {
  run.tell('Reading the samples');
  const { samples, ignored } = await samplesFor(run.request, specs, analysed.model);
  return { samples: await normalisedAsTrained(samples, analysed, run), ignored };
}

async function normalisedAsTrained(
  samples: Samples,
  analysed: OpenedModel,
  run: AnalysisRun,
): Promise<Samples> {
  const pictures = samples.inputs.find((input) => input.pictures !== undefined)?.pictures;
  const { normalize, scale } = run.request;
  if (normalize !== null) {
    const asked = normalisationOf(normalize);
    const counts = [asked?.mean.length, asked?.deviation.length];
    if (
      asked === null ||
      pictures === undefined ||
      counts.some((count) => count !== 1 && count !== pictures.channels)
    ) {
      throw new FailureError(
        'UsageError',
        pictures === undefined
          ? `${samples.source} holds no pictures that ${setting('normalize')} could be for; use ${setting('scale')}, or leave it out.`
          : `${setting('normalize', normalize)} does not say how to normalise pictures of ${String(pictures.channels)} channels; write ${normalisationsText} (numbers of pixels from 0 to 1, one or one for each channel).`,
      );
    }
    return normalised(samples, asked);
  }
  // Who scales the pixels says how they were given to the model in training.
  if (pictures === undefined || scale !== 1) return samples;
  const tried = await lossesOf(usualNormalisations(pictures.channels), samples, analysed, run);
  const best = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  // Where none gives a loss, what is in the way is no matter of the normalisation.
  if (best.failure !== null) throw best.failure;
  const others = tried
    .filter((each) => each !== best)
    .map(
      ({ normalisation, loss }) =>
        `${normalisation.name}: ${Number.isFinite(loss) ? loss.toPrecision(3) : 'none'}`,
    );
  const note = `The pixels are normalised as ${best.normalisation.name}, which of the usual ways gives the least mean loss on ${String(Math.min(mostTried, samples.count))} samples (${best.loss.toPrecision(3)}; ${others.join(', ')}); ${setting('normalize')} says another.`;
  const chosen = normalised(samples, best.normalisation);
  return { ...chosen, notes: [...(samples.notes ?? []), note] };
}

interface Trial {
  readonly normalisation: Normalisation;
  /** Infinite where there is a failure. */
  readonly loss: number;
  readonly failure: FailureError | null;
}

/** The mean loss on some samples. */
async function lossesOf(
  normalisations: readonly Normalisation[],
  samples: Samples,
  { session, subject }: OpenedModel,
  run: AnalysisRun,
): Promise<readonly Trial[]> {
  const { logits } = subject.head;
  const first = Int32Array.from({ length: Math.min(mostTried, samples.count) }, (_, n) => n);
  const few = rowsOfSamples(samples, first);
  const tried: Trial[] = [];
  for (const normalisation of normalisations) {
    const own = normalised(few, normalisation);
    try {
      const { data } = await tensorAt(session, logits, own, null, run.memoryBudget);
      const outputs = { rows: few.count, columns: data.length / few.count, data };
      const chosen = lossFor(run.request, own, outputs, subject.head);
      const loss = meanLossOf(chosen.loss, data, chosen.targets);
      tried.push({ normalisation, loss: Number.isNaN(loss) ? Infinity : loss, failure: null });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      tried.push({ normalisation, loss: Infinity, failure: error });
    }
  }
  return tried;
}
