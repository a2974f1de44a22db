import type { SymmetricProducts } from './products';

/**
 * Numbers of a matrix are squared, and their squares once more: a curvature of 1e-170 or 1e160 is computed in a unit of its
 * own, a power of two, by which every number that is linear in the matrix is divided exactly. The unit of ordinary sizes,
 * those whose fourth powers are far from either end of float64, is 1.
 */
export function unitFor(size: number): number {
  return isOrdinary(size) || size === 0 || !Number.isFinite(size) ? 1 : powerOfTwoNear(size);
}

/** Whether numbers of this size may be squared twice, also the small ones beside them. */
export function isOrdinary(size: number): boolean {
  return size >= 2 ** -200 && size <= 2 ** 200;
}

/** The largest power of two that is not above a positive number, but for its rounding. */
export function powerOfTwoNear(size: number): number {
  return 2 ** Math.max(-1022, Math.min(1023, Math.floor(Math.log2(size))));
}

/** The same matrix over a unit; products of float32 are of ordinary sizes, and stay. */
export function inUnit(products: SymmetricProducts, unit: number): SymmetricProducts {
  if (unit === 1) return products;
  const { order, layers, error = 0 } = products;
  return {
    order,
    layers,
    float32: null,
    error: error / unit,
    multiply: async (vector, into) => {
      const product = await products.multiply(vector, into);
      for (let i = 0; i < product.length; i++) product[i]! /= unit;
      return product;
    },
  };
}
