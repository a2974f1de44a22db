/**
 * The report: one JSON document that holds everything the panel shows.
 * Estimated quantities are `Quantity`; facts, shares and counts are plain numbers.
 * Fields may be added, never renamed: checks outside the project read them.
 */

/** A number with its evidence: `standardError` is 0 where the value is exact to float64 rounding. */
export interface Quantity {
  readonly value: number;
  readonly standardError: number;
}

export interface Interval {
  readonly lower: Quantity;
  readonly upper: Quantity;
}

/** Between these ends a number lies. */
export interface Range {
  readonly lower: number;
  readonly upper: number;
}

export interface ModelFacts {
  readonly file: string;
  readonly sha256: string;
  /** As a person names it: "ONNX", "Keras", … */
  readonly format: string;
  /** The exporter and its version as the file states them, or null. */
  readonly producer: string | null;
  /** Trainable numbers reached from the output. */
  readonly parameters: number;
  /** The name of the tensor that the loss is put on (logits). */
  readonly output: string;
  /** One line for a person: "perceptron 64-32-16-10, tanh". */
  readonly architecture: string;
}

export interface SampleFacts {
  /** The data file, or "random inputs". */
  readonly source: string;
  readonly count: number;
  /** Number of classes, 0 for regression. */
  readonly classes: number;
  readonly labels: 'given' | 'predicted' | 'drawn';
  /** The factor that the inputs were multiplied by. */
  readonly scale: number;
  /** Over the samples, or over their predictions where they have several. */
  readonly meanLoss: number;
  readonly accuracy: number | null;
  /** Predictions of one sample that the loss is put on, one for every token or pixel; absent where there is one. */
  readonly rowsPerSample?: number;
  /** Of all predictions, those whose label −100 says to leave them out. */
  readonly ignoredRows?: number;
}

export type Loss = 'cross-entropy' | 'binary-cross-entropy' | 'mean-squared-error' | 'huber';

/** What of the loss the user asked for beside its kind. */
export interface LossOptions {
  /** Weight of every class, as asked for; null: all 1. */
  readonly classWeights: readonly number[] | 'balanced' | null;
  /** Share of every label that is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** Samples whose label −100 says to leave them out. */
  readonly ignoredSamples: number;
}

export type Method = 'closed-form' | 'exact' | 'estimate';

/** What a computation takes, predicted from the shapes alone. */
export interface Cost {
  readonly multiplyAdds: number;
  /** The working set, beside the model and the samples themselves. */
  readonly bytes: number;
}

export interface AnalysisFacts {
  readonly precision: 'float64' | 'float32';
  /** Relative error of a product measured in float32 against float64; 0 for the closed form in float64. */
  readonly productError: number;
  readonly mode: 'evaluation';
  readonly seed: number;
  readonly requestedPrecision: number;
  /** What ended the analysis: "complete", or the budget that ran out; the time limit where it ended any part. */
  readonly stoppedBy: string;
  readonly threads: number;
  /** Of the bounds themselves; what drives them is computed after them and not counted here. */
  readonly cost: Cost;
  readonly versions: Readonly<Record<string, string>>;
}

export interface EigenvalueBound extends Interval {
  /** The k of the k-th largest eigenvalue, counted from 1. */
  readonly k: number;
}

export interface Bounds {
  readonly lambdaMax: Interval & { readonly blockwiseUpper: Quantity | null };
  readonly lambdaMin: Interval;
  readonly eigenvalues: readonly EigenvalueBound[];
}

/** The 95 % intervals of an estimate's numbers, cut off where the truth cannot lie. */
export interface EstimateIntervals {
  readonly trace: Range;
  /** Not below what Lanczos has found of it. */
  readonly frobeniusSquared: Range;
  /** Upper bounds are not below the largest Ritz value, nor lower bounds on λ_min above the smallest. */
  readonly bounds: {
    readonly lambdaMax: {
      readonly lower: Range;
      readonly upper: Range;
      readonly blockwiseUpper: Range | null;
    };
    readonly lambdaMin: { readonly lower: Range; readonly upper: Range };
    readonly eigenvalues: readonly { readonly k: number; readonly lower: Range; readonly upper: Range }[];
  };
}

/** What an estimate tells of its errors. */
export interface EstimateFacts {
  /** Random vectors behind the numbers. */
  readonly probes: number;
  /** As many as the precision asked would take, as a pilot told whose own probes are used for nothing else. */
  readonly wantedProbes: number;
  readonly pilotProbes: number;
  /** What ended the probes: "complete" (as many as were wanted) or the budget that ran out; null while they are drawn. */
  readonly stoppedBy: string | null;
  /** Whether the 95 % intervals of trace, squared norm and upper bound are as narrow as the precision asked. */
  readonly precisionReached: boolean;
  /** Σ|λ|, about: what the trace's interval is measured against where curvature of both signs cancels in it. */
  readonly absoluteTrace: number;
  /** Half a 95 % interval in standard errors: Student's quantile for one degree of freedom less than probes. */
  readonly studentQuantile: number;
  readonly intervals: EstimateIntervals;
}

