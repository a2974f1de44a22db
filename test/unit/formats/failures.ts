import { failureOf } from '../../../src/report/failure';
import type { Failure } from '../../../src/report/failure';
import { inTerminalWords } from '../../../src/report/wording/settings';

/** The result of `read`, or what it fails with. */
export function attempt<T>(read: () => T): T | Failure {
  try {
    return read();
  } catch (error) {
    return inTerminal(error);
  }
}

/** The same of a promise. */
export async function attemptAsync<T>(read: () => Promise<T>): Promise<T | Failure> {
  return read().catch(inTerminal);
}

/** What `read` fails with. Throws where it succeeds. */
export async function failureFrom(read: () => Promise<unknown>): Promise<Failure> {
  const outcome = await read().then(() => null, inTerminal);
  if (outcome === null) throw new Error('Expected a failure, but the file was read');
  return outcome;
}

/** A failure as the terminal tells it. */
function inTerminal(error: unknown): Failure {
  const failure = failureOf(error);
  return { ...failure, message: inTerminalWords(failure.message) };
}

/** One sentence for a person: it begins with what it is about, ends with a full stop, and holds no stack and no escape. */
export const oneSentence = /^["A-Z]\P{Cc}*\.$/u;
