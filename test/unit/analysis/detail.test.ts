import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { findDetail } from '../../../src/analysis/detail';
import type { LayerDetail, SampleDetail } from '../../../src/report/detail';
import { requestDefaults } from '../../../src/report/request';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel } from '../onnxModel';
import { randomSource } from '../perceptron/recognition/plainForward';
import { npzBytes } from '../samples/writers';

const folder = temporaryFolder();
const random = randomSource(7);
/** Multiples of 1/64: exact in float32. */
const numbers = (length: number): number[] =>
  Array.from({ length }, () => Math.round(128 * (random() - 0.5)) / 64);
const tensor = (values: readonly number[], dims: number[]) => ({ dims, data: Float32Array.from(values) });

const kernel = numbers(2 * 1 * 3 * 3);
const turned = numbers(200 * 8);
const square = numbers(200 * 200);
const bias = [0, ...numbers(199)];
const last = numbers(200 * 3);

/** A convolution, then three affine layers: W x (as PyTorch writes it), a square x W, and x W. */
const model = onnxModel({
  nodes: [
    { operator: 'Conv', inputs: ['image', 'conv.weight'], outputs: ['c'] },
    { operator: 'Flatten', inputs: ['c'], outputs: ['f'] },
    {
      operator: 'Gemm',
      inputs: ['f', 'first.weight', 'first.bias'],
      outputs: ['z'],
      attributes: { transB: { int: 1 } },
    },
    { operator: 'Tanh', inputs: ['z'], outputs: ['a'] },
    { operator: 'MatMul', inputs: ['a', 'square.weight'], outputs: ['s'] },
    { operator: 'MatMul', inputs: ['s', 'last.weight'], outputs: ['logits'] },
  ],
  initialisers: {
    'conv.weight': tensor(kernel, [2, 1, 3, 3]),
    'first.weight': tensor(turned, [200, 8]),
    'first.bias': tensor(bias, [200]),
    'square.weight': tensor(square, [200, 200]),
    'last.weight': tensor(last, [200, 3]),
  },
  inputs: [{ name: 'image', dims: ['N', 1, 4, 4] }],
  outputs: ['logits'],
});
const sha256 = createHash('sha256').update(model).digest('hex');

async function layer(name: string, outputs: number): Promise<LayerDetail> {
  const request = {
    ...requestDefaults,
    model: await folder.write('m.onnx', model),
    samples: { kind: 'random', count: 2 },
  } as const;
  const of = { kind: 'layer', layer: { name, outputs } } as const;
  const detail = await findDetail({ request, sha256, of });
  if (detail.kind !== 'layer') throw new Error('not a layer');
  return detail;
}

/** Rows of a row-major matrix. */
const lines = (values: readonly number[], columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, row) =>
    values.slice(row * columns, (row + 1) * columns),
  );

const transposed = (rows: readonly (readonly number[])[]): number[][] =>
  (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]!));

