import { analyse } from '../../../src/analysis/analyse';
import { inspectModel } from '../../../src/analysis/inspect';
import { detectFile } from '../../../src/formats/detection';
import { reportJson } from '../../../src/report/schema';
import { completed, noOptions, requestOf } from '../../../src/report/request';
import { readSidecar } from '../../../src/samples/sidecar';
import { serve } from '../../../src/worker/server';

// As the worker of the extension, with the command line's way to an analysis: detection, the sidecar, a checked report.
serve(
  process,
  {
    analyse: async (request, onProgress) => {
      await detectFile(request.model);
      const sidecar = await readSidecar(request.model);
      const { samples, ...options } = requestOf(completed(noOptions, sidecar?.options ?? noOptions));
      const source = samples.kind === 'file' ? samples : request.samples;
      const limit = Math.min(options.limit ?? Infinity, request.limit ?? Infinity);
      const report = await analyse({ ...request, ...options, limit, samples: source }, onProgress);
      reportJson(report);
      return report;
    },
    inspect: inspectModel,
  },
  () => {
    process.exit(0);
  },
);
