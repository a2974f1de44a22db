import { FailureError, failureOf, type Failure } from './failure';
import type { PrintedReport } from './report';

/** The user's time limit ended an analysis of which something was known by then. */
export class CutShortError extends FailureError {
  constructor(
    readonly report: PrintedReport,
    message: string,
  ) {
    super('TimeLimit', message);
  }
}

/** A failure as it is told to another process, with what was known. */
export interface ToldFailure extends Failure {
  readonly report?: PrintedReport;
}

/** What was thrown, to be told to another process. */
export function toldFailure(thrown: unknown): ToldFailure {
  const failure = failureOf(thrown);
  return thrown instanceof CutShortError ? { ...failure, report: thrown.report } : failure;
}

/** The error of a failure that another process told. */
export function thrownAgain({ kind, message, detail, report }: ToldFailure): FailureError {
  return report === undefined ? new FailureError(kind, message, detail) : new CutShortError(report, message);
}
