import type { ModelCalibration } from './calibrationRuns';
import type { ProvedIntervals } from './provedIntervals';
import type { TopCalibration } from './topIntervals';

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** That share of binomial counts lies at or below this. */
export function binomialLimit(trials: number, probability: number, share = 0.99): number {
  let [term, total, count] = [(1 - probability) ** trials, 0, 0];
  while ((total += term) < share) {
    term *= ((trials - count) / (count + 1)) * (probability / (1 - probability));
    count++;
  }
  return count;
}

/** docs/calibration.md */
export function calibrationPage(
  runs: number,
  networks: number,
  models: readonly ModelCalibration[],
  tops: readonly TopCalibration[],
  { intervals, violations, refused }: ProvedIntervals,
): string {
  const covered = models.map((model) => model.covered);
  const failed = models.map((model) => model.failed);
  return `# Calibration

Whether the error bars and certificates of [certificates.md](certificates.md) hold as often as they say. \`npm run calibrate\` writes this page anew; the same seeds give the same page.

## The 95 % intervals

${runs} seeded runs on each matrix, precision 5 %, at most 150 products (every fifth run with blocks, 400). The truth: sums over the explicit matrix, for the perceptrons the closed form. Counted is how often value ± Student's quantile × standard error holds the truth.

${table(['Matrix', 'P', 'Trace', 'F²', 'Upper bound', 'Contributions', 'Blocks', 'Probes', 'Precision reached'], covered)}

Of ${runs} runs that each hold with 95 %, 99 % of the counts lie within ${((100 * 2.576 * Math.sqrt(0.95 * 0.05)) / Math.sqrt(runs)).toFixed(1)} percentage points of it. Contributions and blocks of one run belong together and scatter more.

## The probabilistic intervals

Runs of ${runs} in which the interval of λ_max or that of λ_min failed after any of the first 15 Lanczos steps.

${table(['Matrix', 'at 90 %', 'at 99.9 %'], failed)}

If they kept just what they promise, 99 % of the counts would be at most ${binomialLimit(runs, 0.1)} and ${binomialLimit(runs, 0.001)}.

## The largest eigenvalues

Runs of ${runs}, of at most 50 products, in which any of the intervals of the 10 largest eigenvalues failed; how many of the 10 were told in a run (none where λ_max itself was not certified), and the median of their widths over |λ_k|. "Proved" are those that exact trace and norm prove.

${table(
  ['Matrix', ...['90 %', '99.9 %', 'proved'].flatMap((grounds) => [`Failed, ${grounds}`, 'told', 'width'])],
  tops.map(({ top }) => top),
)}

If they kept just what they promise, 99 % of the counts would be at most ${binomialLimit(runs, 0.1)}, ${binomialLimit(runs, 0.001)} and 0.

## The proved intervals

${networks} random perceptrons of 1 to 4 affine layers with every loss, six activations and every pattern of biases, every number of Lanczos steps: ${violations} of ${intervals} intervals violated. ${refused} of the networks were refused, because their Hessian is little more than the rounding of what cancels in it.`;
}
