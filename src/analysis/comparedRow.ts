import { failedRow, rowOf, type ComparedRow } from '../comparison/row';
import { CutShortError } from '../report/cutShort';
import { failureOf } from '../report/failure';
import type { PrintedReport, Training } from '../report/report';
import { isSavedReport } from './comparedFiles';
import { readSavedReport } from './savedReport';

/**
 * One row of a comparison, whatever becomes of it: from a saved report, or from an analysis; a failure is a row that says why.
 * @param training what the user says of the training of all; null: as the reports say
 * @throws what an interrupted analysis throws
 */
export async function comparedRow(
  path: string,
  training: Training | null,
  analyse: (model: string) => Promise<PrintedReport>,
): Promise<ComparedRow> {
  try {
    return rowOf(path, await (isSavedReport(path) ? readSavedReport(path) : analyse(path)), training);
  } catch (error) {
    if (error instanceof CutShortError) return rowOf(path, error.report, training);
    const failure = failureOf(error);
    if (failure.kind === 'Interrupted') throw error;
    return failedRow(path, failure);
  }
}
