import { spawnSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { completeTraining, noOptions, requestDefaults, requestOf } from '../../../src/report/request';
import { edgeFactor } from '../../../src/report/wording/learningRate';
import { pythonLines, pythonLinesFrom } from '../../../src/report/wording/pythonLines';
import { readSidecar, withSidecar } from '../../../src/samples/sidecar';
import { temporaryFolder } from '../formats/temporaryFolder';

/** What PyTorch's own autograd says, in float64. */
interface Truth {
  readonly names: readonly string[];
  readonly parameters: number;
  readonly loss: number;
  readonly gradient: number;
  readonly trace: number;
  readonly squared: number;
  readonly lambdaMax: number;
}

/** A Python that has PyTorch and its exporter, or null. */
const python =
  ['/usr/bin/python3', 'python3'].find(
    (each) => spawnSync(each, ['-c', 'import torch, numpy'], { timeout: 60_000 }).status === 0,
  ) ?? null;
const numpy =
  ['python3', '/usr/bin/python3'].find(
    (each) => spawnSync(each, ['-c', 'import numpy'], { timeout: 60_000 }).status === 0,
  ) ?? null;
if (numpy === null) console.warn('Skipped: no python3 with NumPy, which Keras models are exported with.');
if (python === null) console.warn('Skipped: no python3 with PyTorch, which media/python is tested with.');

const folder = temporaryFolder();
const models = [
  ...['perceptron', 'weighted', 'decayed', 'binary', 'regression', 'frozen', 'convolutional', 'tokens'],
  ...['two-inputs', 'tied', 'focal', 'quartic', 'padding', 'padding-tied'],
];

const notes: Readonly<Record<string, readonly unknown[]>> = {
  padding: [expect.stringMatching(/^Row 2 of "emb\.weight" stands for no token \(padding_idx\)/)],
  'padding-tied': [expect.stringMatching(/^Row 1 of "emb\.weight" stands for no token \(padding_idx\)/)],
  frozen: [expect.stringMatching(/^Held fixed and not counted as parameters, as asked: "0\.weight"\.$/)],
  // Only the mean of this loss is known, which is traced for one sample at a time.
  focal: [expect.stringMatching(/^The model runs only with the one sample at a time/)],
};

describe.skipIf(python === null)('what the two lines of Python write', () => {
  let path = '';

  beforeAll(async () => {
    path = join(await folder.write('here', ''), '..');
    const script = new URL('models.py', import.meta.url).pathname;
    // media/ is packaged as it is: no bytecode beside the file.
    const done = spawnSync(python ?? '', ['-B', script, path], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    expect(done.stdout).toContain('perceptron.sharpness.json are written: right-click');
  });

  const analysed = async (name: string): Promise<Report> => {
    const model = join(path, `${name}.onnx`);
    const sidecar = await readSidecar(model);
    expect(sidecar).not.toBeNull();
    const options = withSidecar(noOptions, sidecar);
    return analyse({ ...requestDefaults, ...requestOf(options), model, threads: 1 }, () => undefined);
  };

  it.each(models)('gives the Hessian of the module itself: %s', async (name) => {
    const truth = JSON.parse(await readFile(join(path, `${name}.truth.json`), 'utf8')) as Truth;
    const report = await analysed(name);
    expect(report.model.parameters).toBe(truth.parameters);
    const pairs = [
      [report.samples.meanLoss, truth.loss],
      [report.gradientNorm, truth.gradient],
      [report.trace.value, truth.trace],
      [report.frobeniusSquared.value, truth.squared],
      [(report.sharpness!.lambdaMax.lower + report.sharpness!.lambdaMax.upper) / 2, truth.lambdaMax],
    ] as const;
    // A loss that is written into the file has its constants in float32.
    const tolerance = report.loss === 'output' ? 1e-6 : 1e-8;
    for (const [found, wanted] of pairs) expect(Math.abs(found / wanted - 1)).toBeLessThan(tolerance);
    expect(report.lossAssumed).toBe(false);
    // An untrained model is as good as guessing: nothing else is to be said of it.
    const told = report.warnings.filter(({ kind }) => kind !== 'loss-above-chance');
    expect(told.map(({ message }) => message)).toEqual(notes[name] ?? []);
  });

  it('says how the model is trained', async () => {
    expect((await analysed('decayed')).training).toEqual({
      optimiser: 'nesterov',
      learningRate: 0.05,
      momentum: 0.9,
      batchSize: null,
    });
  });

  it('are not written for a loss that is none of each sample, and the sentence names it', async () => {
    const refused = JSON.parse(await readFile(join(path, 'refused.json'), 'utf8')) as string[];
    expect(refused).toEqual([
      expect.stringMatching(/^<lambda> mixes the samples of a batch/),
      expect.stringMatching(/^PyTorch cannot write MultiMarginLoss as ONNX \(.*\); write it with plain/),
      expect.stringMatching(/^<lambda> gives \(4, 3\) numbers, and must give one/),
    ]);
    await expect(readFile(join(path, 'refused.onnx'))).rejects.toThrow();
  });
});

describe.skipIf(numpy === null)('of a Keras model, with a stand-in for the package', () => {
  const file = new URL('../../references/keras/compiled.keras', import.meta.url).pathname;

  it('are written the file itself, the arrays, and what the file leaves open', async () => {
    const path = join(await folder.write('keras-here', ''), '..', 'keras');
    await mkdir(path);
    const script = new URL('keras_models.py', import.meta.url).pathname;
    const done = spawnSync(numpy ?? '', ['-B', script, path, file, '[4]', '3'], { encoding: 'utf8' });
    expect(done.stderr).toContain('The weights of the samples are left out.');
    expect(done.status).toBe(0);
    // Who has Keras alone needs no PyTorch.
    expect(done.stdout.trim().split('\n').at(-1)).toBe('False');
    expect(done.stdout).toContain('arrays.keras, ');
    const written = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(path, name), 'utf8'));
    const arrays = { inputs: { '': 'input0' }, labels: 'labels' };
    expect(await written('arrays.sharpness.json')).toEqual({
      ...arrays,
      weightDecay: 0.01,
      samples: 'arrays.npz',
    });
    expect(await written('batches.sharpness.json')).toEqual({
      ...arrays,
      loss: 'cross-entropy',
      labelSmoothing: 0.1,
      training: { optimiser: 'nesterov', momentum: 0.9, learningRate: 0.05 },
      samples: 'batches.npz',
    });
    expect(await written('several.sharpness.json')).toEqual({
      loss: 'mean-squared-error',
      training: { optimiser: 'adam', momentum: 0.9, learningRate: 0.002 },
      inputs: { a: 'input0', b: 'input1' },
      labels: 'labels',
      samples: 'several.npz',
    });
    expect(await written('refused.json')).toEqual([
      expect.stringMatching(/^Poisson is no loss that is known here/),
      'The model takes the inputs x, y, and the data has x.',
      'model is a object, and must be a torch.nn.Module or a keras.Model.',
    ]);

    const reportOf = async (name: string): Promise<Report> => {
      const model = join(path, `${name}.keras`);
      const options = withSidecar(noOptions, await readSidecar(model));
      return analyse({ ...requestDefaults, ...requestOf(options), model, threads: 1 }, () => undefined);
    };
    const report = await reportOf('arrays');
    expect(report.samples).toMatchObject({ count: 12, labels: 'given' });
    expect(report.lossOptions.weightDecay).toBe(0.01);
    expect((await reportOf('batches')).samples.count).toBe(8);
  });
});

