import { copyFile, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnalysisSession, type SessionParts } from '../../../src/host/analysisSession';
import { KeptReports } from '../../../src/host/keptReports';
import type { Detail, DetailRequest } from '../../../src/report/detail';
import { FailureError } from '../../../src/report/failure';
import { computationDefaults } from '../../../src/report/form';
import type { PanelState } from '../../../src/report/panelMessages';
import type { Report } from '../../../src/report/report';
import {
  requestDefaults,
  type AnalysisRequest,
  type LayersToTry,
  type LayersTrial,
  type ModelInspection,
  type ModelToInspect,
  type SampleCandidate,
} from '../../../src/report/request';

import type { CallOptions, WorkerCalls } from '../../../src/worker/client';
import type { Method } from '../../../src/worker/protocol';
import { exampleReport } from '../report/exampleReport';

/** A worker whose answers the test gives when it likes. */
class AskedWorker implements WorkerCalls<Method> {
  readonly requests: AnalysisRequest[] = [];
  readonly looks: ModelToInspect[] = [];
  readonly layers: LayersToTry[] = [];
  readonly details: DetailRequest[] = [];
  #pending: ((answer: unknown) => void) | null = null;
  options: CallOptions | null = null;

  analyse(request: AnalysisRequest, options: CallOptions): Promise<Report> {
    this.requests.push(request);
    return this.#ask<Report>(options);
  }

  evaluate(): Promise<never> {
    return Promise.reject(new Error('nothing is only run'));
  }

  inspect(model: ModelToInspect, options: CallOptions): Promise<ModelInspection> {
    this.looks.push(model);
    return this.#ask<ModelInspection>(options);
  }

  tryLayers(layers: LayersToTry, options: CallOptions): Promise<readonly LayersTrial[]> {
    this.layers.push(layers);
    return this.#ask<readonly LayersTrial[]>(options);
  }

  detail(wanted: DetailRequest, options: CallOptions): Promise<Detail> {
    this.details.push(wanted);
    return this.#ask<Detail>(options);
  }

  async answer(value: unknown): Promise<void> {
    while (this.#pending === null) await turn();
    this.#pending(value);
    this.#pending = null;
    await turn();
  }

  #ask<T>(options: CallOptions): Promise<T> {
    this.options = options;
    return new Promise<T>((resolve, reject) => {
      this.#pending = (answer) => {
        if (answer instanceof Error) reject(answer);
        else resolve(answer as T);
      };
      options.signal?.addEventListener('abort', () => {
        this.#pending = null;
        reject(new FailureError('Interrupted', 'The analysis was cancelled.'));
      });
    });
  }
}

