import { failureOf } from '../../../src/report/failure';
import type { Failure } from '../../../src/report/failure';

/** The result of `read`, or what it fails with. */
export function attempt<T>(read: () => T): T | Failure {
  try {
    return read();
  } catch (error) {
    return failureOf(error);
  }
}

/** The same of a promise. */
export async function attemptAsync<T>(read: () => Promise<T>): Promise<T | Failure> {
  return read().catch(failureOf);
}

/** What `read` fails with. Throws where it succeeds. */
export async function failureFrom(read: () => Promise<unknown>): Promise<Failure> {
  const outcome = await read().then(() => null, failureOf);
  if (outcome === null) throw new Error('Expected a failure, but the file was read');
  return outcome;
}

/** One sentence for a person: it begins with what it is about, ends with a full stop, and holds no stack and no escape. */
export const oneSentence = /^["A-Z]\P{Cc}*\.$/u;
