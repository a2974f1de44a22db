/**
 * Whether error bars and certificates hold as often as they say: many seeded runs on matrices of which everything is
 * known. Prints Markdown for docs/calibration.md; `npm run calibrate` writes it. A first argument sets the runs, a
 * second the random networks.
 */
import { lambdaMaxBounds } from '../src/curvature/bounds';
import { contributions } from '../src/curvature/contributions';
import { estimateCurvature } from '../src/curvature/estimateCurvature';
import { ExtremeEigenvalues } from '../src/curvature/extremes';
import { Lanczos } from '../src/curvature/lanczos';
import type { ActivationName } from '../src/perceptron/activation';
import { FailureError } from '../src/report/failure';
import type { Loss, Quantity } from '../src/report/report';
import { MatrixProducts } from '../src/runtime/matrixProducts';
import { SeededRandom } from '../src/samples/random';
import { eigenvaluesOf, momentsOf, type Rows } from '../test/unit/curvature/symmetricMatrices';
import { explicitCurvature, type PlainNetwork } from '../test/unit/perceptron/closedForm/explicitHessian';
import { calibrationModels, denseProducts, type CalibrationModel } from './calibrationModels';

const [, , runsAsked = '1000', networksAsked = '100000'] = process.argv;
const runs = Number(runsAsked);
const networks = Number(networksAsked);

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** 99 % of binomial counts lie at or below this. */
function binomialLimit(trials: number, probability: number): number {
  let [term, total, count] = [(1 - probability) ** trials, 0, 0];
  while ((total += term) < 0.99) {
    term *= ((trials - count) / (count + 1)) * (probability / (1 - probability));
    count++;
  }
  return count;
}

async function coverage(model: CalibrationModel): Promise<(string | number)[]> {
  const { products, parameters, traces, blocks } = model;
  const rows = blocks.map(sum);
  const exact = { trace: sum(traces), frobeniusSquared: sum(rows), order: products.order };
  const upper = lambdaMaxBounds(exact).upper;
  const shares = contributions(
    parameters.map((count, l) => ({ parameters: count, trace: traces[l]!, row: blocks[l]! })),
  );
  const held = { trace: 0, norm: 0, upper: 0, shares: 0, blocks: 0 };
  let [probes, reached] = [0, 0];
  for (let seed = 0; seed < runs; seed++) {
    const withBlocks = seed % 5 === 0;
    const { moments, errors } = await estimateCurvature(products, {
      random: SeededRandom.fromSeed(seed),
      precision: 0.05,
      confidence: 0.999,
      productError: 0,
      maxProducts: withBlocks ? 400 : 150,
      memoryBytes: 2 ** 28,
      blocks: withBlocks,
      density: null,
    });
    if (errors === null) throw new Error('An estimate has errors');
    // A trained network's numbers may be exact after Lanczos: then rounding is all the error.
    const rounding = 1e-9 * exact.frobeniusSquared;
    const holds = ({ value, standardError }: Quantity, truth: number): number =>
      Math.abs(value - truth) <= errors.studentQuantile * standardError + rounding ? 1 : 0;
    held.trace += holds(moments.trace, exact.trace);
    held.norm += holds(moments.frobeniusSquared, exact.frobeniusSquared);
    held.upper += holds(moments.bounds.lambdaMax.upper, upper);
    held.shares += sum(moments.layers.map(({ contribution }, l) => holds(contribution, shares[l]!)));
    if (withBlocks && moments.blocks !== null)
      held.blocks += sum(
        moments.blocks.flatMap((row, l) => row.map((norm, m) => holds(norm, blocks[l]![m]!))),
      );
    probes += errors.probes;
    if (errors.precisionReached) reached++;
  }
  const percent = (count: number, of: number): string => `${((100 * count) / of).toFixed(1)} %`;
  const layers = parameters.length;
  return [
    model.name,
    products.order,
    percent(held.trace, runs),
    percent(held.norm, runs),
    percent(held.upper, runs),
    percent(held.shares, runs * layers),
    percent(held.blocks, Math.ceil(runs / 5) * layers ** 2),
    Math.round(probes / runs),
    percent(reached, runs),
  ];
}

/** Failures of both intervals together, at any number of steps up to 15. */
async function probabilisticFailures(model: CalibrationModel, confidence: number): Promise<number> {
  const tolerance = 1e-12 * Math.max(Math.abs(model.lambdaMax), Math.abs(model.lambdaMin));
  let failures = 0;
  for (let seed = 0; seed < runs; seed++) {
    const lanczos = new Lanczos(model.products, SeededRandom.fromSeed(seed), 0);
    const extremes = new ExtremeEigenvalues({
      precision: 0.01,
      confidence,
      productError: 0,
      exactMoments: null,
    });
    let failed = false;
    while (lanczos.steps < 15 && !lanczos.ended) {
      await lanczos.step();
      const found = extremes.after(lanczos);
      if (found === null) continue;
      const { lambdaMax, lambdaMin } = found;
      failed ||=
        lambdaMax.upper < model.lambdaMax - tolerance || lambdaMin.lower > model.lambdaMin + tolerance;
    }
    if (failed) failures++;
  }
  return failures;
}