describe('the page of a layer', () => {
  it('has the numbers of its tensors, as plain loops find them', async () => {
    const { tensors } = await layer('first', 200);
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['first.weight', [200, 8]],
      ['first.bias', [200]],
    ]);
    for (const [at, values] of [turned, bias].entries()) {
      let squares = 0;
      let sum = 0;
      for (const value of values) {
        squares += value ** 2;
        sum += value;
      }
      const found = tensors[at]!;
      expect(found.norm).toBeCloseTo(Math.sqrt(squares), 12);
      expect(found.mean).toBeCloseTo(sum / values.length, 12);
      expect([found.least, found.greatest]).toEqual([Math.min(...values), Math.max(...values)]);
      expect(found.zeros).toBe(values.filter((value) => value === 0).length);
    }
  });

  it('has a row for each output, however the file has the weight', async () => {
    const conv = (await layer('conv', 2)).weight;
    expect(conv).toMatchObject({ rows: 2, columns: 9, ofOutputs: true, cell: [1, 1] });
    expect(conv.values).toEqual(lines(kernel, 9));
    const end = (await layer('last', 3)).weight;
    expect(end).toMatchObject({ rows: 3, columns: 200, ofOutputs: true, cell: [1, 3] });
  });

  it('draws a large weight in cells, each the number furthest from 0 of its own', async () => {
    const { weight } = await layer('square', 200);
    expect(weight).toMatchObject({ rows: 200, columns: 200, ofOutputs: true, cell: [3, 3] });
    const rows = transposed(lines(square, 200));
    expect(weight.values).toHaveLength(67);
    for (const [i, row] of weight.values.entries()) {
      expect(row).toHaveLength(67);
      for (const [j, value] of row.entries()) {
        const own = rows.slice(3 * i, 3 * i + 3).flatMap((each) => each.slice(3 * j, 3 * j + 3));
        expect(Math.abs(value)).toBe(Math.max(...own.map(Math.abs)));
        expect(own).toContain(value);
      }
    }
  });

  it('has singular values whose powers sum to traces of powers of WᵀW', async () => {
    const { singularValues } = await layer('first', 200);
    const rows = lines(turned, 8);
    const gram = transposed(rows).map((one) =>
      transposed(rows).map((other) => one.reduce((sum, value, at) => sum + value * other[at]!, 0)),
    );
    expect(singularValues?.count).toBe(8);
    let power = gram;
    for (let k = 1; k <= 8; k++) {
      const trace = power.reduce((sum, row, at) => sum + row[at]!, 0);
      const summed = singularValues!.values.reduce((sum, value) => sum + value ** (2 * k), 0);
      expect(Math.abs(summed / trace - 1)).toBeLessThan(1e-12);
      power = power.map((row) =>
        transposed(gram).map((column) => row.reduce((sum, value, at) => sum + value * column[at]!, 0)),
      );
    }
  });

  it('is refused where the file is another, or has no such layer', async () => {
    await expect(layer('third', 3)).rejects.toThrow(
      'The model has no layer "third"; run the analysis again.',
    );
    const request = {
      ...requestDefaults,
      model: await folder.write('m.onnx', model),
      samples: { kind: 'random', count: 2 },
    } as const;
    const of = { kind: 'layer', layer: { name: 'first', outputs: 200 } } as const;
    await expect(findDetail({ request, sha256: '0'.repeat(64), of })).rejects.toThrow(
      'The model file changed since this analysis; run it again.',
    );
  });
});