/** Lets promises and file system calls settle. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

let folder: string;
let model: string;
let samples: string;
let worker: AskedWorker;
let kept: KeptReports;
let warnings: string[];
let states: PanelState[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-session-'));
  model = join(folder, 'm.onnx');
  samples = join(folder, 'm.npz');
  await writeFile(model, 'model');
  await writeFile(samples, 'samples');
  worker = new AskedWorker();
  kept = new KeptReports(join(folder, 'kept'));
  warnings = [];
  states = [];
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function session(): AnalysisSession {
  return new AnalysisSession(model, parts());
}

function parts(): SessionParts {
  return {
    worker,
    kept,
    settings: () => ({ threads: 2, memoryBudget: 1e9 }),
    isTrusted: () => true,
    log: { info: () => {}, warn: (line) => warnings.push(line) },
    onChange: (state) => states.push(state),
  };
}

function phases(): string[] {
  return states.map(({ phase }) => phase);
}

function candidate(path: string, fits: boolean): SampleCandidate {
  return { path, name: path, description: '', fits };
}

function inspection(...candidates: SampleCandidate[]): ModelInspection {
  return { facts: { loss: 'cross-entropy' }, candidates, openInputs: [], outputs: ['y'], tensors: [] };
}

const report: Report = {
  ...exampleReport,
  model: { ...exampleReport.model, file: 'm.onnx' },
  samples: { ...exampleReport.samples, source: 'm.npz' },
};

async function analysed(): Promise<AnalysisSession> {
  const shown = session();
  const run = shown.run();
  await worker.answer(inspection(candidate(samples, true)));
  await worker.answer(report);
  await run;
  return shown;
}

describe('samples', () => {
  it('the only data file that fits is used without a question', async () => {
    await analysed();
    expect(phases()).toEqual(['reading', 'running', 'done']);
    expect(worker.requests).toEqual([
      {
        ...requestDefaults,
        model,
        samples: { kind: 'file', path: samples, inputs: {}, labels: null },
        threads: 2,
        memoryBudget: 1e9,
      },
    ]);
  });

  it('that do not fit are not counted', async () => {
    const run = session().run();
    await worker.answer(inspection(candidate('other', false), candidate(samples, true)));
    await worker.answer(report);
    await run;
    expect(states.at(-1)?.phase).toBe('done');
  });

  it.each([
    ['none fits', [candidate('a', false)]],
    ['two fit', [candidate('a', true), candidate('b', true)]],
  ])('are asked for before any number where %s', async (_, candidates) => {
    const shown = session();
    const run = shown.run();
    await worker.answer(inspection(...candidates));
    await run;
    expect(phases()).toEqual(['reading', 'choosing-samples']);
    expect(worker.requests).toEqual([]);
    expect(shown.offers('a')).toBe(true);
    expect(shown.offers(samples)).toBe(false);

    const chosen = shown.useSamples({ kind: 'random', count: 8 });
    await worker.answer(report);
    await chosen;
    expect(states.at(-1)).toMatchObject({ phase: 'done', report });
  });

  it('stay the same in a second run, without looking again', async () => {
    const shown = await analysed();
    const second = shown.run();
    await worker.answer(report);
    await second;
    expect(worker.requests).toHaveLength(2);
    expect(worker.requests[1]).toEqual(worker.requests[0]);
  });

  it('stay, but no number of the first run is shown while the second one has none', async () => {
    const shown = await analysed();
    void shown.run();
    expect(shown.state).toMatchObject({ phase: 'running', progress: { stage: 'Starting' } });
    expect(shown.state.phase === 'running' && shown.state.progress.report).toEqual({});
    shown.dispose();
  });

  it('can be changed, or left as they were by cancelling', async () => {
    const shown = await analysed();
    const before = shown.state;
    const change = shown.changeSamples();
    await worker.answer(inspection(candidate(samples, true)));
    await change;
    expect(shown.state.phase).toBe('choosing-samples');
    shown.cancel();
    expect(shown.state).toBe(before);
  });
});

describe('the layers of a file of weights', () => {
  const proposal = { layers: [{ linear: 'a' }, '?', { linear: 'b' }] };
  const trial = { ok: true, loss: 0.5, accuracy: 0.9, of: 'cross-entropy', source: 'm.npz', count: 9 };

  it('are asked, tried in the worker, and written down once a run has succeeded', async () => {
    const shown = session();
    const opened = shown.open();
    await worker.answer(new FailureError('ArchitectureMissing', 'Weights.', JSON.stringify(proposal)));
    await worker.answer([trial]);
    await opened;
    expect(shown.state.phase).toBe('failed');
    expect(shown.form.layers).toMatchObject({ answers: {}, complete: false });
    expect(worker.layers[0]?.architectures.length).toBeGreaterThan(5);
    expect(worker.layers[0]).toMatchObject({ file: model, said: { loss: null } });
    await shown.useLayers();
    expect(worker.requests).toEqual([]);

    const answered = shown.layers?.answer({ '1.function': '"tanh"' });
    await worker.answer([trial]);
    await answered;
    const architecture = { layers: [{ linear: 'a' }, 'tanh', { linear: 'b' }] };
    const failing = shown.useLayers();
    await worker.answer(inspection(candidate(samples, true)));
    expect(worker.looks.at(-1)?.said).toMatchObject({ architecture });
    await worker.answer(new FailureError('LabelOutOfRange', 'No.'));
    await failing;
    expect(await readFile(`${folder}/m.sharpness.json`, 'utf8').catch(() => null)).toBeNull();
    // What was answered is still there to be changed.
    expect(shown.form.layers?.complete).toBe(true);

    const used = shown.useLayers();
    await worker.answer(report);
    await used;
    expect(worker.requests.at(-1)).toMatchObject({ architecture });
    expect(shown.form.layers).toBeNull();
    const written: unknown = JSON.parse(await readFile(`${folder}/m.sharpness.json`, 'utf8'));
    expect(written).toMatchObject({ architecture });
  });
});

describe('the computation', () => {
  const choice = {
    ...computationDefaults,
    method: 'estimate',
    blocks: true,
    scaleAdapted: true,
    plane: false,
    evaluation: true,
  } as const;

  it('is what nobody chose until it is changed, and is kept from run to run', async () => {
    const shown = await analysed();
    expect(shown.form.said).toMatchObject(computationDefaults);
    const changed = shown.say(choice);
    await worker.answer(report);
    await changed;
    expect(worker.requests[1]).toEqual({ ...worker.requests[0], ...choice });
    expect(shown.form.said).toMatchObject(choice);
    const again = shown.run();
    await worker.answer(report);
    await again;
    expect(worker.requests[2]).toEqual(worker.requests[1]);
    expect(session().form.said).not.toMatchObject(choice);
  });

  it('can be changed while one runs: that one is ended', async () => {
    const shown = await analysed();
    const first = shown.run();
    while (worker.requests.length < 2) await turn();
    const { signal } = worker.options!;
    const second = shown.say(choice);
    await first;
    expect(signal?.aborted).toBe(true);
    await worker.answer(report);
    await second;
    expect(shown.state.phase).toBe('done');
    expect(worker.requests[2]).toMatchObject(choice);
  });

  it('is that of the window before, also of the run that begins at once', async () => {
    const restored = new AnalysisSession(model, parts(), choice);
    expect(restored.form.said).toMatchObject(choice);
    const run = restored.run();
    await worker.answer(inspection(candidate(samples, true)));
    await worker.answer(report);
    await run;
    expect(worker.requests[0]).toMatchObject(choice);
  });

  it('goes on in evaluation mode where a training export was refused, with what else was chosen', async () => {
    const shown = await analysed();
    const refused = shown.run();
    await worker.answer(new FailureError('TrainingMode', 'Node "bn" is in training mode; ask.'));
    await refused;
    expect(shown.state).toMatchObject({ phase: 'failed', failure: { kind: 'TrainingMode' } });
    const asked = shown.say({ evaluation: true });
    await worker.answer(report);
    await asked;
    expect(shown.state.phase).toBe('done');
    expect(worker.requests[2]).toEqual({ ...worker.requests[1], evaluation: true });
  });

  it('changed while samples are chosen, it waits for them', async () => {
    const shown = session();
    const run = shown.run();
    await worker.answer(inspection());
    await run;
    await shown.say(choice);
    expect(shown.state.phase).toBe('choosing-samples');
    expect(worker.requests).toEqual([]);
    const chosen = shown.useSamples({ kind: 'random', count: 8 });
    await worker.answer(report);
    await chosen;
    expect(worker.requests[0]).toMatchObject(choice);
  });
});

describe('a sidecar', () => {
  const sidecarOf = (content: object): Promise<void> =>
    writeFile(join(folder, 'm.sharpness.json'), JSON.stringify(content));

  it('names the samples before any file is looked for, and the loss', async () => {
    await sidecarOf({ samples: 'm.npz', labels: 'y', scale: 0.5, limit: 9, labelSmoothing: 0.1 });
    const run = session().run();
    await worker.answer(report);
    await run;
    expect(phases()).toEqual(['reading', 'running', 'done']);
    expect(worker.requests).toEqual([
      {
        ...requestDefaults,
        model,
        samples: { kind: 'file', path: samples, inputs: {}, labels: 'y' },
        scale: 0.5,
        limit: 9,
        labelSmoothing: 0.1,
        threads: 2,
        memoryBudget: 1e9,
      },
    ]);
  });

  it('without samples leaves them to the only file that fits, or to the chooser', async () => {
    await sidecarOf({ classWeights: 'balanced', limit: 9 });
    await analysed();
    expect(worker.requests[0]).toMatchObject({
      samples: { kind: 'file', path: samples, inputs: {}, labels: null },
      classWeights: 'balanced',
      limit: 9,
    });
    const shown = session();
    const chosen = shown.useSamples({ kind: 'random', count: 8 });
    await worker.answer(report);
    await chosen;
    expect(worker.requests[1]).toMatchObject({ classWeights: 'balanced', limit: null });
  });

  it('does not keep the chooser from coming up', async () => {
    await sidecarOf({ samples: 'm.npz' });
    const shown = session();
    const change = shown.changeSamples();
    await worker.answer(inspection(candidate(samples, true)));
    await change;
    expect(shown.state.phase).toBe('choosing-samples');
  });

  it('that does not fit is named', async () => {
    await sidecarOf({ samples: 'absent.npz' });
    const run = session().run();
    await worker.answer(
      new FailureError('SamplesNotFound', 'There is no file "absent.npz"; check the path.'),
    );
    await run;
    expect(states.at(-1)).toMatchObject({
      phase: 'failed',
      failure: {
        kind: 'SamplesNotFound',
        message: 'With samples from "m.sharpness.json": There is no file "absent.npz"; check the path.',
      },
    });
  });

  it('is not blamed for samples that were chosen', async () => {
    await sidecarOf({ samples: 'absent.npz', labels: 'y' });
    const chosen = session().useSamples({ kind: 'file', path: samples, inputs: {}, labels: null });
    await worker.answer(new FailureError('NoSamples', 'no'));
    await chosen;
    expect(states.at(-1)).toMatchObject({ failure: { message: 'no' } });
    expect(worker.requests[0]?.samples).toMatchObject({ path: samples, labels: null });
  });

  it('that is damaged ends the run in a sentence', async () => {
    await writeFile(join(folder, 'm.sharpness.json'), '{');
    await session().run();
    expect(states.at(-1)).toMatchObject({ phase: 'failed', failure: { kind: 'UsageError' } });
    expect(worker.requests).toEqual([]);
  });
});

describe('sizes that the model leaves open', () => {
  const openInputs = [
    { name: 'image', dims: [null, 3, null, null], optional: false, shape: null },
    { name: 'any', dims: null, optional: false, shape: null },
  ];

  it('are taken from the chooser, over what the sidecar says', async () => {
    await writeFile(
      join(folder, 'm.sharpness.json'),
      JSON.stringify({ shapes: { image: [1, 3, 2, 2], ids: [1, 7], any: [1] } }),
    );
    const shown = session();
    const change = shown.changeSamples();
    await worker.answer({ ...inspection(), openInputs });
    await change;
    expect(shown.state).toMatchObject({ phase: 'choosing-samples', openInputs });
    const chosen = shown.useSamples({ kind: 'random', count: 8 }, { image: [1, 3, 8, 8], any: null });
    await worker.answer(report);
    await chosen;
    expect(worker.requests[0]?.shapes).toEqual({ image: [1, 3, 8, 8], ids: [1, 7] });
  });

  it('are taken only where they are asked for and fit', async () => {
    const shown = session();
    expect(shown.takes({})).toBe(true);
    expect(shown.takes({ image: [1, 3, 8, 8] })).toBe(false);
    const change = shown.changeSamples();
    await worker.answer({ ...inspection(), openInputs });
    await change;
    for (const shapes of [{ image: [1, 3, 8, 8] }, { image: null }, { any: [2] }, {}])
      expect(shown.takes(shapes)).toBe(true);
    for (const shapes of [{ image: [1, 4, 8, 8] }, { image: [1, 3, 8] }, { other: [1] }, { other: null }])
      expect(shown.takes(shapes)).toBe(false);
  });
});

describe('progress and ends', () => {
  it('what is known adds up while it runs, and stays when it fails', async () => {
    const shown = session();
    const run = shown.run();
    await worker.answer(inspection(candidate(samples, true)));
    while (worker.requests.length === 0) await turn();
    worker.options?.onProgress?.({
      stage: 'forward',
      fraction: 0.5,
      remainingSeconds: null,
      step: null,
      steps: null,
      cost: null,
      report: { gradientNorm: 3 },
    });
    const known = { loss: 'cross-entropy', gradientNorm: 3 };
    expect(shown.state).toMatchObject({ phase: 'running', progress: { stage: 'forward', report: known } });
    await worker.answer(new FailureError('NonFiniteLoss', 'The loss is infinite at row 3; look there.'));
    await run;
    expect(shown.state).toMatchObject({ phase: 'failed', known, failure: { kind: 'NonFiniteLoss' } });
    expect(shown.busy).toBe(false);
  });

  it('a step that runs is skipped, and the report is not taken for a complete one', async () => {
    const shown = session();
    const run = shown.run();
    await worker.answer(inspection(candidate(samples, true)));
    while (worker.requests.length === 0) await turn();
    const skipped: string[] = [];
    worker.options?.whenSkippable?.((stage) => skipped.push(stage));
    const progress = { fraction: 0.5, remainingSeconds: null, step: null, steps: null, cost: null };
    worker.options?.onProgress?.({ stage: 'probes', ...progress, canSkip: true, report: {} });
    shown.skip('forward');
    shown.skip('probes');
    expect(skipped).toEqual(['probes']);
    expect(shown.state).toMatchObject({ phase: 'running', progress: { stage: 'probes', canSkip: false } });
    const warnings = [{ kind: 'skipped', message: 'Skipped by the user: some of the probes; run it again.' }];
    await worker.answer({ ...report, warnings });
    await run;
    expect(shown.state).toMatchObject({ phase: 'done', report: { warnings } });
    shown.skip('probes');
    expect(skipped).toHaveLength(1);

    const later = session();
    await later.openOrRun(false);
    expect(later.state).toMatchObject({ phase: 'done', report: { warnings } });
    const fresh = later.openOrRun(true);
    await worker.answer(report);
    await fresh;
    expect(worker.requests).toHaveLength(2);
    expect(later.state).toMatchObject({ phase: 'done', report });
  });

  it('a model that cannot be read fails, and the next run starts over', async () => {
    const shown = session();
    const run = shown.run();
    await worker.answer(new FailureError('NotAModel', 'no'));
    await run;
    expect(phases()).toEqual(['reading', 'failed']);
    const second = shown.run();
    await worker.answer(inspection());
    await second;
    expect(shown.state.phase).toBe('choosing-samples');
  });

  it('cancelling aborts the call and says so once', async () => {
    const shown = session();
    const run = shown.run();
    await worker.answer(inspection(candidate(samples, true)));
    while (worker.requests.length === 0) await turn();
    shown.cancel();
    await run;
    shown.cancel();
    expect(worker.options?.signal?.aborted).toBe(true);
    expect(phases()).toEqual(['reading', 'running', 'cancelled']);
  });

  it('closing the panel aborts the call and shows nothing more', async () => {
    const shown = session();
    const run = shown.run();
    while (worker.options === null) await turn();
    shown.dispose();
    await run;
    expect(worker.options.signal?.aborted).toBe(true);
    expect(phases()).toEqual(['reading']);
  });

  it('a second run while one is going on takes its place', async () => {
    const shown = session();
    const first = shown.run();
    while (worker.options === null) await turn();
    const { signal } = worker.options;
    const second = shown.run();
    await first;
    expect(signal?.aborted).toBe(true);
    await worker.answer(inspection(candidate(samples, true)));
    await worker.answer(report);
    await second;
    expect(phases().filter((phase) => phase === 'done')).toHaveLength(1);
    expect(phases()).not.toContain('failed');
  });
});

describe('a changed file', () => {
  it.each(['model', 'samples'])('marks the report as old: %s', async (which) => {
    const shown = await analysed();
    await shown.checkFiles();
    expect(shown.state).toMatchObject({ phase: 'done', changed: [] });
    await writeFile(which === 'model' ? model : samples, 'retrained');
    await shown.checkFiles();
    expect(shown.state).toMatchObject({
      phase: 'done',
      changed: [which === 'model' ? 'm.onnx' : 'm.npz'],
      report,
    });
  });

  it('counts also while it is being analysed', async () => {
    const run = session().run();
    await worker.answer(inspection(candidate(samples, true)));
    while (worker.requests.length === 0) await turn();
    await writeFile(model, 'retrained');
    await worker.answer(report);
    await run;
    expect(states.at(-1)).toMatchObject({ phase: 'done', changed: ['m.onnx'] });
  });

  it('that is deleted counts too', async () => {
    const shown = await analysed();
    await rm(model);
    await shown.checkFiles();
    expect(shown.state).toMatchObject({ changed: ['m.onnx'] });
  });

  it('is fresh again after another run', async () => {
    const shown = await analysed();
    await utimes(model, 1, 1);
    await shown.checkFiles();
    const again = shown.run();
    await worker.answer(report);
    await again;
    expect(shown.state).toMatchObject({ phase: 'done', changed: [] });
  });
});

/** What was known when a run was cancelled. */
async function cancelledWith(known: object): Promise<AnalysisSession> {
  const shown = session();
  const run = shown.run();
  await worker.answer(inspection(candidate(samples, true)));
  while (worker.requests.length === 0) await turn();
  worker.options?.onProgress?.({ ...progress, report: known });
  shown.cancel();
  await run;
  await turn();
  return shown;
}

