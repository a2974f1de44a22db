import { ExtremeEigenvalues } from '../src/curvature/extremes';
import { Lanczos } from '../src/curvature/lanczos';
import type { ActivationName } from '../test/unit/perceptron/activationNamed';
import { FailureError } from '../src/report/failure';
import type { Loss } from '../src/report/report';
import { SeededRandom } from '../src/samples/random';
import { eigenvaluesOf, momentsOf, type Rows } from '../test/unit/curvature/symmetricMatrices';
import { explicitCurvature, type PlainNetwork } from '../test/unit/perceptron/closedForm/explicitHessian';
import { denseProducts } from './calibrationModels';

/** Proved intervals of random perceptrons. */
export interface ProvedIntervals {
  readonly intervals: number;
  /** Those that do not hold the eigenvalue. */
  readonly violations: number;
  /** Networks whose Hessian is little more than rounding: the check of symmetry refuses them. */
  readonly refused: number;
}

type Tally = { -readonly [Key in keyof ProvedIntervals]: number };

/** Of small random perceptrons, from the first step of Lanczos to the last. */
export async function provedIntervals(seed: number, networks: number): Promise<ProvedIntervals> {
  const random = SeededRandom.fromSeed(seed);
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
