import { failedRow, rowOf, runRow, type ComparedRow } from '../comparison/row';
import { CutShortError } from '../report/cutShort';
import { failureOf, type Failure } from '../report/failure';
import type { PrintedReport, Training } from '../report/report';
import { isSavedReport } from './comparedFiles';
import type { Evaluation } from './evaluate';
import { readSavedReport } from './savedReport';

/** What the rows of a comparison are made from. */
export interface RowCalls {
  readonly analyse: (model: string) => Promise<PrintedReport>;
  /** What forward passes alone tell. */
  readonly evaluate: (model: string) => Promise<Evaluation>;
}

/**
 * One row of a comparison, whatever becomes of it: from a saved report, or from an analysis; of a model that cannot be
 * differentiated from its runs; a failure is a row that says why.
 * @param training what the user says of the training of all; null: as the reports say
 * @throws what an interrupted analysis throws
 */
export async function comparedRow(
  path: string,
  training: Training | null,
  calls: RowCalls,
): Promise<ComparedRow> {
  try {
    const report = await (isSavedReport(path) ? readSavedReport(path) : calls.analyse(path));
    return rowOf(path, report, training);
  } catch (error) {
    if (error instanceof CutShortError) return rowOf(path, error.report, training);
    const failure = failureOf(error);
    if (failure.kind === 'Interrupted') throw error;
    return failure.kind === 'UnsupportedOperator'
      ? rowOfRuns(path, training, failure, calls)
      : failedRow(path, failure);
  }
}

/** @param refusal why it cannot be differentiated */
async function rowOfRuns(
  path: string,
  training: Training | null,
  refusal: Failure,
  { evaluate }: Pick<RowCalls, 'evaluate'>,
): Promise<ComparedRow> {
  try {
    return runRow(path, (await evaluate(path)).report, training, refusal.message);
  } catch (error) {
    const { kind, message } = failureOf(error);
    if (kind === 'Interrupted') throw error;
    const both = `${refusal.message} Nor is it run for its loss alone: ${message}`;
    return failedRow(path, message === refusal.message ? refusal : { ...refusal, message: both });
  }
}
