import type { RunnableModel } from '../formats/model';
import type { AnalysisRequest } from '../report/request';
import { classNamesOf, numberedClasses } from './classNames';
import { drawInputs } from './drawInputs';
import { dropIgnored } from './ignoredLabels';
import { readSamples } from './readSamples';
import type { InputSpec, Samples } from './samples';

/** The samples of a request for the model's inputs, without those that their label says to ignore. */
export async function samplesFor(
  request: AnalysisRequest,
  specs: readonly InputSpec[],
  model: RunnableModel,
): Promise<{ readonly samples: Samples; readonly ignored: number }> {
  const { samples: source, seed, scale, limit, ignoreLabel, skipBroken } = request;
  const classNames = model.classNames ?? classNamesOf(model.graph);
  const read =
    source.kind === 'random'
      ? drawInputs(specs, source.count, seed)
      : await readSamples(source, specs, {
          scale,
          limit,
          seed,
          ignoreLabel,
          leaveOutBroken: skipBroken,
          classNames,
        });
  const samples = { ...read, labels: numberedClasses(read.labels, classNames, read.source) };
  return dropIgnored(samples, request);
}
