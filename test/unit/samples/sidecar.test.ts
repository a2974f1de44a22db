import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import * as prettier from 'prettier';
import { describe, expect, it } from 'vitest';
import { layerSchema } from '../../../src/report/architecture';
import { failureOf, FailureError } from '../../../src/report/failure';
import { noOptions } from '../../../src/report/request';
import {
  namingSidecar,
  readSidecar,
  sidecarFields,
  sidecarSchema,
  describeSource,
  withSidecar,
  writeArchitecture,
  writeSidecar,
} from '../../../src/samples/sidecar';
import { sidecarPath } from '../../../src/samples/sidecarPath';
import { folderWith } from './writers';

const publishedSchema = resolve('media/sidecar.schema.json');

async function modelWith(sidecar: string): Promise<string> {
  return join(await folderWith({ 'net.v2.sharpness.json': sidecar }), 'net.v2.onnx');
}

async function refusal(sidecar: string): Promise<string> {
  const thrown = await readSidecar(await modelWith(sidecar)).catch((error: unknown) => error);
  const { kind, message } = failureOf(thrown);
  expect(kind).toBe('UsageError');
  expect(message).toMatch(
    /^The sidecar "net\.v2\.sharpness\.json" cannot be used: [^\n]*; correct or delete it\.$/,
  );
  return message;
}

