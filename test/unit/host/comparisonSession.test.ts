import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ComparisonProgress, ComparisonState } from '../../../src/comparison/panelState';
import { KeptReports } from '../../../src/host/keptReports';
import { ComparisonMemory } from '../../../src/host/comparisonMemory';
import { ComparisonSession, type Remembered } from '../../../src/host/comparisonSession';
import { planRun } from '../../../src/host/plannedRun';
import { computationDefaults } from '../../../src/report/form';
import { FailureError } from '../../../src/report/failure';
import type { Report } from '../../../src/report/report';
import type {
  AnalysisRequest,
  ModelInspection,
  ModelToInspect,
  SampleSource,
} from '../../../src/report/request';
import { reportJson } from '../../../src/report/schema';
import type { CallOptions, WorkerCalls } from '../../../src/worker/client';
import type { Evaluation } from '../../../src/analysis/evaluate';
import { evaluationOf, reportWith } from '../comparison/reports';
import { temporaryFolder } from '../formats/temporaryFolder';

const folder = temporaryFolder();

/** Files of different names have different contents unless told. */
async function write(name: string, content = name): Promise<string> {
  await mkdir(dirname(folder.path(name)), { recursive: true });
  return folder.write(name, content);
}

/** A worker that finds λ_max from the file's name, and whose answers may be held back. */
class NamedWorker implements WorkerCalls {
  readonly requests: AnalysisRequest[] = [];
  readonly evaluated: AnalysisRequest[] = [];
  inspected: string[] = [];
  /** The model that gets no answer. */
  held = '';
  inspection: ModelInspection = { facts: {}, candidates: [], openInputs: [], outputs: [], tensors: [] };

  async analyse(request: AnalysisRequest, { signal, onProgress }: CallOptions): Promise<Report> {
    this.requests.push(request);
    const found = Number(/(\d+)\.onnx$/.exec(request.model)?.[1]);
    const cost = { remainingSeconds: null, step: null, steps: null, cost: null, report: {} };
    onProgress?.({ stage: 'Lanczos', fraction: 0.5, ...cost });
    if (request.model === this.held)
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new FailureError('Interrupted', 'Cancelled.')));
      });
    if (request.model.includes('int8'))
      throw new FailureError('UnsupportedOperator', 'Node "q" computes with quantised numbers.');
    if (Number.isNaN(found)) throw new FailureError('DamagedModel', 'It ends too early.');
    return reportWith(found);
  }

  /** Of a model with "int8" in its name, which cannot be differentiated; what it was analysed from before is asked, too. */
  evaluate(request: AnalysisRequest): Promise<Evaluation> {
    this.evaluated.push(request);
    return Promise.resolve(evaluationOf(request.model.includes('int8') ? 0.25 : 0));
  }

  tryLayers(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  detail(): Promise<never> {
    return Promise.reject(new Error('not asked for here'));
  }

  inspect({ file }: ModelToInspect): Promise<ModelInspection> {
    this.inspected.push(file);
    return Promise.resolve(this.inspection);
  }
}

function session(
  args: readonly string[],
  followed: string | null = null,
  answer: SampleSource | null = null,
  kept = new KeptReports(folder.path('kept')),
  remembered: Remembered = { training: null, source: null },
) {
  const worker = new NamedWorker();
  const states: ComparisonState[] = [];
  const progress: ComparisonProgress[] = [];
  const asked: ModelInspection[] = [];
  const warned: string[] = [];
  const said: Remembered[] = [];
  const shown = new ComparisonSession(args, followed, {
    worker,
    kept,
    isTrusted: () => true,
    log: { info: () => undefined, warn: (line) => warned.push(line) },
    settings: () => ({ threads: 2, memoryBudget: null }),
    remembered,
    remember: (each) => said.push(each),
    askSamples: (inspection) => {
      asked.push(inspection);
      return Promise.resolve(answer);
    },
    onChange: (state) => states.push(state),
    onProgress: (each) => progress.push(each),
  });
  return { worker, states, progress, asked, warned, said, shown };
}

const namesOf = ({ comparison }: ComparisonState): string[] => comparison.rows.map(({ name }) => name);

const random: SampleSource = { kind: 'random', count: 9 };