const progress = {
  stage: 'Probes',
  fraction: 0.5,
  remainingSeconds: null,
  step: null,
  steps: null,
  cost: null,
  report: {},
};

describe('a kept report', () => {
  it('is shown at once when its model is opened again, and runs again with the same samples', async () => {
    const first = await analysed();
    const opened = session();
    await opened.openOrRun(true);
    expect(worker.requests).toHaveLength(1);
    expect(opened.state).toEqual(first.state);
    const again = opened.run();
    await worker.answer(report);
    await again;
    expect(worker.requests[1]).toEqual(worker.requests[0]);
  });

  it('is found for the same bytes under another name, which it then has', async () => {
    await analysed();
    const other = join(folder, 'copy.onnx');
    await copyFile(model, other);
    const opened = new AnalysisSession(other, parts());
    await opened.useSamples({ kind: 'file', path: samples, inputs: {}, labels: null });
    expect(worker.requests).toHaveLength(1);
    expect(opened.state).toMatchObject({ phase: 'done', report: { model: { file: 'copy.onnx' } } });
  });

  it('is another one for another computation, other samples and other settings', async () => {
    const shown = await analysed();
    const first = shown.state;
    const asked = shown.say({ blocks: true });
    await worker.answer({ ...report, gradientNorm: 7 });
    await asked;
    expect(shown.state).toMatchObject({ report: { gradientNorm: 7 } });
    await shown.say({ blocks: false });
    expect(worker.requests).toHaveLength(2);
    expect(shown.state).toEqual(first);
    const chosen = shown.useSamples({ kind: 'random', count: 8 });
    await worker.answer(report);
    await chosen;
    expect(worker.requests).toHaveLength(3);
  });

  it('is old where the content of a file changed meanwhile, and then made anew only when asked for', async () => {
    await analysed();
    await writeFile(samples, 'other samples');
    const opened = session();
    await opened.openOrRun(false);
    expect(opened.state).toMatchObject({ phase: 'done', changed: ['m.npz'] });
    expect(worker.requests).toHaveLength(1);
    const asked = session();
    const run = asked.openOrRun(true);
    await worker.answer(report);
    await run;
    expect(asked.state).toMatchObject({ phase: 'done', changed: [] });
    expect(worker.requests).toHaveLength(2);
  });

  it('stands until the same run is done once more, and when that is cancelled or fails', async () => {
    const shown = await analysed();
    const before = shown.state;
    const again = shown.run();
    while (worker.requests.length < 2) await turn();
    worker.options?.onProgress?.({ ...progress, report: { gradientNorm: 3 } });
    expect(shown.state).toMatchObject({ phase: 'running', earlier: { report } });
    shown.cancel();
    await again;
    expect(shown.state).toBe(before);
    const once = shown.run();
    await worker.answer(new FailureError('WorkerDied', 'no'));
    await once;
    expect(shown.state).toMatchObject({ phase: 'failed', known: report });
    const opened = session();
    await opened.open();
    expect(opened.state).toEqual(before);
  });

  it('does not stand in for another computation, which gives back the one before when it is cancelled', async () => {
    const shown = await analysed();
    const { state: before } = shown;
    const other = shown.say({ method: 'estimate' });
    while (worker.requests.length < 2) await turn();
    expect(shown.state).toMatchObject({ phase: 'running', earlier: null });
    shown.cancel();
    await other;
    expect(shown.state).toBe(before);
    expect(shown.form.said).toMatchObject(computationDefaults);
  });

  it('is partial where a first run was cancelled, until there is a whole one', async () => {
    const shown = await cancelledWith({ gradientNorm: 3 });
    expect(shown.state).toMatchObject({ phase: 'cancelled', known: { gradientNorm: 3 } });
    while ((await kept.recall(model)) === null) await turn();
    const opened = session();
    await opened.open();
    expect(opened.state).toMatchObject({ phase: 'cancelled', known: { gradientNorm: 3 } });
    const run = opened.run();
    await worker.answer(report);
    await run;
    const whole = session();
    await whole.open();
    expect(whole.state).toMatchObject({ phase: 'done', report });
  });

  it('of nothing is none', async () => {
    await cancelledWith({ loss: 'cross-entropy' });
    const opened = session();
    const shown = opened.open();
    await worker.answer(inspection());
    await shown;
    expect(opened.state).toMatchObject({ phase: 'overview', inspection: { outputs: ['y'] } });
  });

  it('that cannot be written down is told of in the log alone', async () => {
    await writeFile(join(folder, 'kept'), 'no folder');
    const shown = await analysed();
    expect(shown.state.phase).toBe('done');
    expect(warnings.join()).toContain('was not kept');
  });
});

