import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findDetail } from '../../../src/analysis/detail';
import type { LayerDetail } from '../../../src/report/detail';
import { requestDefaults } from '../../../src/report/request';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel } from '../onnxModel';
import { randomSource } from '../perceptron/recognition/plainForward';

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
