import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkpointsOf, comparedFiles, mostRows, SharedOptions } from '../../../src/analysis/comparedFiles';
import { comparedRow, type RowCalls } from '../../../src/analysis/comparedRow';
import { FollowedFolder } from '../../../src/analysis/followedFolder';
import { readSavedReport } from '../../../src/analysis/savedReport';
import { reportPage } from '../../../src/charts/reportPage';
import { CutShortError } from '../../../src/report/cutShort';
import { FailureError } from '../../../src/report/failure';
import { noOptions } from '../../../src/report/request';
import { reportJson } from '../../../src/report/schema';
import { temporaryFolder } from '../formats/temporaryFolder';
import { exampleReport } from '../report/exampleReport';

const folder = temporaryFolder();

async function write(name: string, content: string | Uint8Array = ''): Promise<string> {
  await mkdir(dirname(folder.path(name)), { recursive: true });
  return folder.write(name, content);
}

const failing = (sentence: string) => () => Promise.reject(new FailureError('DamagedModel', sentence));

const calls = (analyse: RowCalls['analyse']): RowCalls => ({ analyse, evaluate: failing('must not be run') });

describe('what is compared', () => {
  it('of a folder is its checkpoints, those one folder below too, in order', async () => {
    for (const name of [
      'r/epoch-10.onnx',
      'r/epoch-9.onnx',
      'r/notes.txt',
      'r/epoch-9.pt',
      'r/a/b/deep.onnx',
    ])
      await write(name);
    await write('r/epoch-11/model.onnx');
    expect(await checkpointsOf(folder.path('r'))).toEqual(
      ['r/epoch-9.onnx', 'r/epoch-10.onnx', 'r/epoch-11/model.onnx'].map((name) => folder.path(name)),
    );
  });

  it('of a folder without ONNX names is the kinds of file that are models by the contents of the first', async () => {
    const model = await readFile(resolve('examples/digits.onnx'));
    await write('other/a-9.pt', model);
    await write('other/a-10.pt', 'read by nobody before its turn');
    await write('other/b.h5', 'no model');
    const names = ['other/a-9.pt', 'other/a-10.pt'].map((name) => folder.path(name));
    expect(await checkpointsOf(folder.path('other'))).toEqual(names);
  });

  it('of 10,000 checkpoints is as many as can be told apart, evenly spaced, and says so', async () => {
    await mkdir(folder.path('many'));
    const names = Array.from({ length: 10_000 }, (_, k) => folder.path(`many/step-${k}.onnx`));
    for (const name of names) await writeFile(name, '');
    const { paths, notes } = await comparedFiles([folder.path('many')]);
    expect(paths).toHaveLength(mostRows);
    expect([paths[0], paths.at(-1)]).toEqual([names[0], names.at(-1)]);
    expect(notes.join()).toMatch(/has 10,000 checkpoints: 200 of them, evenly spaced, are compared/);
  });

  it('is each file once, and refuses what is not there or holds nothing', async () => {
    const file = await write('once.onnx');
    expect((await comparedFiles([file, file])).paths).toEqual([file]);
    await expect(comparedFiles([folder.path('absent')])).rejects.toThrow(/There is no file or folder/);
    await mkdir(folder.path('empty'));
    await expect(comparedFiles([folder.path('empty')])).rejects.toThrow(
      /holds no checkpoint that can be analysed/,
    );
  });
});

describe('the options of a model', () => {
  it('are its own sidecar’s, else those of the first that has one, and the user’s before either', async () => {
    const [bare, first, second] = [await write('o/a.onnx'), await write('o/b.onnx'), await write('o/c.onnx')];
    await write('o/b.sharpness.json', JSON.stringify({ samples: 'b.npz', scale: 2 }));
    await write('o/c.sharpness.json', JSON.stringify({ scale: 3 }));
    const notes: string[] = [];
    const shared = new SharedOptions({ ...noOptions, limit: 7 }, (sentence) => notes.push(sentence));
    await shared.lookThrough([bare, first, second]);
    const samples = folder.path('o/b.npz');
    expect((await shared.of(bare)).options).toMatchObject({ samples, scale: 2, limit: 7 });
    expect((await shared.of(second)).options).toMatchObject({ samples, scale: 3, limit: 7 });
    await shared.of(bare);
    expect(notes).toEqual([
      'From b.sharpness.json (of another model, for what theirs leave open): samples, scale.',
      'From c.sharpness.json: scale.',
      'From b.sharpness.json (of another model, for what theirs leave open): samples.',
    ]);
    expect(shared.nameSamples).toBe(true);
    expect(new SharedOptions(noOptions, () => undefined).nameSamples).toBe(false);
  });
});

