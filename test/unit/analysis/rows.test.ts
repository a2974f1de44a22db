import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { predictedRows } from '../../../src/loss/predictedRows';
import { lossOfOutputs } from '../../../src/loss/lossOfOutputs';
import { reportJson } from '../../../src/report/schema';
import type { Quantity, Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import type { Labels, Samples } from '../../../src/samples/samples';
import { floats, modelOf } from '../autodiff/opening';
import { failureFrom, oneSentence } from '../formats/failures';
import { findHead } from '../../../src/subject/head';
import { chooseOutput } from '../../../src/subject/output';
import type { AnalysedOutput } from '../../../src/subject/subject';
import type { ModelParts } from '../onnxModel';

/** What PyTorch found in float64 from the full Hessian, with its own losses. */
interface Reference {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly trace: number;
  readonly frobeniusSquared: number;
  readonly lambdaMin: number;
  readonly lambdaMax: number;
  /** With a label that counts; null for targets that are no classes. */
  readonly predictions: number | null;
  readonly told: Partial<AnalysisRequest>;
}

function inReferences(name: string): string {
  return fileURLToPath(new URL(`../../references/rows/${name}`, import.meta.url));
}

const references = JSON.parse(readFileSync(inReferences('rows.json'), 'utf8')) as Readonly<
  Record<string, Reference>
>;

function analyseReference(name: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  return analyse(
    {
      ...requestDefaults,
      model: inReferences(`${name}.onnx`),
      samples: { kind: 'file', path: inReferences(`${name}.npz`), inputs: {}, labels: null },
      threads: 1,
      ...references[name]?.told,
      ...request,
    },
    () => undefined,
  );
}

async function outputOf(parts: ModelParts): Promise<AnalysedOutput> {
  const { graph } = await modelOf(parts);
  const output = chooseOutput(graph, null);
  return { graph, output, head: findHead(graph, output) };
}

function expectRelative(found: number | undefined, wanted: number, tolerance = 1e-10): void {
  expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(tolerance * Math.abs(wanted));
}

describe.each(Object.entries(references))('several predictions of each sample, %s', (name, reference) => {
  it('have PyTorch’s full Hessian', async () => {
    const report = await analyseReference(name);
    expect(() => reportJson(report)).not.toThrow();
    expect(report.method).toBe('exact');
    expectRelative(report.samples.meanLoss, reference.loss);
    expectRelative(report.gradientNorm, reference.gradientNorm);
    expectRelative(report.trace.value, reference.trace);
    expectRelative(report.frobeniusSquared.value, reference.frobeniusSquared);
    expectRelative(report.sharpness?.lambdaMax.upper, reference.lambdaMax);
    expectRelative(report.sharpness?.lambdaMin.lower, reference.lambdaMin);
    const { count, rowsPerSample = 0, ignoredRows = 0 } = report.samples;
    if (reference.predictions !== null)
      expect(count * rowsPerSample - ignoredRows).toBe(reference.predictions);
  });

  it('have it in batches of one sample, too, and in estimates within their errors', async () => {
    const report = await analyseReference(name, { method: 'estimate', memoryBudget: 2 ** 20, seed: 3 });
    expectRelative(report.samples.meanLoss, reference.loss);
    expectRelative(report.gradientNorm, reference.gradientNorm);
    const within = ({ value, standardError }: Quantity, wanted: number): void => {
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(5 * standardError + 1e-9 * Math.abs(wanted));
    };
    within(report.trace, reference.trace);
    within(report.frobeniusSquared, reference.frobeniusSquared);
    const { lower = Number.NaN, upper = Number.NaN } = report.sharpness?.lambdaMax ?? {};
    expect(lower).toBeLessThanOrEqual(reference.lambdaMax * (1 + 1e-9));
    expect(upper).toBeGreaterThanOrEqual(reference.lambdaMax * (1 - 1e-9));
  });
});

it('random inputs and labels of the model’s own are drawn for every prediction', async () => {
  const report = await analyseReference('tagger', { samples: { kind: 'random', count: 7 } });
  expect(report.samples).toMatchObject({ count: 7, rowsPerSample: 5, ignoredRows: 0, labels: 'drawn' });
});

const tagger = (nodes: ModelParts['nodes'] = [], opset = 13): ModelParts => ({
  opset,
  nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['logits'] }, ...nodes],
  initialisers: { w: floats(1, [3, 4]), axis: { dims: [], data: Int32Array.of(1) } },
  inputs: [{ name: 'x', dims: ['N', 4, 3] }],
  outputs: [nodes.at(-1)?.outputs[0] ?? 'logits'],
});

