import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { parameterNotes } from '../../../src/analysis/modelWarnings';
import { ancestors } from '../../../src/graph/flow';
import { surveyParameters } from '../../../src/subject/parameters';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { floats, modelOf } from '../autodiff/opening';

/** What PyTorch found in float64 from the full Hessian of the network that the file was exported from. */
interface Reference {
  readonly parameters: number;
  readonly loss: number;
  readonly trace: number;
  readonly frobeniusSquared: number;
  readonly lambdaMax: number;
  readonly lambdaMin: number;
}

function inReferences(name: string): string {
  return fileURLToPath(new URL(`../../references/parameters/${name}`, import.meta.url));
}

const references = JSON.parse(readFileSync(inReferences('parameters.json'), 'utf8')) as Readonly<
  Record<string, Reference>
>;

/** What a reader must be told of each, by what the file alone does not tell. */
const told: Readonly<Record<string, RegExp>> = {
  token: /^Counted as parameters, .*: "w" \(12 numbers\); the setting “fixed” leaves one out\.$/,
  cls: /^Counted as parameters, .*: "cls" \(4 numbers\); the setting “fixed” leaves one out\.$/,
  gate: /^Counted as parameters, .*: "gate" \(4 numbers\); the setting “fixed” leaves one out\.$/,
  rbf: /^Counted as parameters, .*: "c" \(20 numbers\); the setting “fixed” leaves one out\.$/,
  lvq: /^Counted as parameters, .*: "c" \(12 numbers\); the setting “fixed” leaves one out\.$/,
  pos: /^Counted as parameters, .*: "pos" \(4 numbers\); the setting “fixed” leaves one out\.$/,
  posmlp: /^Counted as parameters, .*: "pos" \(4 numbers\); the setting “fixed” leaves one out\.$/,
  norm: /^Taken for fixed numbers and not counted as parameters: "mean" \(4 numbers\), "std" \(4 numbers\); /,
};

function analyseReference(name: string, told: Partial<AnalysisRequest> = {}): Promise<Report> {
  return analyse(
    {
      ...requestDefaults,
      model: inReferences(`${name}.onnx`),
      samples: { kind: 'file', path: inReferences(`${name}.npz`), inputs: {}, labels: null },
      threads: 1,
      ...told,
    },
    () => undefined,
  );
}

describe.each(Object.entries(references))('the parameters of %s', (name, reference) => {
  it('are those that PyTorch trains, with its full Hessian', async () => {
    const report = await analyseReference(name);
    const near = (found: number | undefined, wanted: number): void => {
      const scale = Math.max(Math.abs(wanted), Math.sqrt(reference.frobeniusSquared));
      expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-6 * scale);
    };
    expect(report.model.parameters).toBe(reference.parameters);
    near(report.samples.meanLoss, reference.loss);
    near(report.trace.value, reference.trace);
    near(report.frobeniusSquared.value, reference.frobeniusSquared);
    near(report.sharpness?.lambdaMax.upper, reference.lambdaMax);
    if (report.method === 'exact') near(report.sharpness?.lambdaMin.lower, reference.lambdaMin);
    const notes = report.warnings.filter(({ kind }) => kind === 'model').map(({ message }) => message);
    const pattern = told[name];
    if (pattern === undefined) expect(notes).toEqual([]);
    else expect(notes).toEqual([expect.stringMatching(pattern)]);
  });
});