describe('a sidecar', () => {
  it('has the model’s name without its extension', () => {
    expect(sidecarPath(join('models', 'net.v2.onnx'))).toBe(join('models', 'net.v2.sharpness.json'));
    expect(sidecarPath('net')).toBe('net.sharpness.json');
  });

  it('may be missing, and may leave everything open', async () => {
    expect(await readSidecar(join(await folderWith({}), 'net.onnx'))).toBeNull();
    expect(await readSidecar(join(await folderWith({}), 'absent', 'net.onnx'))).toBeNull();
    expect(await readSidecar(await modelWith('{}'))).toEqual({
      name: 'net.v2.sharpness.json',
      options: noOptions,
    });
  });

  it('says everything that an analysis depends on, its samples relative to itself', async () => {
    const options = {
      samples: '../data/digits.npz',
      inputs: { image: 'x' },
      labels: 'y',
      scale: 1 / 255,
      normalize: 'imagenet',
      skipBroken: true,
      limit: 500,
      output: 'logits',
      loss: 'cross-entropy',
      classWeights: [1, 0.5],
      labelSmoothing: 0.1,
      posWeight: [2, 1],
      ignoreLabel: 255,
      weightDecay: 5e-4,
      training: { optimiser: 'nesterov', learningRate: 0.1, momentum: 0.95, batchSize: 32 },
      decayed: ['*.weight'],
      trained: ['temperature'],
      fixed: ['positions', 'mask'],
      paddingRows: { 'emb.weight': 0 },
      shapes: { image: [1, 3, 8, 8] },
      architecture: { input: [4], layers: [{ linear: 'fc' }, 'tanh', { residual: ['relu'] }] },
    };
    const model = await modelWith(JSON.stringify(options));
    expect((await readSidecar(model))?.options).toEqual({
      ...options,
      samples: join(model, '..', '..', 'data', 'digits.npz'),
    });
  });

  it.each([
    ['', /it is no JSON/],
    ['{"samples": "a.npz"', /it is no JSON/],
    ['[]', /it is no JSON object/],
    ['null', /it is no JSON object/],
    ['"a.npz"', /it is no JSON object/],
    ['{"sample": "a.npz"}', /it has no field "sample" \(samples, inputs, labels,/],
    ['{"__proto__x": 1}', /it has no field "__proto__x"/],
    ['{"samples": ""}', /its field samples must be the path of a data file/],
    ['{"samples": "/data/a.npz"}', /its samples are "\/data\/a\.npz", but must be relative/],
    ['{"labels": "/data/y.npy"}', /its labels are "\/data\/y\.npy", but must lie beside its samples/],
    ['{"inputs": "x"}', /its field inputs must be an object of keys/],
    ['{"scale": 0}', /its field scale must be a number other than 0/],
    ['{"scale": 1e999}', /its field scale must be a number other than 0/],
    ['{"limit": 2.5}', /its field limit must be a whole number from 1/],
    ['{"loss": "hinge"}', /its field loss must be auto, cross-entropy,/],
    ['{"classWeights": [1, -1]}', /its field classWeights must be "balanced" or an array/],
    ['{"shapes": {"x": [1, 0]}}', /its field shapes must be an object of shapes by graph input/],
    ['{"paddingRows": {"emb.weight": -1}}', /its field paddingRows must be an object of rows/],
    ['{"training": {"optimiser": "lion"}}', /its field training must be an object of "optimiser" \(sgd,/],
    ['{"labelSmoothing": 1}', /its field labelSmoothing must be a number from 0 to below 1/],
    ['{"trained": "w"}', /its field trained must be an array of names of tensors/],
    ['{"decayed": []}', /its field decayed must be an array of names of parameters or patterns/],
    ['{"fixed": ["w", "w"]}', /its field fixed must be an array of names of tensors in the model, each once/],
    ['{"fixed": ["a", "w"], "trained": ["w"]}', /"w" cannot be both trained and fixed/],
  ])('%s is refused in a sentence', async (content, sentence) => {
    expect(await refusal(content)).toMatch(sentence);
  });

  it.each([
    ['{"architecture": {"layers": ["?"]}}', /of its architecture layer 1 is still "\?"/],
    ['{"architecture": 3}', /its field architecture must be the layers of a file of weights/],
    ['{"architecture": "/net.json"}', /must be relative to the model/],
  ])('%s has no architecture', async (content, sentence) => {
    expect(await refusal(content)).toMatch(sentence);
  });

  it('names the layers that are written to be completed, once', async () => {
    const folder = await folderWith({ 'net.sharpness.json': '{"limit": 5}' });
    const model = join(folder, 'net.pt');
    const path = await writeArchitecture(model, '{"layers": [{"linear": "fc"}, "?"]}');
    expect(path).toBe(join(folder, 'net.architecture.json'));
    const thrown = await readSidecar(model).catch((error: unknown) => error);
    expect(failureOf(thrown).message).toMatch(
      /"net\.architecture\.json" cannot be used: layer 2 is still "\?"/,
    );
    await writeFile(path, '{"layers": [{"linear": "fc"}, "relu"]}');
    await writeArchitecture(model, '{"layers": []}');
    expect((await readSidecar(model))?.options).toMatchObject({
      limit: 5,
      architecture: { layers: [{ linear: 'fc' }, 'relu'] },
    });
  });

  it('may name a file of its architecture', async () => {
    const layers = [{ linear: 'fc' }];
    const folder = await folderWith({
      'net.sharpness.json': '{"architecture": "net.architecture.json"}',
      'net.architecture.json': JSON.stringify({ layers }),
    });
    expect((await readSidecar(join(folder, 'net.pt')))?.options.architecture).toEqual({ layers });
  });

  it('that is far too long is not read', async () => {
    expect(await refusal(' '.repeat(2 ** 20 + 1))).toMatch(/far more than settings take/);
  });
});

describe.skipIf(process.platform === 'win32')('what is no file of settings', () => {
  it.each(['/dev/zero', '/dev/stdin', '/dev/full', '.'])(
    'is refused at once: a link to %s',
    async (target) => {
      const folder = await folderWith({});
      await symlink(target, join(folder, 'net.sharpness.json'));
      const thrown = await readSidecar(join(folder, 'net.onnx')).catch((error: unknown) => error);
      const { kind, message } = failureOf(thrown);
      expect(kind).toBe('UsageError');
      // A socket, as standard input may be, cannot even be opened.
      expect(message).toMatch(
        /cannot be used: it (is no regular file|cannot be read); correct or delete it\.$/,
      );
    },
  );

  it('is refused at once: a pipe that nobody writes to', async () => {
    const folder = await folderWith({});
    execFileSync('mkfifo', [join(folder, 'net.sharpness.json')]);
    const thrown = await readSidecar(join(folder, 'net.onnx')).catch((error: unknown) => error);
    expect(failureOf(thrown).message).toContain('it is no regular file');
  });

  it('is no fault of a model whose name leaves no room for it', async () => {
    expect(await readSidecar(join(await folderWith({}), `${'n'.repeat(250)}.onnx`))).toBeNull();
  });
});

describe.skipIf(process.platform === 'win32')('a sidecar in a folder that is not trusted', () => {
  const outside = 'it names a file outside its folder, which is not trusted';

  /** What is said of a sidecar in a folder beside which there is a file "there.npz" and none "absent.npz". */
  async function saidOf(sidecar: object, links: Readonly<Record<string, string>> = {}): Promise<string> {
    const parent = await folderWith({ 'there.npz': '', 'there.npy': '' });
    const folder = join(parent, 'models');
    await mkdir(folder);
    await writeFile(join(folder, 'net.sharpness.json'), JSON.stringify(sidecar));
    await writeFile(join(folder, 'own.npz'), '');
    for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name));
    const thrown = await readSidecar(join(folder, 'net.onnx'), true).catch((error: unknown) => error);
    return thrown instanceof FailureError ? thrown.message : 'nothing';
  }

  it.each([
    ['the folder above', { samples: '../there.npz' }, {}],
    ['the folder above, where there is nothing', { samples: '../absent.npz' }, {}],
    ['a link', { samples: 'link.npz' }, { 'link.npz': '../there.npz' }],
    ['a link that leads nowhere', { samples: 'link.npz' }, { 'link.npz': '../absent.npz' }],
    ['a linked folder', { samples: 'up/there.npz' }, { up: '..' }],
    ['a linked folder, where there is nothing', { samples: 'up/absent.npz' }, { up: '..' }],
    ['labels', { samples: 'x.npy', labels: '../there' }, {}],
    ['linked labels', { samples: 'x.npy', labels: 'y' }, { 'y.npy': '../there.npy' }],
    ['linked inputs', { samples: 'x.npy', inputs: { a: 'y' } }, { 'y.npy': '../absent.npy' }],
  ])('names nothing outside, and is told the same whatever is there: %s', async (_, sidecar, links) => {
    expect(await saidOf(sidecar, links)).toContain(outside);
  });

  it.each([
    [{ samples: 'own.npz' }, {}],
    [{ samples: 'absent.npz' }, {}],
    [{ samples: 'link.npz' }, { 'link.npz': 'own.npz' }],
    [{ limit: 3 }, {}],
  ])('names what is inside: %j', async (sidecar, links) => {
    expect(await saidOf(sidecar, links)).toBe('nothing');
  });

  it('is no link out of it, of which nothing is told', async () => {
    const folder = await folderWith({});
    const secret = join(await folderWith({ secret: 'root:x:0:0' }), 'secret');
    await symlink(secret, join(folder, 'net.sharpness.json'));
    const told = async (): Promise<unknown> =>
      readSidecar(join(folder, 'net.onnx'), true).catch((error: unknown) => failureOf(error));
    const there = await told();
    expect(there).toMatchObject({ message: expect.stringContaining('a link out of its folder') as string });
    await rm(secret);
    expect(await told()).toEqual(there);
  });
});

