import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { parameterNotes } from '../../../src/analysis/modelWarnings';
import { readModel } from '../../../src/formats/readModel';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { findSubject, noSubjectChoice } from '../../../src/subject/subject';
import { corpusNote, corpusPresent, sharedFile } from '../formats/corpus';
import {
  analyseReference,
  architectureOf,
  expectClose,
  expectNumbers,
  inReferences,
  readJson,
  type Numbers,
} from '../formats/references';

/** With the layers as a person says them. */
type Said = Numbers & { readonly architecture: unknown };
type Reference = Numbers & { readonly variants: Readonly<Record<string, Numbers>> };

const architectures = readJson('architectures.json') as Readonly<Record<string, Record<string, unknown>>>;

function analyseFile(
  file: string,
  architecture: unknown,
  choice: Partial<AnalysisRequest> = {},
): Promise<Report> {
  const said = architecture === null ? null : architectureOf(architecture);
  return analyseReference(file, { architecture: said, ...choice });
}

const longest = 240_000;
const silence = 'does not say which of its tensors were trained';
const padded = {
  ...architectures['transformer'],
  layers: (architectures['transformer']?.['layers'] as readonly unknown[]).map((layer, i) =>
    i === 0 ? { embedding: 'emb', padding: 0 } : layer,
  ),
};

function expectNotes({ warnings }: Report, file: string, isPadded = false): void {
  expect(warnings.some(({ message }) => message.includes(silence))).toBe(!file.endsWith('.module.pt'));
  const ofPadding = warnings.filter(({ message }) => message.includes('padding_idx'));
  expect(ofPadding.map(({ message }) => message)).toEqual(
    isPadded ? [expect.stringMatching(/^Row 0 of "emb\.weight" stands for no token/)] : [],
  );
}

