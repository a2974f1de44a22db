import { resolve } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import * as prettier from 'prettier';
import { describe, expect, it } from 'vitest';
import { compare } from '../../../src/comparison/compare';
import { edgeSentences } from '../../../src/comparison/edge';
import { changeOf, changeText } from '../../../src/comparison/numbers';
import { evenlySpaced, inOrder, placeIn, shortPaths } from '../../../src/comparison/order';
import { failedRow, rowOf, runRow, trainedAs } from '../../../src/comparison/row';
import { comparisonJson, comparisonSchema } from '../../../src/comparison/schema';
import { comparisonMarkdown, comparisonText } from '../../../src/comparison/text';
import { twinsOf } from '../../../src/comparison/twins';
import { sampleChanges } from '../../../src/analysis/sampleChanges';
import { comparisonPage } from '../../../src/charts/comparisonPage';
import { foldedWeights } from '../../../src/report/wording/learningRate';
import type { Training } from '../../../src/report/report';
import { exampleReport } from '../report/exampleReport';
import { evaluationOf, reportWith } from './reports';

const publishedSchema = resolve('docs/comparison.schema.json');

const descent: Training = { optimiser: 'sgd', learningRate: 0.5, momentum: 0, batchSize: null };
const failure = { kind: 'DamagedModel', message: 'epoch-3.onnx ends too early.', detail: null } as const;
const three = compare([
  rowOf('/run/epoch-10.onnx', reportWith(1.2), descent),
  failedRow('/run/epoch-3.onnx', failure),
  rowOf('/run/epoch-2.onnx', reportWith(4), descent),
  rowOf('/run/epoch-4.onnx', reportWith(3.9), descent),
]);

describe('the order of rows', () => {
  it.each([
    ['model_epoch=12-loss=0.30', 12],
    ['checkpoint-500/model', 500],
    ['epoch_3_step_700', 700],
    ['ep007', 7],
    ['resnet50', null],
    ['v2-final', null],
  ])('reads %s as %s', (name, place) => {
    expect(placeIn(name)).toBe(place);
  });

  it('is by the epoch where all have one, else natural', () => {
    const ordered = (...names: string[]) =>
      inOrder(names.map((name) => ({ name, place: placeIn(name) }))).map(({ name }) => name);
    expect(ordered('b-epoch-1', 'a-epoch-10', 'c-epoch-2')).toEqual(['b-epoch-1', 'c-epoch-2', 'a-epoch-10']);
    expect(ordered('run10', 'run9', 'best')).toEqual(['best', 'run9', 'run10']);
  });

  it('names files by as much of their paths as tells them apart', () => {
    expect(shortPaths(['/r/a.onnx', '/r/b.sharpness-report.json'])).toEqual(['a.onnx', 'b']);
    expect(shortPaths(['/r/1/m.onnx', '/r/2/m.onnx'])).toEqual(['1/m.onnx', '2/m.onnx']);
    expect(shortPaths(['/x/1/m', '/y/1/m', '/y/2/m'])).toEqual(['x/1/m', 'y/1/m', 'y/2/m']);
  });

  it('takes of many as many as are asked for, with both ends', () => {
    const all = Array.from({ length: 10_000 }, (_, k) => k);
    const taken = evenlySpaced(all, 200);
    expect(taken).toHaveLength(200);
    expect([taken[0], taken.at(-1)]).toEqual([0, 9999]);
    const gaps = taken.slice(1).map((value, at) => value - (taken[at] ?? 0));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
    expect(evenlySpaced([1, 2], 200)).toEqual([1, 2]);
  });
});