describe('the page of a sample', () => {
  const count = 6;
  const [w1, b1, w2, b2] = [numbers(4 * 5), numbers(5), numbers(5 * 3), numbers(3)];
  const x = numbers(count * 4);
  const labels = [0, 1, 2, 2, 0, 1];
  const network = onnxModel({
    nodes: [
      {
        operator: 'Gemm',
        inputs: ['x', 'one.weight', 'one.bias'],
        outputs: ['z'],
        attributes: { transB: { int: 1 } },
      },
      { operator: 'Tanh', inputs: ['z'], outputs: ['a'] },
      {
        operator: 'Gemm',
        inputs: ['a', 'two.weight', 'two.bias'],
        outputs: ['logits'],
        attributes: { transB: { int: 1 } },
      },
    ],
    initialisers: {
      'one.weight': tensor(w1, [5, 4]),
      'one.bias': tensor(b1, [5]),
      'two.weight': tensor(w2, [3, 5]),
      'two.bias': tensor(b2, [3]),
    },
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: ['logits'],
  });

  /** z and −log p of the label, in plain loops. */
  function forward(n: number, parameters: readonly number[]): { z: number[]; loss: number } {
    const [inner, outer] = [parameters.slice(0, 25), parameters.slice(25)];
    const a = Array.from({ length: 5 }, (_, i) => {
      let sum = inner[20 + i]!;
      for (let j = 0; j < 4; j++) sum += inner[4 * i + j]! * x[4 * n + j]!;
      return Math.tanh(sum);
    });
    const z = Array.from({ length: 3 }, (_, c) => {
      let sum = outer[15 + c]!;
      for (let i = 0; i < 5; i++) sum += outer[5 * c + i]! * a[i]!;
      return sum;
    });
    const all = z.reduce((sum, each) => sum + Math.exp(each), 0);
    return { z, loss: Math.log(all) - z[labels[n]!]! };
  }

  const parameters = [...w1, ...b1, ...w2, ...b2];

  async function request(asked: object = {}) {
    const data = npzBytes({
      x: { type: 'f4', shape: [count, 4], values: x },
      y: { type: 'i8', shape: [count], values: labels },
    });
    const path = await folder.write('n.npz', data);
    return {
      ...requestDefaults,
      model: await folder.write('n.onnx', network),
      samples: { kind: 'file', path, inputs: {}, labels: null },
      loss: 'cross-entropy',
      threads: 1,
      ...asked,
    } as const;
  }
  async function sample(index: number, asked: object = {}): Promise<SampleDetail> {
    const of = { kind: 'sample', index } as const;
    const sha256 = createHash('sha256').update(network).digest('hex');
    const detail = await findDetail({ request: await request(asked), sha256, of });
    if (detail.kind !== 'sample') throw new Error('not a sample');
    return detail;
  }

  it.each([
    [0, {}],
    [3, {}],
    [4, { method: 'exact' }],
  ])('of sample %i has what plain loops and differences find', async (n, asked) => {
    const found = await sample(n, asked);
    const { z, loss } = forward(n, parameters);
    expect(found.loss).toBeCloseTo(loss, 5);
    expect(found.label).toBe(labels[n]);
    expect(found.predicted).toBe(z.indexOf(Math.max(...z)));
    const order = [0, 1, 2].sort((one, other) => z[other]! - z[one]!);
    expect(found.outputs.map(({ index }) => index)).toEqual(order);
    const all = z.reduce((sum, each) => sum + Math.exp(each), 0);
    for (const { index, value, probability } of found.outputs) {
      expect(value).toBeCloseTo(z[index]!, 5);
      expect(probability).toBeCloseTo(Math.exp(z[index]!) / all, 5);
    }
    const own = x.slice(4 * n, 4 * n + 4);
    const [input] = found.inputs;
    expect(input?.values).toEqual(own);
    expect([input?.least, input?.greatest]).toEqual([Math.min(...own), Math.max(...own)]);

    const step = 1e-5;
    const gradient = parameters.map((value, at) => {
      const moved = (by: number) => forward(n, parameters.with(at, value + by)).loss;
      return (moved(step) - moved(-step)) / (2 * step);
    });
    const squares = (values: readonly number[]) => values.reduce((sum, each) => sum + each * each, 0);
    expect(found.gradient?.norm).toBeCloseTo(Math.sqrt(squares(gradient)), 6);
    const shares = [gradient.slice(0, 25), gradient.slice(25)].map(
      (each) => squares(each) / squares(gradient),
    );
    expect(found.gradient?.shares.map(({ layer: name }) => name)).toEqual(['one', 'two']);
    for (const [l, { share }] of (found.gradient?.shares ?? []).entries())
      expect(share).toBeCloseTo(shares[l]!, 6);
  });

  it('has the label, prediction and loss of the report', async () => {
    const asked = await request({ classWeights: [1, 2, 0.5] });
    const { topSamples } = await analyse(asked, () => undefined);
    expect(topSamples).toHaveLength(count);
    for (const { index, label, predicted, loss } of topSamples ?? []) {
      const found = await sample(index, { classWeights: [1, 2, 0.5] });
      expect([found.label, found.predicted]).toEqual([label, predicted]);
      expect(found.loss).toBeCloseTo(loss, 6);
    }
  });

  it('is found by its place in the file where only some are drawn, and refused where it was not', async () => {
    const asked = await request({ limit: 3 });
    const { topSamples } = await analyse(asked, () => undefined);
    const drawn = (topSamples ?? []).map(({ index }) => index);
    expect(drawn).toHaveLength(3);
    for (let n = 0; n < count; n++) {
      if (drawn.includes(n))
        expect((await sample(n, { limit: 3 })).inputs[0]?.values).toEqual(x.slice(4 * n, 4 * n + 4));
      else
        await expect(sample(n, { limit: 3 })).rejects.toThrow(
          `n.npz has no sample ${n} that was analysed; run it again.`,
        );
    }
  });
});
