import { resolve } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import * as prettier from 'prettier';
import { describe, expect, it } from 'vitest';
import { compare } from '../../../src/comparison/compare';
import { edgeSentences } from '../../../src/comparison/edge';
import { changeOf, changeText } from '../../../src/comparison/numbers';
import { evenlySpaced, inOrder, placeIn, shortPaths } from '../../../src/comparison/order';
import { failedRow, rowOf, trainedAs } from '../../../src/comparison/row';
import { comparisonJson, comparisonSchema } from '../../../src/comparison/schema';
import { comparisonText } from '../../../src/comparison/text';
import { foldedWeights } from '../../../src/report/wording/learningRate';
import type { Training } from '../../../src/report/report';
import { exampleReport } from '../report/exampleReport';
import { reportWith } from './reports';

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
