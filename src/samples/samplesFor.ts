import type { Graph } from '../graph/graph';
import type { AnalysisRequest } from '../report/request';
import { classNamesOf } from './classNames';
import { drawInputs } from './drawInputs';
import { dropIgnored } from './ignoredLabels';
import { readSamples } from './readSamples';
import type { InputSpec, Samples } from './samples';

/** The samples of a request for the model's inputs, without those that their label says to ignore. */
export async function samplesFor(
  request: AnalysisRequest,
  specs: readonly InputSpec[],
  graph: Graph,
): Promise<{ readonly samples: Samples; readonly ignored: number }> {
  const { samples: source, seed, scale, limit, ignoreLabel, skipBroken } = request;
  const samples =
    source.kind === 'random'
      ? drawInputs(specs, source.count, seed)
      : await readSamples(source, specs, {
          scale,
          limit,
          seed,
          ignoreLabel,
          classNames: classNamesOf(graph),
          leaveOutBroken: skipBroken,
        });
  return dropIgnored(samples, request);
}
