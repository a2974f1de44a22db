import type { Bounds, Quantity } from '../report/report';
import { computeBlockwiseBound } from './blockwiseBound';
import { computeContributions } from './contributions';
import { EstimatedBounds } from './estimatedBounds';
import type { LayerNumbers } from './probes';
import { SampleMeans } from './sampleMeans';

/** λ_k is bounded for k up to this. */
const mostEigenvalues = 10;

export interface LayerEstimate {
  /** τ_l. */
  readonly trace: Quantity;
  /** Σ_m ‖H_lm‖_F²; the layers sum to the squared norm. */
  readonly rowSum: Quantity;
  /** c_l; the layers sum to the upper bound on λ_max. */
  readonly contribution: Quantity;
  /** ‖H_ll‖_F², and what the row holds beside it; null where the blocks were not asked for. */
  readonly ownCurvature: Quantity | null;
  readonly coupling: Quantity | null;
  readonly blockUpperBound: Quantity | null;
}

/** Trace, squared norm and all that follows from them. The bounds are estimates of bounds unless every error is 0. */
export interface MomentEstimate {
  readonly trace: Quantity;
  readonly frobeniusSquared: Quantity;
  readonly bounds: Bounds;
  readonly layers: readonly LayerEstimate[];
  readonly blocks: readonly (readonly Quantity[])[] | null;
}

/**
 * The estimate from the layers' numbers: exact sums, and the samples of as many probes as were drawn (none where
 * everything is exact).
 * @param parameters P_l of every layer
 */
export function estimateMoments(
  parameters: readonly number[],
  exact: LayerNumbers,
  samples: readonly LayerNumbers[],
): MomentEstimate {
  const places = new Places(parameters.length);
  const means = new SampleMeans(inOneRow(exact), samples.map(inOneRow));
  const whole = new EstimatedBounds(means, places.trace, places.norm, total(parameters));
  const blocks = exact.blocks === null ? null : new EstimatedBlocks(parameters, places, means);
  const { order } = whole.moments;
  return {
    trace: quantity(means, places.trace),
    frobeniusSquared: quantity(means, places.norm),
    bounds: {
      lambdaMax: { ...whole.lambdaMax(), blockwiseUpper: blocks?.blockwiseUpper() ?? null },
      lambdaMin: whole.lambdaMin(),
      eigenvalues: Array.from(
        { length: Math.max(0, Math.min(mostEigenvalues, order - 1) - 1) },
        (_, index) => ({
          k: index + 2,
          ...whole.eigenvalue(index + 2),
        }),
      ),
    },
    layers: layerContributions(parameters, places, means, whole).map((contribution, l) => ({
      trace: quantity(means, l),
      rowSum: quantity(means, places.row(l)),
      contribution,
      ownCurvature: blocks?.norm(l, l) ?? null,
      coupling: blocks?.coupling(l) ?? null,
      blockUpperBound: blocks?.upper(l) ?? null,
    })),
    blocks: blocks && parameters.map((_, l) => parameters.map((__, m) => blocks.norm(l, m))),
  };
}

/** Where the numbers stand in a row: the traces, the row sums, both totals, the blocks. */
class Places {
  constructor(private readonly layers: number) {}

  row(l: number): number {
    return this.layers + l;
  }

  get trace(): number {
    return 2 * this.layers;
  }

  get norm(): number {
    return this.trace + 1;
  }

  block(l: number, m: number): number {
    return this.norm + 1 + l * this.layers + m;
  }
}

function inOneRow({ traces, rows, blocks }: LayerNumbers): Float64Array {
  return Float64Array.of(...traces, ...rows, total(traces), total(rows), ...(blocks ?? []));
}

function quantity(means: SampleMeans, index: number): Quantity {
  return { value: means.value(index), standardError: means.standardError((sample) => sample[index]!) };
}

