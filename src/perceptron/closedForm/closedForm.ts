import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import { norm, squaredNorm } from '../../runtime/norm';
import { CurvatureFeatures } from './curvatureFeatures';
import { BlockSum } from './blockSum';
import { placesOf, sameSample, sourcesOf, termsOf, tracesWith } from './blockTerms';
import { SamplePairs } from './dualBlock';
import type { ClosedFormPlan, PlannedBlock } from './plan';
import { PrimalPiece } from './primalBlock';
import { ranges, type Range } from './ranges';
import { parametersOf } from '../perceptron';
import {
  augmentedWeights,
  augmentedWidth,
  sampleTile,
  unitOf,
  type Problem,
  type SampleTile,
} from './sampleTile';
import { Sensitivities, type Sensitivity } from './sensitivities';
import { UnitRows } from './unitRows';

/** The exact second-order picture of a mean loss at a perceptron's weights; layers in the order of the forward pass. */
export interface ClosedForm {
  readonly meanLoss: number;
  /** ½λ‖θ‖², a part of it. */
  readonly penalty: number;
  /** What the Hessian was divided by: all but loss and gradient are of H over it. 1 for ordinary sizes. */
  readonly unit: number;
  /** ‖∇L‖ over all parameters. */
  readonly gradientNorm: number;
  /** tr(H_ll). */
  readonly traces: readonly number[];
  /** ‖H_lm‖_F², symmetric. */
  readonly blocks: readonly (readonly number[])[];
  /** The part of every block that comes from pairs of a sample with itself, or from the weight decay; null where the plan leaves them out. */
  readonly sameSampleBlocks: readonly (readonly number[])[] | null;
  /** What every sample's pairs bring to ‖H‖_F²; without weight decay they sum to it. Null where the plan leaves them out. */
  readonly sampleRows: Float64Array | null;
  /** ℓ_n of every sample. */
  readonly losses: Float64Array;
  /** Σ of squares of the Hessian's rows of every hidden unit, by hidden layer; null unless all blocks were primal and no weight decays. */
  readonly unitRows: readonly Float64Array[] | null;
  /** By layer; null where the plan leaves them out. */
  readonly sensitivities: readonly Sensitivity[] | null;
}

/**
 * Trace and Frobenius norm of every block of the Hessian (or of the Gauss-Newton matrix), in closed form for a perceptron of any depth (math.md 3),
 * exact to float64 rounding. Linear or quadratic in the samples, block by block, whichever is less work; never the
 * P × P Hessian itself.
 * @param plan planClosedForm's for these shapes
 * @param onProgress told the fraction of the multiply-adds that is done
 */
export function computeClosedForm(
  problem: Problem,
  products: MatrixProducts,
  plan: ClosedFormPlan,
  onProgress: (fraction: number) => void,
): Promise<ClosedForm> {
  return new ClosedFormRun(problem, products, plan, onProgress).run();
}

class ClosedFormRun {
  private readonly traces: number[];
  private readonly gradients: (Float64Array | null)[];
  private readonly sums = new Map<PlannedBlock, BlockSum>();
  private readonly tiles: readonly Range[];
  private readonly started: number;
  private readonly losses: Float64Array;
  private readonly unitRows: UnitRows | null;
  private readonly sensitivities: Sensitivities | null;
  /** The features of the only tile, where there is one: they need not be made again for every pass. */
  private onlyTile: CurvatureFeatures | null = null;

  constructor(
    private readonly problem: Problem,
    private readonly products: MatrixProducts,
    private readonly plan: ClosedFormPlan,
    private readonly onProgress: (fraction: number) => void,
  ) {
    const { layers } = problem.perceptron;
    this.traces = layers.map(() => 0);
    this.gradients = layers.map(() => null);
    this.tiles = ranges(problem.inputs.rows, plan.tileSize);
    this.started = products.multiplyAdds;
    this.losses = new Float64Array(problem.inputs.rows);
    const countsUnits =
      plan.blocks.every(({ form }) => form === 'primal') && (problem.weightDecay ?? 0) === 0;
    this.unitRows = countsUnits ? new UnitRows(layers) : null;
    this.sensitivities = plan.sensitivities
      ? new Sensitivities(problem, products, this.tiles.length === 1)
      : null;
    for (const block of plan.blocks) this.sums.set(block, new BlockSum(problem.inputs.rows));
  }

