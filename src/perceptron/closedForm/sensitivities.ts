import { lambdaMaxBounds, type Moments } from '../../curvature/bounds';
import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import type { AffineLayer, Perceptron } from '../perceptron';
import { sourcesOf, tracesWith, type Piece } from './blockTerms';
import { CurvatureFeatures } from './curvatureFeatures';
import type { Range } from './ranges';
import { sampleTile, type Problem } from './sampleTile';

/**
 * Step in the logarithm of a weight's scale. What is differenced are features of single samples, good to their rounding: the
 * central difference is off by h²/6 of the third derivative, and by 2⁻⁵³/h.
 */
const step = 2 ** -17;

/** Slopes by the logarithm of the scale of a layer's weights, its bias unchanged. */
export interface Sensitivity {
  readonly trace: number;
  readonly frobeniusSquared: number;
}

/** Features of a tile where a layer's weights are a little smaller, and a little larger. */
export type Scaled = readonly [CurvatureFeatures, CurvatureFeatures];

/**
 * What the scale of every layer's weights does to trace and squared norm. The norm's slopes by the sources of its blocks are
 * found once for all layers; how the sources move with a layer is a difference, which costs no sum over samples.
 */
export class Sensitivities {
  private readonly traces: Float64Array;
  private readonly squares: Float64Array;
  constructor(
    private readonly problem: Problem,
    private readonly products: MatrixProducts,
  ) {
    const layers = problem.perceptron.layers.length;
    this.traces = new Float64Array(layers);
    this.squares = new Float64Array(layers);
  }

  /**
   * @param slopes half those of N²‖piece‖² by the sources of samples
   * @param scaled the features of these samples, by layer
   */
  async add(piece: Piece, scaled: readonly Scaled[], slopes: readonly Matrix[]): Promise<void> {
    const { m, l } = piece;
    // H_ml stands for H_lm, too.
    const times = m === l ? 2 : 4;
    for (const [layer, [below, above]] of scaled.entries()) {
      const sides = {
        below: new Float64Array(below.tile.count),
        above: new Float64Array(below.tile.count),
      };
      const smaller = await sourcesOf(below, piece, sides.below);
      const larger = await sourcesOf(above, piece, sides.above);
      slopes.forEach(({ data }, at) => {
        const change = changeAlong(data, smaller[at]!.data, larger[at]!.data);
        this.squares[layer]! += (times * change) / (2 * step);
      });
      if (m !== l) continue;
      const change =
        tracesWith(above.tile.input[l]!, sides.above) - tracesWith(below.tile.input[l]!, sides.below);
      this.traces[layer]! += change / (2 * step);
    }
  }

  /** @param decay what the weight decay adds to every diagonal element: ‖H + λI‖² = ‖H‖² + 2λ tr H + λ²P */
  all(decay: number): Sensitivity[] {
    const samples = this.problem.inputs.rows;
    return Array.from(this.traces, (sum, layer) => {
      const trace = sum / samples;
      return { trace, frobeniusSquared: this.squares[layer]! / samples ** 2 + 2 * decay * trace };
    });
  }

  /** Of the samples of a range, for every layer. */
  async scaled([from, to]: Range): Promise<Scaled[]> {
    const features = async (layer: number, exponent: number): Promise<CurvatureFeatures> => {
      const problem = { ...this.problem, perceptron: scaleWeights(this.problem.perceptron, layer, exponent) };
      return CurvatureFeatures.of(await sampleTile(problem, this.products, from, to), this.products);
    };
    const scaled: Scaled[] = [];
    for (const layer of this.traces.keys())
      scaled.push([await features(layer, -step), await features(layer, step)]);
    return scaled;
  }
}

/** ⟨slope, above − below⟩. */
function changeAlong(slope: Float64Array, below: Float64Array, above: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < slope.length; at++) sum += slope[at]! * (above[at]! - below[at]!);
  return sum;
}

function scaleWeights(perceptron: Perceptron, layer: number, exponent: number): Perceptron {
  const factor = Math.exp(exponent);
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
