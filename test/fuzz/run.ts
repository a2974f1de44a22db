import { parseArgs } from 'node:util';
import { fuzzBytes } from './bytes/bytesPart';
import type { Budget, Outcome } from './campaign';
import { fuzzCertificates } from './certificates/certificatePart';
import { fuzzGraphs } from './graphs/graphPart';
import { fuzzKills } from './kills/killsPart';
import { fuzzPerceptrons } from './perceptrons/perceptronPart';

/** A part of the campaign. @param root the project's folder */
type Part = (root: string, budget: Budget) => Promise<Outcome>;

const parts: Readonly<Record<string, Part>> = {
  bytes: fuzzBytes,
  graphs: fuzzGraphs,
  perceptrons: fuzzPerceptrons,
  certificates: fuzzCertificates,
  kills: fuzzKills,
};

const usage = `npm run fuzz -- [--seed N] [--minutes M | --runs N] [--only PART]...
Parts: ${Object.keys(parts).join(', ')}. Without --runs every part gets its share of --minutes (8).`;

function count(text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value >= 0)) throw new Error(`"${String(text)}" is no number.\n${usage}`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string', multiple: true },
    },
  });
  const names = values.only ?? Object.keys(parts);
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}".\n${usage}`);
  const seed = Math.floor(count(values.seed, Date.now() % 2 ** 31));
  const minutes = count(values.minutes, 8);
  const budget: Budget = {
    seed,
    runs: values.runs === undefined ? null : Math.max(1, count(values.runs, 0)),
    milliseconds: (60_000 * minutes) / names.length,
  };
  let failures = 0;
  for (const name of names) {
    const started = performance.now();
    const outcome = await parts[name]?.(process.cwd(), budget);
    if (outcome === undefined) continue;
    failures += outcome.failures;
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(
      `${name}: ${outcome.runs} runs from seed ${seed} in ${seconds} s, ${outcome.failures} failures`,
    );
  }
  process.exitCode = failures > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