function randomNetwork(random: SeededRandom): PlainNetwork {
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)]!;
  const loss = pick<Loss>(['cross-entropy', 'binary-cross-entropy', 'mean-squared-error']);
  const widths = Array.from({ length: 2 + random.below(3) }, () => 1 + random.below(2));
  if (loss === 'cross-entropy') widths.push(2 + random.below(2));
  const biased = widths.slice(1).map(() => random.below(2) === 1);
  // Without GELU: the oracle's error function is a series for small arguments.
  const names: ActivationName[] = ['identity', 'tanh', 'sigmoid', 'softplus', 'silu', 'relu'];
  const numbers = (length: number, scale: number): number[] =>
    Array.from({ length }, () => scale * random.normal());
  const samples = Array.from({ length: 1 + random.below(2) }, () => numbers(widths[0]!, 1));
  const outputs = widths.at(-1)!;
  return {
    loss,
    widths,
    biased,
    activations: biased.map((_, l) => (l === biased.length - 1 ? 'identity' : pick(names))),
    parameters: biased.map((bias, l) =>
      numbers(widths[l]! * widths[l + 1]! + (bias ? widths[l + 1]! : 0), pick([0.01, 0.5, 1, 3])),
    ),
    samples,
    targets: samples.map(() => {
      if (loss === 'mean-squared-error') return numbers(outputs, 1);
      const label = random.below(outputs);
      return Array.from({ length: outputs }, (_, c) => (c === label ? 1 : 0));
    }),
  };
}

interface Tally {
  intervals: number;
  violations: number;
  /** Networks whose Hessian is little more than rounding: the check of symmetry refuses them. */
  refused: number;
}

/** Proved intervals, from the first step to the last, that do not hold the eigenvalue. */
async function provedViolations(): Promise<Tally> {
  const random = SeededRandom.fromSeed(99);
  const tally: Tally = { intervals: 0, violations: 0, refused: 0 };
  for (let count = 0; count < networks; count++) {
    const { hessian } = explicitCurvature(randomNetwork(random));
    try {
      await checkProved(hessian, random, tally);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      tally.refused++;
    }
  }
  return tally;
}

async function checkProved(hessian: Rows, random: SeededRandom, tally: Tally): Promise<void> {
  // By dual numbers the two orders of a pair differ in their rounding, the products' only fault here.
  const symmetric = hessian.map((row, i) => row.map((value, j) => (value + hessian[j]![i]!) / 2));
  const exactMoments = momentsOf(symmetric);
  const spectrum = eigenvaluesOf(symmetric);
  const rounding = 1e-13 * Math.sqrt(exactMoments.frobeniusSquared);
  const lanczos = new Lanczos(denseProducts(hessian, [hessian.length]), random, 0);
  // At a confidence of 1 the probabilistic bound is infinite: all intervals are proved.
  const extremes = new ExtremeEigenvalues({ precision: 0.01, confidence: 1, productError: 0, exactMoments });
  while (!lanczos.ended) {
    await lanczos.step();
    const found = extremes.after(lanczos);
    if (found === null) continue;
    if (found.lambdaMax.kind !== 'proved' || found.lambdaMin.kind !== 'proved') throw new Error('Not proved');
    for (const [interval, eigenvalue] of [
      [found.lambdaMax, spectrum.at(-1)!],
      [found.lambdaMin, spectrum[0]!],
    ] as const) {
      tally.intervals++;
      if (interval.lower > eigenvalue + rounding || interval.upper < eigenvalue - rounding)
        tally.violations++;
    }
  }
}

async function main(): Promise<void> {
  const products = await MatrixProducts.open(1);
  const models = await calibrationModels(products);
  await products.release();
  const covered: (string | number)[][] = [];
  const failed: (string | number)[][] = [];
  for (const model of models) {
    covered.push(await coverage(model));
    failed.push([
      model.name,
      await probabilisticFailures(model, 0.9),
      await probabilisticFailures(model, 0.999),
    ]);
  }
  const { intervals, violations, refused } = await provedViolations();
  console.log(`# Calibration

Whether the error bars and certificates of [certificates.md](certificates.md) hold as often as they say. \`npm run calibrate\` writes this page anew; the same seeds give the same page.

## The 95 % intervals

${runs} seeded runs on each matrix, precision 5 %, at most 150 products (every fifth run with blocks, 400). The truth: sums over the explicit matrix, for the perceptrons the closed form. Counted is how often value ± Student's quantile × standard error holds the truth.

${table(['Matrix', 'P', 'Trace', 'F²', 'Upper bound', 'Contributions', 'Blocks', 'Probes', 'Precision reached'], covered)}

Of ${runs} runs that each hold with 95 %, 99 % of the counts lie within ${((100 * 2.576 * Math.sqrt(0.95 * 0.05)) / Math.sqrt(runs)).toFixed(1)} percentage points of it. Contributions and blocks of one run belong together and scatter more.

## The probabilistic intervals

Runs of ${runs} in which the interval of λ_max or that of λ_min failed after any of the first 15 Lanczos steps.

${table(['Matrix', 'at 90 %', 'at 99.9 %'], failed)}

If they kept just what they promise, 99 % of the counts would be at most ${binomialLimit(runs, 0.1)} and ${binomialLimit(runs, 0.001)}.

## The proved intervals

${networks} random perceptrons of 1 to 4 affine layers with every loss, six activations and every pattern of biases, every number of Lanczos steps: ${violations} of ${intervals} intervals violated. ${refused} of the networks were refused, because their Hessian is little more than the rounding of what cancels in it.`);
  if (violations > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