  async run(): Promise<ClosedForm> {
    await this.dualBlocks();
    for (const block of this.plan.blocks)
      if (block.form === 'primal') await this.primalBlock(block, this.sumOf(block));
    const samples = this.problem.inputs.rows;
    const unit = unitOf(this.problem);
    const { layers } = this.problem.perceptron;
    const decay = (this.problem.weightDecay ?? 0) / unit;
    const traces = this.traces.map((trace) => trace / samples);
    let weightsSquared = 0;
    const gradients = this.gradients.map((gradient, l) => {
      const weights = augmentedWeights(layers[l]!);
      weightsSquared += weights.reduce((sum, weight) => sum + weight * weight, 0);
      return gradient?.map((value, at) => value / samples + decay * weights[at]!) ?? null;
    });
    const penalty = ((this.problem.weightDecay ?? 0) / 2) * weightsSquared;
    // ‖H_ll + λI‖² = ‖H_ll‖² + 2λ tr H_ll + λ²P_l.
    const decayed = layers.map((layer, l) => decay * (2 * traces[l]! + decay * parametersOf(layer)));
    const blocksOf = (part: (sum: BlockSum) => number): number[][] =>
      this.symmetric(part).map((row, m) =>
        row.map((value, l) => (m === l ? Math.max(0, value + decayed[l]!) : value)),
      );
    const meanLoss = this.losses.reduce((sum, loss) => sum + loss, 0) / samples;
    return {
      meanLoss: meanLoss + penalty,
      penalty,
      unit,
      gradientNorm: norm(join(gradients)) * unit,
      traces: traces.map((trace, l) => trace + decay * parametersOf(layers[l]!)),
      blocks: blocksOf(({ total }) => total),
      sameSampleBlocks: this.plan.sampleRows ? blocksOf(({ sameSample }) => sameSample) : null,
      sampleRows: this.plan.sampleRows ? this.sampleRows() : null,
      losses: this.losses,
      unitRows: this.unitRows?.hiddenUnits().map((rows) => rows.map((row) => row / samples ** 2)) ?? null,
      sensitivities: this.sensitivities?.all(decay) ?? null,
    };
  }

  /** One pass over the tiles for loss and gradient, and over their pairs for the dual blocks. */
  private async dualBlocks(): Promise<void> {
    const dual = this.plan.blocks.filter(({ form }) => form === 'dual');
    for (const [index, range] of this.tiles.entries()) {
      const features = await this.features(range);
      await this.addLossAndGradient(features.tile);
      if (dual.length === 0) continue;
      await this.addPairs(
        dual,
        new SamplePairs(features, features, this.products, this.plan.pieceBytes),
        features,
      );
      for (const other of this.tiles.slice(index + 1)) {
        const pairs = new SamplePairs(
          features,
          await this.features(other),
          this.products,
          this.plan.pieceBytes,
        );
        await this.addPairs(dual, pairs, null);
      }
    }
  }

  /** @param own the features whose traces the pairs bring, or null where those were counted with their own tile */
  private async addPairs(
    blocks: readonly PlannedBlock[],
    pairs: SamplePairs,
    own: CurvatureFeatures | null,
  ): Promise<void> {
    for (const block of blocks) {
      const { m, l } = block;
      const sum = this.sumOf(block);
      if (m === l) {
        const traces = new Float64Array(this.plan.tileSize);
        await pairs.diagonalBlock(l, sum, traces);
        if (own !== null) this.traces[l]! += tracesWith(own.tile.input[l]!, traces);
      } else await pairs.crossBlock(m, l, sum);
      this.report();
    }
  }

