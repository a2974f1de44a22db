import { access, open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import * as prettier from 'prettier';
import { describe, expect, it } from 'vitest';
import {
  architectureSchema,
  layerSchema,
  parseArchitecture,
  type Architecture,
} from '../../../src/report/architecture';
import { proposedArchitecture, readModel } from '../../../src/formats/readModel';
import { findSubject, noSubjectChoice } from '../../../src/subject/subject';
import { corpusNote, corpusPresent, sharedFile } from './corpus';
import { attemptAsync, failureFrom, oneSentence } from './failures';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();

function reference(name: string): string {
  return fileURLToPath(new URL(`../../references/formats/${name}`, import.meta.url));
}

function architecture(json: unknown): Architecture {
  const parsed = parseArchitecture(json);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.value;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A safetensors file of a header and numbers, as they are given. */
function safetensors(header: Readonly<Record<string, Entry>> | string, numbers: Uint8Array): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, numbers]);
}

/** x W + b with two inputs and outputs, in a type. */
function linearFile(dtype: string, size: number, numbers: Uint8Array): Uint8Array {
  return safetensors(
    {
      'fc.weight': { dtype, shape: [2, 2], data_offsets: [0, 4 * size] },
      'fc.bias': { dtype, shape: [2], data_offsets: [4 * size, 6 * size] },
    },
    numbers,
  );
}

const float32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const linear = architecture({ layers: [{ linear: 'fc' }] });
const whole = linearFile('F32', 4, float32(1, 2, 3, 4, 5, 6));

describe('a safetensors file', () => {
  it.each([
    ['F32', 4, float32(1, -2, 0.5, 4, 5, 6), Float32Array],
    ['F64', 8, new Uint8Array(Float64Array.of(1, -2, 0.5, 4, 5, 6).buffer), Float64Array],
    [
      'F16',
      2,
      new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x4400, 0x4500, 0x4600).buffer),
      Float32Array,
    ],
    [
      'BF16',
      2,
      new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x4080, 0x40a0, 0x40c0).buffer),
      Float32Array,
    ],
  ])('of %s keeps its numbers', async (dtype, size, bytes, made) => {
    const path = await folder.write('typed.safetensors', linearFile(dtype, size, bytes));
    const { graph, parameters } = await readModel(path, linear);
    expect(graph.initialisers.get('fc.weight')?.data).toEqual(made.of(1, -2, 0.5, 4));
    expect(graph.initialisers.get('fc.bias')?.data).toEqual(made.of(5, 6));
    expect(graph.inputs[0]).toMatchObject({
      dims: ['N', 2],
      type: made === Float64Array ? 'float64' : 'float32',
    });
    expect([...(parameters?.trained ?? [])]).toEqual(['fc.weight', 'fc.bias']);
  });

  const entry = (dims: readonly number[], from: number, to: number): Entry => ({
    dtype: 'F32',
    shape: dims,
    data_offsets: [from, to],
  });

  it.each([
    [
      'a header of 10 GB',
      Buffer.concat([Buffer.from([0, 228, 11, 84, 2, 0, 0, 0]), whole.subarray(8)]),
      /NotAModel/,
    ],
    [
      'tensors that overlap',
      safetensors({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, float32(1, 2, 3)),
      /"b" overlaps "a"/,
    ],
    [
      'numbers beyond its end',
      safetensors({ a: entry([2], 8, 16) }, float32(1, 2, 3)),
      /"a" reaches beyond the end/,
    ],
    [
      'numbers that end before they begin',
      safetensors({ a: entry([0], 8, 4) }, float32(1, 2, 3)),
      /"a" reaches beyond/,
    ],
    [
      'a shape of other numbers',
      safetensors({ a: entry([2 ** 40, 2 ** 40], 0, 8) }, float32(1, 2)),
      /"a" has 8 bytes, which/,
    ],
    ['negative sizes', safetensors({ a: entry([-1, -2], 0, 8) }, float32(1, 2)), /"a" has no type or shape/],
    ['a header that is no JSON', safetensors('{"a": ', float32(1)), /its header is no JSON/],
  ])('with %s is refused', async (_, bytes, wanted) => {
    const path = await folder.write('bad.safetensors', bytes);
    const { kind, message } = await failureFrom(() => readModel(path, linear));
    expect(message).toMatch(oneSentence);
    expect(`${kind}: ${message}`).toMatch(wanted);
    expect(kind).toMatch(/DamagedModel|NotAModel/);
  });

  it('with weights that are not finite is refused by their name', async () => {
    const path = await folder.write('nan.safetensors', linearFile('F32', 4, float32(1, NaN, 3, 4, 5, 6)));
    const failure = await failureFrom(async () =>
      findSubject(await readModel(path, linear), noSubjectChoice),
    );
    expect(failure).toMatchObject({ kind: 'NonFiniteWeights' });
    expect(failure.message).toContain('fc.weight');
  });

  it('of two gigabytes takes the memory of what is used', async () => {
    const size = 2 ** 31;
    const bytes = safetensors(
      {
        'fc.weight': entry([2, 2], 0, 16),
        'fc.bias': entry([2], 16, 24),
        'table.weight': entry([2 ** 23, 64], 24, 24 + size),
      },
      float32(1, 2, 3, 4, 5, 6),
    );
    const path = await folder.write('large.safetensors', bytes);
    const file = await open(path, 'r+');
    await file.truncate(bytes.length + size);
    await file.close();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 5);
    const model = await readModel(path, architecture({ layers: [{ linear: 'fc' }], unused: ['table.*'] }));
    clearInterval(watch);
    expect(model.graph.initialisers.get('fc.bias')?.data).toEqual(Float32Array.of(5, 6));
    expect(most - before).toBeLessThan(2 ** 28);
  });

  it('may be cut into several, which an index names', async () => {
    const weight = safetensors({ 'fc.weight': entry([2, 2], 0, 16) }, float32(1, 2, 3, 4));
    const bias = safetensors({ 'fc.bias': entry([2], 0, 8) }, float32(5, 6));
    await folder.write('net-1-of-2.safetensors', weight);
    await folder.write('net-2-of-2.safetensors', bias);
    const index = (map: Readonly<Record<string, string>>): string => JSON.stringify({ weight_map: map });
    const path = await folder.write(
      'net.safetensors.index.json',
      index({ 'fc.weight': 'net-1-of-2.safetensors', 'fc.bias': 'net-2-of-2.safetensors' }),
    );
    const { graph } = await readModel(path, linear);
    expect(graph.initialisers.get('fc.weight')?.data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(graph.initialisers.get('fc.bias')?.data).toEqual(Float32Array.of(5, 6));
    const outside = await folder.write('outside.json', index({ a: '../net-1-of-2.safetensors' }));
    expect(await failureFrom(() => readModel(outside, linear))).toMatchObject({
      kind: 'ExternalDataOutsideFolder',
    });
    const missing = await folder.write('missing.json', index({ a: 'none.safetensors' }));
    expect(await failureFrom(() => readModel(missing, linear))).toMatchObject({
      kind: 'ExternalDataMissing',
    });
  });
});