const samplesWith = (labels: Labels | null): Samples => ({
  source: 'data.npz',
  count: 2,
  inputs: [],
  indices: null,
  labels,
  scale: 1,
});

function whole(dims: readonly number[], values: readonly number[] = []): Labels {
  const width = dims.reduce((a, b) => a * b, 1);
  const own = Float64Array.from({ length: 2 * width }, (_, i) => values[i % Math.max(1, values.length)] ?? 2);
  return { kind: 'rows', width, values: own, shape: { dims, whole: true, refusal: null } };
}

function fractions(dims: readonly number[], values: readonly number[]): Labels {
  const labels = whole(dims, values);
  return labels.kind === 'rows' ? { ...labels, shape: { dims, whole: false, refusal: null } } : labels;
}

describe('the axis of the classes', () => {
  const rowsOf = async (
    parts: ModelParts,
    dims: readonly number[],
    labels: Labels | null,
    loss: AnalysisRequest['loss'] = 'auto',
  ) => predictedRows(await outputOf(parts), dims, samplesWith(labels), loss);

  const softmax = (axis: number): ModelParts['nodes'] => [
    { operator: 'Softmax', inputs: ['logits'], outputs: ['p'], attributes: { axis: { int: axis } } },
  ];
  const turned: ModelParts['nodes'] = [
    {
      operator: 'Transpose',
      inputs: ['logits'],
      outputs: ['turned'],
      attributes: { perm: { ints: [0, 2, 1] } },
    },
  ];
  const unknown: ModelParts['nodes'] = [
    { operator: 'CumSum', inputs: ['logits', 'axis'], outputs: ['sums'] },
  ];

  it.each([
    ['the last after a product of matrices', tagger(), [4, 4], null, 2],
    ['that of the softmax', tagger(softmax(1)), [4, 4], null, 1],
    ['where a transpose puts it', tagger(turned), [4, 4], null, 1],
    ['of size one, with one number for each token', tagger(), [4, 1], null, 2],
    ['as the labels say', tagger(unknown), [4, 5], whole([4]), 2],
    ['as labels of whole floats say', tagger(unknown), [4, 5], fractions([4], [2, 3]), 2],
    ['as the labels say, axis 1', tagger(unknown), [5, 4], whole([4]), 1],
    ['as the labels say, beside an axis of one', tagger(unknown), [5, 1, 4], whole([4]), 1],
    ['the last for targets, where it does not matter', tagger(unknown), [4, 5], fractions([4, 5], [0, 3]), 2],
  ] as const)('is %s', async (_, parts, dims, labels, axis) => {
    expect((await rowsOf(parts, dims, labels))?.classAxis).toBe(axis);
  });

  it('does not matter to errors of single numbers', async () => {
    for (const loss of ['mean-squared-error', 'binary-cross-entropy'] as const)
      expect(await rowsOf(tagger(unknown), [4, 5], fractions([4, 5], [0, 1]), loss)).toEqual({
        classAxis: 2,
        width: 5,
        perSample: 4,
      });
  });

  it.each([[[7]], [[1, 7]], [[1, 1, 7]], [[1]], [[]]])(
    'is no question where a sample has one prediction: %j',
    async (dims) => {
      expect(await rowsOf(tagger(), dims, null)).toBeNull();
    },
  );

  it.each([
    ['nothing tells it', tagger(unknown), [4, 4], null, /nothing tells along which axis/],
    [
      'only soft labels do',
      tagger(unknown),
      [4, 4],
      fractions([4, 4], [0.25]),
      /nothing tells along which axis/,
    ],
    ['labels fit two axes', tagger(unknown), [4, 4], whole([4]), /axis 1 or 2/],
    ['labels fit another axis', tagger(), [5, 4], whole([4]), /holds labels of shape \[4\].*shape \[5\]/],
    ['labels fit no axis', tagger(), [5, 4], whole([3]), /holds labels of shape \[3\]/],
    [
      'samples have one label',
      tagger(),
      [5, 4],
      { kind: 'classes', values: Int32Array.of(0, 1) },
      /holds one label/,
    ],
    ['the softmax runs over several axes', tagger(softmax(1), 11), [4, 4], null, /operator set 13/],
    [
      'a softmax is transposed',
      tagger([
        ...softmax(2),
        { operator: 'Transpose', inputs: ['p'], outputs: ['q'], attributes: { perm: { ints: [0, 2, 1] } } },
      ]),
      [4, 4],
      null,
      /a Transpose after its softmax/,
    ],
  ] as const)('is refused where %s', async (_, parts, dims, labels, reason) => {
    const failure = await failureFrom(() => rowsOf(parts, dims, labels));
    expect(failure.message).toMatch(reason);
    expect(failure.message).toMatch(oneSentence);
  });
});

