import type { Matrix } from '../runtime/matrixProducts';
import { withoutIgnored } from '../samples/ignoredLabels';
import { drawInputs } from '../samples/drawInputs';
import { SeededRandom } from '../samples/random';
import { readSamples } from '../samples/readSamples';
import type { InputSpec, Samples } from '../samples/samples';
import type { AnalysisRequest } from '../report/request';
import { chooseLoss } from './chooseLoss';
import type { ChosenLoss, Head } from './chosenLoss';
import { modelLabels } from './modelLabels';

/** The samples of a request for the model's inputs, without those that their label says to ignore. */
export async function samplesFor(
  request: AnalysisRequest,
  specs: readonly InputSpec[],
  tableRows: ReadonlyMap<string, number> = new Map(),
): Promise<{ readonly samples: Samples; readonly ignored: number }> {
  const { samples: source, seed, scale, limit } = request;
  const samples =
    source.kind === 'random'
      ? drawInputs(specs, source.count, seed, tableRows)
      : await readSamples(source, specs, { scale, limit, seed });
  return withoutIgnored(samples);
}

/** The loss that fits the samples' labels; without labels, the model's own predictions are taken for them. */
export function lossFor(request: AnalysisRequest, samples: Samples, logits: Matrix, head: Head): ChosenLoss {
  if (samples.labels !== null)
    return chooseLoss(samples.labels, head, logits.columns, request, samples.source);
  const random = request.samples.kind === 'random' ? SeededRandom.fromSeed(request.seed + 1) : null;
  return modelLabels(logits, head, request, random);
}