describe('a file of weights without an architecture', () => {
  it('is refused with what it holds and a proposal', async () => {
    const { kind, message, detail } = await failureFrom(() => readModel(reference('mlp_tanh.state.pt')));
    expect(kind).toBe('ArchitectureMissing');
    expect(message).toMatch(oneSentence);
    expect(message).toContain(
      '"fc1.weight" [16, 64], "fc1.bias" [16], "fc2.weight" [10, 16], "fc2.bias" [10]',
    );
    expect(message).toContain('--architecture');
    expect(JSON.parse(detail ?? '')).toEqual({ layers: [{ linear: 'fc1' }, '?', { linear: 'fc2' }] });
  });

  const asked = { stride: '?', padding: '?' };
  it.each([
    ['mlp_tanh.legacy.pth', { layers: [{ linear: 'fc1' }, '?', { linear: 'fc2' }] }],
    ['mlp_gelu_bn.state.pt', { layers: [{ linear: '0' }, { batchNorm: '1' }, '?', { linear: '3' }] }],
    [
      'cnn_bn.lightning.ckpt',
      {
        input: [1, '?', '?'],
        layers: [
          ...[{ conv: 'conv1', ...asked }, { batchNorm: 'bn1' }, '?', { conv: 'conv2', ...asked }],
          ...[{ batchNorm: 'bn2' }, '?', 'flatten', { linear: 'fc' }],
        ],
      },
    ],
    ['mlp_tanh.module.pt', { layers: [{ linear: 'fc1' }, 'tanh', { linear: 'fc2' }] }],
    [
      '../architectures/depthwise.pt',
      {
        input: [1, '?', '?'],
        layers: [
          ...[{ conv: '0', ...asked }, '?', { conv: '2', ...asked, groups: 4 }, { batchNorm: '3' }, '?'],
          ...[{ conv: '5', ...asked }, '?', 'flatten', { linear: '7' }],
        ],
      },
    ],
    [
      '../architectures/transposed.pt',
      {
        input: [2, '?', '?'],
        layers: [
          ...[{ convTranspose: '0', ...asked, groups: 2 }, '?', { convTranspose: '2', ...asked }],
          ...['?', 'flatten', { linear: '4' }],
        ],
      },
    ],
    [
      '../architectures/one_dimension.pt',
      {
        input: [2, '?'],
        layers: [
          ...[{ conv: '0', ...asked }, { groupNorm: '1', groups: '?' }, '?'],
          ...[{ convTranspose: '3', ...asked }, '?', '?', 'flatten', { linear: '6' }],
        ],
      },
    ],
  ])('%s proposes what its names, shapes and modules tell', async (file, wanted) => {
    expect(await proposedArchitecture(reference(file))).toEqual(wanted);
  });

  it('that sorts its tensors is put in an order in which its shapes follow each other', async () => {
    const dims = {
      'b1.running_mean': [3],
      'b1.weight': [3],
      'conv1.weight': [3, 1, 3, 3],
      'a.weight': [2, 12],
    };
    let at = 0;
    const header = Object.fromEntries(
      Object.entries(dims)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, shape]): [string, Entry] => {
          const end = at + 4 * shape.reduce((product, size) => product * size, 1);
          const made = { dtype: 'F32', shape, data_offsets: [at, end] } as const;
          at = end;
          return [name, made];
        }),
    );
    const path = await folder.write('sorted.safetensors', safetensors(header, new Uint8Array(at)));
    expect(await proposedArchitecture(path)).toEqual({
      input: [1, '?', '?'],
      layers: [{ conv: 'conv1', ...asked }, { batchNorm: 'b1' }, '?', 'flatten', { linear: 'a' }],
    });
  });

  it.skipIf(!corpusPresent)(`may be somebody’s${corpusNote}`, async () => {
    const { input, layers } = await proposedArchitecture(sharedFile('corpus/torch-lenet-example.pth'));
    expect(input).toEqual([3, '?', '?']);
    expect(layers.filter((layer) => typeof layer === 'object')).toHaveLength(5);
  });
});