describe('a sidecar changed by hand', () => {
  const sidecar = (): string => join(folder, 'm.sharpness.json');

  it('marks the report as old, by what it says and not how; and is taken by the next run', async () => {
    await writeFile(sidecar(), '{"scale":2}');
    const shown = await analysed();
    expect(shown.files).toContain(sidecar());
    await writeFile(sidecar(), '{ "scale": 2 }');
    await shown.checkFiles();
    expect(shown.state).toMatchObject({ changed: [] });
    await writeFile(join(folder, 'other.npz'), 'others');
    await writeFile(sidecar(), '{"scale":2,"samples":"other.npz"}');
    await shown.checkFiles();
    expect(shown.state).toMatchObject({ changed: ['m.sharpness.json'] });
    const again = shown.run();
    await worker.answer(report);
    await again;
    expect(worker.requests[1]?.samples).toMatchObject({ path: join(folder, 'other.npz') });
    expect(shown.state).toMatchObject({ phase: 'done', changed: [] });
  });

  it('is no news where the panel wrote it, and is written only once a run succeeded', async () => {
    const shown = session();
    const failed = shown.useSamples({ kind: 'file', path: samples, inputs: {}, labels: null });
    await worker.answer(new FailureError('LabelOutOfRange', 'no'));
    await failed;
    await expect(readFile(sidecar(), 'utf8')).rejects.toThrow('ENOENT');
    const chosen = shown.useSamples({ kind: 'file', path: samples, inputs: {}, labels: null });
    await worker.answer(report);
    await chosen;
    expect(JSON.parse(await readFile(sidecar(), 'utf8'))).toEqual({ samples: 'm.npz' });
    await shown.checkFiles();
    expect(shown.state).toMatchObject({ phase: 'done', changed: [] });
  });
});