describe('a difference', () => {
  const number = (value: number, half = 0, samplingError: number | null = null) => ({
    value,
    lower: value - half,
    upper: value + half,
    samplingError,
  });

  it('is none where the ends overlap', () => {
    expect(changeOf(number(1, 0.3), number(1.5, 0.3))).toMatchObject({ differs: false });
    expect(changeOf(number(1, 0.2), number(1.5, 0.2))).toMatchObject({ differs: true });
  });

  it('holds the samples’ own error of both, at 95 %', () => {
    const change = changeOf(number(1, 0, 0.3), number(2, 0, 0.4));
    expect(change?.upper).toBeCloseTo(1 + 1.96 * 0.5, 12);
    expect(change?.differs).toBe(true);
    expect(changeOf(number(1, 0, 0.3), number(1.9, 0, 0.4))?.differs).toBe(false);
  });

  it('is in words', () => {
    expect(changeText('lambdaMax', changeOf(number(4, 0, 0.1), number(1.2, 0, 0.1)))).toBe('-2.8 ± 0.28');
    expect(changeText('lambdaMax', changeOf(number(4, 0, 1), number(3.9, 0, 1)))).toBe('none (± 2.8)');
    expect(changeText('accuracy', changeOf(number(0.5), number(0.75)))).toBe('+25 %');
    expect(changeText('trace', changeOf(number(2), number(2)))).toBe('none');
    expect(changeText('trace', changeOf(null, number(2)))).toBe('–');
  });
});

describe('compare', () => {
  it('has a row for each, in order, a failed one with its sentence', () => {
    expect(three.rows.map(({ name, place }) => [name, place])).toEqual([
      ['epoch-2.onnx', 2],
      ['epoch-3.onnx', 3],
      ['epoch-4.onnx', 4],
      ['epoch-10.onnx', 10],
    ]);
    expect(three.rows[1]).toMatchObject({
      failure: { kind: 'DamagedModel', message: 'epoch-3.onnx ends too early.' },
      numbers: null,
    });
  });

  it('differs from the row before that has numbers, and from the first', () => {
    expect(three.differences.map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [2, 3],
      [0, 3],
    ]);
    const [near, far] = three.differences;
    expect(near?.numbers.lambdaMax?.differs).toBe(false);
    expect(far?.numbers.lambdaMax).toMatchObject({ differs: true });
    expect(far?.numbers.lambdaMax?.value).toBeCloseTo(-2.7, 12);
  });

  it('measures λ_max·‖θ‖² and the move in units of their own', () => {
    const numbers = three.rows[0]?.numbers;
    expect(numbers?.scaleInvariant).toMatchObject({ value: 1200, samplingError: 30 });
    expect(numbers?.moveCost?.value).toBeCloseTo(0.05 - exampleReport.samples.meanLoss, 12);
    // ½ (0.01 ‖θ‖)² of λ_max's own error, with ‖θ‖² = 300.
    expect(numbers?.moveCost?.samplingError).toBeCloseTo(0.5 * 1e-4 * 300 * 0.1, 12);
  });

  it('warns of each thing that rows do not have in common', () => {
    const { warnings } = compare([
      rowOf('a.onnx', reportWith(1), null),
      rowOf('b.onnx', reportWith(1, { loss: 'mean-squared-error' }), null),
      rowOf('c.onnx', reportWith(1, { samples: { ...exampleReport.samples, count: 5, scale: 2 } }), null),
    ]);
    expect(warnings.map(({ kind }) => kind)).toEqual([
      'losses-differ',
      'samples-differ',
      'scalings-differ',
      ...exampleReport.warnings.map(({ kind }) => kind),
    ]);
    expect(warnings[0]?.message).toMatch(
      /^The losses differ: softmax cross-entropy \(a\.onnx, c\.onnx\), .*\(b\.onnx\);/,
    );
  });

  it('matches layers by name where architectures differ, and says what is missing', () => {
    const [first, second] = exampleReport.layers;
    const other = reportWith(1, {
      model: { ...exampleReport.model, architecture: 'another' },
      layers: [{ ...first!, name: 'conv' }, second!],
    });
    const { layers, warnings } = compare([
      rowOf('a.onnx', reportWith(1), null),
      rowOf('b.onnx', other, null),
    ]);
    expect(
      layers.map(({ name, contributions }) => [name, contributions.map((each) => each?.value ?? null)]),
    ).toEqual([
      ['fc.0', [1.8, null]],
      ['fc.1', [-0.2, -0.2]],
      ['conv', [null, 1.8]],
    ]);
    expect(warnings.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['architectures-differ', 'layers-differ']),
    );
    expect(warnings.find(({ kind }) => kind === 'layers-differ')?.message).toContain('fc.0, conv');
  });
});

