import { fork, type ChildProcess } from 'node:child_process';
import { dirname } from 'node:path';
import { thrownAgain, type ToldFailure } from '../report/cutShort';
import { FailureError, type Failure } from '../report/failure';
import { describeDeath } from './death';
import { allocation, workerExecutable } from './executable';
import type {
  Answer,
  Argument,
  Call,
  Method,
  ProgressListener,
  Skip,
  Value,
  WhenSkippable,
} from './protocol';

export interface CallOptions {
  /** Whom the call is for: a newer call of the same owner takes the place of an older one. */
  readonly owner: string;
  readonly onProgress?: ProgressListener;
  /** Handed what skips a stage of the call once it runs. */
  readonly whenSkippable?: WhenSkippable;
  /** Aborting ends the call at once with an Interrupted failure, and kills the process if the call was running. */
  readonly signal?: AbortSignal;
}

/** The client's side of WorkerApi, as far as it is used. Every promise is settled; it rejects with a FailureError and nothing else. */
export type WorkerCalls<Used extends Method = 'analyse' | 'evaluate' | 'inspect'> = {
  [M in Used]: (argument: Argument[M], options: CallOptions) => Promise<Value[M]>;
};

export interface WorkerOptions {
  /** The bundled worker. */
  readonly script: string;
  /** Receives what the worker writes to its outputs, and what becomes of it. */
  readonly log: (line: string) => void;
  readonly idleMilliseconds?: number;
  /** Whether the worker runs as a program of the terminal does: in its folder and with its NODE_OPTIONS. */
  readonly terminal?: boolean;
  /** The program to run the script on; found once, when first needed. */
  readonly executable?: () => Promise<string>;
}

interface Job {
  readonly call: Call;
  readonly options: CallOptions;
  readonly settle: (answer: { value: unknown } | { failure: ToldFailure }) => void;
}

interface Child {
  readonly process: ChildProcess;
  errorOutput: string;
}

/** A worker is kept this long after its last use: opening a second model then costs no new process. */
const defaultIdleMilliseconds = 5000;
const keptErrorOutput = 8192;

/**
 * Runs calls in a child process, one at a time and in the order they came. A child process and not a worker thread,
 * because a native matrix product can neither be interrupted nor be terminated without taking its whole process along:
 * a process of its own is cancelled by killing it. It is started by the first call and again by the first call after
 * it ended.
 */
export class WorkerClient implements WorkerCalls<Method> {
  private readonly workerOptions: WorkerOptions;
  private executable: Promise<string> | null = null;
  private queue: Job[] = [];
  private active: Job | null = null;
  private child: Child | null = null;
  private idleTimer: NodeJS.Timeout | null = null;
  private lastId = 0;
  private disposed = false;

  constructor(options: WorkerOptions) {
    this.workerOptions = options;
  }

  analyse(request: Argument['analyse'], options: CallOptions): Promise<Value['analyse']> {
    return this.enqueue('analyse', request, options);
  }

  evaluate(request: Argument['evaluate'], options: CallOptions): Promise<Value['evaluate']> {
    return this.enqueue('evaluate', request, options);
  }

  inspect(model: Argument['inspect'], options: CallOptions): Promise<Value['inspect']> {
    return this.enqueue('inspect', model, options);
  }

  tryLayers(layers: Argument['tryLayers'], options: CallOptions): Promise<Value['tryLayers']> {
    return this.enqueue('tryLayers', layers, options);
  }

  detail(wanted: Argument['detail'], options: CallOptions): Promise<Value['detail']> {
    return this.enqueue('detail', wanted, options);
  }

  /** Starts the process before the first call, which then finds it on its way. */
  async start(): Promise<void> {
    await this.ready().catch(() => {
      // The first call tries again, and says what is wrong.
    });
  }

  /** Ends every call with an Interrupted failure and kills the process. */
  dispose(): void {
    this.disposed = true;
    for (const job of [...this.queue, ...(this.active === null ? [] : [this.active])])
      this.drop(job, 'The editor is closing.');
    this.discardChild();
  }

  private enqueue<M extends Method>(
    method: M,
    argument: Argument[M],
    options: CallOptions,
  ): Promise<Value[M]> {
    if (this.disposed || options.signal?.aborted === true)
      return Promise.reject(new FailureError('Interrupted', 'The analysis was cancelled.'));
    for (const job of [...this.queue, ...(this.active === null ? [] : [this.active])])
      if (job.options.owner === options.owner)
        this.drop(job, 'A newer analysis of this model took its place.');

    return new Promise<Value[M]>((resolve, reject) => {
      const onAbort = (): void => {
        this.drop(job, 'The analysis was cancelled.');
      };
      const job: Job = {
        call: { id: ++this.lastId, method, argument },
        options,
        settle: (answer) => {
          options.signal?.removeEventListener('abort', onAbort);
          if ('failure' in answer) reject(thrownAgain(answer.failure));
          // The server's handler for this method made the value: protocol.ts pairs the two.
          else resolve(answer.value as Value[M]);
        },
      };
      options.signal?.addEventListener('abort', onAbort);
      this.queue.push(job);
      if (this.active !== null)
        options.onProgress?.({
          stage: 'Waiting for another analysis to end',
          fraction: null,
          remainingSeconds: null,
          step: null,
          steps: null,
          cost: null,
          report: {},
        });
      void this.startNext();
    });
  }

