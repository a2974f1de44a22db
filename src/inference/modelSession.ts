import { FailureError } from '../report/failure';
import { formatCount } from '../report/wording/number';
import { byteSize } from '../report/wording/byteSize';
import { setting } from '../report/wording/settings';
import type { RunnableModel } from '../formats/model';
import type { GraphNode, TensorSpec } from '../graph/graph';
import { ancestors } from '../graph/flow';
import { operatorOf } from '../graph/operators';
import { leastSizes } from '../graph/oversized';
import { sizeOf } from '../graph/static/value';
import type { Trace } from '../graph/trace';
import type { RunFeeds, RunTensor } from '../runtime/session';
import { lacksMemory, RuntimeFault, Session } from '../runtime/session';
import { inEvaluationMode } from './evaluationMode';
import { modelFeeds, type ModelSamples } from './feeds';
import { bytesOfRun, type RunBytes } from './runMemory';
import { lacksKernel, runtimeWords } from './runtimeWords';

/** Samples whose trace tells what a run takes: that of the first lowering, too. */
const countedSamples = 2;
/** Of a number of a sample: in float64, and as the model takes it. */
const bytesOfFed = 12;
/** Of a number that is known to be computed, at the least of the usual types. */
const bytesOfComputed = 4;

interface KnownTrace {
  readonly samples: ModelSamples;
  readonly size: number;
  /** Without the numbers of floats. */
  readonly shapes: Trace;
  /** The wanted outputs with theirs. */
  readonly outputs: Trace;
}

/**
 * A model's own file in onnxruntime, normalisation and dropout in evaluation mode. It is opened at most twice, each time
 * when it is first needed: once for the wanted outputs, which any number of samples is run through, and once with every
 * tensor as an output, for few samples, since all of them are in memory together.
 */
export class ModelSession {
  private forOutputs: Promise<Session> | null = null;
  private forTensors: Promise<Session> | null = null;
  private readonly nodes: readonly GraphNode[];
  private readonly tensors: readonly string[];
  /** The graph inputs that the outputs depend on. */
  private readonly inputs: readonly TensorSpec[];
  /** Of few samples: the first lowering has it again. */
  private last: KnownTrace | null = null;
  private ofSample: (RunBytes & { readonly shapes: string }) | null = null;

  /**
   * @param outputs the tensors that are wanted at all samples; a trace shows what makes the first of them
   * @param beforeRun called before every run; what it throws ends the run
   * @param memoryBudget bytes that no run is to go beyond, as far as its sizes are known before it
   */
  constructor(
    private readonly model: RunnableModel,
    private readonly outputs: readonly string[],
    private readonly threads: number,
    private readonly beforeRun: () => void = () => undefined,
    private readonly memoryBudget = Infinity,
  ) {
    const { graph } = model;
    const nodes = ancestors(graph, outputs[0] ?? '');
    this.nodes = nodes;
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
   * @throws FailureError DamagedModel, UnsupportedStructure, SampleKeyMissing, TooLarge
   */
  async run(
    names: readonly string[],
    samples: ModelSamples,
    from: number,
    size: number,
  ): Promise<Readonly<Record<string, RunTensor>>> {
    this.requireRoom(samples, size, 'one');
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
    const known = this.last?.samples === samples && this.last.size === size ? this.last : null;
    const { shapes, outputs } =
      known?.outputs.has(kept) === true ? known : await this.traceAnew(samples, size, kept);
    return new Map([...shapes, ...[...outputs].filter(([name]) => name === kept)]);
  }

  private async traceAnew(samples: ModelSamples, size: number, kept: string): Promise<KnownTrace> {
    this.requireRoom(samples, size, 'all');
    const session = await this.openTensors();
    this.beforeRun();
    const traced = new Map(Object.entries(await running(() => session.trace(this.feeds(samples, 0, size)))));
    const { alive, traced: all } = bytesOfRun(this.nodes, traced, this.outputs);
    this.ofSample = { alive: alive / size, traced: all / size, shapes: shapesOf(samples) };
    const outputs = new Map(
      [kept, ...this.outputs].flatMap((name) => {
        const tensor = traced.get(name);
        return tensor === undefined ? [] : [[name, tensor] as const];
      }),
    );
    const shapes = new Map(
      [...traced].map(([name, tensor]) => {
        const isFloat = tensor.data instanceof Float32Array || tensor.data instanceof Float64Array;
        return [name, isFloat ? { ...tensor, data: null } : tensor];
      }),
    );
    const known = { samples, size, shapes, outputs };
    if (size <= countedSamples) this.last = known;
    return known;
  }

  /**
   * What a run takes for one sample of these, counted in a trace of two.
   * @throws FailureError where the model does not run on them
   */
  async bytesOfSample(samples: ModelSamples): Promise<RunBytes> {
    if (this.ofSample?.shapes !== shapesOf(samples))
      await this.trace(samples, Math.min(countedSamples, samples.count), this.outputs[0] ?? '');
    return this.ofSample ?? { alive: 0, traced: 0 };
  }

  /** Gives back what onnxruntime holds; what is asked for afterwards opens the file again. */
  async release(): Promise<void> {
    const opened = [this.forOutputs, this.forTensors];
    this.forOutputs = null;
    this.forTensors = null;
    for (const session of opened) await (await session?.catch(() => null))?.release();
  }

  /**
   * Holds what is known of a run's sizes before it against the budget: of all tensors that a trace keeps, of a run the
   * largest.
   * @throws FailureError TooLarge
   */
  private requireRoom(samples: ModelSamples, size: number, which: 'all' | 'one'): void {
    const read = samples.inputs.filter(({ name }) => this.inputs.some((input) => input.name === name));
    const fed = read.map(({ name, dims }) => [name, size * sizeOf(dims)] as const);
    const sizes = [...leastSizes(this.model.graph, this.nodes, new Map(fed)).values()];
    const computed = sizes.reduce((sum, each) => (which === 'all' ? sum + each : Math.max(sum, each)), 0);
    const bytes = bytesOfFed * fed.reduce((sum, [, each]) => sum + each, 0) + bytesOfComputed * computed;
    if (bytes > this.memoryBudget) throw tooLarge(bytes, size, this.memoryBudget);
  }

  private feeds(samples: ModelSamples, from: number, size: number): RunFeeds {
    return modelFeeds(samples, this.inputs, from, size);
  }

  private openTensors(): Promise<Session> {
    this.forTensors ??= open(this.model, this.tensors, this.threads);
    return this.forTensors;
  }
}

/** Why a run on so many samples at a time is beyond the memory that is allowed. */
export function tooLarge(bytes: number, samples: number, memoryBudget: number): FailureError {
  const many = samples === 1 ? 'one sample' : `${formatCount(samples)} samples at a time`;
  return new FailureError(
    'TooLarge',
    `The model takes at least ${byteSize(bytes)} to run on ${many}, more than the ${byteSize(memoryBudget)} allowed; allow more with ${setting('memory')}, or export the model for fewer or smaller samples.`,
  );
}

function shapesOf({ inputs }: ModelSamples): string {
  return inputs.map(({ dims }) => dims.join('×')).join(',');
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
