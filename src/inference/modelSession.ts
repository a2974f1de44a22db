import { FailureError } from '../report/failure';
import type { RunnableModel } from '../formats/model';
import type { TensorSpec } from '../graph/graph';
import { ancestors } from '../graph/flow';
import { operatorOf } from '../graph/operators';
import type { Trace } from '../graph/trace';
import type { RunFeeds, RunTensor } from '../runtime/session';
import { lacksMemory, RuntimeFault, Session } from '../runtime/session';
import { inEvaluationMode } from './evaluationMode';
import { modelFeeds, type ModelSamples } from './feeds';
import { lacksKernel, runtimeWords } from './runtimeWords';

/**
 * A model's own file in onnxruntime, normalisation and dropout in evaluation mode. It is opened at most twice, each time
 * when it is first needed: once for the wanted outputs, which any number of samples is run through, and once with every
 * tensor as an output, for few samples, since all of them are in memory together.
 */
export class ModelSession {
  private forOutputs: Promise<Session> | null = null;
  private forTensors: Promise<Session> | null = null;
  private readonly tensors: readonly string[];
  /** The graph inputs that the outputs depend on. */
  private readonly inputs: readonly TensorSpec[];

  /**
   * @param outputs the tensors that are wanted at all samples; a trace shows what makes the first of them
   * @param beforeRun called before every run; what it throws ends the run
   */
  constructor(
    private readonly model: RunnableModel,
    private readonly outputs: readonly string[],
    private readonly threads: number,
    private readonly beforeRun: () => void = () => undefined,
  ) {
    const { graph } = model;
    const nodes = ancestors(graph, outputs[0] ?? '');
    // Statistics and masks of a training mode are gone in evaluation mode.
    const made = nodes.flatMap((node) =>
      operatorOf(node).training === undefined ? node.outputs : node.outputs.slice(0, 1),
    );
    this.tensors = made.filter((name) => name !== '');
    const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...outputs]);
    this.inputs = graph.inputs.filter(({ name }) => read.has(name));
  }

  /**
   * Tensors of the model for samples `from` to `from + size`; beyond the last the first stands in.
   * @throws FailureError DamagedModel, UnsupportedStructure, SampleKeyMissing
   */
  async run(
    names: readonly string[],
    samples: ModelSamples,
    from: number,
    size: number,
  ): Promise<Readonly<Record<string, RunTensor>>> {
    const session = await (names.every((name) => this.outputs.includes(name))
      ? (this.forOutputs ??= open(this.model, this.outputs, this.threads))
      : this.openTensors());
    this.beforeRun();
    return running(() => session.run(this.feeds(samples, from, size), names));
  }

  /**
   * Runs the first samples with every tensor as an output: shapes become numbers, and what is computed from shapes becomes
   * constant. Of floats only the shape stays.
   * @param kept the tensor whose numbers stay whatever its type
   */
  async trace(samples: ModelSamples, size: number, kept: string): Promise<Trace> {
    if (this.tensors.length === 0) return new Map();
    const session = await this.openTensors();
    this.beforeRun();
    const traced = await running(() => session.trace(this.feeds(samples, 0, size)));
    return new Map(
      Object.entries(traced).map(([name, tensor]) => {
        const isFloat = tensor.data instanceof Float32Array || tensor.data instanceof Float64Array;
        return [name, isFloat && name !== kept ? { ...tensor, data: null } : tensor];
      }),
    );
  }

  /** Gives back what onnxruntime holds; what is asked for afterwards opens the file again. */
  async release(): Promise<void> {
    const opened = [this.forOutputs, this.forTensors];
    this.forOutputs = null;
    this.forTensors = null;
    for (const session of opened) await (await session?.catch(() => null))?.release();
  }

  private feeds(samples: ModelSamples, from: number, size: number): RunFeeds {
    return modelFeeds(samples, this.inputs, from, size);
  }

  private openTensors(): Promise<Session> {
    this.forTensors ??= open(this.model, this.tensors, this.threads);
    return this.forTensors;
  }
}

async function open(model: RunnableModel, outputs: readonly string[], threads: number): Promise<Session> {
  try {
    return await Session.open(inEvaluationMode(model.executable(outputs)), threads, 'disabled');
  } catch (error) {
    const words = faultWords(error);
    // Such a file is whole: the runtime computes fewer operators in float64, float16 and bfloat16.
    if (lacksKernel(words)) {
      throw new FailureError(
        'UnsupportedOperator',
        `onnxruntime cannot compute the model in the types that it is written in (${runtimeWords(words)}); export the model in float32.`,
        words,
      );
    }
    throw new FailureError(
      'DamagedModel',
      `onnxruntime does not load the model: ${runtimeWords(words)}; check that the exporter finished without errors.`,
      words,
    );
  }
}

async function running<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const words = faultWords(error);
    if (lacksMemory(words)) {
      throw new FailureError(
        'TooLarge',
        `There is not enough memory to run the model on a batch of these samples (${runtimeWords(words)}); free some, or analyse a smaller model.`,
        words,
      );
    }
    throw new FailureError(
      'UnsupportedStructure',
      `onnxruntime does not run the model on these samples: ${runtimeWords(words)}; check that their shapes are the model's, and that its rows are samples.`,
      words,
    );
  }
}

/** The words of a fault that is the model's; what says already what is wrong is thrown on. */
function faultWords(error: unknown): string {
  if (error instanceof RuntimeFault) return error.words;
  if (error instanceof FailureError) throw error;
  return String(error);
}
