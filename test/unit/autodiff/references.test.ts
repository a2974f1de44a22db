import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { HessianProducts } from '../../../src/autodiff/hessianProducts';
import { npyRows, parseNpy } from '../../../src/files/npy';
import { readModel } from '../../../src/formats/readModel';
import { failureFrom, oneSentence } from '../formats/failures';
import { dot, norm, relativeError } from './evaluation';
import { openProducts, type OpenOptions } from './opening';

function inReferences(name: string): string {
  return fileURLToPath(new URL(`../../references/${name}`, import.meta.url));
}

interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

function readNpz(name: string): (key: string) => Numbers {
  const files = unzipSync(readFileSync(inReferences(name)));
  return (key) => {
    const bytes = files[`${key}.npy`];
    if (bytes === undefined) throw new Error(`${name} has no ${key}`);
    const array = parseNpy(key, bytes);
    return { dims: array.shape, data: npyRows(key, array, null) };
  };
}

async function openReference(name: string, options: OpenOptions = {}): Promise<HessianProducts> {
  const read = readNpz(`${name}.npz`);
  const inputs = read('inputs');
  const labels = read('labels').data;
  const count = labels.length;
  const model = await readModel(inReferences(`${name}.onnx`));
  const width = name.startsWith('products') ? 5 : 10;
  const values = new Float64Array(count * width);
  labels.forEach((label, n) => (values[n * width + label] = 1));
  return openProducts(
    model,
    { count, inputs: [{ name: 'input', dims: inputs.dims.slice(1), data: inputs.data }] },
    { count, width, values },
    'cross-entropy',
    options,
  );
}

interface FullHessian {
  readonly P: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly trace: number;
  readonly fro2: number;
  readonly per_layer: Readonly<Record<string, { readonly trace: number; readonly block_fro2: number }>>;
}

it('csmall, a network of two convolutions: every column of the Hessian, against PyTorch’s', async () => {
  const reference = JSON.parse(readFileSync(inReferences('csmall.ref.json'), 'utf8')) as FullHessian;
  const products = await openReference('csmall');
  const { order, layers } = products;
  expect(order).toBe(reference.P);
  expect(products.meanLoss).toBeCloseTo(reference.loss, 12);
  expect(norm(products.gradient)).toBeCloseTo(reference.grad_norm, 12);
  expect(layers.map(({ name }) => name)).toEqual(Object.keys(reference.per_layer));
  const traces = layers.map(() => 0);
  const blocks = layers.map(() => 0);
  let frobeniusSquared = 0;
  for (const [l, { from, to }] of layers.entries()) {
    for (let i = from; i < to; i++) {
      const column = await products.multiply(new Float64Array(order).fill(1, i, i + 1));
      traces[l]! += column[i]!;
      blocks[l]! += dot(column.subarray(from, to), column.subarray(from, to));
      frobeniusSquared += dot(column, column);
    }
  }
  await products.release();
  const close = (found: number | undefined, wanted: number | undefined): void => {
    expect(Math.abs((found ?? Number.NaN) / (wanted ?? Number.NaN) - 1)).toBeLessThan(1e-8);
  };
  close(
    traces.reduce((a, b) => a + b),
    reference.trace,
  );
  close(frobeniusSquared, reference.fro2);
  for (const [l, { name }] of layers.entries()) {
    close(traces[l], reference.per_layer[name]?.trace);
    close(blocks[l], reference.per_layer[name]?.block_fro2);
  }
});

// Vectors by PyTorch's double backward in float64: test/references/products/make_products.py.
describe.each(['cnn', 'transformer', 'resnet'])('the reference %s, with random weights', (name) => {
  const read = readNpz(`products/${name}.npz`);
  const [vector, hessianProduct, gaussNewtonProduct] = ['vector', 'hessianProduct', 'gaussNewtonProduct'].map(
    (key) => read(key).data,
  );
  if (!vector || !hessianProduct || !gaussNewtonProduct) throw new Error('The reference is not whole');

  it.each([
    ['float64', 1e-12],
    ['float32', 2e-6],
  ] as const)('has PyTorch’s products in %s', async (precision, tolerance) => {
    const products = await openReference(`products/${name}`, { precision });
    expect(products.meanLoss).toBeCloseTo(
      read('loss').data[0] ?? Number.NaN,
      precision === 'float64' ? 12 : 5,
    );
    expect(relativeError(products.gradient, read('gradient').data)).toBeLessThan(tolerance);
    expect(relativeError(await products.multiply(vector), hessianProduct)).toBeLessThan(tolerance);
    expect(relativeError(await products.multiplyGaussNewton(vector), gaussNewtonProduct)).toBeLessThan(
      tolerance,
    );
    await products.release();
  });
});

describe('the memory budget', () => {
  it('changes the number of batches and whether residuals are kept, not the product', async () => {
    const whole = await openReference('csmall');
    const vector = Float64Array.from({ length: whole.order }, (_, i) => Math.cos(i));
    const wanted = await whole.multiply(vector);
    const wantedGaussNewton = await whole.multiplyGaussNewton(vector);
    expect(whole.keptShare).toBe(1);
    // 128 samples: batches of which the last is filled up; the residuals of few of them fit, of some, of all.
    const shares: number[] = [];
    for (const memoryBudget of [2 ** 20, 2 ** 22, 2 ** 23]) {
      const small = await openReference('csmall', { memoryBudget });
      shares.push(small.keptShare);
      expect(small.bytes).toBeLessThan(memoryBudget);
      expect(relativeError(await small.multiply(vector), wanted)).toBeLessThan(1e-13);
      expect(relativeError(await small.multiplyGaussNewton(vector), wantedGaussNewton)).toBeLessThan(1e-13);
      expect(relativeError(small.gradient, whole.gradient)).toBeLessThan(1e-13);
      expect(relativeError(small.losses, whole.losses)).toBeLessThan(1e-13);
      await small.release();
    }
    const [few = NaN, some = NaN, all] = shares;
    expect(few).toBeLessThan(some);
    expect(some).toBeLessThan(1);
    expect(all).toBe(1);
    await whole.release();
  });

  it('holds a vector and its product apart', async () => {
    const products = await openReference('csmall');
    const memory = new Float64Array(products.order + 1);
    const [vector, shifted] = [memory.subarray(0, products.order), memory.subarray(1)];
    await expect(products.multiply(vector, vector)).rejects.toThrow(RangeError);
    await expect(products.multiply(vector, shifted)).rejects.toThrow(RangeError);
    await products.release();
  });

  it('too small for one sample is refused with what would do', async () => {
    const refusal = (memoryBudget: number) => failureFrom(() => openReference('csmall', { memoryBudget }));
    const { kind, message } = await refusal(1000);
    expect(kind).toBe('TooLarge');
    expect(message).toContain('666 parameters');
    expect(message).toContain('at most 12 parameters');
    expect(message).toMatch(oneSentence);
    const sample = await refusal(60_000);
    expect(sample.kind).toBe('TooLarge');
    expect(sample.message).toContain('for the sample');
    expect(sample.message).toMatch(oneSentence);
  });
});
