import { describe, expect, it } from 'vitest';
import { studentQuantile } from '../../../src/curvature/studentQuantile';

describe("Student's 97.5 % quantile", () => {
  // Printed tables, to the digits they give.
  it.each([
    [9, 2.262157],
    [10, 2.228139],
    [19, 2.093024],
    [29, 2.04523],
    [60, 2.000298],
    [120, 1.97993],
  ])('for %i degrees of freedom is %f', (degrees, quantile) => {
    expect(Math.abs(studentQuantile(degrees) - quantile)).toBeLessThan(3e-5);
  });

  it('is refused where nothing could be said', () => {
    expect(() => studentQuantile(1)).toThrow(RangeError);
    expect(() => studentQuantile(Number.NaN)).toThrow(RangeError);
  });
});