const refusal = 'Node "q" (QLinearMatMul) computes with quantised numbers.';
const twin = (path: string) => runRow(path, evaluationOf(0.25).report, null, refusal);

describe('twins', () => {
  const float = rowOf('/r/epoch-1.onnx', reportWith(1), null);
  const other = rowOf('/r/epoch-10.onnx', reportWith(2), null);
  const changes = sampleChanges(evaluationOf(0).samples, evaluationOf(0.25).samples);
  if (changes === null) throw new Error('the samples are the same');
  const compared = compare(
    [twin('/r/epoch-1.int8.onnx'), float, twin('/r/epoch-10.int8.onnx'), other],
    [{ float: '/r/epoch-1.onnx', twin: '/r/epoch-1.int8.onnx', found: changes }],
  );

  it('are a model that was only run and the analysed one of the name that is most like its own', () => {
    const pairs = (...paths: string[]) =>
      twinsOf([
        ...paths.filter((path) => path.includes('8')).map(twin),
        ...paths.filter((path) => !path.includes('8')).map((path) => rowOf(path, reportWith(1), null)),
      ]).map((each) => [each.float.path, each.twin.path]);
    expect(pairs('/e-1.int8.onnx', '/e-10.onnx', '/e-1.onnx')).toEqual([['/e-1.onnx', '/e-1.int8.onnx']]);
    expect(pairs('/int8/model_b.onnx', '/float/model_a.onnx', '/x/m.onnx', '/float/model_b.onnx')).toEqual([
      ['/float/model_b.onnx', '/int8/model_b.onnx'],
    ]);
    expect(pairs('/a8.onnx', '/b8.onnx')).toEqual([]);
    expect(twinsOf([twin('/a.onnx'), failedRow('/b.onnx', failure)])).toEqual([]);
  });

  it('stand beside each other, the one that was only run without what takes a derivative', () => {
    expect(compared.rows.map(({ name }) => name)).toEqual([
      'epoch-1.onnx',
      'epoch-1.int8.onnx',
      'epoch-10.onnx',
      'epoch-10.int8.onnx',
    ]);
    const [, row] = compared.rows;
    const known = Object.entries(row?.numbers ?? {}).flatMap(([name, value]) =>
      value === null ? [] : [name],
    );
    expect(known).toEqual(['loss', 'accuracy']);
    expect(row).toMatchObject({
      failure: null,
      verdict: null,
      subject: { architecture: null, parameters: null },
    });
    const warnings = compared.warnings.filter(({ kind }) => kind === 'only-run');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toBe(
      `epoch-1.int8.onnx, epoch-10.int8.onnx: It is only run, for its loss and accuracy. ${refusal}`,
    );
    expect(compared.warnings.map(({ kind }) => kind)).not.toContain('architectures-differ');
  });

  it('have of the loss the error of the paired differences, here none, where two means have theirs', () => {
    // Both losses rise by 0.25, whatever they are.
    expect(changes.loss).toEqual({ value: 0.25, lower: 0.25, upper: 0.25, differs: true });
    expect(compared.differences[0]).toMatchObject({ from: 0, to: 1, numbers: { loss: changes.loss } });
  });

  it('are told of sample by sample, in text, Markdown and page alike', () => {
    const sentence =
      'Sample by sample, epoch-1.onnx → epoch-1.int8.onnx: 1 of 2 predictions changed; mean loss +0.25 (95 %, paired differences of 2 samples).';
    const text = comparisonText(compared);
    expect(text).toContain(sentence);
    expect(text).toMatch(/^1 +1 +0 → 1 +2 → 2\.25$/m);
    expect(text).toMatch(/^epoch-1\.int8\.onnx .* only run$/m);
    expect(comparisonMarkdown(compared)).toContain('| 0 → 1 |');
    const page = comparisonPage(compared);
    expect(page).toContain('What changed sample by sample');
    expect(page).toContain(sentence);
  });

  it('say why nothing is told of single samples', () => {
    const fault = 'they were not given the same samples, number by number.';
    const { warnings } = compare(
      [float, twin('/r/epoch-1.int8.onnx')],
      [{ float: '/r/epoch-1.onnx', twin: '/r/epoch-1.int8.onnx', found: { fault } }],
    );
    expect(warnings.find(({ kind }) => kind === 'not-by-sample')).toEqual({
      kind: 'not-by-sample',
      message: `epoch-1.onnx, epoch-1.int8.onnx are not compared sample by sample: ${fault}`,
      rows: [0, 1],
    });
  });
});

