import { projectOut, type Basis, type LanczosStep, type Projection } from './basis';
import type { SymmetricProducts } from './products';
import { addScaled, addScaledPair, innerProduct, norm } from './vectors';

/** A few rounding units. */
const unit = 2 ** -50;

/** Vectors of float64. They are taken four at a time: a loop over one waits for the memory of two arrays for every multiplication. */
export class Float64Basis implements Basis {
  private readonly vectors: Float64Array[];
  private last: Float64Array;

  /** @param first of norm 1 */
  constructor(
    private readonly products: SymmetricProducts,
    first: Float64Array,
  ) {
    this.vectors = [first];
    this.last = first;
  }

  get size(): number {
    return this.vectors.length;
  }

  async step(beta: number): Promise<LanczosStep> {
    const { last, vectors } = this;
    const before = vectors.at(-2) ?? last;
    const image = await this.products.multiply(last);
    const along = innerProduct(last, image);
    addScaledPair(image, -along, last, -beta, before);
    const projection = await this.projectOut(image, this.size);
    const { remaining } = projection;
    if (remaining > 0) for (let i = 0; i < image.length; i++) image[i]! /= remaining;
    vectors.push(image);
    this.last = image;
    return { along, ...projection };
  }

  projectOut(vector: Float64Array, count: number): Promise<Projection> {
    const projecting = {
      measure: () => this.innerProducts(vector, count),
      subtract: (coefficients: Float64Array) => {
        this.subtract(vector, coefficients);
        return Promise.resolve();
      },
      norm: () => norm(vector),
    };
    return projectOut(projecting, norm(vector), unit);
  }

  innerProducts(vector: Float64Array, count: number): Promise<Float64Array> {
    const { vectors } = this;
    const found = new Float64Array(count);
    for (let at = 0; at < count; at += 4) {
      const [a, b, c, d] = [vectors[at]!, vectors[at + 1], vectors[at + 2], vectors[at + 3]];
      if (at + 4 > count || b === undefined || c === undefined || d === undefined) {
        for (let i = at; i < count; i++) found[i] = innerProduct(vectors[i]!, vector);
        break;
      }
      let [p, q, r, s] = [0, 0, 0, 0];
      for (let i = 0; i < vector.length; i++) {
        const value = vector[i]!;
        p += a[i]! * value;
        q += b[i]! * value;
        r += c[i]! * value;
        s += d[i]! * value;
      }
      found.set([p, q, r, s], at);
    }
    return Promise.resolve(found);
  }

  combination(coefficients: Float64Array): Promise<Float64Array> {
    const sum = new Float64Array(this.products.order);
    this.subtract(
      sum,
      coefficients.map((value) => -value),
    );
    return Promise.resolve(sum);
  }

  gram(from: number, to: number): Promise<readonly (readonly number[])[]> {
    const rows: number[][] = [];
    for (const [i, x] of this.vectors.entries())
      rows.push(this.vectors.map((y, j) => (j < i ? rows[j]![i]! : innerProduct(x, y, from, to))));
    return Promise.resolve(rows);
  }

  release(): void {
    this.vectors.length = 0;
  }

  /** vector −= Σ coefficient_i · q_i. */
  private subtract(vector: Float64Array, coefficients: Float64Array): void {
    const { vectors } = this;
    const count = coefficients.length;
    for (let at = 0; at < count; at += 4) {
      const [a, b, c, d] = [vectors[at]!, vectors[at + 1], vectors[at + 2], vectors[at + 3]];
      if (at + 4 > count || b === undefined || c === undefined || d === undefined) {
        for (let i = at; i < count; i++) addScaled(vector, -coefficients[i]!, vectors[i]!);
        break;
      }
      const [p, q, r, s] = [
        coefficients[at]!,
        coefficients[at + 1]!,
        coefficients[at + 2]!,
        coefficients[at + 3]!,
      ];
      for (let i = 0; i < vector.length; i++) vector[i]! -= a[i]! * p + b[i]! * q + (c[i]! * r + d[i]! * s);
    }
  }
}