describe('a followed folder', () => {
  it('gives each checkpoint once it has stopped growing, and again when it was written anew', async () => {
    const known = await write('f/epoch-1.onnx', 'a');
    const followed = new FollowedFolder(folder.path('f'));
    await followed.take([known]);
    expect(await followed.look()).toEqual([]);
    const added = await write('f/epoch-2.onnx', 'half');
    expect(await followed.look()).toEqual([]);
    await write('f/epoch-2.onnx', 'half and more');
    expect(await followed.look()).toEqual([]);
    expect(await followed.look()).toEqual([added]);
    expect(await followed.look()).toEqual([]);
    await write('f/epoch-1.onnx', 'another');
    await followed.look();
    expect(await followed.look()).toEqual([known]);
  });
});

describe('a saved report', () => {
  it('is a row without an analysis', async () => {
    const path = await write('s/digits.sharpness-report.json', reportJson(exampleReport));
    const { row } = await comparedRow(path, null, calls(failing('must not be analysed')));
    expect(row).toMatchObject({ name: 'digits', failure: null, sha256: exampleReport.model.sha256 });
  });

  it('is read from an exported page, too', async () => {
    const path = await write('t/early.sharpness-report.HTML', reportPage(exampleReport));
    const { row } = await comparedRow(path, null, calls(failing('must not be analysed')));
    const json = await comparedRow(
      await write('t/e.json', reportJson(exampleReport)),
      null,
      calls(failing('')),
    );
    expect(row.numbers).not.toBeNull();
    expect(row.numbers).toEqual(json.row.numbers);
    const page = await write('t/other.html', '<!doctype html><title>Another page</title>');
    const other = await comparedRow(page, null, calls(failing('must not be analysed')));
    expect(other.row.failure?.message).toMatch(/a page without a report/);
  });

  it('of a model that has changed since says so', async () => {
    const path = await write('t/early.json', reportJson(exampleReport));
    await write(`t/${exampleReport.model.file}`, 'another model');
    expect((await readSavedReport(path)).warnings[0]).toMatchObject({ kind: 'model-changed' });
  });

  it.each([
    ['is damaged', '{"schema": 1, "mod', /no whole JSON/],
    [
      'is of a newer version',
      JSON.stringify({ ...exampleReport, schema: 2 }),
      /made by a newer version \(its schema is 2\)/,
    ],
    ['is none', '{"a": 1}', /is no report of an analysis/],
    [
      'lacks a field',
      JSON.stringify({ ...exampleReport, trace: 'x' }),
      /its field trace holds no valid value/,
    ],
  ])('that %s is a row that says why', async (_, content, sentence) => {
    const path = await write('u/r.json', content);
    const { row } = await comparedRow(path, null, calls(failing('must not be analysed')));
    expect(row.numbers).toBeNull();
    expect(row.failure?.message).toMatch(sentence);
  });
});

describe('a row', () => {
  it('says why a model has no numbers', async () => {
    const { row } = await comparedRow('a.onnx', null, calls(failing('"a.onnx" ends too early.')));
    expect(row.failure).toEqual({ kind: 'DamagedModel', message: '"a.onnx" ends too early.' });
  });

  it('has what a time limit left', async () => {
    const known = { ...exampleReport, trace: null, bounds: null, frobeniusSquared: null };
    const cut = () => Promise.reject(new CutShortError(known, 'The time limit ended it.'));
    const { row } = await comparedRow('a.onnx', null, calls(cut));
    expect(row.numbers).toMatchObject({ trace: null, upperBound: null, loss: { value: 0.01767 } });
  });

  it('is none where the analysis was cancelled', async () => {
    const cancelled = () => Promise.reject(new FailureError('Interrupted', 'Cancelled.'));
    await expect(comparedRow('a.onnx', null, calls(cancelled))).rejects.toThrow('Cancelled.');
  });
});