describe('the changes of samples', () => {
  const { samples } = evaluationOf(0);

  it('have the error of a mean of differences, of whatever weights', () => {
    // Differences 0.1, 0.2, 0.6: mean 0.3, standard deviation √0.07.
    const of = (losses: number[]) => ({
      ...samples,
      parts: Float64Array.from(losses, (loss) => loss / 3),
      weights: new Float64Array(3).fill(1 / 3),
      predictions: Int32Array.of(0, -1, 2),
      labels: Int32Array.of(0, 1, 2),
      indices: Int32Array.of(4, 7, 9),
    });
    const changed = sampleChanges(of([1, 2, 0]), {
      ...of([1.1, 2.2, 0.6]),
      predictions: Int32Array.of(1, -1, 2),
    });
    expect(changed?.loss?.value).toBeCloseTo(0.3, 12);
    expect(changed?.loss?.upper).toBeCloseTo(0.3 + 1.96 * Math.sqrt(0.07 / 3), 12);
    expect(changed?.predictions).toEqual({ count: 2, changed: 1 });
    expect(changed?.risen.map(({ index }) => index)).toEqual([9, 7, 4]);
    expect(changed?.risen[2]).toMatchObject({ label: 0, predictedBefore: 0, predictedAfter: 1 });
  });

  it('name no samples whose loss did not rise, or that weigh nothing', () => {
    const lighter = { ...samples, parts: Float64Array.of(0.1, 0), weights: Float64Array.of(1, 0) };
    const heavier = { ...lighter, parts: Float64Array.of(0.2, 0) };
    expect(sampleChanges(lighter, heavier)?.risen.map(({ index }) => index)).toEqual([0]);
    expect(sampleChanges(heavier, lighter)?.risen).toEqual([]);
    // Of one sample nothing is known of others.
    expect(sampleChanges(lighter, heavier)?.loss).toBeNull();
  });
});

