import type { Cost, Loss, Method, PartialReport, Training } from './report';
import type { Architecture } from './architecture';
import type { InputShapes, OpenInput } from './inputShapes';

/** Where the samples come from. */
export type SampleSource =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Keys of the inputs in the file, by graph input name; the key '' stands for the only graph input. */
      readonly inputs: Readonly<Record<string, string>>;
      /** Key of the labels in the file, or null: found by name. */
      readonly labels: string | null;
    }
  | { readonly kind: 'random'; readonly count: number };

/** Of tables by their names: the row that stands for no token, which a lookup does not train (padding_idx). */
export type PaddingRows = Readonly<Record<string, number>>;

/** Everything that an analysis depends on. Structured-clonable: it crosses to the worker. */
export interface AnalysisRequest {
  readonly model: string;
  readonly samples: SampleSource;
  /** Multiplies the inputs. */
  readonly scale: number;
  /** How the pixels of pictures are normalised, see normalisations.ts; null: as gives the least mean loss. */
  readonly normalize: string | null;
  /** Whether pictures that cannot be read are left out. */
  readonly skipBroken: boolean;
  /** At most this many samples, a seeded draw; null: all. */
  readonly limit: number | null;
  /** The graph output to put the loss on; null: the one that looks like logits. */
  readonly output: string | null;
  readonly loss: Loss | 'auto';
  /** Weight of every class in the cross-entropy, PyTorch's way; "balanced": inverse to how often the class occurs. */
  readonly classWeights: readonly number[] | 'balanced' | null;
  /** Share of every label that is spread evenly over all classes, 0 to 1 (1 excluded). */
  readonly labelSmoothing: number;
  /** Weight of the positives in the binary cross-entropy, PyTorch's way: one, or one for every output. */
  readonly posWeight: readonly number[] | null;
  /** The label that leaves out what it stands for; null: PyTorch's −100, or what plainly is meant. */
  readonly ignoreLabel: number | null;
  /** λ of ½λ‖θ‖², which is added to the loss. */
  readonly weightDecay: number;
  /** Names of the parameters that it is over, or patterns of them such as *.weight; none: all. */
  readonly decayed: readonly string[];
  /** auto: the closed form for perceptrons, every column for small models, else an estimate. */
  readonly method: Method | 'auto';
  /** Relative precision asked of λ_max's interval and of every estimate. */
  readonly precision: number;
  /** Of Hessian-vector products; auto: float32 wherever its measured error allows the precision asked. */
  readonly dtype: 'auto' | 'float64' | 'float32';
  /** Whether an export in training mode is analysed as in evaluation mode. */
  readonly evaluation: boolean;
  /** How the model is trained, beside which the edge of stability stands; null: not said. */
  readonly training: Training | null;
  /** Tensors of the file that count as parameters, and tensors that do not, whatever the graph tells of them. */
  readonly trained: readonly string[];
  readonly fixed: readonly string[];
  /** Shapes of graph inputs whose sizes the file leaves open, by name, the axis of the samples first. */
  readonly shapes: InputShapes;
  readonly paddingRows: PaddingRows;
  /** What a file of weights does not tell of its network; null: not said. */
  readonly architecture: Architecture | null;
  /** Whether an estimate looks at the blocks of layers, too: as many products more for every probe as there are layers. */
  readonly blocks: boolean;
  /** Whether the largest eigenvalue of the scale-adapted Hessian is looked for, too. */
  readonly scaleAdapted: boolean;
  /** Whether the loss is measured over a plane of two directions, too. */
  readonly plane: boolean;
  /** How many of the largest eigenvalues are looked for; null: 10, for no more than λ_max takes. */
  readonly top: number | null;
  /** Seconds after which no further product is begun; null: no limit. */
  readonly timeLimit: number | null;
  readonly seed: number;
  /** Threads for matrix products; null: as many as the machine has cores. */
  readonly threads: number | null;
  /** Bytes that the working set may take; null: a quarter of the machine's. */
  readonly memoryBudget: number | null;
}

/** The optimisers whose edge of stability is told. */
export const optimisers = ['sgd', 'momentum', 'nesterov', 'adam'] as const;

/** Momentum where an optimiser has one and nobody says how much: PyTorch's examples, and Adam's β₁. */
const usualMomentum = 0.9;

/** How a model is trained, from what was said of it. */
export function completeTraining(said: {
  readonly [Key in keyof Training]?: Training[Key] | null | undefined;
}): Training {
  const momentum = said.momentum ?? null;
  const optimiser = said.optimiser ?? (momentum === null || momentum === 0 ? 'sgd' : 'momentum');
  return {
    optimiser,
    learningRate: said.learningRate ?? null,
    momentum: optimiser === 'sgd' ? 0 : (momentum ?? usualMomentum),
    batchSize: said.batchSize ?? null,
  };
}

/** What can be asked for as the method. */
export const methods: readonly AnalysisRequest['method'][] = ['auto', 'closed-form', 'exact', 'estimate'];

/** So many of the largest eigenvalues can be asked for. */
export const mostTop = 100;

/** Random inputs drawn where nothing else is said. */
export const defaultRandomCount = 256;

/** How to compute, without the user's word: what no sidecar says. */
export const defaultComputation = {
  method: 'auto',
  precision: 0.01,
  dtype: 'auto',
  evaluation: false,
  blocks: false,
  scaleAdapted: false,
  plane: false,
  top: null,
  timeLimit: null,
  seed: 0,
  threads: null,
  memoryBudget: null,
} as const satisfies Partial<AnalysisRequest>;