it('the two lines of the clipboard find the file, also where its folder has a quote or a backslash', () => {
  expect(pythonLinesFrom('/ext/media/python')).toBe(
    'import sys; sys.path.append("/ext/media/python"); from model_sharpness import export\nexport(model, loader, criterion)\n',
  );
  expect(pythonLinesFrom('C:\\a "b"')).toContain('sys.path.append("C:\\\\a \\"b\\"")');
});

it('the snippet has the same two lines', async () => {
  const snippets = JSON.parse(await readFile('media/python/snippets.json', 'utf8')) as Record<
    string,
    { readonly body: readonly string[] }
  >;
  const [{ body } = { body: [] }] = Object.values(snippets);
  expect(body.join('; ').replace(/\$\{\d:(\w+)\}/g, '$1')).toBe(pythonLines);
});

it.skipIf(python === null)('the edge of stability parts what PyTorch’s optimisers do on a quadratic', () => {
  const cases = (
    [
      ['sgd', 0],
      ['momentum', 0.5],
      ['momentum', 0.9],
      ['nesterov', 0.5],
      ['nesterov', 0.9],
    ] as const
  ).flatMap(([optimiser, momentum]) => {
    const edge = edgeFactor(completeTraining({ optimiser, momentum })) / 1.257;
    return [0.98 * edge, 1.02 * edge].map((rate) => [optimiser, momentum, rate, 1.257] as const);
  });
  const script = new URL('edges.py', import.meta.url).pathname;
  const done = spawnSync(python ?? '', ['-B', script, JSON.stringify(cases)], { encoding: 'utf8' });
  expect(JSON.parse(done.stdout)).toEqual(cases.map((_, at) => at % 2 === 1));
});
