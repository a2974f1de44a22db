import { toldFailure } from '../report/cutShort';
import type { Progress } from '../report/request';
import {
  failedResponse,
  methods,
  type Answer,
  type Argument,
  type Method,
  type ProgressListener,
  type Result,
  type Skip,
  type Value,
  type WhenSkippable,
  type WorkerHandlers,
} from './protocol';

/** Progress more often than this says nothing that a person could read, and costs the editor time to receive. */
const progressIntervalMilliseconds = 100;

/** The part of `process` that a forked child serves on. */
export interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  send?: (message: Answer) => unknown;
}

/**
 * Answers calls that arrive on the channel until it disconnects, then calls `onDisconnect`. Every message with an id
 * gets exactly one result: a handler that throws, a method that does not exist and a message that is no call answer
 * with their Failure.
 */
export function serve(channel: Channel, handlers: WorkerHandlers, onDisconnect: () => void): void {
  const send = (answer: Answer): void => {
    channel.send?.(answer);
  };
  const skippable = new Map<number, (stage: string) => void>();
  channel.on('disconnect', onDisconnect);
  channel.on('message', (message) => {
    if (isSkip(message)) skippable.get(message.id)?.(message.skip);
    else void answerCall(message, handlers, send, skippable);
  });
}

function isSkip(message: unknown): message is Skip {
  return typeof message === 'object' && message !== null && 'skip' in message;
}

async function answerCall(
  message: unknown,
  handlers: WorkerHandlers,
  send: (answer: Answer) => void,
  skippable: Map<number, (stage: string) => void>,
): Promise<void> {
  const { id, method, argument } = readCall(message);
  if (method === null) {
    send({
      id,
      type: 'result',
      result: failedResponse({
        kind: 'InternalError',
        message:
          'The worker was asked for something that it does not do; restart the editor after an update.',
        detail: `Not a call: ${describe(message)}`,
      }),
    });
    return;
  }
  const progress = new ThrottledProgress((value) => {
    send({ id, type: 'progress', progress: value });
  });
  const result = await runHandler(handlers, method, argument, progress.listen, (skip) => {
    skippable.set(id, skip);
  });
  skippable.delete(id);
  progress.end();
  send({ id, type: 'result', result });
}

async function runHandler<M extends Method>(
  handlers: WorkerHandlers,
  method: M,
  argument: Argument[M],
  onProgress: ProgressListener,
  whenSkippable: WhenSkippable,
): Promise<Result<Value[M]>> {
  try {
    return { ok: true, value: await handlers[method](argument, onProgress, whenSkippable) };
  } catch (thrown) {
    return failedResponse(toldFailure(thrown));
  }
}

/** Passes on the first progress at once, then at most one in each interval, the newest. */
class ThrottledProgress {
  private readonly post: (progress: Progress) => void;
  private lastSent = -Infinity;
  private waiting: Progress | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(send: (progress: Progress) => void) {
    this.post = send;
  }

  readonly listen = (progress: Progress): void => {
    this.waiting = progress;
    const wait = this.lastSent + progressIntervalMilliseconds - performance.now();
    if (wait <= 0) this.flush();
    else
      this.timer ??= setTimeout(() => {
        this.flush();
      }, wait);
  };

  /** After this nothing more is sent: a result must be the last word. */
  end(): void {
    this.waiting = null;
    this.flush();
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting === null) return;
    this.lastSent = performance.now();
    this.post(this.waiting);
    this.waiting = null;
  }
}

/**
 * The arguments are trusted: only the process that forked this one can write to the channel, and both come from one
 * build. The method's name is checked, for it selects what runs.
 */
function readCall(message: unknown): { id: number; method: Method | null; argument: Argument[Method] } {
  const call = (typeof message === 'object' && message !== null ? message : {}) as {
    id?: unknown;
    method?: unknown;
    argument?: unknown;
  };
  return {
    id: typeof call.id === 'number' ? call.id : -1,
    method: methods.find((each) => each === call.method) ?? null,
    argument: call.argument as Argument[Method],
  };
}

function describe(message: unknown): string {
  try {
    return JSON.stringify(message).slice(0, 200);
  } catch {
    return typeof message;
  }
}
