import fc from 'fast-check';
import { FailureError } from '../../src/report/failure';

/** How long a part may run, and from which seed. */
export interface Budget {
  readonly seed: number;
  readonly runs: number | null;
  /** Of this part. */
  readonly milliseconds: number;
}

/** What a part found. */
export interface Outcome {
  readonly runs: number;
  readonly failures: number;
}

/** Runs of one seed: a failure is found again by running that seed alone. */
const runsOfSeed = 20;
/** More of them say nothing new. */
const mostFailures = 8;
/** Beyond it the smallest failure found so far is shown. */
const mostMilliseconds = 300_000;

/**
 * Draws until the budget is spent, seed after seed. What fails is shrunk, printed with its seed, and the next seed goes on.
 * @param check throws where something is wrong
 * @param reproduction says a counterexample in full
 */
export async function campaign<Drawn>(
  part: string,
  drawn: fc.Arbitrary<Drawn>,
  check: (value: Drawn) => Promise<void>,
  reproduction: (value: Drawn) => string,
  { seed: firstSeed, runs: mostRuns, milliseconds }: Budget,
): Promise<Outcome> {
  const end = performance.now() + milliseconds;
  let [runs, failures, seed] = [0, 0, firstSeed];
  while (failures < mostFailures && (mostRuns === null ? performance.now() < end : runs < mostRuns)) {
    const details = await fc.check(
      fc.asyncProperty(drawn, async (value) => check(value)),
      {
        seed,
        numRuns: Math.min(runsOfSeed, mostRuns === null ? Infinity : mostRuns - runs),
        interruptAfterTimeLimit: mostMilliseconds,
      },
    );
    runs += details.numRuns;
    if (details.failed && details.counterexample !== null) {
      failures++;
      const [value] = details.counterexample;
      console.log(
        [
          '',
          `${part}: failure ${failures}, seed ${seed} (npm run fuzz -- --only ${part} --seed ${seed} --runs ${runsOfSeed}), shrunk ${details.numShrinks} times`,
          errorText(details.errorInstance),
          reproduction(value),
        ].join('\n'),
      );
    }
    seed++;
  }
  return { runs, failures };
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const detail =
    error instanceof FailureError ? `\n(${error.failure.kind}) ${String(error.failure.detail)}` : '';
  return (error.stack ?? error.message) + detail;
}
