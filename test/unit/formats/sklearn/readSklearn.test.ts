import { deflateSync } from 'node:zlib';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { detectFile } from '../../../../src/formats/detection';
import { readModel } from '../../../../src/formats/readModel';
import type { Report } from '../../../../src/report/report';
import type { AnalysisRequest } from '../../../../src/report/request';
import { inTerminalWords } from '../../../../src/report/wording/settings';
import { failureFrom, oneSentence } from '../failures';
import { analyseReference, expectNumbers, inReferences, readJson, type Numbers } from '../references';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();

function reference(name: string): Numbers & { readonly with_penalty: Numbers } {
  return readJson(`${name}.ref.json`) as Numbers & { readonly with_penalty: Numbers };
}

function run(file: string, data: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  return analyseReference(file, request, data);
}

/** Coefficients and intercepts of one number are one layer. */
function isOf(layer: string, tensor: string): boolean {
  return /\d+/.exec(layer)?.[0] === /\d+/.exec(tensor)?.[0];
}

const models = ['sk_mlp_tanh', 'sk_mlp_relu', 'sk_logreg', 'sk_pipeline'];

describe('a model of scikit-learn', () => {
  it.each(models)('%s has the numbers of its reference, in every form that it is saved in', async (name) => {
    const path = `${name}.joblib`;
    expect(await detectFile(inReferences(path))).toMatchObject({ format: 'sklearn', analysable: true });
    const report = await run(path, `${name}.train.csv`);
    expectNumbers(report, reference(name), isOf);
    expect(report.lossAssumed).toBe(false);
    expect(report.model).toMatchObject({ format: 'scikit-learn', producer: 'scikit-learn 1.4.2' });
    const { graph } = await readModel(inReferences(path));
    for (const form of ['z3.joblib', 'pkl'])
      expect((await readModel(inReferences(`${name}.${form}`))).graph).toEqual(graph);
  });

  it.each(models)(
    '%s: the weight decay that the note tells is the penalty that it was trained with',
    async (name) => {
      const report = await run(`${name}.joblib`, `${name}.train.csv`);
      const note = report.warnings
        .map(({ message }) => inTerminalWords(message))
        .find((each) => each.includes('trained'));
      const [, decay, decayed] = /--weight-decay (\S+) and --decayed (\S+) add/.exec(note ?? '') ?? [];
      const weightDecay = Number(decay);
      const again = await run(`${name}.joblib`, `${name}.train.csv`, {
        weightDecay,
        decayed: [decayed ?? ''],
      });
      expectNumbers(again, reference(name).with_penalty, isOf);
      expect(again.warnings.filter(({ message }) => message.includes('trained'))).toEqual([]);
    },
  );

  it('by its closed form has the same numbers', async () => {
    const report = await run('sk_pipeline.pkl', 'sk_pipeline.train.csv', { method: 'closed-form' });
    expect(Math.abs(report.trace.value / reference('sk_pipeline').trace - 1)).toBeLessThan(1e-12);
    expect(report.layers.map(({ name }) => name)).toEqual(['coefs_.0', 'coefs_.1']);
  });

  it('has the names of its words as classes', async () => {
    const model = await readModel(inReferences('sk_pipeline.joblib'));
    expect(model.classNames).toEqual(['barbera', 'barolo', 'grignolino']);
    const { trained, frozen } = model.parameters ?? { trained: new Set(), frozen: new Set() };
    expect([...trained]).toEqual(['coefs_.0', 'intercepts_.0', 'coefs_.1', 'intercepts_.1']);
    expect(frozen.size).toBe(0);
  });
});

/** Losses as scikit-learn 1.6.1 and NumPy gave them for the model's own predictions. */
describe('of scikit-learn', () => {
  it.each([
    // −1 and 1 as classes, two scalers, protocols 2 and 5, an array in Fortran's order.
    ['binary.joblib', 'binary.csv', 'binary-cross-entropy', 0.386800311064901, 4],
    ['binary2.pkl', 'binary.csv', 'binary-cross-entropy', 0.386800311064901, 4],
    ['binary5.pkl', 'binary.csv', 'binary-cross-entropy', 0.386800311064901, 4],
    // A search over a pipeline, a scaler that clips, two words as classes.
    ['search.joblib', 'search.csv', 'binary-cross-entropy', 0.6627345955054619, 16],
    // One against the rest.
    ['ovr.pkl', 'ovr.csv', 'binary-cross-entropy', 0.37238008234927794, 12],
    // Several labels, of float32 weights.
    ['multilabel.joblib', 'multilabel.npz', 'binary-cross-entropy', 0.889244537117105, 20],
    ['regressor.joblib', 'regressor.csv', 'half-squared-error', 0.01703592845205494, 21],
  ])('%s is read whole', async (file, data, loss, meanLoss, parameters) => {
    const report = await run(`sk16_${file}`, `sk16_${data}`);
    expect(report.loss).toBe(loss);
    expect(Math.abs(report.samples.meanLoss / meanLoss - 1)).toBeLessThan(1e-12);
    expect(report.model.parameters).toBe(parameters);
  });

  it('the loss of a regression is half the squared error, by either method', async () => {
    const [file, data] = ['sk16_regressor.joblib', 'sk16_regressor.csv'];
    const half = await run(file, data);
    const whole = await run(file, data, { loss: 'mean-squared-error' });
    const closed = await run(file, data, { method: 'closed-form' });
    expect(closed.loss).toBe('half-squared-error');
    for (const report of [half, closed]) {
      expect(Math.abs((2 * report.samples.meanLoss) / whole.samples.meanLoss - 1)).toBeLessThan(1e-12);
      expect(Math.abs((2 * report.gradientNorm) / whole.gradientNorm - 1)).toBeLessThan(1e-12);
      expect(Math.abs((2 * report.trace.value) / whole.trace.value - 1)).toBeLessThan(1e-12);
      expect(Math.abs((4 * report.frobeniusSquared.value) / whole.frobeniusSquared.value - 1)).toBeLessThan(
        1e-12,
      );
    }
    // The loss that scikit-learn reports has its penalty in it.
    const penalised = await run(file, data, { weightDecay: 0.02 / 30, decayed: ['coefs_.*'] });
    expect(Math.abs(penalised.samples.meanLoss / 0.040087931708032015 - 1)).toBeLessThan(1e-12);
  });

  it('what differs from the training is told', async () => {
    const { warnings } = await run('sk16_ovr.pkl', 'sk16_ovr.csv');
    const notes = warnings.map(({ message }) => inTerminalWords(message)).join('\n');
    expect(notes).toContain(`a weight decay of ${String(1 / 30 / 3)}. It is not part of these numbers`);
    expect(notes).toContain('scikit-learn adds the losses of the 3 outputs');
  });

  it('a label that is none of the classes is refused', async () => {
    const path = await folder.write('labels.csv', Buffer.from('a,b,c,label\n1,2,3,-1\n1,0,3,2\n4,5,6,1\n'));
    const samples = { kind: 'file', path, inputs: {}, labels: null } as const;
    const failure = await failureFrom(() => run('sk16_binary.joblib', '', { samples }));
    expect(failure).toMatchObject({ kind: 'UnsupportedLabels' });
    expect(failure.message).toContain('The label 2 of sample 1');
  });
});