export interface LayerReport {
  readonly name: string;
  /** The operator as a person names it: "Linear", "Conv", … */
  readonly kind: string;
  readonly parameters: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Frobenius norm of the weight, the bias not counted. */
  readonly weightNorm: number;
  /** Trace of the layer's own Hessian block. */
  readonly trace: Quantity;
  /** ‖H_ll‖_F². */
  readonly ownCurvature: Quantity | null;
  /** Σ_{m≠l} ‖H_lm‖_F². */
  readonly coupling: Quantity | null;
  /** Additive share of the upper bound on λ_max; may be negative; the sum over layers is the bound. */
  readonly contribution: Quantity;
  /** Upper bound on the largest eigenvalue of the layer's own block. */
  readonly blockUpperBound: Quantity | null;
  /** Relative change of the bound per relative change of the weight's scale. */
  readonly elasticity: number | null;
  /** Share of F² of each hidden unit that the layer feeds. */
  readonly units: readonly number[] | null;
}

export interface LayerOrthogonality {
  /** Share of the layer's Σ_m ‖H_lm‖_F² that comes from pairs of different samples. */
  readonly crossSampleShare: number;
  /** Cosines between the layer's inputs of at most 64 samples, ordered by class; null where not drawn. */
  readonly gram: readonly (readonly number[])[] | null;
}

export interface Orthogonality {
  /** Share of F² that comes from pairs of different samples. */
  readonly crossSampleShare: number;
  /** The class of each row of the Gram pictures; null where no single class is meant, or none was drawn. */
  readonly classes: readonly number[] | null;
  readonly layers: readonly LayerOrthogonality[];
}

/** A sample as a small picture, for samples that are one. */
export interface SamplePicture {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** Integers from 0 to 255, height × width × channels; the least and the greatest number of all shown samples are 0 and 255. */
  readonly pixels: readonly number[];
}

export interface TopSample {
  readonly index: number;
  readonly label: number | null;
  readonly predicted: number | null;
  readonly loss: number;
  /** Share of F² of the sample's row of pairs. */
  readonly share: number;
  /** null where the sample is no picture of at most 64 × 64. */
  readonly picture: SamplePicture | null;
}

export interface GaussNewton {
  readonly trace: Quantity;
  readonly frobeniusSquared: Quantity;
  readonly upper: Quantity;
  /** 95 %, of estimates; absent where all is exact. */
  readonly intervals?: {
    readonly trace: Range;
    readonly frobeniusSquared: Range;
    readonly upper: Range;
  };
}

/** An interval that holds an extreme eigenvalue of the Hessian. */
export interface EigenvalueInterval {
  readonly lower: number;
  readonly upper: number;
  /**
   * "spectrum": from all eigenvalues, both ends equal. "proved": true of every matrix of this trace and norm.
   * "probabilistic": true but for unlucky starts of Lanczos.
   */
  readonly kind: 'spectrum' | 'proved' | 'probabilistic';
  /** The probability that it holds, at least; 1 where it is no matter of chance. */
  readonly confidence: number;
  /** Whether it is narrower than the precision asked, relative to its nearer end. */
  readonly certified: boolean;
  /** Lanczos steps taken. */
  readonly steps: number;
}

export interface Sharpness {
  readonly lambdaMax: EigenvalueInterval;
  readonly lambdaMin: EigenvalueInterval;
}

/** Sharpness that does not change when layers are rescaled against each other. */
export interface ScaleAdapted {
  /** Of D·H·D with D = diag(|θ|), biases included (Kwon et al. 2021, ASAM). */
  readonly lambdaMax: EigenvalueInterval;
}

/** The distribution of the Hessian's eigenvalues. */
export interface Spectrum {
  /** "exact": every eigenvalue counted. "quadrature": stochastic Lanczos quadrature. */
  readonly method: 'exact' | 'quadrature';
  /** All eigenvalues in descending order, or null where they are not known. */
  readonly values: readonly number[] | null;
  /** Edges of the bins in ascending order, one more than there are bins. */
  readonly grid: readonly number[];
  /** Share of all eigenvalues per unit of λ in each bin: densities times widths sum to 1. */
  readonly densities: readonly number[];
  /** Standard error of each density over the probes; null where exact. */
  readonly spread: readonly number[] | null;
  /** Starting vectors of the quadrature, and Lanczos steps from each; 0 where exact. */
  readonly probes: number;
  readonly steps: number;
}

export interface Warning {
  readonly kind: string;
  readonly message: string;
}

export interface Report {
  readonly schema: 1;
  readonly model: ModelFacts;
  readonly samples: SampleFacts;
  readonly loss: Loss;
  /** True where the loss had to be guessed. */
  readonly lossAssumed: boolean;
  readonly lossOptions: LossOptions;
  readonly method: Method;
  readonly analysis: AnalysisFacts;
  readonly gradientNorm: number;
  readonly trace: Quantity;
  readonly frobeniusSquared: Quantity;
  readonly bounds: Bounds;
  /** Absent where trace and norm are exact. */
  readonly estimate?: EstimateFacts;
  readonly gaussNewton: GaussNewton | null;
  /** In the order of the forward pass. */
  readonly layers: readonly LayerReport[];
  /** ‖H_lm‖_F², layers × layers. */
  readonly blocks: readonly (readonly Quantity[])[] | null;
  readonly orthogonality: Orthogonality | null;
  readonly topSamples: readonly TopSample[] | null;
  /** Absent where no interval was looked for. */
  readonly sharpness?: Sharpness;
  /** null where it was not asked for, or a warning says why it was not looked for. */
  readonly scaleAdapted: ScaleAdapted | null;
  readonly spectrum: Spectrum | null;
  readonly warnings: readonly Warning[];
  /** Seconds by stage ("read", "forward", "compute", "total"); the only part that two equal runs may differ in. */
  readonly time: Readonly<Record<string, number>>;
}

/** What is known so far while an analysis runs. */
export type PartialReport = Partial<Report>;
