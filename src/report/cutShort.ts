import { FailureError } from './failure';
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
