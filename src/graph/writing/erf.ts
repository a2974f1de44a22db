import { erfcCoefficients } from '../erfCoefficients';
import type { NodeWriter } from './nodeWriter';

/** erf(x) = 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n+1)): 14 terms leave less than 10⁻²⁰ for |x| ≤ 1/2. */
const seriesTerms = 14;

/**
 * The error function to double accuracy from elementary operators: the series for |x| < 1/2, else
 * 1 − exp(−x²) · erfcx(x) with erfcx from its Chebyshev series.
 */
export function writeErf(w: NodeWriter, x: string, output: string): void {
  const magnitude = w.emit('Abs', [x]);
  const square = w.emit('Mul', [x, x]);
  const near = w.emit('Less', [magnitude, w.real(0.5)]);
  const small = w.emit('Min', [square, w.real(0.25)]);
  const series = w.emit('Mul', [x, writeSeries(w, small)]);
  const far = w.emit('Max', [magnitude, w.real(0.5)]);
  const complement = w.emit('Mul', [
    w.emit('Exp', [w.emit('Neg', [w.emit('Mul', [far, far])])]),
    writeScaled(w, far),
  ]);
  const tail = w.emit('Mul', [w.emit('Sign', [x]), w.emit('Sub', [w.real(1), complement])]);
  w.emit('Where', [near, series, tail], {}, output);
}

function writeSeries(w: NodeWriter, square: string): string {
  let factorial = 1;
  const coefficients = Array.from({ length: seriesTerms }, (_, n) => {
    factorial *= n === 0 ? 1 : n;
    return (2 / Math.sqrt(Math.PI)) * ((n % 2 === 0 ? 1 : -1) / (factorial * (2 * n + 1)));
  });
  const [highest = 0, ...lower] = coefficients.toReversed();
  return lower.reduce(
    (sum, coefficient) => w.emit('Add', [w.emit('Mul', [sum, square]), w.real(coefficient)]),
    w.real(highest),
  );
}

/** exp(x²) · erfc(x) for x ≥ 1/2, by Clenshaw's recurrence. */
function writeScaled(w: NodeWriter, x: string): string {
  const shifted = w.emit('Add', [x, w.real(2.5)]);
  const t = w.emit('Div', [w.emit('Sub', [x, w.real(3.5)]), shifted]);
  const twice = w.emit('Add', [t, t]);
  const [first, ...others] = erfcCoefficients;
  let next = w.real(0);
  let afterNext = w.real(0);
  for (const coefficient of others.toReversed()) {
    const turned = w.emit('Sub', [w.emit('Mul', [twice, next]), afterNext]);
    [next, afterNext] = [w.emit('Add', [turned, w.real(coefficient)]), next];
  }
  const sum = w.emit('Sub', [w.emit('Add', [w.emit('Mul', [t, next]), w.real(first)]), afterNext]);
  return w.emit('Div', [sum, shifted]);
}