/**
 * The contributions, by the delta method on (τ_l, Σ_m ‖H_lm‖², T, F²): with c_l = τ_l/P + √(P−1) ψ/s and
 * ψ = Σ_m ‖H_lm‖²/P − τ_l T/P²,
 *
 *     δc_l = δτ_l/P + √(P−1)/s · ( δψ − ψ δ(s²)/(2s²) ),     δ(s²) = δF²/P − 2T δT/P²
 */
function layerContributions(
  parameters: readonly number[],
  places: Places,
  means: SampleMeans,
  whole: EstimatedBounds,
): Quantity[] {
  const { deviation: s, deviationAtZero, outermost } = whole;
  const { trace, order } = whole.moments;
  const values = computeContributions(
    parameters.map((count, l) => ({
      parameters: count,
      trace: means.value(l),
      row: [means.value(places.row(l))],
    })),
  );
  return values.map((value, l) => {
    const own = means.value(l);
    const psi = means.value(places.row(l)) / order - (own * trace) / order ** 2;
    const ofMean = (sample: Float64Array): number => sample[l]! / order;
    if (deviationAtZero !== null) {
      return { value, standardError: means.standardError(ofMean) + outermost * deviationAtZero };
    }
    const standardError = means.standardError((sample) => {
      const traceChange = sample[places.trace]!;
      const psiChange =
        sample[places.row(l)]! / order - (sample[l]! * trace + own * traceChange) / order ** 2;
      const varianceChange = sample[places.norm]! / order - (2 * trace * traceChange) / order ** 2;
      return ofMean(sample) + (outermost / s) * (psiChange - (psi * varianceChange) / (2 * s * s));
    });
    return { value, standardError };
  });
}

/** What the blocks tell, each layer's own bound and the blockwise bound. */
class EstimatedBlocks {
  private readonly own: readonly EstimatedBounds[];

  constructor(
    private readonly parameters: readonly number[],
    private readonly places: Places,
    private readonly means: SampleMeans,
  ) {
    this.own = parameters.map((order, l) => new EstimatedBounds(means, l, places.block(l, l), order));
  }

  /** ‖H_lm‖_F². */
  norm(l: number, m: number): Quantity {
    const { value, standardError } = quantity(this.means, this.places.block(l, m));
    return { value: Math.max(0, value), standardError };
  }

  /** Σ_{m≠l} ‖H_lm‖_F², as row less own. */
  coupling(l: number): Quantity {
    const [row, own] = [this.places.row(l), this.places.block(l, l)];
    return {
      value: Math.max(0, this.means.value(row) - this.norm(l, l).value),
      standardError: this.means.standardError((sample) => sample[row]! - sample[own]!),
    };
  }

  upper(l: number): Quantity {
    return this.own[l]!.upper();
  }

  blockwiseUpper(): Quantity {
    const { own, means, places } = this;
    const norms = this.parameters.map((_, l) => this.parameters.map((__, m) => this.norm(l, m)));
    const { upper, direction: x } = computeBlockwiseBound(
      own.map((bounds) => bounds.upper().value),
      norms.map((row) => row.map(({ value }) => value)),
    );
    const variations = own.map((bounds) => bounds.variation(bounds.outermost));
    let atZero = total(variations.map((variation, l) => x[l]! ** 2 * variation.atZero));
    /** ∂λ_max(S)/∂‖H_lm‖² by place, l ≠ m. */
    const slopes: [number, number][] = [];
    for (const [l, row] of norms.entries()) {
      for (const [m, { value, standardError }] of row.entries()) {
        const weight = x[l]! * x[m]!;
        if (l === m) continue;
        if (value > 2 * standardError) slopes.push([places.block(l, m), weight / (2 * Math.sqrt(value))]);
        else atZero += Math.abs(weight) * Math.sqrt(standardError);
      }
    }
    const standardError = means.standardError((sample) => {
      const ofBlocks = total(variations.map(({ linear }, l) => x[l]! ** 2 * linear(sample)));
      return ofBlocks + total(slopes.map(([place, slope]) => slope * sample[place]!));
    });
    return { value: upper, standardError: standardError + atZero };
  }
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