describe('files of PyTorch with the architecture that a person says have PyTorch’s curvature', () => {
  it.each([
    ['mlp_tanh.state.pt', null, architectures['mlp_tanh']],
    ['mlp_gelu_bn.state.pt', null, architectures['mlp_gelu_bn']],
    ['mlp_regression.state.pt', null, architectures['mlp_regression']],
    ['frozen.state.pt', 'all_parameters', architectures['frozen']],
    ['frozen.module.pt', null, architectures['frozen']],
  ])(
    '%s (%s)',
    async (file, variant, architecture) => {
      const [name = ''] = file.split('.');
      const reference = readJson(`${name}.ref.json`) as Reference;
      const wanted = variant === null ? reference : reference.variants[variant];
      const report = await analyseFile(file, architecture);
      expectNumbers(report, wanted ?? reference);
      expectNotes(report, file);
    },
    longest,
  );

  // All columns of the same networks are held against PyTorch's as programs of torch.export.
  it.each([
    ['cnn_bn.lightning.ckpt', architectures['cnn_bn']],
    ['lstm.state.pt', architectures['lstm']],
    ['transformer.module.pt', padded],
    ['causal_lm.safetensors', architectures['causal_lm']],
  ])(
    '%s, as the products of the same random vectors tell',
    async (file, architecture) => {
      const [name = ''] = file.split('.');
      const choice = { method: 'estimate', precision: 0.2 } as const;
      const [report, exported] = [
        await analyseFile(file, architecture, choice),
        await analyseReference(`${name}.pt2`, choice),
      ];
      expectNotes(report, file, architecture === padded);
      const { count, loss, grad_norm } = readJson(`${name}.ref.json`) as Reference;
      expect(report.model.parameters).toBe(count);
      expectClose(report.samples.meanLoss, loss, 1e-12);
      expectClose(report.gradientNorm, grad_norm, 1e-12);
      expectClose(report.trace.value, exported.trace.value, 1e-9);
      expectClose(report.frobeniusSquared.value, exported.frobeniusSquared.value, 1e-9);
      expectClose(report.sharpness?.lambdaMax.upper, exported.sharpness?.lambdaMax.upper, 1e-9);
      expect(report.layers.length).toBe(exported.layers.length);
      report.layers.forEach(({ trace }, l) =>
        expectClose(trace.value, exported.layers[l]?.trace.value, 1e-8),
      );
    },
    longest,
  );

  it.each(Object.entries(readJson('architectures/architectures.json') as Readonly<Record<string, Said>>))(
    'the layers of %s have PyTorch’s Hessian',
    async (name, wanted) => {
      const report = await analyseFile(`architectures/${name}.pt`, wanted.architecture);
      expectNumbers(report, wanted);
    },
    longest,
  );

  it('are one model in every form', async () => {
    const graphOf = async (file: string): Promise<unknown> => {
      const [name = ''] = file.split('.');
      const model = await readModel(inReferences(file), architectureOf(architectures[name]));
      return [model.graph, model.parameters];
    };
    const perceptron = await graphOf('mlp_tanh.state.pt');
    for (const form of ['legacy.pth', 'lightning.ckpt', 'safetensors', 'module.pt'])
      expect(await graphOf(`mlp_tanh.${form}`)).toEqual(perceptron);
    // One tensor under two names.
    expect(await graphOf('causal_lm.state.pt')).toEqual(await graphOf('causal_lm.safetensors'));
    expect(await graphOf('transformer.state.pt')).toEqual(await graphOf('transformer.module.pt'));
  });

  it('tell of a row that only looks like that of a padding index', async () => {
    const file = inReferences('transformer.state.pt');
    const model = await readModel(file, architectureOf(architectures['transformer']));
    const notes = parameterNotes(findSubject(model, noSubjectChoice));
    expect(notes.some((note) => note.includes('padding_idx'))).toBe(true);
    const known = await readModel(file, architectureOf(padded));
    expect(parameterNotes(findSubject(known, noSubjectChoice))).toEqual([
      expect.stringMatching(/^Row 0 of "emb\.weight" stands for no token/),
    ]);
    // A sidecar's word is as good as the file's.
    const said = { ...noSubjectChoice, paddingRows: { 'emb.weight': 0 } };
    expect(findSubject(model, said).graph).toEqual(findSubject(known, noSubjectChoice).graph);
    for (const [rows, sentence] of [
      [{ 'emb.weight': 24 }, /^The table "emb\.weight" has 24 rows, and row 24 is said/],
      [{ 'fc.weight': 0 }, /^The model looks up no rows in a table "fc\.weight"/],
    ] as const)
      expect(() => findSubject(model, { ...noSubjectChoice, paddingRows: rows })).toThrow(sentence);
  });

  it('are one perceptron, whatever the format', async () => {
    const closed = { method: 'closed-form' } as const;
    const onnx = await analyseFile('mlp_tanh.default.onnx', null, closed);
    for (const format of ['state.pt', 'safetensors', 'module.pt']) {
      const report = await analyseFile(`mlp_tanh.${format}`, architectures['mlp_tanh'], closed);
      expect(report.method).toBe('closed-form');
      expectClose(report.samples.meanLoss, onnx.samples.meanLoss, 1e-12);
      expectClose(report.trace.value, onnx.trace.value, 1e-12);
      expectClose(report.frobeniusSquared.value, onnx.frobeniusSquared.value, 1e-12);
      expectClose(report.bounds.lambdaMax.upper.value, onnx.bounds.lambdaMax.upper.value, 1e-12);
      expect(report.layers.map(({ name, trace }) => [name, trace.value.toPrecision(12)])).toEqual(
        onnx.layers.map(({ name, trace }) => [name, trace.value.toPrecision(12)]),
      );
    }
  });

  it.skipIf(!corpusPresent)(`among them a checkpoint that somebody trained${corpusNote}`, async () => {
    const report = await analyse(
      {
        ...requestDefaults,
        model: sharedFile('corpus/torch-lenet-example.pth'),
        samples: { kind: 'random', count: 2 },
        method: 'estimate',
        precision: 0.5,
        architecture: architectureOf({
          input: [3, 32, 32],
          layers: [
            ...[
              { conv: 'conv1' },
              'relu',
              { maxPool: 2 },
              { conv: 'conv2' },
              'relu',
              { maxPool: 2 },
              'flatten',
            ],
            ...[{ linear: 'fc1' }, 'relu', { linear: 'fc2' }, 'relu', { linear: 'fc3' }],
          ],
        }),
      },
      () => undefined,
    );
    expect(report.model.parameters).toBe(62_006);
    expect(report.layers.map(({ name }) => name)).toEqual(['conv1', 'conv2', 'fc1', 'fc2', 'fc3']);
    expect(report.samples.meanLoss).toBeGreaterThan(0);
  });
});
