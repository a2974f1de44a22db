import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KeptReports, type LastRun } from '../../../src/host/keptReports';
import { computationDefaults } from '../../../src/report/form';
import { exampleReport } from '../report/exampleReport';

let folder: string;
let kept: KeptReports;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-kept-'));
  kept = new KeptReports(folder);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function run(key: string, file = '/m.onnx'): LastRun {
  const computation = computationDefaults;
  const source = { kind: 'random', count: 8 } as const;
  return {
    file,
    key,
    source,
    computation,
    contents: {},
    settings: '',
    finished: 5,
    lambdaMax: null,
    loss: 1,
  };
}

it('a report is found by its key, and the last run by its model', async () => {
  await kept.keep(run('a'), exampleReport, true);
  expect(await kept.find('a')).toEqual({ version: 1, whole: true, finished: 5, report: exampleReport });
  expect(await kept.find('b')).toBeNull();
  expect(await kept.recall('/m.onnx')).toEqual(run('a'));
  expect(await kept.recall('/other.onnx')).toBeNull();
});

it('a partial one never takes the place of a whole one, but the other way round', async () => {
  await kept.keep(run('a'), { gradientNorm: 3 }, false);
  expect(await kept.find('a')).toMatchObject({ whole: false, report: { gradientNorm: 3 } });
  await kept.keep(run('a'), exampleReport, true);
  await kept.keep(run('a'), { gradientNorm: 3 }, false);
  expect(await kept.find('a')).toMatchObject({ whole: true });
});

it('one with a skipped step is shown, is not complete, and takes no complete one’s place', async () => {
  const skipped = {
    ...exampleReport,
    warnings: [{ kind: 'skipped', message: 'Skipped by the user: a; run.' }],
  };
  await kept.keep(run('a'), skipped, true);
  expect(await kept.find('a')).toMatchObject({ whole: true, report: { warnings: skipped.warnings } });
  expect(await kept.findComplete('a')).toBeNull();
  await kept.keep(run('a'), exampleReport, true);
  expect(await kept.findComplete('a')).toMatchObject({ report: exampleReport });
  await kept.keep(run('a'), skipped, true);
  expect(await kept.findComplete('a')).toMatchObject({ report: exampleReport });
});

it('what was used longest ago goes first, by number and by bytes', async () => {
  const size = JSON.stringify(exampleReport).length;
  for (const limits of [
    { files: 2, bytes: 1e9 },
    { files: 100, bytes: 2.5 * size },
  ]) {
    const few = new KeptReports(join(folder, String(limits.files)), limits);
    for (const [age, key] of ['a', 'b'].entries()) {
      await few.keep(run(key), exampleReport, true);
      await utimes(join(folder, String(limits.files), 'reports', `${key}.json`), age + 1, age + 1);
    }
    // Used now, which makes b the oldest.
    await few.find('a');
    await few.keep(run('c'), exampleReport, true);
    expect(await few.find('b')).toBeNull();
    expect(await few.find('a')).not.toBeNull();
    expect(await few.find('c')).not.toBeNull();
  }
});

it('of several windows each finds what the others kept, whole', async () => {
  const windows = [kept, new KeptReports(folder), new KeptReports(folder, { files: 3, bytes: 1e9 })];
  await Promise.all(
    Array.from({ length: 30 }, (_, at) =>
      windows[at % 3]!.keep(
        run(`k${at % 5}`, `/m${at % 4}.onnx`),
        { ...exampleReport, gradientNorm: at },
        true,
      ),
    ),
  );
  const names = await readdir(join(folder, 'reports'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    expect(name).toMatch(/^k\d\.json$/);
    expect(await kept.find(name.replace('.json', ''))).toMatchObject({ whole: true });
  }
  for (const at of [0, 1, 2, 3]) expect(await kept.recall(`/m${at}.onnx`)).toMatchObject({ loss: 1 });
});

it('what is damaged, or of another version, counts as not kept', async () => {
  await kept.keep(run('a'), exampleReport, true);
  const path = join(folder, 'reports', 'a.json');
  for (const text of [
    '{',
    '{"version":2}',
    JSON.stringify({ version: 1, whole: true, finished: 5, report: {} }),
  ]) {
    await writeFile(path, text);
    expect(await kept.find('a')).toBeNull();
  }
});

it('can be cleared, also where there is nothing', async () => {
  await kept.clear();
  await kept.keep(run('a'), exampleReport, true);
  await kept.clear();
  expect(await kept.find('a')).toBeNull();
  expect(await kept.recall('/m.onnx')).toBeNull();
});
