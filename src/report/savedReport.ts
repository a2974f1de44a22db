import * as v from 'valibot';
import { FailureError } from './failure';
import type { PartialReport, PrintedReport, Report } from './report';
import { partialReportSchema, printedReportSchema, reportSchema } from './schema';

/** A report that was exported: whole, or what was known when the analysis was ended. */
export type SavedReport =
  | { readonly whole: true; readonly report: Report }
  | { readonly whole: false; readonly report: PartialReport };

/** The element of the HTML page that holds the report. */
const pageElement = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/;

export const pageWithoutReport = 'it is a page without a report in it; export it once more';

/** The JSON of an exported report, which an HTML page holds as data; null for another page. */
export function savedJson(text: string): string | null {
  return text.trimStart().startsWith('<') ? (pageElement.exec(text)?.[1] ?? null) : text;
}

/**
 * The report in an exported JSON file, or in an exported HTML page.
 * @throws FailureError ReportUnreadable where it is damaged, or of a version that this one does not know
 */
export function readSavedReport(name: string, text: string): SavedReport {
  const json = savedJson(text);
  if (json === null) throw unreadable(name, pageWithoutReport, 'no element #report');
  const value = parse(name, json);
  const schema = v.safeParse(v.object({ schema: v.number() }), value);
  if (!schema.success) throw unreadable(name, 'it holds no report', v.flatten(schema.issues));
  if (schema.output.schema !== 1)
    throw unreadable(
      name,
      `it is of schema ${schema.output.schema}, and this version reads schema 1; update the extension to open it`,
    );
  const whole = v.safeParse(reportSchema, value);
  if (whole.success) return { whole: true, report: whole.output };
  const isMarked = v.is(v.object({ partial: v.literal(true) }), value);
  const cut = v.safeParse(isMarked ? partialReportSchema : printedReportSchema, value);
  if (!cut.success) {
    const [issue] = whole.issues;
    throw unreadable(name, `its field ${v.getDotPath(issue) ?? 'at the root'} is damaged`, issue.message);
  }
  return { whole: false, report: withoutGaps(cut.output) };
}

/** What was known when an analysis was cancelled, as JSON that says so. */
export function partialReportJson(known: PartialReport): string {
  return JSON.stringify({ schema: 1, partial: true, ...known }, null, 2);
}

/** null in a report that a time limit ended; in another, null says something else of other fields. */
const cutFields = new Set(['gradientNorm', 'trace', 'frobeniusSquared', 'bounds']);

/** Numbers that were not known by then are left out, as in the panel. */
function withoutGaps(cut: PartialReport | PrintedReport): PartialReport {
  const known = Object.entries(cut).filter(([field, value]) => value !== null || !cutFields.has(field));
  return Object.fromEntries(known);
}

function parse(name: string, json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw unreadable(name, 'it is damaged: no JSON', error);
  }
}

function unreadable(name: string, what: string, detail: unknown = null): FailureError {
  const cause = detail instanceof Error ? detail.message : JSON.stringify(detail);
  return new FailureError('ReportUnreadable', `The report ${name} cannot be shown: ${what}.`, cause);
}
