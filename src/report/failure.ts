/**
 * A user's mistake or an unsupported model, as a value: what was found, where, and what to do next, in one sentence.
 * The table names every kind with the part of the request that is to blame, from which the command line takes its exit code.
 */
export const failureSubjects = {
  UsageError: 'usage',
  ReportUnreadable: 'usage',
  FileNotFound: 'model',
  FileUnreadable: 'model',
  NotAModel: 'model',
  LfsPointer: 'model',
  UnsupportedFormat: 'model',
  /** A file of weights alone; a proposal of what it does not tell is the detail. */
  ArchitectureMissing: 'model',
  DamagedModel: 'model',
  ExternalDataMissing: 'model',
  ExternalDataOutsideFolder: 'model',
  UnsupportedOperator: 'model',
  UnsupportedStructure: 'model',
  /** Exported in training mode, and evaluation mode was not asked for. */
  TrainingMode: 'model',
  NoParameters: 'model',
  NonFiniteWeights: 'model',
  ForwardPassMismatch: 'model',
  TooLarge: 'model',
  SamplesNotFound: 'samples',
  SamplesUnreadable: 'samples',
  SampleKeyMissing: 'samples',
  SampleShapeMismatch: 'samples',
  SampleCountMismatch: 'samples',
  NoSamples: 'samples',
  NonFiniteSamples: 'samples',
  LabelOutOfRange: 'samples',
  IndexOutOfRange: 'samples',
  UnsupportedLabels: 'samples',
  NonFiniteLoss: 'samples',
  Interrupted: 'interruption',
  /** The user's own limit ended the analysis before there was anything to report: no fault of the model. */
  TimeLimit: 'internal',
  /** The user wants no more of one stage; it ends that stage alone. */
  Skipped: 'internal',
  WorkerDied: 'internal',
  InternalError: 'internal',
} as const satisfies Record<string, 'usage' | 'model' | 'samples' | 'interruption' | 'internal'>;

export type FailureKind = keyof typeof failureSubjects;

export interface Failure {
  readonly kind: FailureKind;
  /** One sentence for a person. Never a stack trace. */
  readonly message: string;
  /** For the log: a cause, a position, a stack. */
  readonly detail: string | null;
}

/** Carries a Failure up to the boundary that turns it into a Result. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(kind: FailureKind, message: string, detail: string | null = null) {
    super(message);
    this.name = 'FailureError';
    this.failure = { kind, message, detail };
  }
}

/** The Failure in anything that was thrown; what is no FailureError is an InternalError with its stack in `detail`. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return {
    kind: 'InternalError',
    message: `The analysis stopped on a fault of its own (${error.message}); please report it with the log.`,
    detail: error.stack ?? null,
  };
}
