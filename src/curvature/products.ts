import type { Float32Vectors } from '../runtime/float32Vectors';
import { innerProduct } from './vectors';

/**
 * A real symmetric matrix of order P that is known by its products with vectors, its rows and columns in groups: the
 * layers of a network. The Hessian of a loss, its Gauss-Newton matrix, a scaled Hessian.
 */
export interface SymmetricProducts {
  /** P. */
  readonly order: number;
  /** The layers' ranges of parameters, `to` excluded: one after the other, from 0 to P. */
  readonly layers: readonly LayerRange[];
  /** The same products in float32, where they are made in it. */
  readonly float32: Float32Products | null;
  /** The norm of what they are known to be off by; absent: nothing beyond what they show. */
  readonly error?: number;
  /**
   * H v for a vector of length P, which it does not change; the result is the caller's own.
   * @param into memory of length P that may hold the result: new one costs more than the sums of millions of numbers
   */
  multiply(vector: Float64Array, into?: Float64Array): Promise<Float64Array>;
}

/** Products with vectors of float32, and kernels for many such vectors. */
export interface Float32Products {
  readonly kernels: Float32Vectors;
  /** H v, finite or not. @param vector length P, unchanged @param into length P, for the result */
  readonly multiply: (vector: Float32Array, into: Float32Array) => Promise<void>;
}

export interface LayerRange {
  readonly from: number;
  readonly to: number;
}

/** Counts the products, and lets none of float64 pass that cannot be one: those of float32 are checked by their norm. */
export class CountedProducts implements SymmetricProducts {
  readonly order: number;
  readonly layers: readonly LayerRange[];
  readonly float32: Float32Products | null;
  readonly error: number;
  private made = 0;

  /** Throws a RangeError where the layers are no partition of the parameters. */
  constructor(private readonly products: SymmetricProducts) {
    this.order = products.order;
    this.layers = products.layers;
    this.error = products.error ?? 0;
    this.float32 = products.float32 === null ? null : this.counted(products.float32);
    let reached = 0;
    for (const { from, to } of this.layers) {
      if (from !== reached || to <= from)
        throw new RangeError(`Layer ${from} to ${to} does not follow ${reached}`);
      reached = to;
    }
    if (reached !== this.order || reached < 1)
      throw new RangeError(`The layers hold ${reached} of ${this.order} parameters`);
  }

  get count(): number {
    return this.made;
  }

  /** Throws a RangeError where the product has another length or a number that is not finite. */
  async multiply(vector: Float64Array, into?: Float64Array): Promise<Float64Array> {
    this.made++;
    const product = await this.products.multiply(vector, into);
    // A sum of squares that is finite has only finite numbers in it, and takes a tenth of the time to make.
    const isFinite = Number.isFinite(innerProduct(product, product)) || product.every(Number.isFinite);
    if (product.length !== this.order || !isFinite)
      throw new RangeError(`Product ${this.made} of the matrix with a vector holds no ${this.order} numbers`);
    return product;
  }

  private counted({ kernels, multiply }: Float32Products): Float32Products {
    return {
      kernels,
      multiply: (vector, into) => {
        this.made++;
        return multiply(vector, into);
      },
    };
  }
}

/**
 * Products that a later search, which starts from the same vector, is given again: what was asked for first is kept, as far
 * as the memory goes, and compared, number by number, with what is asked for in the same place after `again`.
 */
export class RememberedProducts implements SymmetricProducts {
  readonly order: number;
  readonly layers: readonly LayerRange[];
  readonly float32: Float32Products | null;
  readonly error: number;
  private readonly known: { readonly vector: Float64Array; readonly image: Float64Array }[] = [];
  private readonly most: number;
  private place = 0;

  constructor(
    private readonly products: SymmetricProducts,
    memoryBytes: number,
  ) {
    this.order = products.order;
    this.layers = products.layers;
    this.float32 = products.float32;
    this.error = products.error ?? 0;
    this.most = Math.floor(memoryBytes / (16 * this.order));
  }

  /** Bytes of what is remembered. */
  get bytes(): number {
    return 16 * this.order * this.known.length;
  }

  /** The next vector is compared with the first one. */
  again(): void {
    this.place = 0;
  }

  async multiply(vector: Float64Array, into?: Float64Array): Promise<Float64Array> {
    const known = this.known[this.place++];
    if (known?.vector.every((value, i) => value === vector[i]) === true) return known.image.slice();
    const image = await this.products.multiply(vector, into);
    if (this.known.length < Math.min(this.place, this.most))
      this.known.push({ vector: vector.slice(), image: image.slice() });
    return image;
  }
}