  private async primalBlock({ m, l }: PlannedBlock, sum: BlockSum): Promise<void> {
    const { products } = this;
    const { pieceBytes, sampleRows } = this.plan;
    const { layers } = this.problem.perceptron;
    const [upper, lower] = [layers[m]!, layers[l]!];
    const inputs = augmentedWidth(lower);
    // Numbers that the sum over samples holds for each row (diagonal) or column (cross) of a piece.
    const held =
      m === l ? (lower.outputs * inputs * (inputs + 1)) / 2 : upper.outputs * augmentedWidth(upper) * inputs;
    const terms = termsOf(m, l, this.problem.matrix === 'gauss-newton');
    const onePass = !sampleRows && this.sensitivities === null;
    for (const columns of ranges(lower.outputs, Math.floor(pieceBytes / (8 * held)))) {
      const piece = { m, l, columns };
      const places = terms.length === 1 ? noPlaces : placesOf(piece, layers);
      const primal = new PrimalPiece(products, terms, places, pieceBytes);
      let sources: readonly Matrix[] = [];
      for (const range of this.tiles) {
        const features = await this.features(range);
        const traces = new Float64Array(features.tile.count);
        sources = await sourcesOf(features, piece, traces);
        await primal.add(sources);
        this.traces[l]! += tracesWith(features.tile.input[l]!, traces);
        if (sampleRows) sum.sameSample += sameSample(sources, piece);
        this.report();
      }
      const elements = primal.close();
      sum.total += squaredNorm(elements.data);
      if (m === l) this.unitRows?.addDiagonal(l, columns, elements, inputs);
      else this.unitRows?.addCross([m, l], columns, elements, augmentedWidth(upper));
      if (onePass) continue;
      for (const range of this.tiles) {
        if (this.tiles.length > 1)
          sources = await sourcesOf(await this.features(range), piece, new Float64Array(range[1] - range[0]));
        const rows = sum.rows.subarray(range[0]);
        const slopes = await primal.slopes(sources, rows, this.sensitivities !== null);
        if (slopes !== null) await this.sensitivities?.add(piece, range, slopes);
        this.report();
      }
    }
  }

  private async features([from, to]: Range): Promise<CurvatureFeatures> {
    if (this.onlyTile !== null) return this.onlyTile;
    const features = await CurvatureFeatures.of(
      await sampleTile(this.problem, this.products, from, to),
      this.products,
    );
    if (this.tiles.length === 1) this.onlyTile = features;
    return features;
  }

  private async addLossAndGradient(tile: SampleTile): Promise<void> {
    this.losses.set(tile.losses, tile.from);
    for (const [l, delta] of tile.delta.entries()) {
      const { data } = await this.products.transposedTimes(delta, tile.input[l]!);
      const sum = this.gradients[l];
      if (sum === null || sum === undefined) this.gradients[l] = data;
      else for (let at = 0; at < data.length; at++) sum[at]! += data[at]!;
    }
  }

  private sumOf(block: PlannedBlock): BlockSum {
    const sum = this.sums.get(block);
    if (sum === undefined) throw new RangeError('A block outside the plan');
    return sum;
  }

  /** Layers × layers of a part of the sums, over N²; the dual sums are signed, so tiny negatives become 0. */
  private symmetric(part: (sum: BlockSum) => number): number[][] {
    const samples = this.problem.inputs.rows;
    const layers = this.traces.length;
    const matrix = Array.from({ length: layers }, () => new Array<number>(layers).fill(0));
    for (const block of this.plan.blocks) {
      const value = Math.max(0, part(this.sumOf(block))) / samples ** 2;
      matrix[block.m]![block.l] = value;
      matrix[block.l]![block.m] = value;
    }
    return matrix;
  }

  private sampleRows(): Float64Array {
    const samples = this.problem.inputs.rows;
    const rows = new Float64Array(samples);
    for (const [block, sum] of this.sums) {
      const times = (block.m === block.l ? 1 : 2) / samples ** 2;
      for (let n = 0; n < samples; n++) rows[n]! += times * sum.rows[n]!;
    }
    return rows;
  }

  private report(): void {
    this.onProgress(Math.min(1, (this.products.multiplyAdds - this.started) / this.plan.multiplyAdds));
  }
}

/** Where there is one term alone. */
const noPlaces = new Int32Array(0);

function join(parts: readonly (Float64Array | null)[]): Float64Array {
  const length = parts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
  const whole = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    if (part !== null) whole.set(part, at);
    at += part?.length ?? 0;
  }
  return whole;
}
