import * as v from 'valibot';
import { partialReportSchema, reportSchema } from '../report/schema';
import type { KeptReport } from './keptReports';

const entry = v.variant('whole', [
  v.object({ version: v.literal(1), whole: v.literal(true), finished: v.number(), report: reportSchema }),
  v.object({
    version: v.literal(1),
    whole: v.literal(false),
    finished: v.number(),
    report: partialReportSchema,
  }),
]);

/** What a file of the kept reports holds, or null where this version cannot show it. */
export function readKeptReport(stored: unknown): KeptReport | null {
  const read = v.safeParse(entry, stored);
  return read.success ? read.output : null;
}
