import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { erf, erfc } from '../../../src/perceptron/erf';

/** x, erf(x), erfc(x), computed with mpmath at 50 digits. */
const errorFunction: readonly (readonly [number, number, number])[] = [
  [0, 0.0, 1.0],
  [1e-300, 1.1283791670955126022e-300, 1.0],
  [1e-10, 1.128379167095512615e-10, 0.99999999988716208329],
  [0.012636, 0.014257440330029136982, 0.98574255966997086302],
  [0.1, 0.1124629160182848984, 0.8875370839817151016],
  [0.170085, 0.19008563989127515557, 0.80991436010872484443],
  [0.25, 0.27632639016823693299, 0.72367360983176306701],
  [0.4999999, 0.5204997899347842477, 0.4795002100652157523],
  [0.5, 0.52049987781304653768, 0.47950012218695346232],
  [0.5000001, 0.52049996569129999106, 0.47950003430870000894],
  [0.563158, 0.57421534377132790542, 0.42578465622867209458],
  [0.75, 0.7111556336535151316, 0.2888443663464848684],
  [0.806185, 0.74576275655768853441, 0.25423724344231146559],
  [0.84375, 0.76722566123234163346, 0.23277433876765836654],
  [1, 0.84270079294971486934, 0.15729920705028513066],
  [1.25, 0.92290012825645823014, 0.077099871743541769863],
  [1.5, 0.96610514647531072707, 0.033894853524689272933],
  [1.530414, 0.96956113950121811858, 0.030438860498781881425],
  [2, 0.99532226501895273416, 0.0046777349810472658379],
  [2.596602, 0.99975948134591206039, 0.00024051865408793960929],
  [2.672323, 0.99984268936199980042, 0.00015731063800019957554],
  [2.696946, 0.99986329642145574168, 0.00013670357854425831955],
  [2.857, 0.99994664173991315363, 0.000053358260086846371124],
  [2.972611, 0.99997376529946030076, 0.000026234700539699237579],
  [3, 0.99997790950300141456, 0.000022090496998585441373],
  [3.909558, 0.99999996778467629433, 3.2215323705668904414e-8],
  [4, 0.99999998458274209972, 1.5417257900280018852e-8],
  [4.57368, 0.99999999990079675872, 9.9203241284874823334e-11],
  [4.582648, 0.99999999990878842573, 9.1211574267703222783e-11],
  [4.73234, 0.99999999997806693474, 2.1933065263124680004e-11],
  [5, 0.99999999999846254021, 1.5374597944280348502e-12],
  [5.014591, 0.99999999999867528042, 1.3247195780570719391e-12],
  [5.084602, 0.99999999999935546211, 6.4453788818359999832e-13],
  [6, 0.99999999999999997848, 2.1519736712498913117e-17],
  [8, 1.0, 1.122429717298292708e-29],
  [10, 1.0, 2.088487583762544757e-45],
  [15, 1.0, 7.2129941724512066666e-100],
  [20, 1.0, 5.3958656116079009289e-176],
  [26, 1.0, 5.6631924088561428465e-296],
  [26.5, 1.0, 2.2109076642637342759e-307],
];

function relativeError(found: number, expected: number): number {
  return found === expected ? 0 : Math.abs(found - expected) / Math.abs(expected);
}

/**
 * erfc for x ≥ 2 by its continued fraction exp(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), which shares nothing
 * with the Chebyshev series.
 */
function continuedFraction(x: number): number {
  let tail = x;
  for (let k = 400; k > 0; k -= 1) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

describe('the error function', () => {
  it.each(errorFunction)('agrees with mpmath at %d', (x, value, complement) => {
    expect(relativeError(erf(x), value)).toBeLessThan(2e-15);
    expect(relativeError(erf(-x), -value)).toBeLessThan(2e-15);
    expect(relativeError(erfc(x), complement)).toBeLessThan(2e-15);
    expect(relativeError(erfc(-x), 1 + value)).toBeLessThan(2e-15);
  });

  it('agrees with the continued fraction', () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 25, noNaN: true }), (x) => {
        // The oracle rounds x², which the exponential magnifies.
        expect(relativeError(erfc(x), continuedFraction(x))).toBeLessThan(1e-14 + x * x * 2.3e-16);
      }),
    );
  });

  it('is odd, bounded by 1, and complementary', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
        expect(erf(-x)).toBe(-erf(x));
        expect(Math.abs(erf(x))).toBeLessThanOrEqual(1);
        expect(Math.abs(erf(x) + erfc(x) - 1)).toBeLessThan(3e-16);
      }),
    );
  });

  it('reaches its limits and passes NaN on', () => {
    expect(erfc(Infinity)).toBe(0);
    expect(erfc(-Infinity)).toBe(2);
    expect(erf(Infinity)).toBe(1);
    expect(erf(NaN)).toBeNaN();
    expect(erfc(NaN)).toBeNaN();
  });
});
