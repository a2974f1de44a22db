import { describe, expect, it } from 'vitest';
import { detectFile } from '../../../../src/formats/detection';
import { readModel } from '../../../../src/formats/readModel';
import { openRandomAccessFile } from '../../../../src/files/randomAccess';
import { readZipDirectory, readZipEntry } from '../../../../src/files/zip';
import { Session } from '../../../../src/runtime/session';
import { zipBytes } from '../../samples/writers';
import { failureFrom, oneSentence } from '../failures';
import {
  analyseReference,
  belongs,
  expectClose,
  expectNumbers,
  inReferences,
  readJson,
  type Numbers,
} from '../references';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();

describe('a program of torch.export', () => {
  it.each([
    'mlp_tanh',
    'mlp_gelu_bn',
    'cnn_bn',
    'lstm',
    'mlp_regression',
    'frozen',
    'transformer',
    'causal_lm',
  ])('%s has the numbers and the names that PyTorch gives', async (name) => {
    const wanted = readJson(`${name}.ref.json`) as Numbers;
    const path = inReferences(`${name}.pt2`);
    expect(await detectFile(path)).toMatchObject({ format: 'pytorchExport', analysable: true });
    const model = await readModel(path);
    // What is tied has one name of two.
    const tied = (tensor: string): string =>
      name === 'causal_lm' ? tensor.replace('wte', 'lm_head') : tensor;
    const named = wanted.blocks.map((block) => tied(block.name));
    expect([...(model.parameters?.trained ?? [])].sort()).toEqual(named.sort());
    const report = await analyseReference(`${name}.pt2`);
    const notes = name === 'transformer' ? [/^Row 0 of "emb\.weight" stands for no token/] : [];
    expect(report.warnings.map(({ message }) => message)).toEqual(
      notes.map((note) => expect.stringMatching(note) as unknown),
    );
    expectNumbers(report, wanted, (layer, tensor) => belongs(layer, tied(tensor)));
  });

  it('of what is not trained says so', async () => {
    const { parameters } = await readModel(inReferences('frozen.pt2'));
    expect(
      [...(parameters?.frozen ?? [])].every((name) => name.startsWith('trunk') || !name.startsWith('head')),
    ).toBe(true);
    expect(parameters?.frozen.size).toBeGreaterThan(0);
  });

  it('of a later PyTorch, whose archive is another, gives what PyTorch gives', async () => {
    const { x, y } = readJson('torch213_mlp.json') as { readonly x: number[]; readonly y: number[] };
    const model = await readModel(inReferences('torch213_mlp.pt2'));
    expect(model.producer).toMatch(/^PyTorch 2\.13/);
    const [output = { name: '' }] = model.graph.outputs;
    const session = await Session.open(model.executable([output.name]), 1, 'disabled');
    const [input = { name: '' }] = model.graph.inputs;
    const feeds = { [input.name]: { dims: [6, 5], data: Float32Array.from(x) } };
    const found = await session.run(feeds, [output.name]);
    await session.release();
    Array.from(found[output.name]?.data as Float32Array).forEach((value, at) => {
      expect(Math.abs(value - (y[at] ?? NaN))).toBeLessThan(1e-6);
    });
  });
});

describe('one perceptron', () => {
  it('has equal numbers as ONNX, as a program and as a model of scikit-learn', async () => {
    const files = ['mlp_tanh.default.onnx', 'mlp_tanh.pt2', 'mlp_tanh.joblib'];
    const reports = await Promise.all(files.map((file) => analyseReference(file, { method: 'closed-form' })));
    const [first] = reports;
    if (first === undefined) throw new Error('Nothing was analysed');
    for (const report of reports) {
      expectClose(report.samples.meanLoss, first.samples.meanLoss, 1e-12);
      expectClose(report.trace.value, first.trace.value, 1e-12);
      expectClose(report.frobeniusSquared.value, first.frobeniusSquared.value, 1e-12);
      expectClose(report.bounds.lambdaMax.upper.value, first.bounds.lambdaMax.upper.value, 1e-12);
      expect(report.layers.length).toBe(2);
      report.layers.forEach((layer, at) => {
        const same = first.layers[at];
        expectClose(layer.trace.value, same?.trace.value ?? NaN, 1e-12);
        expectClose(layer.contribution.value, same?.contribution.value ?? NaN, 1e-10);
      });
    }
  });
});