const logistic = readFileSync(inReferences('sk_logreg.joblib'));
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
/** A pickle whose first global is one of scikit-learn's, then something else. */
const named = (rest: string): Buffer => latin1(`\x80\x02csklearn.svm\nSVC\n0${rest}.`);
/** The file with one text in place of another of its length. */
const changed = (from: string, to: string): Buffer => latin1(logistic.toString('latin1').replace(from, to));
const canary = `${import.meta.dirname}/ran`;

describe('a damaged or hostile file of scikit-learn', () => {
  it.each([
    [
      'a call',
      named(`cos\nsystem\n(S'touch ${canary}'\ntR`),
      'UnsupportedFormat',
      /calls "os.system" when Python loads it.*skl2onnx/,
    ],
    [
      'another estimator',
      named('csklearn.svm\nSVC\n)\x81}b'),
      'UnsupportedFormat',
      /holds a SVC, which is not read/,
    ],
    [
      'a class of another package',
      named('cevil\nMLPClassifier\n)\x81}b'),
      'UnsupportedFormat',
      /holds a MLPClassifier, which/,
    ],
    ['no estimator', named(']'), 'UnsupportedFormat', /no estimator of scikit-learn/],
    [
      'a model that was not fitted',
      named('csklearn.neural_network\nMLPClassifier\n)\x81}S"activation"\nS"relu"\nsb'),
      'DamagedModel',
      /not fitted: the shapes/,
    ],
    [
      'a pipeline in itself',
      named('csklearn.pipeline\nPipeline\n)\x81q\0}S"steps"\n](S"a"\nh\0tasb'),
      'DamagedModel',
      /Pipeline/,
    ],
    [
      'a search in itself',
      named('csklearn.model_selection\nGridSearchCV\n)\x81q\0}S"best_estimator_"\nh\0sb'),
      'DamagedModel',
      /GridSearchCV/,
    ],
    ['an end', logistic.subarray(0, 700), 'DamagedModel', /ends before/],
    ['a larger shape', changed('K\x03K\x04\x86', 'K\xffK\xff\x86'), 'DamagedModel', /damaged/],
    [
      'a shape beyond any file',
      changed('K\x03K\x04\x86', 'J\xff\xff\xff\x7fK\xff\x86'),
      'DamagedModel',
      /damaged/,
    ],
    ['another type', changed('\x8c\x02f8', '\x8c\x02c8'), 'UnsupportedFormat', /complex/],
    [
      'a bomb',
      deflateSync(Buffer.concat([named(''), Buffer.alloc(600 * 1024 ** 2)]), { level: 1 }),
      'TooLarge',
      /inflates to more than/,
    ],
    ['a cut stream', deflateSync(logistic).subarray(0, 400), 'DamagedModel', /cannot be inflated/],
    ['xz', latin1('\xfd7zXZ\0...'), 'UnsupportedFormat', /compress=3/],
  ] as const)('%s is refused in one sentence', async (_, bytes, kind, message) => {
    const path = await folder.write('model.joblib', bytes);
    const failure = await failureFrom(() => readModel(path));
    expect(failure.message).toMatch(message);
    expect(failure.message).toMatch(oneSentence);
    expect(failure.kind).toBe(kind);
    expect(existsSync(canary)).toBe(false);
  });

  it('is refused or read, wherever a byte was changed', async () => {
    for (let at = 2; at < logistic.length; at += 3) {
      const bytes = Buffer.from(logistic);
      bytes[at] = bytes[at]! ^ (1 << (at % 8));
      const path = await folder.write('model.joblib', bytes);
      const read = await readModel(path).then(
        () => null,
        (error: unknown) => error,
      );
      if (read !== null) expect(read).toHaveProperty('failure');
    }
  });

  it('of a forest is refused by its class', async () => {
    const failure = await failureFrom(() => readModel(inReferences('sk16_forest.joblib')));
    expect(failure.message).toContain('holds a RandomForestClassifier');
    expect(failure.message).toContain('skl2onnx');
  });
});
