import { spawn, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../../src/report/failure';
import { requestDefaults, type AnalysisRequest, type Progress } from '../../../src/report/request';
import { WorkerClient, type WorkerOptions } from '../../../src/worker/client';

let folder: string;
let script: string;
const clients: WorkerClient[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-worker-'));
  script = join(folder, 'worker.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'fakeWorker.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function client(options: Partial<WorkerOptions> = {}): WorkerClient {
  const created = new WorkerClient({ script, log: () => undefined, ...options });
  clients.push(created);
  return created;
}

function request(model: string): AnalysisRequest {
  return { ...requestDefaults, model, samples: { kind: 'random', count: 1 } };
}

async function failureOfCall(call: Promise<unknown>): Promise<Failure> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => (error as { failure: Failure }).failure,
  );
  if (outcome === null) throw new Error('the call was answered, not refused');
  return outcome;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function pidOf(worker: WorkerClient): Promise<number> {
  return (await worker.analyse(request('pid'), { owner: 'pid' })).gradientNorm;
}

describe('calls', () => {
  it('answers with the value, numbers that JSON has no word for included', async () => {
    expect((await client().analyse(request('infinite'), { owner: 'a' })).gradientNorm).toBe(Infinity);
  });

  it.each([true, false])(
    'asks for memory in huge pages, where nobody says else (terminal: %s)',
    async (terminal) => {
      const asked = async () =>
        (await client({ terminal }).analyse(request('hugePages'), { owner: 'a' })).gradientNorm;
      try {
        vi.stubEnv('GLIBC_TUNABLES', undefined);
        expect(await asked()).toBe(1);
        vi.stubEnv('GLIBC_TUNABLES', 'glibc.malloc.check=0');
        expect(await asked()).toBe(0);
      } finally {
        vi.unstubAllEnvs();
      }
    },
  );

  it('runs in another process and keeps it for the next call', async () => {
    const worker = client();
    const first = await pidOf(worker);
    expect(first).not.toBe(process.pid);
    expect(await pidOf(worker)).toBe(first);
    expect((await worker.inspect({ file: 'x', said: {} }, { owner: 'b' })).facts.gradientNorm).toBe(first);
  });

  it('carries a refusal with its kind, sentence and detail, and the worker lives on', async () => {
    const worker = client();
    const pid = await pidOf(worker);
    expect(await failureOfCall(worker.analyse(request('reject'), { owner: 'a' }))).toEqual({
      kind: 'NotAModel',
      message: 'This is a holiday photo; choose a model file.',
      detail: 'byte 0',
    });
    expect(await pidOf(worker)).toBe(pid);
  });

  it.each(['throwString', 'nothing of this name'])(
    'answers a handler that throws (%s)',
    async (behaviour) => {
      const failure = await failureOfCall(client().analyse(request(behaviour), { owner: 'a' }));
      expect(failure.kind).toBe('InternalError');
    },
  );

  it('streams progress in order, thinned out, and none of it after the result', async () => {
    const seen: Progress[] = [];
    await client().analyse(request('progress'), {
      owner: 'a',
      onProgress: (progress) => seen.push(progress),
    });
    const count = seen.length;
    const fractions = seen.map((progress) => progress.fraction);
    expect(fractions[0]).toBe(0);
    expect(fractions.at(-1)).toBe(0.5);
    expect(fractions.slice(0, -1)).toEqual(fractions.slice(0, -1).toSorted());
    expect(count).toBeLessThan(100);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(seen).toHaveLength(count);
  });

  it('ends a stage of the call that runs, and of none before or after it', async () => {
    const worker = client();
    const skips: ((stage: string) => void)[] = [];
    const whenSkippable = (skip: (stage: string) => void) => void skips.push(skip);
    const run = (onProgress: (skip: ((stage: string) => void) | undefined) => void) =>
      worker.analyse(request('skippable'), {
        owner: 'a',
        whenSkippable,
        onProgress: ({ canSkip }) => {
          if (canSkip === true) onProgress(skips.at(-1));
        },
      });
    expect((await run((skip) => skip?.('counting'))).gradientNorm).toBe('counting'.length);
    const second = run((skip) => {
      skips[0]?.('the call before is over');
      skip?.('more');
    });
    expect((await second).gradientNorm).toBe('more'.length);
    expect(skips).toHaveLength(2);
  });

  it('runs calls of several owners one after another and says that the later ones wait', async () => {
    const worker = client();
    const order: string[] = [];
    const stages: string[] = [];
    const first = worker.analyse(request('progress'), { owner: 'a' }).then(() => order.push('a'));
    const second = worker
      .analyse(request('pid'), { owner: 'b', onProgress: ({ stage }) => stages.push(stage) })
      .then(() => order.push('b'));
    await Promise.all([first, second]);
    expect(order).toEqual(['a', 'b']);
    expect(stages).toEqual(['Waiting for another analysis to end']);
  });

  it('lets a newer call of the same owner take the place of one that runs or waits', async () => {
    const worker = client();
    const running = failureOfCall(worker.analyse(request('spin'), { owner: 'a' }));
    const waiting = failureOfCall(worker.analyse(request('spin'), { owner: 'b' }));
    const newer = worker.analyse(request('pid'), { owner: 'b' });
    const newest = worker.analyse(request('pid'), { owner: 'a' });
    expect((await running).kind).toBe('Interrupted');
    expect((await waiting).kind).toBe('Interrupted');
    expect((await newer).gradientNorm).toBe((await newest).gradientNorm);
  });
});

describe('an end of the worker', () => {
  it.each([
    ['sigkill', /memory/],
    ['exit137', /memory/],
    ['heap', /ran out of memory/],
    ['sigsegv', /crashed \(SIGSEGV\)/],
    ['exit3', /code 3/],
  ])('answers the pending call with what killed it: %s', async (behaviour, sentence) => {
    const worker = client();
    const failure = await failureOfCall(worker.analyse(request(behaviour), { owner: 'a' }));
    expect(failure.kind).toBe('WorkerDied');
    expect(failure.message).toMatch(sentence);
    expect(isAlive(await pidOf(worker))).toBe(true);
  });

  it('by its own watch is the budget’s, and no fault', async () => {
    const failure = await failureOfCall(client().analyse(request('overMemory'), { owner: 'a' }));
    expect(failure.kind).toBe('TooLarge');
    expect(failure.message).toMatch(
      /^The analysis took more memory than the 2\.00 GB allowed and was ended; .*\.$/,
    );
  });

  it('between two calls goes unnoticed', async () => {
    const worker = client();
    const first = await pidOf(worker);
    process.kill(first, 'SIGKILL');
    await until(() => !isAlive(first));
    // Its channel is closed by then; the next turn of this process sees it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await pidOf(worker)).not.toBe(first);
  });

  it('that cannot even be started answers too, and so does the call after it', async () => {
    const worker = client({ executable: () => Promise.resolve(join(folder, 'no-such-program')) });
    for (const owner of ['a', 'b'])
      expect((await failureOfCall(worker.analyse(request('pid'), { owner }))).kind).toBe('WorkerDied');
  });

  it('while its script is broken is told with the error output as detail', async () => {
    const broken = join(folder, 'broken.cjs');
    await writeFile(broken, 'throw new Error("half an update");');
    const failure = await failureOfCall(
      client({ script: broken }).inspect({ file: 'x', said: {} }, { owner: 'a' }),
    );
    expect(failure.message).toContain('code 1');
    expect(failure.detail).toContain('half an update');
  });
});

describe('cancelling', () => {
  it('kills a worker whose event loop is blocked and starts another for the next call', async () => {
    const worker = client();
    const pid = await pidOf(worker);
    const abort = new AbortController();
    const call = failureOfCall(
      worker.analyse(request('spin'), {
        owner: 'a',
        signal: abort.signal,
        onProgress: () => {
          abort.abort();
        },
      }),
    );
    expect((await call).kind).toBe('Interrupted');
    await until(() => !isAlive(pid));
    expect(await pidOf(worker)).not.toBe(pid);
  });

  it('a waiting call leaves the running one alone', async () => {
    const worker = client();
    const abort = new AbortController();
    const running = worker.analyse(request('progress'), { owner: 'a' });
    const waiting = failureOfCall(worker.analyse(request('pid'), { owner: 'b', signal: abort.signal }));
    abort.abort();
    expect((await waiting).kind).toBe('Interrupted');
    expect((await running).gradientNorm).toBe(1);
  });

  it('before the call starts nothing', async () => {
    let started = false;
    const worker = client({ log: () => (started = true) });
    const failure = await failureOfCall(
      worker.inspect({ file: 'x', said: {} }, { owner: 'a', signal: AbortSignal.abort() }),
    );
    expect(failure.kind).toBe('Interrupted');
    expect(started).toBe(false);
  });
});

describe('no process is left behind', () => {
  it('after the idle time', async () => {
    const worker = client({ idleMilliseconds: 100 });
    const pid = await pidOf(worker);
    await until(() => !isAlive(pid));
  });

  it('but none is ended while it works, however short the idle time', async () => {
    const worker = client({ idleMilliseconds: 1 });
    expect((await worker.analyse(request('progress'), { owner: 'a' })).gradientNorm).toBe(1);
  });

  it('after dispose, which answers every call', async () => {
    const worker = client();
    const pid = await pidOf(worker);
    const calls = ['a', 'b'].map((owner) => failureOfCall(worker.analyse(request('hang'), { owner })));
    worker.dispose();
    expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(['Interrupted', 'Interrupted']);
    await until(() => !isAlive(pid));
    expect((await failureOfCall(worker.inspect({ file: 'x', said: {} }, { owner: 'a' }))).kind).toBe(
      'Interrupted',
    );
  });

  it('when the process that forked it dies', async () => {
    const farewell = join(folder, 'farewell');
    const parentScript = join(folder, 'parent.cjs');
    await writeFile(
      parentScript,
      `const child = require('node:child_process').fork(${JSON.stringify(script)}, [], { serialization: 'advanced' });
       child.on('message', () => console.log(child.pid));
       child.send({ id: 1, method: 'inspect', argument: { file: 'x', said: {} } });
       setInterval(() => undefined, 1000);`,
    );
    const parent = spawn(process.execPath, [parentScript], {
      env: { ...process.env, FAKE_WORKER_FAREWELL: farewell },
    });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.on('data', (text: Buffer) => {
        resolve(Number(text));
      });
    });
    parent.kill('SIGKILL');
    await until(() => existsSync(farewell) && !isAlive(pid));
  });
});

it.each([{ id: 7, method: 'fly', argument: 'x' }, { id: 7, method: '__proto__', argument: 'x' }, { id: 7 }])(
  'the server answers what is no call: %o',
  async (message) => {
    const child = fork(script, [], { serialization: 'advanced' });
    try {
      const answer = await new Promise((resolve) => {
        child.on('message', resolve);
        child.send(message);
      });
      expect(answer).toMatchObject({
        id: 7,
        type: 'result',
        result: { ok: false, error: { kind: 'InternalError' } },
      });
    } finally {
      child.kill('SIGKILL');
    }
  },
);