describe('labels of several predictions', () => {
  const lossOf = async (labels: Labels, width = 4) => {
    const parts = { ...tagger(), initialisers: { w: floats(1, [3, width]) } };
    const subject = await outputOf(parts);
    const data = Float64Array.from({ length: 2 * 3 * width }, (_, i) => Math.sin(i));
    const request: AnalysisRequest = {
      ...requestDefaults,
      model: 'model.onnx',
      samples: { kind: 'random', count: 1 },
    };
    return lossOfOutputs(request, subject, samplesWith(labels), { dims: [3, width], data });
  };

  it('leave out those that say so, in the mean as well', async () => {
    const { targets, ignoredRows, classes } = await lossOf(whole([3], [0, -100, 3]));
    expect(ignoredRows).toBe(2);
    expect([...targets.rows!.weights]).toEqual([0.25, 0, 0.25, 0.25, 0, 0.25]);
    expect([...targets.values.subarray(0, 12)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...classes!]).toEqual([0, 3, 0, 3]);
  });

  it('are classes as whole floats, too', async () => {
    const { targets, classes } = await lossOf(fractions([3], [0, -100, 3]));
    const asIntegers = await lossOf(whole([3], [0, -100, 3]));
    expect([targets.values, classes]).toEqual([asIntegers.targets.values, asIntegers.classes]);
    const failure = await failureFrom(() => lossOf(fractions([3], [0, 0.5, 3])));
    expect(failure.message).toMatch(/but data\.npz holds labels of shape \[3\]|numbers per sample/);
  });

  it.each([
    ['beyond the classes', [0, 4, 1], 4, /Label 4 of sample 0 in data.npz \(number 1 of its 3\).*0 to 3/],
    ['below 0', [0, 1, -2], 4, /Label -2 of sample 0 .*\(number 2/],
    ['not 0 or 1 for a single logit', [0, 1, 2], 1, /Label 2 .*0 to 1/],
    ['all left out', [-100], 4, /All 6 labels in data.npz are -100 or missing/],
  ] as const)('are refused where they are %s', async (_, values, width, reason) => {
    const failure = await failureFrom(() => lossOf(whole(width === 1 ? [3, 1] : [3], values), width));
    expect(failure.message).toMatch(reason);
    expect(failure.message).toMatch(oneSentence);
  });
});