describe('what is said in the panel', () => {
  const sidecar = (): string => join(folder, 'm.sharpness.json');

  it('is analysed over what the sidecar says, and written there once that succeeded', async () => {
    await writeFile(sidecar(), '{"loss":"huber","scale":2}');
    const shown = await analysed();
    expect(shown.form.said).toMatchObject({ loss: 'huber', scale: 2, limit: null });
    const failed = shown.say({ loss: 'mean-squared-error', scale: null, limit: 5, seed: 7 });
    await worker.answer(new FailureError('UsageError', 'no'));
    await failed;
    expect(worker.requests[1]).toMatchObject({ loss: 'mean-squared-error', scale: 1, limit: 5, seed: 7 });
    expect(JSON.parse(await readFile(sidecar(), 'utf8'))).toEqual({ loss: 'huber', scale: 2 });
    expect(shown.form.said).toMatchObject({ loss: 'mean-squared-error', limit: 5, seed: 7 });
    const again = shown.run();
    await worker.answer(report);
    await again;
    expect(JSON.parse(await readFile(sidecar(), 'utf8'))).toEqual({ loss: 'mean-squared-error', limit: 5 });
    expect(shown.state).toMatchObject({ phase: 'done', changed: [] });
    expect(shown.form.said).toMatchObject({ loss: 'mean-squared-error', scale: null, limit: 5, seed: 7 });
  });

  it('is taken back with the run that is cancelled', async () => {
    const shown = await analysed();
    const asked = shown.say({ loss: 'huber', blocks: true });
    while (worker.requests.length < 2) await turn();
    shown.cancel();
    await asked;
    expect(shown.form.said).toMatchObject({ loss: null, blocks: false });
  });

  it('of the output counts before the model is looked at, which could not be read without', async () => {
    const shown = session();
    const run = shown.run();
    await worker.answer(new FailureError('UsageError', 'There are several outputs; choose one.'));
    await run;
    const asked = shown.say({ output: 'b' });
    await worker.answer(inspection(candidate(samples, true)));
    await worker.answer(report);
    await asked;
    expect(worker.looks.map(({ said }) => said)).toEqual([{}, { output: 'b' }]);
    expect(worker.requests[0]).toMatchObject({ output: 'b' });
    expect(JSON.parse(await readFile(sidecar(), 'utf8'))).toEqual({ output: 'b' });
    expect(shown.form.known).toBeNull();
  });

  it('of keys is about the samples that are used, and says which these are', async () => {
    const shown = await analysed();
    const asked = shown.say({ labels: 'y', inputs: { '': 'x' } });
    await worker.answer(report);
    await asked;
    expect(worker.requests[1]?.samples).toEqual({
      kind: 'file',
      path: samples,
      inputs: { '': 'x' },
      labels: 'y',
    });
    const written: unknown = JSON.parse(await readFile(sidecar(), 'utf8'));
    expect(written).toEqual({ samples: 'm.npz', inputs: { '': 'x' }, labels: 'y' });
  });

  it('of a limit is the number of random inputs where there are no samples', async () => {
    const shown = session();
    const chosen = shown.useSamples({ kind: 'random', count: 8 });
    await worker.answer(report);
    await chosen;
    const asked = shown.say({ limit: 40 });
    await worker.answer(report);
    await asked;
    expect(worker.requests[1]?.samples).toEqual({ kind: 'random', count: 40 });
  });

  it('can be looked up in the model without a change of what is shown', async () => {
    const shown = await analysed();
    const opened = session();
    await opened.open();
    const before = opened.state;
    expect(opened.form.known).toBeNull();
    const looked = opened.look();
    await worker.answer(inspection());
    await looked;
    expect(opened.form.known).toEqual({ outputs: ['y'], tensors: [] });
    expect(opened.state).toBe(before);
    shown.dispose();
  });
});