describe('ComparisonSession', () => {
  it('runs what cannot be differentiated, and compares it sample by sample with its float model', async () => {
    const float = await write('q/epoch-1.onnx');
    const { shown, states, worker } = session([await write('q/epoch-1.int8.onnx'), float], null, random);
    await shown.run();
    const { comparison } = shown.state;
    expect(comparison.rows.map(({ name, numbers }) => [name, numbers?.lambdaMax?.value ?? null])).toEqual([
      ['epoch-1.onnx', 1],
      ['epoch-1.int8.onnx', null],
    ]);
    expect(comparison.sampleChanges[0]).toMatchObject({ from: 0, to: 1, loss: { value: 0.25 } });
    expect(states.at(-2)).toMatchObject({ phase: 'running', waiting: ['epoch-1.int8.onnx'] });
    // Once for its row, and both for the pair; nothing once more for what is known.
    expect(worker.evaluated.map(({ model }) => model.endsWith('int8.onnx'))).toEqual([true, false, true]);
    expect(shown.state.phase).toBe('done');
  });

  it('shows each row when it is ready, a failure among them, and ends with all', async () => {
    const paths = [await write('a/epoch-1.onnx'), await write('a/bad.onnx'), await write('a/epoch-2.onnx')];
    const { shown, states, progress } = session(paths, null, random);
    await shown.run();
    expect(states.map(({ phase, comparison }) => [phase, comparison.rows.length])).toEqual([
      ['reading', 0],
      ['running', 0],
      ['running', 1],
      ['running', 2],
      ['done', 3],
    ]);
    expect(states.map(({ waiting }) => waiting.length)).toEqual([0, 3, 2, 1, 0]);
    const { comparison } = shown.state;
    expect(comparison.rows.map(({ failure }) => failure?.message ?? null)).toEqual([
      'It ends too early.',
      null,
      null,
    ]);
    expect(comparison.differences[0]?.numbers.lambdaMax?.value).toBe(1);
    expect(progress.map(({ name, stage, fraction }) => [name, stage, fraction])).toEqual([
      ['epoch-1.onnx', 'Lanczos', 0.5 / 3],
      ['bad.onnx', 'Lanczos', 1.5 / 3],
      ['epoch-2.onnx', 'Lanczos', 2.5 / 3],
    ]);
  });

  it('takes the samples of a sidecar for all, and asks nobody', async () => {
    const paths = [await write('b/epoch-1.onnx'), await write('b/epoch-2.onnx')];
    await write('b/epoch-2.sharpness.json', JSON.stringify({ samples: 'train.npz', scale: 2 }));
    const { shown, worker, asked } = session(paths);
    await shown.run();
    for (const request of worker.requests)
      expect(request).toMatchObject({
        samples: { kind: 'file', path: folder.path('b/train.npz') },
        scale: 2,
      });
    expect([asked, worker.inspected]).toEqual([[], []]);
    expect(shown.state.notes.join()).toContain('epoch-2.sharpness.json');
  });

  it('takes the only data file that fits, else what is chosen, and computes nothing where nothing is', async () => {
    const paths = [await write('c/epoch-1.onnx'), await write('c/epoch-2.onnx')];
    const fitting = { path: '/data/train.npz', name: 'train.npz', description: '', fits: true };
    const one = session(paths);
    one.worker.inspection = { ...one.worker.inspection, candidates: [fitting] };
    await one.shown.run();
    expect(one.worker.requests.map(({ samples }) => samples)).toEqual(
      new Array(2).fill({ kind: 'file', path: '/data/train.npz', inputs: {}, labels: null }),
    );
    const chosen = session(paths, null, random);
    await chosen.shown.run();
    expect(chosen.asked).toHaveLength(1);
    expect(chosen.worker.requests.map(({ samples }) => samples)).toEqual([random, random]);
    const left = session(paths);
    await left.shown.run();
    expect([left.worker.requests, left.shown.state.phase]).toEqual([[], 'cancelled']);
  });

  it('keeps the rows that are ready when it is cancelled', async () => {
    const paths = [await write('d/epoch-1.onnx'), await write('d/epoch-2.onnx')];
    const { shown, worker, states } = session(paths, null, random);
    worker.held = paths[1] ?? '';
    const running = shown.run();
    while (worker.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    shown.cancel();
    await running;
    expect(shown.state).toMatchObject({ phase: 'cancelled', waiting: [] });
    expect(namesOf(shown.state)).toEqual(['epoch-1.onnx']);
    expect(shown.isBusy()).toBe(false);
    expect(states.at(-1)?.phase).toBe('cancelled');
  });

  it('does not compute a saved report again', async () => {
    const saved = await write('e/late.sharpness-report.json', reportJson(reportWith(7)));
    const { shown, worker } = session([saved, await write('e/epoch-3.onnx')], null, random);
    await shown.run();
    expect(worker.requests).toHaveLength(1);
    expect(shown.state.comparison.rows.map(({ numbers }) => numbers?.lambdaMax?.value)).toEqual([3, 7]);
  });

  it('never computes again what is kept, from whatever it was found, and keeps what it finds', async () => {
    const paths = [await write('g/epoch-1.onnx'), await write('g/epoch-2.onnx')];
    const kept = new KeptReports(folder.path('kept-of-g'));
    const first = session(paths, null, random, kept);
    await first.shown.run();
    expect([first.worker.requests.length, first.warned]).toEqual([2, []]);
    await write('g/copy-1.onnx', 'g/epoch-1.onnx');
    const again = session([...paths, await write('g/epoch-3.onnx')], null, random, kept);
    await again.shown.run();
    expect(again.worker.requests.map(({ model }) => model)).toEqual([folder.path('g/epoch-3.onnx')]);
    expect(again.shown.state.comparison.rows.map(({ numbers }) => numbers?.lambdaMax?.value)).toEqual([
      1, 2, 3,
    ]);
    // The same bytes under another name, and a model that has changed meanwhile.
    await write('g/epoch-2.onnx', 'trained on');
    const renamed = session(
      [folder.path('g/copy-1.onnx'), folder.path('g/epoch-2.onnx')],
      null,
      random,
      kept,
    );
    await renamed.shown.run();
    expect(renamed.worker.requests.map(({ model }) => model)).toEqual([folder.path('g/epoch-2.onnx')]);
    // What it kept is what the model by itself opens with.
    const last = await kept.recall(folder.path('g/epoch-3.onnx'));
    expect(last).toMatchObject({ source: random, lambdaMax: { lower: 3, upper: 3 } });
    const alone = { model: folder.path('g/epoch-3.onnx'), source: random, computation: computationDefaults };
    const machine = { threads: 1, memoryBudget: null };
    expect((await planRun({ ...alone, said: {}, machine }, {}, true)).key).toBe(last?.key);
  });

  it('keeps what another’s sidecar had a part in, and does not show it as the model’s own', async () => {
    const paths = [await write('h/epoch-1.onnx'), await write('h/epoch-2.onnx')];
    await write('h/epoch-1.sharpness.json', JSON.stringify({ loss: 'huber', scale: 2 }));
    const kept = new KeptReports(folder.path('kept-of-h'));
    await session(paths, null, random, kept).shown.run();
    expect(await kept.recall(folder.path('h/epoch-1.onnx'))).not.toBeNull();
    expect(await kept.recall(folder.path('h/epoch-2.onnx'))).toBeNull();
    const again = session(paths, null, random, kept);
    await again.shown.run();
    expect(again.worker.requests).toEqual([]);
  });

  it('lets new checkpoints of a followed folder join, and those that were there not again', async () => {
    await write('f/epoch-1.onnx');
    await write('f/epoch-2.onnx');
    const { shown, worker, asked } = session([folder.path('f')], folder.path('f'), random);
    await shown.run();
    shown.follow(true);
    await shown.look();
    await write('f/epoch-10.onnx');
    await shown.look();
    await shown.look();
    expect(namesOf(shown.state)).toEqual(['epoch-1.onnx', 'epoch-2.onnx', 'epoch-10.onnx']);
    expect([worker.requests.length, asked.length]).toEqual([3, 1]);
    shown.follow(false);
    expect(shown.state.following).toBe(false);
    await write('f/epoch-11.onnx');
    await shown.look();
    await shown.look();
    expect(worker.requests).toHaveLength(3);
  });

  it('holds the rows against the edge of what is said, computes nothing for it, and remembers it', async () => {
    const paths = [await write('i/epoch-1.onnx'), await write('i/epoch-4.onnx')];
    const kept = new KeptReports(folder.path('kept-of-i'));
    const first = session(paths, null, random, kept);
    await first.shown.run();
    const edges = ({ comparison }: ComparisonState): unknown[] => comparison.rows.map(({ edge }) => edge);
    expect(edges(first.shown.state)).toEqual([null, null]);
    const descent = { optimiser: 'sgd', learningRate: 0.5, momentum: 0, batchSize: null } as const;
    first.shown.train(descent);
    // 2/η = 4
    const told = [
      { of: 'hessian', lambdaMax: 4, place: 'below' },
      { of: 'hessian', lambdaMax: 4, place: 'at' },
    ];
    expect(edges(first.shown.state)).toEqual(told);
    expect(first.worker.requests).toHaveLength(2);
    const remembered = first.said.at(-1);
    expect(remembered).toEqual({ training: descent, source: random });
    const again = session(paths, null, null, kept, remembered);
    await again.shown.run();
    expect(edges(again.shown.state)).toEqual(told);
    expect([again.asked, again.worker.requests]).toEqual([[], []]);
    // Without a rate the files have the word again.
    again.shown.train({ ...descent, learningRate: null });
    expect(edges(again.shown.state)).toEqual([null, null]);
  });

  it('asks once more where the samples of before are gone', async () => {
    const source = { kind: 'file', path: folder.path('gone.npz'), inputs: {}, labels: null } as const;
    const remembered = { training: null, source };
    const { shown, asked } = session([await write('j/epoch-1.onnx')], null, random, undefined, remembered);
    await shown.run();
    expect(asked).toHaveLength(1);
  });

  it('says why nothing is compared', async () => {
    const { shown } = session([folder.path('absent')]);
    await shown.run();
    expect(shown.state.phase).toBe('failed');
    expect(shown.state.failure?.message).toMatch(/There is no file or folder/);
  });
});

it('what was said of the latest comparisons is remembered by what they compare', async () => {
  const stored = new Map<string, unknown>();
  const memory = new ComparisonMemory({
    get: (key, otherwise) => (stored.get(key) as typeof otherwise | undefined) ?? otherwise,
    update: (key, value) => Promise.resolve(void stored.set(key, value)),
  });
  expect(memory.recall(['/a', '/b'])).toEqual({ training: null, source: null });
  await memory.keep(['/a', '/b'], { training: null, source: random });
  expect(memory.recall(['/b', '/a']).source).toEqual(random);
  for (let other = 0; other < 50; other++)
    await memory.keep([String(other)], { training: null, source: random });
  expect(memory.recall(['/a', '/b']).source).toBeNull();
  expect(memory.recall(['49']).source).toEqual(random);
});
