import { failureOf, FailureError, type Failure } from '../../../src/report/failure';

/** The failure of an action that must fail with a FailureError; anything else is passed on. */
export async function failureIn(action: () => unknown): Promise<Failure> {
  try {
    await action();
  } catch (error) {
    if (error instanceof FailureError) return failureOf(error);
    throw error;
  }
  throw new Error('nothing failed');
}
