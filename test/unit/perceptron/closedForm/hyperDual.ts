/**
 * Second derivatives by hyper-dual numbers a + b ε₁ + c ε₂ + d ε₁ε₂ (ε₁² = ε₂² = 0): exact to rounding, with no formula of
 * the project's in them. An oracle for networks of a few dozen parameters.
 */
export class HyperDual {
  constructor(
    readonly value: number,
    readonly first = 0,
    readonly second = 0,
    readonly mixed = 0,
  ) {}

  plus(other: HyperDual): HyperDual {
    return new HyperDual(
      this.value + other.value,
      this.first + other.first,
      this.second + other.second,
      this.mixed + other.mixed,
    );
  }

  times(other: HyperDual): HyperDual {
    return new HyperDual(
      this.value * other.value,
      this.value * other.first + this.first * other.value,
      this.value * other.second + this.second * other.value,
      this.value * other.mixed +
        this.first * other.second +
        this.second * other.first +
        this.mixed * other.value,
    );
  }

  scaled(factor: number): HyperDual {
    return this.times(new HyperDual(factor));
  }

  /** f of this, given f, f' and f'' at the value. */
  through(value: number, slope: number, curvature: number): HyperDual {
    return new HyperDual(
      value,
      slope * this.first,
      slope * this.second,
      slope * this.mixed + curvature * this.first * this.second,
    );
  }

  exp(): HyperDual {
    const e = Math.exp(this.value);
    return this.through(e, e, e);
  }

  log(): HyperDual {
    return this.through(Math.log(this.value), 1 / this.value, -1 / this.value ** 2);
  }

  inverse(): HyperDual {
    return this.through(1 / this.value, -1 / this.value ** 2, 2 / this.value ** 3);
  }

  /** erf, its value from the Taylor series, its derivatives from the definition. */
  erf(): HyperDual {
    const z = this.value;
    let term = z;
    let series = z;
    for (let n = 1; n < 200; n++) {
      term *= (-z * z) / n;
      series += term / (2 * n + 1);
    }
    const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z);
    return this.through((2 / Math.sqrt(Math.PI)) * series, slope, -2 * z * slope);
  }
}
