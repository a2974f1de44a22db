import { fork } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { FailureError, type Failure } from '../../../src/report/failure';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { WorkerClient } from '../../../src/worker/client';
import { campaign, type Budget, type Outcome } from '../campaign';
import type { Told } from './reloadedHost';

const fatal = ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGABRT'] as const;
const ignored = ['SIGINT', 'SIGHUP'] as const;
/** What happens in the middle of a run: four in five to the worker, one to the whole window. */
const happenings = [
  ...fatal,
  ...ignored,
  ...(['cancelled', 'stopped and continued', 'stopped and cancelled', 'stopped and killed'] as const),
] as const;
const reloads = ['window closed', 'window killed'] as const;

interface KillPlan {
  readonly what: (typeof happenings)[number] | (typeof reloads)[number];
  /** After the run told its first progress, or the window its first state. */
  readonly milliseconds: number;
  /** Between a stop and what follows. */
  readonly stopped: number;
  readonly seed: number;
}

const plans: fc.Arbitrary<KillPlan> = fc.record({
  what: fc.noShrink(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...happenings) },
      { weight: 1, arbitrary: fc.constantFrom(...reloads) },
    ),
  ),
  milliseconds: fc.noShrink(fc.nat(1500)),
  stopped: fc.noShrink(fc.nat(300)),
  seed: fc.noShrink(fc.nat(1e6)),
});

/** One line that ends with a full stop. */
const plainSentence = /^\P{Cc}+\.$/u;
/** A process that was killed is gone by then on a machine as busy as one may be. */
const mostMilliseconds = 120_000;

/** Kills, stops and continues the worker in the middle of runs, and closes or kills the window above it. */
export async function fuzzKills(root: string, budget: Budget): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-kills-'));
  const bundles = join(root, 'test-results', 'fuzz');
  const model = join(folder, 'model.onnx');
  await copyFile(join(root, 'test', 'references', 'cases', 'mlp2.onnx'), model);
  const tally = new Map<string, number>();
  const worker = new WatchedWorker(join(bundles, 'entry.cjs'), model);
  const storage = join(folder, 'storage');
  const check = async (plan: KillPlan): Promise<void> => {
    const { what } = plan;
    const isReload = reloads.some((each) => each === what);
    const came = isReload
      ? await reload(plan, [join(bundles, 'reloadedHost.cjs'), join(bundles, 'entry.cjs'), model, storage])
      : await worker.meet(plan);
    await requireWhole([folder, join(storage, 'reports'), join(storage, 'runs')]);
    tally.set(`${what}: ${came}`, (tally.get(`${what}: ${came}`) ?? 0) + 1);
  };
  try {
    return await campaign('kills', plans, check, (plan) => `  ${JSON.stringify(plan)}`, budget);
  } finally {
    await worker.end();
    await rm(folder, { recursive: true, force: true });
    const sorted = [...tally].sort(([a], [b]) => a.localeCompare(b));
    console.log(`kills: ${sorted.map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  }
}

/** A worker's client that knows every process it had. */
class WatchedWorker {
  private readonly started: number[] = [];
  private readonly client: WorkerClient;

  constructor(
    script: string,
    private readonly model: string,
  ) {
    this.client = new WorkerClient({
      script,
      log: (line) => {
        const pid = /^Worker (\d+) started/.exec(line)?.[1];
        if (pid !== undefined) this.started.push(Number(pid));
      },
    });
  }

  /** @returns what the run ended with */
  async meet({ what, milliseconds, stopped, seed }: KillPlan): Promise<string> {
    const abort = new AbortController();
    let began = (): void => undefined;
    const beginning = new Promise<void>((resolve) => (began = resolve));
    const request: AnalysisRequest = {
      ...requestDefaults,
      model: this.model,
      samples: { kind: 'random', count: 10 },
      threads: 1,
      seed,
    };
    const run = failureOf(
      this.client.analyse(request, { owner: 'kills', signal: abort.signal, onProgress: began }),
    );
    await Promise.race([beginning, run]);
    const pid = this.started.at(-1) ?? 0;
    await Promise.race([wait(milliseconds), run]);
    await meet(pid, what, stopped, abort);
    const failure = await run;
    // Done before it was stopped, so that there was nothing to cancel: the next run has this worker.
    if (failure === null && what === 'stopped and cancelled') signal(pid, 'SIGCONT');
    const due = dueKinds(what);
    if (!due.includes(failure?.kind ?? 'value') || (failure !== null && !plainSentence.test(failure.message)))
      throw new Error(`${what} ended with ${failure === null ? 'a report' : JSON.stringify(failure)}`);
    // Also where the run was done before: the client is to see it before the next one.
    if (failure !== null || due.includes('WorkerDied')) {
      await untilGone([pid]);
      await wait(10);
    }
    return failure?.kind ?? 'value';
  }

  async end(): Promise<void> {
    this.client.dispose();
    await untilGone(this.started);
  }
}

async function meet(
  pid: number,
  what: KillPlan['what'],
  stopped: number,
  abort: AbortController,
): Promise<void> {
  if ([...fatal, ...ignored].some((signal) => signal === what)) signal(pid, what as NodeJS.Signals);
  if (what === 'cancelled') abort.abort();
  if (!what.startsWith('stopped')) return;
  signal(pid, 'SIGSTOP');
  await wait(stopped);
  if (what === 'stopped and cancelled') abort.abort();
  else signal(pid, what === 'stopped and killed' ? 'SIGKILL' : 'SIGCONT');
}

/** What a run may end with; it may always have been done before. */
function dueKinds(what: KillPlan['what']): readonly string[] {
  if (what === 'stopped and killed' || (fatal as readonly string[]).includes(what))
    return ['value', 'WorkerDied'];
  return what.endsWith('cancelled') ? ['value', 'Interrupted'] : ['value'];
}

/** A window goes in the middle of its run; its worker must go, too. @returns how far it was */
async function reload({ what, milliseconds, seed }: KillPlan, program: readonly string[]): Promise<string> {
  const [script = '', ...args] = program;
  const host = fork(script, [...args, String(seed)], { stdio: 'inherit' });
  const gone = new Promise((resolve) => host.on('close', resolve));
  const workers: number[] = [];
  const phases: string[] = [];
  await new Promise<void>((resolve) => {
    host.on('message', (told: Told) => {
      if ('worker' in told) workers.push(told.worker);
      else phases.push(told.message ?? told.phase);
      resolve();
    });
  });
  await wait(milliseconds);
  if (what === 'window killed') host.kill('SIGKILL');
  else host.send('close');
  await untilGone(workers);
  await gone;
  const phase = phases.at(-1) ?? 'nothing';
  if (!['reading', 'running', 'done', 'nothing'].includes(phase)) throw new Error(phase);
  return phase;
}

/** Every file that has its name is whole; what was being written has none yet. */
async function requireWhole(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.json') && !each.startsWith('.')))
      JSON.parse(await readFile(join(folder, name), 'utf8'));
    const left = names.filter((each) => each.startsWith('.model-sharpness.'));
    if (left.length > 0) throw new Error(`${left.join(', ')} is left in ${folder}`);
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const end = performance.now() + mostMilliseconds;
  for (const pid of pids) {
    while (signal(pid, 0)) {
      if (performance.now() > end) throw new Error(`Process ${pid} is left behind`);
      await wait(10);
    }
  }
}

/** @returns whether there is such a process */
function signal(pid: number, which: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, which);
  } catch {
    return false;
  }
}

async function failureOf(call: Promise<unknown>): Promise<Failure | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
}