it('is what media/sidecar.schema.json tells the editor (vitest -u writes it anew)', async () => {
  // JSON schema has no words for what these look at; reading the sidecar does.
  const ignoreActions = ['finite', 'check', 'check_items', 'readonly'];
  const { properties, ...rest } = toJsonSchema(sidecarSchema, {
    ignoreActions,
    definitions: { layer: layerSchema },
  });
  const described = Object.entries(properties ?? {}).map(([field, schema]): [string, object] => [
    field,
    { description: sidecarFields[field], ...(schema as object) },
  ]);
  const title = 'Settings of a model for Model Sharpness';
  const schema = { title, ...rest, properties: Object.fromEntries<object>(described) };
  const text = await prettier.format(JSON.stringify(schema), {
    ...(await prettier.resolveConfig(publishedSchema)),
    filepath: publishedSchema,
  });
  await expect(text).toMatchFileSnapshot(publishedSchema);
  const validate = new Ajv({ strict: true }).compile(JSON.parse(text) as object);
  expect(validate({ samples: 'a.npz', fixed: ['mask'] })).toBe(true);
  expect(validate({ sample: 'a.npz' })).toBe(false);
});

describe('what is taken from a sidecar', () => {
  const sidecar = {
    name: 'net.sharpness.json',
    options: { ...noOptions, samples: '/data/a.npz', scale: 2, classWeights: [1, 2] },
  };

  it('is what the options leave open', () => {
    const options = { ...noOptions, scale: 3, limit: 5 };
    expect(describeSource(sidecar, options)).toEqual(['samples', 'classWeights']);
    expect(withSidecar(options, sidecar)).toEqual({ ...sidecar.options, scale: 3, limit: 5 });
    expect(withSidecar(options, null)).toBe(options);
    const chosen = { ...sidecar, options: { ...noOptions, trained: ['a'], fixed: ['b', 'c'] } };
    expect(withSidecar({ ...noOptions, trained: ['b'] }, chosen)).toMatchObject({
      trained: ['b'],
      fixed: ['c'],
    });
  });

  it('is named where the settings or the samples are to blame, and not where the model is', () => {
    const missing = new FailureError(
      'SamplesNotFound',
      'There is no file "a.npz"; check the path.',
      'ENOENT',
    );
    expect(failureOf(namingSidecar(missing, sidecar, ['samples']))).toEqual({
      kind: 'SamplesNotFound',
      message: 'With samples from "net.sharpness.json": There is no file "a.npz"; check the path.',
      detail: 'ENOENT',
    });
    expect(namingSidecar(missing, sidecar, [])).toBe(missing);
    const broken = new FailureError('DamagedModel', 'no');
    expect(namingSidecar(broken, sidecar, ['samples'])).toBe(broken);
    const fault = new TypeError('x is undefined');
    expect(namingSidecar(fault, sidecar, ['samples'])).toBe(fault);
  });
});