describe('an architecture', () => {
  const cnn = (changes: Readonly<Record<number, unknown>>, others: object = {}): Architecture =>
    architecture({
      input: [1, 8, 8],
      layers: [
        ...[{ conv: 'conv1', padding: 1 }, { batchNorm: 'bn1' }, 'relu', { maxPool: 2 }],
        ...[{ conv: 'conv2', padding: 1 }, { batchNorm: 'bn2' }, 'relu', { avgPool: 2 }],
        ...['flatten', { linear: 'fc' }],
      ].map((layer, i) => changes[i] ?? layer),
      ...others,
    });

  it.each<[string, Architecture, RegExp | null]>([
    ['cnn_bn', cnn({}), null],
    [
      'cnn_bn',
      cnn({ 4: { conv: 'conv2' } }),
      /layer 10 \(linear "fc"\) gets \[12\], but its "fc\.weight" is \[10, 48\]/,
    ],
    [
      'cnn_bn',
      cnn({ 4: { conv: 'conv1' } }),
      /layer 5 \(conv "conv1"\) gets \[6, 4, 4\], but its "conv1\.weight" is \[6, 1, 3, 3\]/,
    ],
    [
      'cnn_bn',
      cnn({ 1: { batchNorm: 'bn2' } }),
      /layer 2 \(batchNorm "bn2"\) wants "bn2\.running_mean" with 6 numbers, but its shape is \[12\]/,
    ],
    [
      'cnn_bn',
      cnn({ 9: { linear: 'fc3' } }),
      /wants "fc3\.weight", which is not in the file \(it has "conv1\.weight"/,
    ],
    ['cnn_bn', cnn({ 8: 'relu' }), /layer 10 \(linear "fc"\) gets \[12, 2, 2\]/],
    ['cnn_bn', cnn({}, { input: undefined }), /"input" has to say/],
    ['cnn_bn', cnn({}, { input: [1, null, null] }), null],
    ['cnn_bn', cnn({}, { input: [3, 8, 8] }), /layer 1 \(conv "conv1"\) gets \[3, 8, 8\]/],
    ['cnn_bn', cnn({ 1: 'identity' }), /no layer uses "bn1\.weight", "bn1\.bias", "bn1\.running_mean"/],
    ['cnn_bn', cnn({ 1: 'identity' }, { unused: ['bn1.*'] }), null],
    [
      'transformer',
      architecture({ layers: [{ linear: 'fc' }, { embedding: 'emb' }] }),
      /must be the first layer/,
    ],
    [
      'lstm',
      architecture({ layers: [{ gru: 'lstm' }, 'last', { linear: 'fc' }] }),
      /wants 3 gates, but "lstm\.weight_ih_l0" is \[48, 8\]/,
    ],
    ...(
      [
        [
          { convTranspose: '0', groups: 3 },
          /gets \[2, 2, 2\], but its "0\.weight" is \[2, 2, 3, 3\] in 3 groups/,
        ],
        [{ convTranspose: '0' }, /wants "0\.bias" with 2 numbers, but its shape is \[4\]/],
        [
          { convTranspose: '0', groups: 2, outputPadding: 1 },
          /"outputPadding" that is not less than its stride/,
        ],
        [{ convTranspose: '0', groups: 2, padding: 2 }, /pads \[2, 2, 2\] until nothing is left/],
        [{ groupNorm: '0', groups: 3 }, /gets \[2, 2, 2\], whose channels are not 3 equal groups/],
        [{ instanceNorm: 'none' }, /no layer uses "0\.weight", "0\.bias"/],
      ] as const
    ).map(([layer, wanted]): [string, Architecture, RegExp] => [
      '../architectures/transposed',
      architecture({ input: [2, 2, 2], layers: [layer] }),
      wanted,
    ]),
  ])('that does not fit %s is told by tensor and shapes', async (name, said, wanted) => {
    const file = name.startsWith('.') ? `${name}.pt` : `${name}.state.pt`;
    const read = (): Promise<unknown> => readModel(reference(file), said);
    if (wanted === null) {
      await expect(read()).resolves.toBeDefined();
      return;
    }
    const { kind, message } = await failureFrom(read);
    expect(kind).toBe('UsageError');
    expect(message).toMatch(oneSentence);
    expect(message).toMatch(wanted);
  });

  it.each([
    [{ layers: [{ linear: 'a' }, '?'] }, /layer 2 is still "\?"/],
    [{ layers: [{ conv: 'a', stride: '?' }] }, /"stride" of layer 1 is still "\?"/],
    [{ input: [1, '?'], layers: [{ linear: 'a' }] }, /"input" still has "\?"/],
    [{ layers: ['swoosh'] }, /layer 1 is "swoosh", which is no layer/],
    [{ layers: [{ dense: 'a' }] }, /layer 1 is none of the kinds/],
    [{ layers: [{ linear: 'a', bias: false }] }, /layer 1 \(linear\) has a wrong "bias"/],
    [{ layers: [{ residual: ['relu', { maxPool: 0 }] }] }, /layer 1\.2 \(maxPool\) has a wrong "maxPool"/],
    [{ layers: [] }, /is no list of layers/],
    [[], /is no object/],
    [{ layers: ['relu'], shape: [1] }, /it has no field "shape"/],
  ])('%j is no architecture', (json, wanted) => {
    const parsed = parseArchitecture(json);
    expect(parsed.ok ? '' : parsed.fault).toMatch(wanted);
  });
});

it('is what media/architecture.schema.json tells the editor (vitest -u writes it anew)', async () => {
  const published = resolve('media/architecture.schema.json');
  const { $schema, ...rest } = toJsonSchema(architectureSchema, {
    ignoreActions: ['finite', 'readonly'],
    definitions: { layer: layerSchema },
  });
  const schema = { title: 'Layers of a file of weights for Model Sharpness', $schema, ...rest };
  const text = await prettier.format(JSON.stringify(schema), {
    ...(await prettier.resolveConfig(published)),
    filepath: published,
  });
  await expect(text).toMatchFileSnapshot(published);
  const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(text) as object);
  const all = JSON.parse(await readFile(reference('architectures.json'), 'utf8')) as Record<string, unknown>;
  expect(Object.values(all).map((each) => validate(each))).toEqual(Object.values(all).map(() => true));
  expect(validate({ layers: ['?'] })).toBe(false);
  expect(validate({ layers: [{ linear: 3 }] })).toBe(false);
});

