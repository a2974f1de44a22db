import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import comparisonSchema from '../../../docs/comparison.schema.json';
import schema from '../../../docs/report.schema.json';
import { version } from '../../../package.json';
import type { Comparison } from '../../../src/comparison/schema';
import type { Report } from '../../../src/report/report';
import { npyBytes } from '../samples/writers';
import { buildProgram, environment } from './program';

const example = resolve('examples/digits.onnx');
const digits = resolve('examples/digits.npz');

let folder = '';
let program = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-cli-'));
  program = await buildProgram(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as a person runs it, without a terminal. */
async function run(...args: string[]): Promise<Outcome> {
  return new Promise((settle) => {
    const options = { env: environment, cwd: folder, maxBuffer: 64 * 1024 ** 2 };
    const child = execFile(process.execPath, [program, ...args], options, (_, stdout, stderr) => {
      settle({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** A refusal: nothing on standard output, one sentence and no stack on standard error. */
async function refused(...args: string[]): Promise<{ code: number | null; sentence: string }> {
  const { code, stdout, stderr } = await run(...args);
  expect(stdout).toBe('');
  const sentence = /^model-sharpness: ([^\n]+\.)\n$/.exec(stderr)?.[1];
  if (sentence === undefined) throw new Error(`no single sentence: ${stderr}`);
  expect(sentence).not.toMatch(/\bat .*:\d+:\d+/);
  return { code, sentence };
}

/** A copy of the example in a folder of its own, with its samples and what the sidecar says. */
async function modelWithSidecar(content: object | string): Promise<string> {
  const place = await mkdtemp(join(folder, 'sidecar-'));
  const model = join(place, 'digits.onnx');
  await copyFile(example, model);
  await copyFile(digits, join(place, 'digits.npz'));
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(join(place, 'digits.sharpness.json'), text);
  return model;
}

describe('the command line', () => {
  it('prints its help and its version', async () => {
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: model-sharpness analyze MODEL');
    expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('prints a table of the example', async () => {
    const { code, stdout, stderr } = await run('analyze', example, '--samples', digits, '--limit', '300');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('upper bound');
    expect(stdout).toContain('perceptron 64-32-16-10, tanh');
    expect(stdout).toMatch(/^fc\.2 +\w+ +16 → 10 /m);
  });

  it('prints a report that keeps the published schema, alone on standard output', async () => {
    const { code, stdout, stderr } = await run('analyze', example, '--samples', digits, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as Report;
    const validate = new Ajv({ strict: true }).compile(schema);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report.samples).toMatchObject({ count: 1797, classes: 10, labels: 'given' });
    expect(report.samples.accuracy).toBeGreaterThanOrEqual(0.99);
    const sum = report.layers.reduce((total, { contribution }) => total + contribution.value, 0);
    expect(sum / report.bounds.lambdaMax.upper.value).toBeCloseTo(1, 9);
  });

  it('gives the same report for the same seed, but for the time', async () => {
    const args = ['analyze', example, '--samples', digits, '--limit', '200', '--seed', '3', '--json'];
    const reports = await Promise.all([run(...args), run(...args)]);
    const [first, second] = reports.map(({ stdout }) => ({ ...(JSON.parse(stdout) as Report), time: {} }));
    expect(first?.samples.count).toBe(200);
    expect(first).toEqual(second);
  });

  it('warns on standard error where the inputs are random', async () => {
    const { code, stdout, stderr } = await run('analyze', example, '--limit', '20', '--json');
    expect(code).toBe(0);
    expect(stderr).toBe(
      'Warning: there is no --samples, so the loss is computed on random inputs and the numbers say nothing about ' +
        'your data.\n',
    );
    expect((JSON.parse(stdout) as Report).samples).toMatchObject({ count: 20, labels: 'drawn' });
  });

  it('warns in the report that the closed form computes in float64', async () => {
    const args = ['analyze', example, '--samples', digits, '--limit', '20', '--json', '--dtype'];
    const [asked, auto] = await Promise.all([run(...args, 'float32'), run(...args, 'auto')]);
    const warnings = ({ stdout }: Outcome): unknown =>
      (JSON.parse(stdout) as Report).warnings.filter(({ kind }) => kind === 'dtype');
    expect(warnings(asked)).toEqual([
      {
        kind: 'dtype',
        message:
          'float32 was asked for, but it is about Hessian-vector products: the closed form takes none and computes in float64.',
      },
    ]);
    expect(warnings(auto)).toEqual([]);
  });

  it('ends with 2 for wrong use', async () => {
    expect(await refused()).toMatchObject({ code: 2 });
    expect(await refused('analyze', example, '--limit', 'all')).toEqual({
      code: 2,
      sentence:
        '--limit is "all", but must be a whole number from 1 to 2147483647 (--help lists what can be written).',
    });
  });

  it('writes the report as one page, beside what it prints', async () => {
    const pages = join(folder, 'pages');
    await mkdir(pages);
    const page = join(pages, 'report.html');
    const args = ['analyze', example, '--samples', digits, '--limit', '100', '--json', '--html'];
    const { code, stdout, stderr } = await run(...args, page);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const html = await readFile(page, 'utf8');
    expect(html).toMatch(/^<!DOCTYPE html>/);
    const embedded = /<script type="application\/json" id="report">([^<]*)<\/script>/.exec(html)?.[1] ?? '';
    expect(JSON.parse(embedded)).toEqual(JSON.parse(stdout));
    expect(await readdir(pages)).toEqual(['report.html']);
  });

  it('ends with 2 before anything is computed where the page cannot be written', async () => {
    const absent = await refused('analyze', example, '--html', join('absent', 'out.html'));
    expect(absent).toMatchObject({
      code: 2,
      sentence: expect.stringContaining('there is no folder') as string,
    });
    const taken = join(folder, 'taken');
    await mkdir(join(taken, 'out.html'), { recursive: true });
    const refusal = await refused('analyze', example, '--html', join(taken, 'out.html'));
    expect(refusal).toMatchObject({
      code: 2,
      sentence: expect.stringContaining('which is a folder and no file') as string,
    });
    expect(await readdir(taken)).toEqual(['out.html']);
    expect(await readdir(join(taken, 'out.html'))).toEqual([]);
  });

  it.each([
    ['digits.onnx', 'the model'],
    ['digits.npz', 'the file of the samples'],
    ['digits.sharpness.json', 'the place of the settings beside the model'],
  ])('does not write the page over %s', async (name, what) => {
    const model = await modelWithSidecar({ samples: 'digits.npz' });
    const target = join(dirname(model), name);
    const before = await readFile(target);
    expect(await refused('analyze', model, '--html', target)).toMatchObject({
      code: 2,
      sentence: expect.stringContaining(`which is ${what}; name another file`) as string,
    });
    expect((await readFile(target)).equals(before)).toBe(true);
  });

  it.skipIf(process.platform === 'win32')('prints the report where writing the page fails', async () => {
    const pages = await mkdtemp(join(folder, 'full-'));
    const page = join(pages, 'out.html');
    const args = ['analyze', example, '--samples', digits, '--limit', '20', '--json', '--html', page];
    const { code, stdout, stderr } = await new Promise<Outcome>((settle) => {
      // No file may grow beyond a few blocks, which stands for a disk that is full.
      const shell = ['-c', 'ulimit -f 8 && exec "$0" "$@"', process.execPath, program, ...args];
      const child = execFile('/bin/sh', shell, { env: environment, cwd: folder }, (_, out, err) => {
        settle({ code: child.exitCode, stdout: out, stderr: err });
      });
    });
    expect((JSON.parse(stdout) as Report).samples.count).toBe(20);
    expect(stderr).toBe(
      `model-sharpness: The page ${page} cannot be written: the file would be larger than is allowed; ` +
        'name another file with --html.\n',
    );
    expect(code).toBe(2);
    expect(await readdir(pages)).toEqual([]);
  });

  it('takes from a sidecar what the options leave open, and says so', async () => {
    const model = await modelWithSidecar({ samples: 'digits.npz', limit: 50, labelSmoothing: 0.1 });
    const { code, stdout, stderr } = await run('analyze', model, '--limit', '30', '--json');
    expect(stderr).toBe('From digits.sharpness.json: samples, labelSmoothing.\n');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    expect(report.samples).toMatchObject({ source: 'digits.npz', count: 30, labels: 'given' });
    expect(report.lossOptions.labelSmoothing).toBe(0.1);
  });

  it.each([
    [{ samples: 'absent.npz' }, 4, /absent\.npz/],
    [{ samples: 'digits.npz', output: 'nothing' }, 2, /no output "nothing"/],
    [{ samples: 'digits.npz', classWeights: [1, 2] }, 2, /2 numbers, but the model has 10 outputs/],
    [{ samples: 'digits.npz', labels: 'z' }, 4, /nothing named "z"/],
    [{ sampels: 'digits.npz' }, 2, /no field "sampels"/],
    ['{"samples":', 2, /it is no JSON/],
  ])('names a sidecar that does not fit: %j', async (content, code, what) => {
    const model = await modelWithSidecar(content);
    const child = await run('analyze', model);
    expect({ code: child.code, stdout: child.stdout }).toEqual({ code, stdout: '' });
    const sentence = /^model-sharpness: ([^\n]+\.)$/m.exec(child.stderr)?.[1];
    expect(sentence).toContain('"digits.sharpness.json"');
    expect(sentence).toMatch(what);
  });

  it('says before a long computation what it takes', async () => {
    // Random inputs, so many that the prediction is long; it is stopped as soon as it is told.
    const args = [program, 'analyze', example, '--limit', '40000', '--threads', '1'];
    const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    const done = new Promise((settle) => child.on('close', settle));
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      if (told.includes('Computing the curvature')) child.kill('SIGKILL');
    });
    await done;
    expect(told).toMatch(
      /^Computing the curvature \(step \d of \d\): \d(?:\.\d)?e\d+ multiply-adds, \d[\d.]* [MG]B; about \d+ (?:s|min) to the end\.$/m,
    );
  });

  it('ends with 3 where the model is missing, a Git LFS pointer, or no model', async () => {
    const missing = await refused('analyze', 'absent.onnx');
    expect(missing).toMatchObject({ code: 3, sentence: expect.stringContaining('absent.onnx') as string });

    const pointer = join(folder, 'pointer.onnx');
    await writeFile(
      pointer,
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`,
    );
    const lfs = await refused('analyze', pointer);
    expect(lfs).toMatchObject({ code: 3, sentence: expect.stringMatching(/LFS/) as string });

    const text = join(folder, 'text.onnx');
    await writeFile(text, 'These are not the weights you are looking for.');
    expect((await refused('analyze', text)).code).toBe(3);
    expect((await refused('analyze', folder)).code).toBe(3);
  });

  it('takes labels by the path of their npy file, as seen from where it runs', async () => {
    for (const name of ['inputs', 'answers']) await mkdir(join(folder, name));
    const values = Array.from({ length: 3 * 64 }, (_, at) => (at % 17) / 16);
    await writeFile(join(folder, 'inputs/x.npy'), npyBytes({ type: 'f4', shape: [3, 64], values }));
    const labels = npyBytes({ type: 'i8', shape: [3], values: [1, 2, 3] });
    await writeFile(join(folder, 'answers/y.npy'), labels);
    const pair = ['--samples', 'inputs/x.npy', '--labels', 'answers/y.npy', '--loss', 'cross-entropy'];
    const { code, stdout } = await run('analyze', example, ...pair, '--json');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Report).samples).toMatchObject({ count: 3, labels: 'given' });
    const { sentence } = await refused('analyze', example, ...pair, '--html', 'answers/y.npy');
    expect(sentence).toContain('the file of the labels');
    expect(await readFile(join(folder, 'answers/y.npy'))).toEqual(labels);
  });

  it('ends with 4 where the samples are missing or do not fit', async () => {
    expect((await refused('analyze', example, '--samples', 'absent.npz')).code).toBe(4);
    expect((await refused('analyze', example, '--samples', digits, '--inputs', 'pixels')).code).toBe(4);
    const narrow = join(folder, 'narrow.csv');
    await writeFile(narrow, 'a,b,label\n0.5,0.25,1\n0.5,0.75,0\n');
    expect((await refused('analyze', example, '--samples', narrow)).code).toBe(4);
  });

  it('lists the models of a folder, but not those of its packages, and does not follow links', async () => {
    const models = join(folder, 'models');
    await mkdir(join(models, 'node_modules'), { recursive: true });
    await mkdir(join(models, 'deep'));
    await copyFile(example, join(models, 'deep', 'b.onnx'));
    await copyFile(example, join(models, 'node_modules', 'hidden.onnx'));
    await writeFile(join(models, 'a.safetensors'), 'nothing of the kind');
    await writeFile(join(models, 'notes.txt'), 'no model');
    await symlink(models, join(models, 'deep', 'loop'), 'dir');
    const { code, stdout, stderr } = await run('detect', models);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^File +Format +Bytes +Analysable +Advice$/);
    expect(lines[1]).toMatch(/^a\.safetensors .* 19 +no +\S/);
    expect(lines[2]).toMatch(/^deep\Wb\.onnx +ONNX.* 11,752 +yes$/);
  });

  it('lists what is a model by its contents alone: SavedModel folders, TensorFlow.js, frozen graphs', async () => {
    const models = join(folder, 'tensorflow');
    await mkdir(join(models, 'saved'), { recursive: true });
    await writeFile(join(models, 'saved/saved_model.pb'), '\x08\x01\x12\x03\n\x01x');
    await writeFile(join(models, 'frozen.pb'), '\x0a\x17\n\x05input\x12\x0bPlaceholder*\0');
    await writeFile(join(models, 'model.json'), '{"format": "layers-model", "modelTopology": {}}');
    await writeFile(join(models, 'data_model.json'), '{"a": 1}');
    await writeFile(join(models, 'other.pb'), 'nothing of the kind');
    await writeFile(join(models, 'several.onnx'), '');
    const { code, stdout, stderr } = await run('detect', models);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/).slice(0, 2).join(': ')),
    ).toEqual([
      'File: Format',
      'frozen.pb: TensorFlow frozen graph',
      'model.json: TensorFlow.js model',
      'saved: TensorFlow SavedModel',
      'several.onnx: empty file',
    ]);
  });

  it('says so where a folder holds no model, and ends with 3 where there is no folder', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const { code, stdout, stderr } = await run('detect', empty);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^No model files/);
    expect((await refused('detect', join(folder, 'absent'))).code).toBe(3);
  });

  it('says of a file that detect lists a folder', async () => {
    const model = join(await mkdtemp(join(folder, 'detect-')), 'a.onnx');
    await copyFile(example, model);
    expect(await refused('detect', model)).toEqual({
      code: 2,
      sentence: `${model} is a file, but detect lists the models of a folder; name its folder (${dirname(model)}), or write "analyze ${model}".`,
    });
  });

  it.skipIf(process.platform === 'win32')(
    'says in its own name that its output cannot be written',
    async () => {
      const output = join(folder, 'output.txt');
      // No file may grow at all, which stands for a disk that is full.
      const shell = ['-c', 'ulimit -f 0 && exec "$0" "$1" --help >"$2"', process.execPath, program, output];
      const { code, stderr } = await new Promise<Outcome>((settle) => {
        const child = execFile('/bin/sh', shell, { env: environment }, (_, out, err) => {
          settle({ code: child.exitCode, stdout: out, stderr: err });
        });
      });
      expect(stderr).toBe(
        'model-sharpness: The output cannot be written: the file would be larger than is allowed; ' +
          'send standard output to another file or disk.\n',
      );
      expect(code).toBe(1);
    },
  );

  it('ends quietly where nobody reads its output', async () => {
    const child = spawn(process.execPath, [program, '--help'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const code = await new Promise((settle) => child.on('close', settle));
    expect(Buffer.concat(errors).toString()).toBe('');
    expect(code).toBe(0);
  });

  it.skipIf(process.platform === 'win32')('ends with 130 on Ctrl-C', async () => {
    const child = spawn(process.execPath, [program, 'analyze', example, '--limit', '20000'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    // The warning about random inputs: from here on the handler is in place and the analysis runs.
    child.stderr.once('data', () => child.kill('SIGINT'));
    const code = await new Promise((settle) => child.on('close', settle));
    expect(Buffer.concat(output).toString()).toBe('');
    expect(code).toBe(130);
  });
});

describe('compare', () => {
  const early = resolve('examples/digits-early.onnx');
  const options = ['--samples', digits, '--limit', '200', '--learning-rate', '0.5'];

  it('prints a table of several models and what differs; a failure among them is a row', async () => {
    const damaged = join(folder, 'damaged.onnx');
    await writeFile(damaged, 'no model');
    const { code, stdout, stderr } = await run('compare', example, early, damaged, ...options);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 of 3 models compared\n/);
    expect(stdout).toMatch(/^damaged\.onnx .* failed\ndigits-early\.onnx .*\ndigits\.onnx /m);
    expect(stdout).toMatch(/^digits-early\.onnx → digits\.onnx /m);
    expect(stdout).toContain('the edge of stability is a λ_max of 4 (2/η)');
    expect(stderr).toMatch(
      /^digits\.onnx: Loss .*\ndigits-early\.onnx: Loss .*\ndamaged\.onnx: "damaged\.onnx" /,
    );
  });

  it('writes JSON and a page, from a saved report as from its model', async () => {
    const saved = join(folder, 'late.json');
    const analysed = await run('analyze', example, ...options, '--json');
    await writeFile(saved, analysed.stdout);
    const [json, page] = [join(folder, 'comparison.json'), join(folder, 'comparison.html')];
    const { code } = await run(
      'compare',
      early,
      saved,
      example,
      ...options,
      `--json=${json}`,
      '--html',
      page,
    );
    expect(code).toBe(0);
    const comparison = JSON.parse(await readFile(json, 'utf8')) as Comparison;
    expect(new Ajv({ strict: true }).compile(comparisonSchema)(comparison)).toBe(true);
    expect(comparison.rows.map(({ name }) => name)).toEqual([
      'digits-early.onnx',
      'digits.onnx',
      'late.json',
    ]);
    expect(comparison.rows[2]?.numbers).toEqual(comparison.rows[1]?.numbers);
    expect(await readFile(page, 'utf8')).toContain('digits-early.onnx');
  });

  it('runs a quantised twin beside its float model, which analyze refuses as before', async () => {
    const [float, twin] = ['default', 'qdq'].map((name) =>
      resolve(`test/references/twins/cnn_bn.${name}.onnx`),
    );
    const samples = ['--samples', resolve('test/references/formats/cnn_bn.npz')];
    const flags = [...samples, '--method', 'estimate', '--json'];
    const { code, stdout } = await run('compare', twin ?? '', float ?? '', ...flags);
    expect(code).toBe(0);
    const comparison = JSON.parse(stdout) as Comparison;
    expect(new Ajv({ strict: true }).compile(comparisonSchema)(comparison)).toBe(true);
    expect(comparison.rows.map(({ name, failure }) => [name, failure])).toEqual([
      ['cnn_bn.default.onnx', null],
      ['cnn_bn.qdq.onnx', null],
    ]);
    expect(comparison.rows[1]?.numbers).toMatchObject({ lambdaMax: null, trace: null, gradientNorm: null });
    expect(comparison.rows[1]?.numbers?.loss?.value).toBeCloseTo(0.0748096, 6);
    expect(comparison.sampleChanges[0]?.risen[0]).toMatchObject({ index: 143 });
    expect(comparison.differences[0]?.numbers.loss).toEqual(comparison.sampleChanges[0]?.loss);
    const alone = await refused('analyze', twin ?? '', ...samples);
    expect(alone.code).toBe(3);
    expect(alone.sentence).toMatch(/computes with quantised numbers/);
  });

  it('needs two models, and writes over no other file', async () => {
    const alone = await refused('compare', example, ...options);
    expect(alone).toMatchObject({ code: 2, sentence: expect.stringMatching(/^One model alone/) as string });
    const report = join(folder, 'kept.json');
    await writeFile(report, '{"mine": 1}');
    expect(await refused('compare', example, early, `--json=${report}`)).toMatchObject({ code: 2 });
    expect(await readFile(report, 'utf8')).toBe('{"mine": 1}');
    const damaged = join(folder, 'damaged.onnx');
    await writeFile(damaged, 'no model');
    const { code, stdout, stderr } = await run(
      'compare',
      damaged,
      early,
      '--samples',
      join(folder, 'absent.npz'),
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/model-sharpness: Fewer than two of the 2 could be analysed/);
  });

  it('lets new checkpoints of a watched folder join', async () => {
    const watched = await mkdtemp(join(folder, 'watched-'));
    await copyFile(early, join(watched, 'epoch-1.onnx'));
    const args = [program, 'compare', '--watch', watched, ...options, '--json'];
    const child = spawn(process.execPath, args, { env: environment, cwd: folder });
    try {
      const documents = child.stdout[Symbol.asyncIterator]();
      const next = async () => JSON.parse(String((await documents.next()).value)) as Comparison;
      expect((await next()).rows.map(({ name }) => name)).toEqual(['epoch-1.onnx']);
      await copyFile(example, join(watched, 'epoch-2.onnx'));
      const second = await next();
      expect(second.rows.map(({ name, failure }) => [name, failure])).toEqual([
        ['epoch-1.onnx', null],
        ['epoch-2.onnx', null],
      ]);
    } finally {
      child.kill('SIGINT');
    }
  });
});