  private async startNext(): Promise<void> {
    if (this.active !== null) return;
    const job = this.queue.shift();
    if (job === undefined) {
      this.startIdling();
      return;
    }
    this.active = job;
    this.stopIdling();
    try {
      const child = await this.ready(() => this.active === job);
      // A channel that closed under the message is answered by bury(), which knows what killed the process.
      child?.process.send(job.call, () => undefined);
      job.options.whenSkippable?.((stage) => {
        const skip: Skip = { id: job.call.id, skip: stage };
        if (this.active === job) child?.process.send(skip, () => undefined);
      });
    } catch (thrown) {
      this.finish(job, { failure: unstartable(thrown) });
    }
  }

  /** The process, started where there is none; null where nobody waits for it any more. */
  private async ready(wanted = (): boolean => !this.disposed): Promise<Child | null> {
    try {
      this.executable ??= (this.workerOptions.executable ?? (() => workerExecutable(process)))();
      const executable = await this.executable;
      return wanted() ? (this.child ??= this.fork(executable)) : null;
    } catch (thrown) {
      this.executable = null;
      throw thrown;
    }
  }

  private fork(executable: string): Child {
    const { script, terminal = false } = this.workerOptions;
    const { NODE_OPTIONS: _hostOnly, ...environment } = process.env;
    const forked = fork(script, [], {
      execPath: executable,
      // What the user says of the allocator stands.
      ...(terminal
        ? { execArgv: process.execArgv, env: { ...allocation, ...process.env } }
        : {
            execArgv: [],
            env: { ...allocation, ...environment, ELECTRON_RUN_AS_NODE: '1' },
            cwd: dirname(script),
          }),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const child: Child = { process: forked, errorOutput: '' };
    this.workerOptions.log(`Worker ${String(forked.pid)} started on ${executable}.`);
    forked.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.workerOptions.log(text.trimEnd());
    });
    forked.stderr?.setEncoding('utf8').on('data', (text: string) => {
      child.errorOutput = (child.errorOutput + text).slice(-keptErrorOutput);
      this.workerOptions.log(text.trimEnd());
    });
    forked.on('message', (answer: Answer) => {
      if (child === this.child) this.receive(answer);
    });
    forked.on('error', (error) => {
      child.errorOutput += String(error);
      // A program that could not be started never closes.
      if (forked.pid === undefined) this.bury(child, null, null);
    });
    forked.on('disconnect', () => {
      // It ended between two calls: the next one needs another.
      if (child === this.child && this.active === null) this.child = null;
    });
    forked.on('close', (code, signal) => {
      this.bury(child, code, signal);
    });
    return child;
  }

  private receive(answer: Answer): void {
    const job = this.active;
    if (job?.call.id !== answer.id) return;
    if (answer.type === 'progress') job.options.onProgress?.(answer.progress);
    else if (answer.result.ok) this.finish(job, { value: answer.result.value });
    else this.finish(job, { failure: answer.result.error });
  }

  /** The process ended: whoever waits for it gets to know what killed it. */
  private bury(child: Child, code: number | null, signal: NodeJS.Signals | null): void {
    if (child !== this.child) return;
    this.child = null;
    this.stopIdling();
    this.workerOptions.log(
      `Worker ${String(child.process.pid)} ended: code ${String(code)}, signal ${String(signal)}.`,
    );
    if (this.active !== null)
      this.finish(this.active, {
        failure: describeDeath({ code, signal, errorOutput: child.errorOutput }),
      });
  }

  /** Takes a job out wherever it is. One that runs takes the process with it, the only way to stop it. */
  private drop(job: Job, reason: string): void {
    const failure: Failure = { kind: 'Interrupted', message: reason, detail: null };
    if (job === this.active) {
      this.discardChild();
      this.finish(job, { failure });
    } else if (this.queue.includes(job)) {
      this.queue = this.queue.filter((other) => other !== job);
      job.settle({ failure });
    }
  }

  private finish(job: Job, answer: Parameters<Job['settle']>[0]): void {
    if (job !== this.active) return;
    this.active = null;
    job.settle(answer);
    void this.startNext();
  }

  private startIdling(): void {
    this.stopIdling();
    this.idleTimer = setTimeout(() => {
      this.discardChild();
    }, this.workerOptions.idleMilliseconds ?? defaultIdleMilliseconds);
  }

  private stopIdling(): void {
    if (this.idleTimer !== null) clearTimeout(this.idleTimer);
    this.idleTimer = null;
  }

  /** SIGKILL, since a process inside a native call handles no other signal until it returns. */
  private discardChild(): void {
    const child = this.child;
    this.child = null;
    this.stopIdling();
    child?.process.kill('SIGKILL');
  }
}

function unstartable(thrown: unknown): Failure {
  return {
    kind: 'WorkerDied',
    message: 'The analysis process could not be started; run it again, and see the log if it fails again.',
    detail: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  };
}