describe('what a report does not hold of a part of it', () => {
  const of = { kind: 'layer', index: 0 } as const;
  const detail = { kind: 'layer' };

  it('is asked of the worker, with the request of the report and the hash of its model', async () => {
    const shown = await analysed();
    const asked = shown.detail(of);
    await worker.answer(detail);
    expect(await asked).toEqual({ ok: true, detail });
    const { name, outputs } = report.layers[0]!;
    expect(worker.details).toEqual([
      {
        request: worker.requests[0],
        sha256: report.model.sha256,
        of: { kind: 'layer', layer: { name, outputs } },
      },
    ]);
    const ofSample = shown.detail({ kind: 'sample', index: 7 });
    await worker.answer(new FailureError('UsageError', 'There is no such sample.'));
    expect(await ofSample).toEqual({ ok: false, refusal: 'There is no such sample.' });
    expect(worker.details[1]?.of).toEqual({ kind: 'sample', index: 7 });
    expect(await shown.detail({ kind: 'layer', index: 99 })).toEqual({
      ok: false,
      refusal: 'The report has no such layer.',
    });
  });

  it.each([
    ['has other bytes', async () => writeFile(model, 'another')],
    ['is gone', async () => rm(model)],
  ])('is refused with a sentence where the model %s', async (_, change) => {
    const shown = await analysed();
    await change();
    expect(await shown.detail(of)).toEqual({
      ok: false,
      refusal: 'm.onnx changed since this analysis: run it again.',
    });
    expect(worker.details).toEqual([]);
  });

  it('is refused before there is a report', async () => {
    expect(await session().detail(of)).toEqual({
      ok: false,
      refusal: 'This is shown once the analysis is done.',
    });
  });
});
