import { expect, it } from 'vitest';
import { activationNamed, ofSingleNumbers } from './activationNamed';

const root = (x: number): number => Math.sqrt((1 - x) * (1 + x));
const near = [1e-8, 1e-12, 2 ** -53].flatMap((gap) => [1 - gap, gap - 1]);
const within = [0, 1e-300, -1e-9, 0.25, -0.5, 0.75, -0.999, ...near];
const beyond = [1, -1, 1.0000001, -3, 20, -1e4, 1e9, -1e70, 1e160, -1e300];

const functions = [
  [
    'atan',
    [...within, ...beyond],
    Math.atan,
    (x: number) => 1 / (1 + x * x),
    (x: number) => (x * x === Infinity ? 0 : (-2 * x) / (1 + x * x) ** 2),
  ],
  ['asin', within, Math.asin, (x: number) => 1 / root(x), (x: number) => x / root(x) ** 3],
  ['acos', within, Math.acos, (x: number) => -1 / root(x), (x: number) => -x / root(x) ** 3],
] as const;

it.each(functions)('%s and its derivatives keep double accuracy', (name, places, f, first, second) => {
  const found = ofSingleNumbers(activationNamed(name));
  for (const x of places) {
    const error = (a: number, b: number): number => Math.abs(a - b) / Math.max(Math.abs(b), 1e-300);
    expect(error(found.value(x), f(x)), `at ${x}`).toBeLessThan(1e-15);
    expect(error(found.first(x), first(x)), `first at ${x}`).toBeLessThan(1e-14);
    // Beside the first derivative it is of the order of 1/x; where it vanishes nothing is relative.
    const scale = Math.max(Math.abs(second(x)), Math.abs(first(x)) / Math.max(1, Math.abs(x)), 1e-300);
    expect(Math.abs(found.second(x) - second(x)) / scale, `second at ${x}`).toBeLessThan(1e-12);
  }
});
