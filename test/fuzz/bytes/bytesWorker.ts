import { analyse } from '../../../src/analysis/analyse';
import { evaluate } from '../../../src/analysis/evaluate';
import { findDetail } from '../../../src/analysis/detail';
import { inspectModel } from '../../../src/analysis/inspect';
import { tryLayers } from '../../../src/analysis/tryLayers';
import { detectFile } from '../../../src/formats/detection';
import { reportJson } from '../../../src/report/schema';
import { completeRequest, noOptions, requestOf } from '../../../src/report/request';
import { readSidecar } from '../../../src/samples/sidecar';
import { serve } from '../../../src/worker/server';

/** Beyond four times the budget that the campaign gives, and what Node and onnxruntime take by themselves. */
let mostKibibytes = 1.5 * 2 ** 20;

/** What `run` gives or throws, unless the process took more memory meanwhile than ever before. */
async function withinMemory<Value>(run: () => Promise<Value>): Promise<Value> {
  const outcome = await run().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const { maxRSS } = process.resourceUsage();
  if (maxRSS > mostKibibytes) {
    mostKibibytes = maxRSS;
    throw new Error(`The analysis took ${Math.round(maxRSS / 1024)} MiB`);
  }
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

// As the worker of the extension, with the command line's way to an analysis: detection, the sidecar, a checked report.
serve(
  process,
  {
    analyse: (request, onProgress) =>
      withinMemory(async () => {
        await detectFile(request.model);
        const sidecar = await readSidecar(request.model);
        const { samples, ...options } = requestOf(completeRequest(noOptions, sidecar?.options ?? noOptions));
        const source = samples.kind === 'file' ? samples : request.samples;
        const limit = Math.min(options.limit ?? Infinity, request.limit ?? Infinity);
        const report = await analyse({ ...request, ...options, limit, samples: source }, onProgress);
        reportJson(report);
        return report;
      }),
    evaluate: (request, onProgress) => withinMemory(() => evaluate(request, onProgress)),
    inspect: ({ file }) => withinMemory(() => inspectModel(file)),
    tryLayers: (layers) => withinMemory(() => tryLayers(layers)),
    detail: (wanted) => withinMemory(() => findDetail(wanted)),
  },
  () => {
    process.exit(0);
  },
);
