/** The 97.5 % quantile of the standard normal distribution. */
const normalQuantile = 1.959963984540054;

/**
 * The 97.5 % quantile of Student's t, half the width of a 95 % interval in standard errors, by its expansion about the
 * normal quantile (Abramowitz and Stegun 26.7.5): right to 1e-5 from 10 degrees of freedom on.
 */
export function studentQuantile(degreesOfFreedom: number): number {
  if (!(degreesOfFreedom >= 5))
    throw new RangeError(`No interval from ${degreesOfFreedom} degrees of freedom`);
  const z = normalQuantile;
  const square = z * z;
  const terms = [
    (z * (square + 1)) / 4,
    (z * ((5 * square + 16) * square + 3)) / 96,
    (z * (((3 * square + 19) * square + 17) * square - 15)) / 384,
    (z * ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945)) / 92160,
  ];
  return terms.reduceRight((sum, term) => (sum + term) / degreesOfFreedom, 0) + z;
}