describe('files of weights with changed bytes', () => {
  it.each(['mlp_tanh.safetensors', 'mlp_tanh.legacy.pth', 'mlp_regression.state.pt', 'frozen.module.pt'])(
    '%s is read, or refused in a sentence',
    async (name) => {
      const bytes = await readFile(reference(name));
      const all = JSON.parse(await readFile(reference('architectures.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      const said = architecture(all[name.split('.')[0] ?? '']);
      // The names and shapes, and not the numbers, which may be any.
      const change = fc.tuple(fc.nat(Math.min(bytes.length, 2500) - 1), fc.nat(255));
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
          const noisy = Uint8Array.from(bytes);
          for (const [at, byte] of changes) noisy[at] = byte;
          const path = await folder.write(`noisy-${name}`, noisy);
          const outcome = await attemptAsync(async () => (await readModel(path, said)).graph.nodes.length);
          if (typeof outcome === 'number') expect(outcome).toBeGreaterThan(0);
          else expect(outcome).not.toMatchObject({ kind: 'InternalError' });
        }),
        { seed: 1, numRuns: 150 },
      );
    },
  );

  it('may call their tensors as a graph calls its own', async () => {
    const header = { input: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } } as const;
    const path = await folder.write('input.safetensors', safetensors(header, float32(1, 2, 3, 4)));
    const { graph } = await readModel(path, architecture({ layers: [{ linear: 'fc', weight: 'input' }] }));
    expect(graph.inputs[0]?.name).toBe('input_1');
    expect([...graph.initialisers.keys()]).toEqual(['input']);
  });
});