describe('writing a sidecar', () => {
  const written = async (model: string): Promise<unknown> =>
    JSON.parse(await readFile(sidecarPath(model), 'utf8'));

  it('remembers the samples by a relative path, and leaves nothing else behind', async () => {
    const folder = await folderWith({});
    const model = join(folder, 'net.onnx');
    await writeSidecar(model, { samples: join(folder, 'a.npz') });
    expect(await written(model)).toEqual({ samples: 'a.npz' });
    await writeSidecar(model, { samples: join(folder, '..', 'other', 'b.csv') });
    expect(await written(model)).toEqual({ samples: '../other/b.csv' });
    expect(await readdir(folder)).toEqual(['net.sharpness.json']);
    expect((await readSidecar(model))?.options.samples).toBe(join(folder, '..', 'other', 'b.csv'));
  });

  it('keeps what else it says, but for keys in another file', async () => {
    const model = await modelWith('{"samples": "a.npz", "inputs": {"": "x"}, "labels": "y", "scale": 2}');
    await writeSidecar(model, { samples: join(model, '..', 'a.npz') });
    expect(await written(model)).toEqual({ samples: 'a.npz', inputs: { '': 'x' }, labels: 'y', scale: 2 });
    await writeSidecar(model, { samples: join(model, '..', 'b.npz') });
    expect(await written(model)).toEqual({ samples: 'b.npz', scale: 2 });
  });

  it('remembers shapes of inputs, with or without samples, and forgets them', async () => {
    const folder = await folderWith({});
    const model = join(folder, 'net.onnx');
    await writeSidecar(model, { shapes: {} });
    expect(await readdir(folder)).toEqual([]);
    await writeSidecar(model, { shapes: { image: [1, 3, 8, 8], ids: [1, 7] } });
    expect(await written(model)).toEqual({ shapes: { image: [1, 3, 8, 8], ids: [1, 7] } });
    await writeSidecar(model, { samples: join(folder, 'a.npz'), shapes: { image: [1, 3, 9, 9] } });
    expect(await written(model)).toEqual({ samples: 'a.npz', shapes: { image: [1, 3, 9, 9] } });
    await writeSidecar(model, { samples: join(folder, 'b.npz') });
    expect(await written(model)).toEqual({ samples: 'b.npz', shapes: { image: [1, 3, 9, 9] } });
    await writeSidecar(model, { shapes: null });
    expect(await written(model)).toEqual({ samples: 'b.npz' });
    expect((await readSidecar(model))?.options.shapes).toBeNull();
  });

  it('does not replace one that cannot be read', async () => {
    const model = await modelWith('{"samples":');
    await expect(writeSidecar(model, { samples: join(model, '..', 'b.npz') })).rejects.toThrow(
      /it is no JSON/,
    );
    expect(await readFile(sidecarPath(model), 'utf8')).toBe('{"samples":');
    await writeFile(sidecarPath(model), '{}');
    await writeSidecar(model, { samples: join(model, '..', 'b.npz') });
    expect(await written(model)).toEqual({ samples: 'b.npz' });
  });
});