/** What is analysed, without the user's word. */
const subject = {
  scale: 1,
  normalize: null,
  skipBroken: false,
  limit: null,
  output: null,
  loss: 'auto',
  classWeights: null,
  labelSmoothing: 0,
  posWeight: null,
  ignoreLabel: null,
  weightDecay: 0,
  decayed: [],
  training: null,
  trained: [],
  fixed: [],
  shapes: {},
  paddingRows: {},
  architecture: null,
} as const satisfies Omit<AnalysisRequest, 'model' | 'samples' | keyof Computation>;

/** What a request is without the user's word; one place, so that the terminal and the panel give the same report. */
export const requestDefaults = { ...subject, ...defaultComputation };

/** What a person may say of an analysis, in options or in a sidecar; null: left open. */
export type RequestOptions = {
  readonly [Key in keyof typeof subject]: AnalysisRequest[Key] | null;
} & {
  /** The data file. */
  readonly samples: string | null;
  readonly inputs: Readonly<Record<string, string>> | null;
  readonly labels: string | null;
};

/** Everything left open. */
export const noOptions = Object.fromEntries(
  ['samples', 'inputs', 'labels', ...Object.keys(subject)].map((key) => [key, null]),
) as unknown as RequestOptions;

/** `options`, and what they leave open from `others`; a tensor that the one says is trained the other cannot hold fixed. */
export function completeRequest(options: RequestOptions, others: RequestOptions): RequestOptions {
  return {
    ...others,
    trained: without(others.trained, options.fixed),
    fixed: without(others.fixed, options.trained),
    ...whatIsSaid(options),
  };
}

/** What is not left open. */
export function whatIsSaid<Options extends object>(
  options: Options,
): { readonly [Key in keyof Options]?: NonNullable<Options[Key]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => (value ?? null) !== null)) as {
    readonly [Key in keyof Options]?: NonNullable<Options[Key]>;
  };
}

function without(
  names: readonly string[] | null,
  others: readonly string[] | null,
): readonly string[] | null {
  return names?.filter((name) => others?.includes(name) !== true) ?? null;
}

/** The part of a request that is about how to compute. */
export type Computation = Pick<AnalysisRequest, keyof typeof defaultComputation>;

/** What of the computation is chosen in the panel; the rest are VS Code's settings. */
export type ComputationChoice = Omit<Computation, 'threads' | 'memoryBudget'>;

/** The part of a request that options decide; without a data file the samples are random, `limit` of them. */
export function requestOf(options: RequestOptions): Omit<AnalysisRequest, 'model' | keyof Computation> {
  const { samples, inputs, labels, limit, ...said } = options;
  return {
    ...subject,
    ...whatIsSaid(said),
    samples:
      samples === null
        ? { kind: 'random', count: limit ?? defaultRandomCount }
        : { kind: 'file', path: samples, inputs: inputs ?? {}, labels },
    limit: samples === null ? subject.limit : limit,
  };
}

/** A data file beside the model that the panel offers as samples. */
export interface SampleCandidate {
  readonly path: string;
  /** File name as shown. */
  readonly name: string;
  /** One line: "1,797 samples of 64 numbers, labels 0 to 9", or why it does not fit. */
  readonly description: string;
  readonly fits: boolean;
}

/** A model to look at, and what was said of it over what its sidecar says; null leaves open. */
export interface ModelToInspect {
  readonly file: string;
  readonly said: Partial<RequestOptions>;
}

/** A file of weights, what is said of it by its sidecar or over that, and architectures to try on its samples. */
export interface LayersToTry {
  readonly file: string;
  readonly said: RequestOptions;
  readonly architectures: readonly Architecture[];
}

/** What an architecture gives on the samples, or what is in the way. */
export type LayersTrial =
  | {
      readonly ok: true;
      readonly loss: number;
      readonly accuracy: number | null;
      readonly of: Loss;
      /** The file of the samples, and how many were taken. */
      readonly source: string;
      readonly count: number;
    }
  | { readonly ok: false; readonly fault: string };

/** What a model file and its folder tell before anything is computed. */
export interface ModelInspection {
  readonly facts: PartialReport;
  /** Data files beside the model, best first. */
  readonly candidates: readonly SampleCandidate[];
  /** The inputs of which the model leaves sizes open. */
  readonly openInputs: readonly OpenInput[];
  /** What can be said of the model: what it puts out, and its tensors of float numbers. */
  readonly outputs: readonly string[];
  readonly tensors: readonly TensorFacts[];
}

/** A tensor of the file that is a parameter, or that could be said to be one. */
export interface TensorFacts {
  readonly name: string;
  readonly shape: readonly number[];
  /** The layer that it belongs to, with its kind; null: it is no parameter. */
  readonly layer: string | null;
  readonly kind: string | null;
}

/** A stage of the work, as a person would name it, with what is known so far. */
export interface Progress {
  readonly stage: string;
  /** 0 to 1 over the whole analysis, or null where it cannot be told. */
  readonly fraction: number | null;
  readonly remainingSeconds: number | null;
  /** The stage's number among those of the analysis, from 1, and how many there are; null where it cannot be told. */
  readonly step: number | null;
  readonly steps: number | null;
  /** What the stage takes, told from its start, with the seconds by its count; null where it is nothing to speak of. */
  readonly cost: (Cost & { readonly seconds: number }) | null;
  /** Whether the stage may be skipped now; absent: it may not. */
  readonly canSkip?: boolean;
  readonly report: PartialReport;
}
