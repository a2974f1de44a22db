import { describe, expect, it } from 'vitest';
import { RememberedProducts, type SymmetricProducts } from '../../../src/curvature/products';

/** A diagonal matrix that counts its products. */
function counted(): { readonly products: SymmetricProducts; readonly made: () => number } {
  let made = 0;
  return {
    made: () => made,
    products: {
      order: 2,
      layers: [{ from: 0, to: 2 }],
      float32: null,
      multiply: (vector, into = new Float64Array(2)) => {
        made++;
        into.set([3 * vector[0]!, -vector[1]!]);
        return Promise.resolve(into);
      },
    },
  };
}

describe('products that are remembered', () => {
  it('are made once for a search that asks for the same vectors, and again for others', async () => {
    const { products, made } = counted();
    const remembered = new RememberedProducts(products, 1000);
    const into = new Float64Array(2);
    const first = await remembered.multiply(Float64Array.of(1, 2), into);
    first.fill(0);
    await remembered.multiply(Float64Array.of(5, 7), into);
    remembered.again();
    expect([...(await remembered.multiply(Float64Array.of(1, 2), into))]).toEqual([3, -2]);
    expect(made()).toBe(2);
    expect([...(await remembered.multiply(Float64Array.of(5, 8), into))]).toEqual([15, -8]);
    expect([...(await remembered.multiply(Float64Array.of(1, 2), into))]).toEqual([3, -2]);
    expect(made()).toBe(4);
  });

  it('are no more than the memory holds', async () => {
    const { products, made } = counted();
    const remembered = new RememberedProducts(products, 32);
    for (const vector of [Float64Array.of(1, 2), Float64Array.of(3, 4)]) await remembered.multiply(vector);
    remembered.again();
    for (const vector of [Float64Array.of(1, 2), Float64Array.of(3, 4)]) await remembered.multiply(vector);
    expect(made()).toBe(3);
  });
});