describe('the edge of stability', () => {
  it('is 2/η, and says who is at it', () => {
    expect(three.rows.map(({ edge }) => edge)).toEqual([
      { of: 'hessian', lambdaMax: 4, place: 'at' },
      null,
      { of: 'hessian', lambdaMax: 4, place: 'at' },
      { of: 'hessian', lambdaMax: 4, place: 'below' },
    ]);
    expect(edgeSentences(three)).toEqual([
      'η = 0.5: the edge of stability is a λ_max of 4 (2/η).',
      'At it (within 80 % to 125 % of it): epoch-2.onnx, epoch-4.onnx.',
    ]);
  });

  it('is that of the optimiser, and none of Adam without its state', () => {
    const momentum: Training = { ...descent, optimiser: 'momentum', momentum: 0.9 };
    expect(rowOf('a', reportWith(9), momentum).row.edge).toMatchObject({ lambdaMax: 7.6, place: 'at' });
    const adam: Training = { ...descent, optimiser: 'adam', momentum: 0.9 };
    const row = rowOf('a', reportWith(9), adam);
    expect(row.row.edge).toBeNull();
    expect(edgeSentences(compare([row])).join()).toMatch(/^Adam divides/);
  });

  it('is of Adam one of the Hessian that the state in the file preconditions', () => {
    // 38/η for β₁ = 0.9, and λ_max of P^-½HP^-½ at it, whatever that of H is.
    const adam: Training = { ...descent, optimiser: 'adam', momentum: 0.9 };
    const lambdaMax = { ...reportWith(80).sharpness!.lambdaMax, certified: true };
    const row = rowOf('a', reportWith(9, { training: adam, preconditioned: { lambdaMax } }), null);
    expect(row.row.edge?.of).toBe('preconditioned');
    expect(row.row.edge?.lambdaMax).toBeCloseTo(76, 10);
    expect(row.row.edge?.place).toBe('at');
    expect(edgeSentences(compare([row]))).toEqual([
      'η = 0.5: the edge of stability is a λ_max of 76 of the Hessian preconditioned by the optimiser’s state.',
      'At it (within 80 % to 125 % of it): a.',
    ]);
    // Beside others, each is held against its own; of a checkpoint without the state it is said what it takes.
    const beside = compare([row, rowOf('b', reportWith(4), descent), rowOf('c', reportWith(4), adam)]);
    expect(edgeSentences(beside)).toEqual([
      'η = 0.5: the edge of stability is a λ_max of 4 (2/η).',
      'At it (within 80 % to 125 % of it): b.',
      'η = 0.5: the edge of stability is a λ_max of 76 of the Hessian preconditioned by the optimiser’s state.',
      'At it (within 80 % to 125 % of it): a.',
      expect.stringMatching(/^Adam divides/),
    ]);
    expect(trainedAs(row, descent).row.edge).toEqual({ of: 'hessian', lambdaMax: 4, place: 'above' });
  });

  it('is taken from the report where nobody says, and from none with folded weights', () => {
    expect(rowOf('a', reportWith(1, { training: descent }), null).row.edge?.lambdaMax).toBe(4);
    expect(rowOf('a', reportWith(1), null).row.edge).toBeNull();
    const folded = reportWith(1, { warnings: [{ kind: foldedWeights, message: 'folded.' }] });
    expect(rowOf('a', folded, descent).row.edge).toBeNull();
  });

  it('places no λ_max that is not certified', () => {
    expect(rowOf('a', reportWith(4, {}, { certified: false }), descent).row.edge).toEqual({
      of: 'hessian',
      lambdaMax: 4,
      place: null,
    });
  });
});

describe('the comparison as text', () => {
  it('has a table of rows, one of differences, and the failures', () => {
    const text = comparisonText(three);
    expect(text).toMatch(/^3 of 4 models compared\n/);
    expect(text).toMatch(/^epoch-2\.onnx +0\.01767 +99\.94 % +0\.01509 +4 /m);
    expect(text).toMatch(/^epoch-3\.onnx .* failed$/m);
    expect(text).toMatch(/^epoch-2\.onnx → epoch-4\.onnx .*none \(± 0\.28\)/m);
    expect(text).toContain('Failed: epoch-3.onnx: epoch-3.onnx ends too early.');
  });

  it('writes no control character of a name', () => {
    expect(comparisonText(compare([failedRow('a\u001b[31m.onnx', failure)]))).not.toContain('\u001b');
  });
});

describe('the comparison as JSON', () => {
  it('keeps what docs/comparison.schema.json publishes (vitest -u writes it anew)', async () => {
    const schema = {
      $id: 'comparison.schema.json',
      title: 'Model Sharpness comparison',
      ...toJsonSchema(comparisonSchema, { ignoreActions: ['finite', 'readonly'] }),
    };
    const text = await prettier.format(JSON.stringify(schema), {
      ...(await prettier.resolveConfig(publishedSchema)),
      filepath: publishedSchema,
    });
    await expect(text).toMatchFileSnapshot(publishedSchema);
    const validate = new Ajv({ strict: true }).compile(JSON.parse(text) as object);
    expect(validate(JSON.parse(comparisonJson(three))), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...three, rows: 5 })).toBe(false);
  });
});
