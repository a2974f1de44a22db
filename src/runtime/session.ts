import './withoutTelemetry';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { FailureError } from '../report/failure';
import { setting } from '../report/wording/settings';
import { widenFloat16 } from './floats16';

// What goes wrong is thrown, and becomes a sentence: onnxruntime need not write it to standard error as well.
env.logLevel = 'fatal';
const fatalOnly = 4;

/** onnxruntime's own version. */
export const runtimeVersion: string = env.versions.node ?? env.versions.common;

/** A model as onnxruntime takes it: an ONNX ModelProto and the files that it refers to, read already. */
export interface ExecutableModel {
  readonly bytes: Uint8Array;
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/**
 * A tensor that goes into or comes out of a run; row-major. float16 goes in as a Uint16Array of its bit patterns, and comes
 * out as float32.
 */
export interface RunTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;
  /** Where the numbers alone do not tell: a Uint8Array of booleans. */
  readonly type?: 'bool';
}

/** What a traced tensor is: its numbers only where they are of a type that RunTensor holds. */
export interface TracedTensor {
  readonly dims: readonly number[];
  readonly data: RunTensor['data'] | null;
  /** onnxruntime's name of the element type. */
  readonly type: string;
}

export type RunFeeds = Readonly<Record<string, RunTensor>>;

const elementTypes = new Map<unknown, Tensor.Type>([
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Uint16Array, 'float16'],
  [BigInt64Array, 'int64'],
  [Int32Array, 'int32'],
  [Uint8Array, 'uint8'],
]);

function isRunData(data: Tensor.DataType): data is RunTensor['data'] {
  return elementTypes.has(data.constructor);
}

/** Numbers as they are handed out; of float16 onnxruntime gives the bit patterns, or a Float16Array where there is one. */
function numbersOf({ type, data }: Tensor): Tensor.DataType {
  if (type !== 'float16' || !ArrayBuffer.isView(data)) return data;
  return widenFloat16(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2));
}

/** What is fed again and again is wrapped once. */
const wrapped = new WeakMap<RunTensor, Tensor>();

function tensorOf(name: string, tensor: RunTensor): Tensor {
  const known = wrapped.get(tensor);
  if (known !== undefined) return known;
  const { data, dims, type: given } = tensor;
  const type = given ?? elementTypes.get(data.constructor);
  if (type === undefined) throw new TypeError(`No element type for the data of ${name}`);
  const made = new Tensor(type, data, dims);
  wrapped.set(tensor, made);
  return made;
}

function tensorsOf(feeds: RunFeeds): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensorOf(name, tensor)]));
}

function runTensors(results: Readonly<Record<string, Tensor>>): Readonly<Record<string, RunTensor>> {
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => {
      const { dims, type } = tensor;
      const data = numbersOf(tensor);
      if (!isRunData(data))
        throw new TypeError(`Output ${name} holds ${tensor.type}, which is not read here`);
      return [name, type === 'bool' ? { data, dims, type } : { data, dims }];
    }),
  );
}

/** Whether onnxruntime says that it asked for more memory than there is. */
export function lacksMemory(words: string): boolean {
  return /allocate|bad_alloc|out of memory/i.test(words);
}

/** What onnxruntime does not load or run. Its own words, of C++, are for the log, or for who knows the model. */
export class RuntimeFault extends FailureError {
  constructor(readonly words: string) {
    const lacking = lacksMemory(words);
    super(
      lacking ? 'TooLarge' : 'InternalError',
      lacking
        ? `There is not enough memory for this analysis; free some, or let it take less (${setting('memory')}, ${setting('limit')}).`
        : 'The analysis stopped on a fault of its own (onnxruntime does not take what was made of the model); please report it with the log.',
      words,
    );
  }
}

async function native<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RuntimeFault(String(error));
  }
}

/**
 * A loaded model. `run` is a synchronous native call behind its promise: it holds the event loop and cannot be
 * cancelled, so nothing here may run in the extension host.
 */
export class Session {
  private constructor(private readonly session: InferenceSession) {}

  /**
   * Loads a model with `threads` threads for its operators.
   * @param optimisation `disabled` keeps every node as it is in the model
   * @param memory `arena` keeps what one run took for the next: best for graphs of many nodes. `released` gives it back.
   * @throws RuntimeFault where it does not take the model; `run`, `runInto` and `trace` likewise
   */
  static async open(
    model: ExecutableModel,
    threads: number,
    optimisation: 'disabled' | 'basic' = 'basic',
    memory: 'arena' | 'released' = 'arena',
  ): Promise<Session> {
    const session = await native(() =>
      InferenceSession.create(model.bytes, {
        // Without an arena a large graph takes several times the memory at its worst, and 2 to 5 % longer; but Electron's
        // allocator traps the large blocks that one takes.
        enableCpuMemArena: memory === 'arena' && process.versions['electron'] === undefined,
        enableMemPattern: false,
        graphOptimizationLevel: optimisation,
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: fatalOnly,
        externalData: [...model.externalData],
        extra: {
          // Spinning threads would take the editor's cores between two products.
          session: { intra_op: { allow_spinning: '0' } },
          // It turns a·(1/b) into a/b and, in onnxruntime 1.30, may lose what a is made from.
          optimization: { disable_specified_optimizers: 'DivMulFusion' },
        },
      }),
    );
    return new Session(session);
  }

  /** The named outputs for the named inputs. */
  async run(feeds: RunFeeds, outputs?: readonly string[]): Promise<Readonly<Record<string, RunTensor>>> {
    const tensors = tensorsOf(feeds);
    const results = await native(() =>
      outputs === undefined ? this.session.run(tensors) : this.session.run(tensors, [...outputs]),
    );
    return runTensors(results);
  }

  /**
   * Writes the outputs into the given tensors, of their types and dimensions.
   * @param others outputs that are wanted besides, in memory of their own
   */
  async runInto(
    feeds: RunFeeds,
    outputs: RunFeeds,
    others: readonly string[] = [],
  ): Promise<Readonly<Record<string, RunTensor>>> {
    const wanted = { ...tensorsOf(outputs), ...Object.fromEntries(others.map((name) => [name, null])) };
    const tensors = tensorsOf(feeds);
    const results = await native(() => this.session.run(tensors, wanted));
    return runTensors(Object.fromEntries(Object.entries(results).filter(([name]) => others.includes(name))));
  }

  /** Every output of the model, of whatever type. */
  async trace(feeds: RunFeeds): Promise<Readonly<Record<string, TracedTensor>>> {
    const tensors = tensorsOf(feeds);
    const results = await native(() => this.session.run(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        const data = numbersOf(tensor);
        return [name, { dims: tensor.dims, type: tensor.type, data: isRunData(data) ? data : null }];
      }),
    );
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
