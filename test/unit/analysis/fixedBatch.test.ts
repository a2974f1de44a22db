import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { FailureError } from '../../../src/report/failure';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { floats } from '../autodiff/opening';
import { numbers } from '../autodiff/evaluation';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type NodeParts } from '../onnxModel';
import { npzBytes } from '../samples/writers';

const folder = temporaryFolder();
const width = 6;

const node = (operator: string, inputs: readonly string[], output: string): NodeParts => ({
  operator,
  inputs,
  outputs: [output],
});
const shape = (...dims: readonly number[]) => ({
  dims: [dims.length],
  data: BigInt64Array.from(dims, BigInt),
});

/** What stands between the samples and the first layer; it gives [N, 6]. */
interface Start {
  readonly nodes: readonly NodeParts[];
  readonly shapes?: Readonly<Record<string, ReturnType<typeof shape>>>;
}

/** Nothing: a network of two layers. */
const plain: Start = { nodes: [node('Identity', ['x'], 'start')] };

/** The same network, with samples and features of one matrix on the way, as heads of attention are. */
const merged = (batch: number): Start => ({
  nodes: [node('Reshape', ['x', 'halves'], 'apart'), node('Reshape', ['apart', 'whole'], 'start')],
  shapes: { halves: shape(2 * batch, width / 2), whole: shape(batch, width) },
});

/** Every sample less a part of another: there is no loss of one sample. */
const mixed = (batch: number, reverse = 0): Start => ({
  nodes: [
    node('Reshape', ['x', 'halves'], 'apart'),
    { ...node('CumSum', ['apart', 'axis'], 'sums'), attributes: { reverse: { int: reverse } } },
    node('Reshape', ['sums', 'whole'], 'start'),
  ],
  shapes: { ...merged(batch).shapes, axis: { dims: [], data: BigInt64Array.of(0n) } },
});

async function analysed(
  { nodes, shapes = {} }: Start,
  batch: number | 'N',
  count: number,
  asked: Partial<AnalysisRequest> = {},
): Promise<Report> {
  const model = onnxModel({
    nodes: [
      ...nodes,
      node('Gemm', ['start', 'W1', 'b1'], 'z'),
      node('Sin', ['z'], 'a'),
      node('Gemm', ['a', 'W2', 'b2'], 'logits'),
    ],
    initialisers: {
      ...shapes,
      W1: floats(1, [width, 5]),
      b1: floats(2, [5]),
      W2: floats(3, [5, 3]),
      b2: floats(4, [3]),
    },
    inputs: [{ name: 'x', dims: [batch, width] }],
    outputs: ['logits'],
  });
  const samples = npzBytes({
    x: { type: 'f4', shape: [count, width], values: [...numbers(count * width, 5)] },
    y: { type: 'i8', shape: [count], values: Array.from({ length: count }, (_, n) => n % 3) },
  });
  return analyse(
    {
      ...requestDefaults,
      model: await folder.write('m.onnx', model),
      samples: { kind: 'file', path: await folder.write('m.npz', samples), inputs: {}, labels: null },
      threads: 1,
      method: 'exact',
      ...asked,
    },
    () => undefined,
  );
}

describe('a model that takes batches of one size only', () => {
  it.each([
    ['of one sample', 1, 7],
    ['that the samples fill', 4, 8],
    ['of which the last is not full', 4, 7],
    ['larger than all samples', 4, 3],
  ])('has the numbers of the one that takes any, in batches %s', async (_, batch, count) => {
    const [wanted, found] = [await analysed(plain, 'N', count), await analysed(merged(batch), batch, count)];
    expect(found.samples.meanLoss).toBeCloseTo(wanted.samples.meanLoss, 13);
    expect(found.gradientNorm).toBeCloseTo(wanted.gradientNorm, 13);
    expect(found.trace.value).toBeCloseTo(wanted.trace.value, 12);
    expect(found.frobeniusSquared.value).toBeCloseTo(wanted.frobeniusSquared.value, 12);
    expect(found.gaussNewton?.trace.value).toBeCloseTo(wanted.gaussNewton!.trace.value, 12);
    expect(found.samples.accuracy).toBe(wanted.samples.accuracy);
    expect(wanted.warnings.filter(({ kind }) => kind === 'model')).toEqual([]);
    const [note] = found.warnings.filter(({ kind }) => kind === 'model');
    expect(note?.message).toContain(batch === 1 ? 'the one sample at a time' : 'the 4 samples at a time');
  });

  it('is estimated, in float32 too', async () => {
    const asked = { method: 'estimate', dtype: 'float32', precision: 0.1, seed: 3 } as const;
    const wanted = await analysed(plain, 'N', 6);
    const found = await analysed(merged(4), 4, 6, asked);
    expect(Math.abs(found.trace.value - wanted.trace.value)).toBeLessThan(
      4 * found.trace.standardError + 1e-4,
    );
    expect(found.sharpness!.lambdaMax.lower).toBeLessThanOrEqual(wanted.sharpness!.lambdaMax.upper);
    expect(found.sharpness!.lambdaMax.upper).toBeGreaterThanOrEqual(wanted.sharpness!.lambdaMax.lower);
  });

  it.each([
    [3, 0],
    [7, 0],
    // What fills up the batch of a single sample is a copy of it.
    [1, 1],
  ])('is refused where its samples change each other (%i of them)', async (count, reverse) => {
    const failure = await analysed(mixed(4, reverse), 4, count).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(FailureError);
    expect((failure as FailureError).message).toContain('depends on the other samples of its batch');
  });

  it('is refused where a batch of it does not fit the memory', async () => {
    const large = analysed(merged(4000), 4000, 6, { memoryBudget: 2 ** 20 });
    await expect(large).rejects.toThrow(/with the 4,000 samples that the model takes at a time/);
  });
});
