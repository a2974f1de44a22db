import type { DetailAnswer, DetailOf, DetailRequest } from '../report/detail';
import { failureOf } from '../report/failure';
import type { Report } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import type { WorkerCalls } from '../worker/client';
import type { LastRun } from './keptReports';
import { planRun } from './plannedRun';

/** A report that stands, and what it was made from. */
export interface StandingReport {
  readonly file: string;
  readonly report: Report;
  readonly run: Pick<LastRun, 'key' | 'source' | 'computation' | 'contents'>;
  readonly machine: Pick<AnalysisRequest, 'threads' | 'memoryBudget'>;
  readonly trusted: boolean;
}

/** What a report does not hold of a layer or sample: read from the files that it was made from, if all is still the same. */
export async function findReportDetail(
  { file, report, run, machine, trusted }: StandingReport,
  of: DetailOf,
  worker: WorkerCalls<'detail'>,
): Promise<DetailAnswer> {
  try {
    const { source, computation } = run;
    const wish = { model: file, source, computation, said: {}, machine };
    const { key, request } = await planRun(wish, run.contents, trusted);
    if (key !== run.key)
      return refused('Files or settings are not those of this report any more: run the analysis again.');
    const wanted = wantedOf(report, of);
    if (wanted === null) return refused('The report has no such layer.');
    const { sha256 } = report.model;
    return {
      ok: true,
      detail: await worker.detail({ request, sha256, of: wanted }, { owner: `${file} (a part)` }),
    };
  } catch (thrown) {
    return refused(failureOf(thrown).message);
  }
}

function wantedOf({ layers }: Report, { kind, index }: DetailOf): DetailRequest['of'] | null {
  if (kind === 'sample') return { kind, index };
  const layer = layers[index];
  return layer === undefined ? null : { kind, layer: { name: layer.name, outputs: layer.outputs } };
}

/** No detail, and why. */
export function refused(refusal: string): DetailAnswer {
  return { ok: false, refusal };
}