describe('what is told of the parameters', () => {
  const x = { name: 'x', dims: ['N', 4] };

  it('names constants that were left out, a single number under a name, too', async () => {
    const { graph } = await modelOf({
      nodes: [
        { operator: 'Sub', inputs: ['x', 'centre'], outputs: ['a'] },
        { operator: 'MatMul', inputs: ['a', 'w'], outputs: ['b'] },
        { operator: 'Mul', inputs: ['b', 'temperature'], outputs: ['c'] },
        { operator: 'Mul', inputs: ['c', 'half'], outputs: ['y'] },
      ],
      initialisers: {
        centre: floats(1, [4]),
        w: floats(2, [4, 3]),
        temperature: floats(3, []),
        half: floats(4, []),
      },
      inputs: [x],
      outputs: ['y'],
    });
    const survey = surveyParameters(graph, ancestors(graph, 'y'));
    expect(parameterNotes({ graph, survey, split: [], paddingRows: {} })).toEqual([
      'Taken for fixed numbers and not counted as parameters: "centre" (4 numbers), "temperature"; the setting “trained” counts one.',
    ]);
  });

  it.each([
    ['squares', (row: readonly number[]) => row.map((value) => value * value), [3, 4]],
    ['sums of squares', (row: readonly number[]) => [row.reduce((sum, v) => sum + v * v, 0)], [3]],
    ['norms', (row: readonly number[]) => [Math.hypot(...row)], [3]],
  ] as const)('names a parameter beside its %s', async (_, derive, dims) => {
    const p = floats(5, [3, 4]);
    const rows = [0, 1, 2].map((row) => Array.from(p.data.subarray(4 * row, 4 * row + 4)));
    const derived = { dims, data: Float32Array.from(rows.flatMap((row) => derive(row))) };
    const shape = dims.length === 2 ? ['x', 'onnx::Mul_7'] : ['z', 'onnx::Mul_7'];
    const { graph } = await modelOf({
      nodes: [
        { operator: 'Gemm', inputs: ['x', 'p'], outputs: ['z'], attributes: { transB: { int: 1 } } },
        dims.length === 2
          ? { operator: 'Gemm', inputs: shape, outputs: ['s'], attributes: { transB: { int: 1 } } }
          : { operator: 'Mul', inputs: shape, outputs: ['s'] },
        { operator: 'Add', inputs: ['z', 's'], outputs: ['y'] },
      ],
      initialisers: { p, 'onnx::Mul_7': derived },
      inputs: [x],
      outputs: ['y'],
    });
    const survey = surveyParameters(graph, ancestors(graph, 'y'));
    expect(parameterNotes({ graph, survey, split: [], paddingRows: {} })).toEqual([
      expect.stringMatching(
        /^"onnx::Mul_7" holds the squares or norms of "p": .* without constant folding\.$/,
      ),
    ]);
  });
});

describe('a choice of the parameters', () => {
  it('leaves out what is said to be fixed: the trace is less by that of its block', async () => {
    const [whole, part] = [await analyseReference('pos'), await analyseReference('pos', { fixed: ['pos'] })];
    const left = whole.layers.find(({ name }) => name === 'pos');
    expect(part.model.parameters).toBe(whole.model.parameters - 4);
    expect(part.trace.value).toBeCloseTo(whole.trace.value - (left?.trace.value ?? Number.NaN), 10);
    expect(part.warnings.map(({ message }) => message)).toEqual([
      'Held fixed and not counted as parameters, as asked: "pos".',
    ]);
  });

  it('counts what is said to be trained, instead of a closed form that leaves it out', async () => {
    const [part, whole] = [
      await analyseReference('norm'),
      await analyseReference('norm', { trained: ['mean', 'std'] }),
    ];
    expect([part.method, whole.method]).toEqual(['closed-form', 'exact']);
    expect(whole.model.parameters).toBe(part.model.parameters + 8);
    const others = whole.layers.filter(({ name }) => !['mean', 'std'].includes(name));
    expect(others).toHaveLength(whole.layers.length - 2);
    const sum = others.reduce((total, { trace }) => total + trace.value, 0);
    expect(sum).toBeCloseTo(part.trace.value, 8);
    expect(whole.warnings.filter(({ kind }) => kind === 'model')).toEqual([
      { kind: 'model', message: 'Counted as parameters, as asked: "mean", "std".' },
    ]);
  });

  it('is the closed form’s, too, where every layer still has all of its parameters', async () => {
    const [as, told] = [await analyseReference('norm'), await analyseReference('norm', { fixed: ['mean'] })];
    expect(told.method).toBe('closed-form');
    expect(told.trace.value).toBe(as.trace.value);
    // It is held fixed without a word, too: of what was asked nothing is to be told.
    expect(told.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Taken for fixed numbers and not counted as parameters: "std" \(4 numbers\);/),
    ]);
  });

  it.each([
    [
      { trained: ['nothing'] },
      /^The model holds no tensor "nothing" of the setting “trained”; name one .*\.$/,
    ],
    [{ fixed: ['nothing'] }, /^The model holds no tensor "nothing" of the setting “fixed”; name one .*\.$/],
    [
      { fixed: ['a.bias'], method: 'closed-form' },
      /differ from unit to unit, .* another method takes more models \(the setting “method”\)/,
    ],
    [{ fixed: ['a.weight', 'a.bias', 'o.weight', 'o.bias'] }, /^No float weights lie between the samples/],
  ] as const)('of %j is refused in a sentence', async (told, sentence) => {
    await expect(analyseReference('norm', told)).rejects.toThrow(sentence);
  });
});
