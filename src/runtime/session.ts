import { env, InferenceSession, Tensor } from 'onnxruntime-node';

/** onnxruntime's own version. */
export const runtimeVersion: string = env.versions.node ?? env.versions.common;

/** A model as onnxruntime takes it: an ONNX ModelProto and the files that it refers to, read already. */
export interface ExecutableModel {
  readonly bytes: Uint8Array;
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/** A tensor that goes into or comes out of a run; row-major. float16 is a Uint16Array of its bit patterns. */
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

/** Where the engine has a Float16Array, onnxruntime hands float16 out as one. */
function bitPatterns(data: Tensor.DataType): Tensor.DataType {
  return ArrayBuffer.isView(data) ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
}

function tensorsOf(feeds: RunFeeds): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims, type: given }]) => {
      const type = given ?? elementTypes.get(data.constructor);
      if (type === undefined) throw new TypeError(`No element type for the data of ${name}`);
      return [name, new Tensor(type, data, dims)];
    }),
  );
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
   * @throws Error with onnxruntime's words where it does not take the model.
   */
  static async open(
    model: ExecutableModel,
    threads: number,
    optimisation: 'disabled' | 'basic' = 'basic',
  ): Promise<Session> {
    return new Session(
      await InferenceSession.create(model.bytes, {
        // The arena keeps every block it ever took; Electron's allocator traps large ones.
        enableCpuMemArena: false,
        enableMemPattern: false,
        graphOptimizationLevel: optimisation,
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
        externalData: [...model.externalData],
        extra: {
          // Spinning threads would take the editor's cores between two products.
          session: { intra_op: { allow_spinning: '0' } },
          // It turns a·(1/b) into a/b and, in onnxruntime 1.30, may lose what a is made from.
          optimization: { disable_specified_optimizers: 'DivMulFusion' },
        },
      }),
    );
  }

  /** The named outputs for the named inputs. */
  async run(feeds: RunFeeds, outputs?: readonly string[]): Promise<Readonly<Record<string, RunTensor>>> {
    const tensors = tensorsOf(feeds);
    const results = await (outputs === undefined
      ? this.session.run(tensors)
      : this.session.run(tensors, [...outputs]));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        const { dims, type } = tensor;
        const data = tensor.type === 'float16' ? bitPatterns(tensor.data) : tensor.data;
        if (!isRunData(data))
          throw new TypeError(`Output ${name} holds ${tensor.type}, which is not read here`);
        return [name, type === 'bool' ? { data, dims, type } : { data, dims }];
      }),
    );
  }

  /** Every output of the model, of whatever type. */
  async trace(feeds: RunFeeds): Promise<Readonly<Record<string, TracedTensor>>> {
    const results = await this.session.run(tensorsOf(feeds));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims, type }]) => [
        name,
        { dims, type, data: isRunData(data) ? data : null },
      ]),
    );
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