/** The program of mlp_tanh with one text in place of another, or another program, in an archive like its own. */
async function changed(change: (program: string) => string, name = 'model.pt2'): Promise<string> {
  const file = await openRandomAccessFile(inReferences('mlp_tanh.pt2'));
  try {
    const parts: { name: string; data: Uint8Array }[] = [];
    for (const entry of await readZipDirectory(file)) {
      const bytes = await readZipEntry(file, entry, 2 ** 24);
      const isProgram = entry.name === 'serialized_exported_program.json';
      parts.push({
        name: entry.name,
        data: isProgram ? Buffer.from(change(Buffer.from(bytes).toString('utf8'))) : bytes,
      });
    }
    return await folder.write(name, zipBytes(parts));
  } finally {
    await file.close();
  }
}

describe('a program that is damaged, or beyond what is read', () => {
  it.each([
    ['cut', (text: string) => text.slice(0, text.length / 2), 'DamagedModel', /its program is no JSON/],
    ['empty', () => '{}', 'DamagedModel', /no operators/],
    ['no object', () => '[1]', 'DamagedModel', /no operators/],
    [
      'an unknown operator',
      (text: string) => text.replace('aten.tanh.default', 'aten.fft_fft.default'),
      'UnsupportedOperator',
      /calls torch.ops.aten.fft_fft.default in "act"/,
    ],
    [
      'a custom operator',
      (text: string) => text.replace('aten.tanh.default', 'mine.tanh.default'),
      'UnsupportedOperator',
      /calls torch.ops.mine.tanh.default/,
    ],
    [
      'a name of every object',
      (text: string) => text.replace('aten.tanh.default', 'aten.constructor.default'),
      'UnsupportedOperator',
      /constructor/,
    ],
    [
      'a circle',
      (text: string) =>
        text.replace('"arg": {"as_tensor": {"name": "x"}}', '"arg": {"as_tensor": {"name": "tanh"}}'),
      'DamagedModel',
      /takes "tanh", which nothing before it makes/,
    ],
    [
      'a parameter that is not there',
      (text: string) => text.replace('"parameter_name": "fc1.weight"', '"parameter_name": "fc9.weight"'),
      'DamagedModel',
      /the tensor "fc9.weight" is not in it/,
    ],
    [
      'an output that nothing makes',
      (text: string) =>
        text.replace(
          '"output_specs": [{"user_output": {"arg": {"as_tensor": {"name": "linear_1"}',
          '"output_specs": [{"user_output": {"arg": {"as_tensor": {"name": "nowhere"}',
        ),
      'DamagedModel',
      /nothing makes its output "nowhere"/,
    ],
    [
      'an unknown type',
      (text: string) => text.replaceAll('"dtype": 7', '"dtype": 24'),
      'UnsupportedFormat',
      /a type that is not read \(24/,
    ],
    [
      'dropout in training',
      (text: string) =>
        text.replace(
          '"target": "torch.ops.aten.tanh.default", "inputs": [',
          '"target": "torch.ops.aten.dropout.default", "inputs": [{"name": "p", "arg": {"as_float": 0.5}}, {"name": "train", "arg": {"as_bool": true}}, ',
        ),
      'UnsupportedStructure',
      /exported in training mode .*model.eval/,
    ],
    [
      'a derivative that ends',
      (text: string) => text.replace('aten.tanh.default', 'aten.detach.default'),
      'UnsupportedOperator',
      /whose derivative it ends/,
    ],
  ] as const)('(%s) is refused in one sentence', async (_, change, kind, message) => {
    const failure = await failureFrom(async () => readModel(await changed(change)));
    expect(failure.message).toMatch(message);
    expect(failure.message).toMatch(oneSentence);
    expect(failure.kind).toBe(kind);
  });

  it('(shapes beyond reason) is refused or read, never run out of memory for', async () => {
    const path = await changed((text) => text.replaceAll('{"as_int": 64}', '{"as_int": 9007199254740991}'));
    const outcome = await readModel(path).then(
      () => null,
      (error: unknown) => error,
    );
    if (outcome !== null) expect(outcome).toHaveProperty('failure');
  });

  it('(compiled code alone) is refused', async () => {
    const entries = [
      { name: 'm/archive_format', data: Buffer.from('pt2') },
      { name: 'm/data/aotinductor/model/a.so', data: Buffer.from('x') },
    ];
    const path = await folder.write('compiled.pt2', zipBytes(entries));
    expect(await failureFrom(() => readModel(path))).toMatchObject({ kind: 'UnsupportedFormat' });
  });
});
