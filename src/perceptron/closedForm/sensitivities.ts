import { lambdaMaxBounds, type Moments } from '../../curvature/bounds';
import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import type { AffineLayer, Perceptron } from '../perceptron';
import { decayedTrace, pieceOfSamples, type Piece, type PieceOfSamples } from './blockTerms';
import { CurvatureFeatures } from './curvatureFeatures';
import type { Range } from './ranges';
import { sampleTile, type Problem } from './sampleTile';

/**
 * Relative step of a weight's scale. What is differenced are features of single samples, good to their rounding, by which
 * the difference is off, 2⁻⁵³ over the step, and by as much of the second derivative.
 */
const step = 2 ** -26;

/** Slopes by the logarithm of the scale of a layer's weights, its bias unchanged. */
export interface Sensitivity {
  readonly trace: number;
  readonly frobeniusSquared: number;
}

/**
 * What the scale of every layer's weights does to trace and squared norm. The norm's slopes by the sources of its blocks are
 * found once for all layers; how the sources move with a layer is a difference, which costs no sum over samples.
 */
export class Sensitivities {
  private readonly traces: Float64Array;
  /** The same over what decays. */
  private readonly decayedTraces: Float64Array;
  private readonly squares: Float64Array;
  constructor(
    private readonly problem: Problem,
    private readonly products: MatrixProducts,
  ) {
    const layers = problem.perceptron.layers.length;
    this.traces = new Float64Array(layers);
    this.decayedTraces = new Float64Array(layers);
    this.squares = new Float64Array(layers);
  }

  /**
   * @param slopes half those of N²‖piece‖² by its sources
   * @param scaled the features of the same samples with the weights of one layer a little larger, by layer
   */
  async add(
    piece: Piece,
    own: PieceOfSamples,
    scaled: readonly CurvatureFeatures[],
    slopes: readonly Matrix[],
  ): Promise<void> {
    // H_ml stands for H_lm, too.
    const times = piece.m === piece.l ? 2 : 4;
    for (const [layer, features] of scaled.entries()) {
      const { sources, trace } = await pieceOfSamples(features, piece);
      slopes.forEach(({ data }, at) => {
        this.squares[layer]! += (times / step) * changeAlong(data, own.sources[at]!.data, sources[at]!.data);
      });
      if (trace === null || own.trace === null) continue;
      const change = { whole: trace.whole - own.trace.whole, bias: trace.bias - own.trace.bias };
      this.traces[layer]! += change.whole / step;
      this.decayedTraces[layer]! += decayedTrace(this.problem.perceptron.layers[piece.l]!, change) / step;
    }
  }

  /** @param decay λ over what decays, D of the diagonal: ‖H + λD‖² = ‖H‖² + 2λ tr DH + λ² tr D */
  all(decay: number): Sensitivity[] {
    const samples = this.problem.inputs.rows;
    return Array.from(this.traces, (trace, layer) => ({
      trace: trace / samples,
      frobeniusSquared:
        this.squares[layer]! / samples ** 2 + (2 * decay * this.decayedTraces[layer]!) / samples,
    }));
  }

  /** Of the samples of a range, for every layer. */
  async scaled([from, to]: Range): Promise<CurvatureFeatures[]> {
    const scaled: CurvatureFeatures[] = [];
    for (const layer of this.traces.keys()) {
      const problem = { ...this.problem, perceptron: scaleWeights(this.problem.perceptron, layer, 1 + step) };
      const tile = await sampleTile(problem, this.products, from, to);
      scaled.push(await CurvatureFeatures.of(tile, this.products));
    }
    return scaled;
  }
}

/** ⟨slope, above − here⟩. */
function changeAlong(slope: Float64Array, here: Float64Array, above: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < slope.length; at++) sum += slope[at]! * (above[at]! - here[at]!);
  return sum;
}

/** The perceptron with the weights of one layer times a factor, its bias unchanged. */
export function scaleWeights(perceptron: Perceptron, layer: number, factor: number): Perceptron {
  return {
    ...perceptron,
    layers: perceptron.layers.map((own, l): AffineLayer =>
      l === layer ? { ...own, weight: own.weight.map((value) => factor * value) } : own,
    ),
  };
}

/**
 * Elasticity of the upper bound U on λ_max by a layer: ⟨∂U/∂W_l, W_l⟩ / U, the relative change of the bound per relative
 * change of the scale of W_l, its bias unchanged (math.md 7). Signed like the definition: the change of U itself over U, also
 * where U is negative. Null where the bound is 0: nothing is relative to it; and where the sensitivity is not known.
 */
export function elasticityOf(moments: Moments, sensitivity: Sensitivity | undefined): number | null {
  const { order } = moments;
  const { upper } = lambdaMaxBounds(moments);
  if (sensitivity === undefined || upper === 0) return null;
  const { trace, frobeniusSquared } = sensitivity;
  const root = upper - moments.trace / order;
  const ofRoot = frobeniusSquared - (2 * moments.trace * trace) / order;
  return (trace / order + (root === 0 ? 0 : ((1 - 1 / order) * ofRoot) / (2 * root))) / upper;
}
