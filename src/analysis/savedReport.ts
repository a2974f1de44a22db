import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { FailureError } from '../report/failure';
import { quote } from '../files/quote';
import type { PrintedReport } from '../report/report';
import { pageWithoutReport, savedJson } from '../report/savedReport';
import { printedReportSchema } from '../report/schema';

/** A report has some hundred kilobytes. */
const largest = 256 * 1024 ** 2;

/** A model beyond this is not read to see whether it is still the one of the report. */
const largestHashed = 1024 ** 3;

/**
 * A report that was saved as JSON, or as a page. Where its model lies beside it and is another by now, a warning says so.
 * @throws FailureError where it is no report, damaged, or of a newer version
 */
export async function readSavedReport(path: string): Promise<PrintedReport> {
  const refuse = (what: string, detail: string | null = null): never => {
    throw new FailureError(
      'FileUnreadable',
      `The report ${quote(basename(path))} cannot be used: ${what}.`,
      detail,
    );
  };
  const { size } = await stat(path);
  if (size > largest) refuse('it is larger than any report; name the JSON that analyze wrote');
  const text = savedJson(await readFile(path, 'utf8'));
  if (text === null) return refuse(pageWithoutReport);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    refuse('it is no whole JSON; save the report again', error instanceof Error ? error.message : null);
  }
  const version = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : null;
  if (typeof version === 'number' && version > 1)
    refuse(`it was made by a newer version (its schema is ${version}); update, or analyse its model again`);
  const read = v.safeParse(printedReportSchema, json);
  if (!read.success) {
    const [issue] = read.issues;
    const field = v.getDotPath(issue);
    return refuse(
      field === null || version === null
        ? 'it is no report of an analysis; name a model, or the JSON that analyze wrote'
        : `its field ${field} holds no valid value; save the report again`,
      issue.message,
    );
  }
  const report = read.output;
  if (!(await isAnother(join(dirname(path), basename(report.model.file)), report.model.sha256)))
    return report;
  const message = `The model ${report.model.file} has changed since ${basename(path)} was saved; analyse it again.`;
  return { ...report, warnings: [{ kind: 'model-changed', message }, ...report.warnings] };
}

/** Whether there is a model, and it is not the one of the report. */
async function isAnother(model: string, sha256: string): Promise<boolean> {
  const facts = await stat(model).catch(() => null);
  if (facts?.isFile() !== true || facts.size > largestHashed) return false;
  const bytes = await readFile(model).catch(() => null);
  return bytes !== null && createHash('sha256').update(bytes).digest('hex') !== sha256;
}