describe('a pickled module', () => {
  it('of PyTorch’s own classes needs nobody’s word, and says what is frozen', async () => {
    // The reference's own class stands in front of two Sequentials: as one itself it is what nn.Sequential would write.
    const entries = unzipSync(await readFile(reference('frozen.module.pt')));
    const renamed = Object.fromEntries(
      Object.entries(entries).map(([name, bytes]) => [
        name,
        name.endsWith('data.pkl')
          ? Buffer.from(
              Buffer.from(bytes)
                .toString('latin1')
                .replace('cfixmodels\nFrozenBackbone\n', 'ctorch.nn.modules.container\nSequential\n'),
              'latin1',
            )
          : bytes,
      ]),
    );
    const path = await folder.write('sequential.pt', zipSync(renamed, { level: 0 }));
    const { parameters, graph, format } = await readModel(path);
    expect(format).toBe('PyTorch module');
    expect([...(parameters?.frozen ?? [])]).toEqual(['backbone.0.weight', 'backbone.0.bias']);
    expect([...(parameters?.trained ?? [])]).toHaveLength(4);
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(
      'Gemm Tanh Gemm Sigmoid Mul Gemm Identity'.split(' '),
    );
  });

  it('of somebody’s class is asked for, and its proposal is what is registered', async () => {
    const failure = await failureFrom(() => readModel(reference('frozen.module.pt')));
    expect(failure.kind).toBe('ArchitectureMissing');
    expect(JSON.parse(failure.detail ?? '')).toEqual({
      layers: [{ linear: 'backbone.0' }, 'tanh', { linear: 'head.0' }, 'silu', { linear: 'head.2' }],
    });
  });

  it('that calls code is refused by its name, and nothing runs', async () => {
    const touched = folder.path('touched');
    const pickles = [
      `cposix\nsystem\n(Vtouch ${touched}\ntR.`,
      `cbuiltins\neval\n(V__import__("os").system("touch ${touched}")\ntR.`,
      `ccollections\nOrderedDict\n)R(Va\ncsubprocess\nrun\n(Vtouch ${touched}\ntRu.`,
    ];
    for (const pickle of pickles) {
      const archive = zipSync({ 'net/data.pkl': Buffer.from(`\x80\x02${pickle}`, 'latin1') });
      const path = await folder.write('evil.pt', archive);
      const { kind, message } = await failureFrom(() => readModel(path, linear));
      expect(kind).toBe('UnsupportedFormat');
      expect(message).toMatch(/calls "(posix\.system|builtins\.eval|subprocess\.run)" when Python loads it/);
    }
    await expect(access(touched)).rejects.toThrow();
  });
});
