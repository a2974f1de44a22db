import type { MatrixProducts } from '../../runtime/matrixProducts';
import { norm } from '../../runtime/norm';
import { CurvatureFeatures } from './curvatureFeatures';
import { BlockSum } from './blockSum';
import { SamplePairs } from './dualBlock';
import type { ClosedFormPlan, PlannedBlock } from './plan';
import { crossFactors, diagonalFactors, PrimalPiece, type Factors } from './primalBlock';
import { ranges, type Range } from './ranges';
import { decayedCount } from '../perceptron';
import {
  augmentedWidth,
  decayedWeights,
  sampleTile,
  unitOf,
  type Problem,
  type SampleTile,
} from './sampleTile';
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
  /** The part of each that is the bias's. */
  private readonly biasTraces: number[];
  private readonly gradients: (Float64Array | null)[];
  private readonly sums = new Map<PlannedBlock, BlockSum>();
  private readonly tiles: readonly Range[];
  private readonly started: number;
  private readonly losses: Float64Array;
  private readonly unitRows: UnitRows | null;
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
    this.biasTraces = layers.map(() => 0);
    this.gradients = layers.map(() => null);
    this.tiles = ranges(problem.inputs.rows, plan.tileSize);
    this.started = products.multiplyAdds;
    this.losses = new Float64Array(problem.inputs.rows);
    const countsUnits =
      plan.blocks.every(({ form }) => form === 'primal') && (problem.weightDecay ?? 0) === 0;
    this.unitRows = countsUnits ? new UnitRows(layers) : null;
    for (const block of plan.blocks) this.sums.set(block, new BlockSum(problem.inputs.rows));
  }

  async run(): Promise<ClosedForm> {
    await this.dualBlocks();
    for (const block of this.plan.blocks) if (block.form === 'primal') await this.primalBlock(block);
    const samples = this.problem.inputs.rows;
    const unit = unitOf(this.problem);
    const { layers } = this.problem.perceptron;
    const decay = (this.problem.weightDecay ?? 0) / unit;
    const traces = this.traces.map((trace) => trace / samples);
    let weightsSquared = 0;
    const gradients = this.gradients.map((gradient, l) => {
      const weights = decayedWeights(layers[l]!);
      weightsSquared += weights.reduce((sum, weight) => sum + weight * weight, 0);
      return gradient?.map((value, at) => value / samples + decay * weights[at]!) ?? null;
    });
    const penalty = ((this.problem.weightDecay ?? 0) / 2) * weightsSquared;
    // ‖H_ll + λD‖² = ‖H_ll‖² + 2λ tr DH_ll + λ² tr D, where D is 1 on the diagonal for what decays.
    const decayed = layers.map(
      (layer, l) => decay * (2 * this.decayedTrace(l) + decay * decayedCount(layer)),
    );
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
      traces: traces.map((trace, l) => trace + decay * decayedCount(layers[l]!)),
      blocks: blocksOf(({ total }) => total),
      sameSampleBlocks: this.plan.sampleRows ? blocksOf(({ sameSample }) => sameSample) : null,
      sampleRows: this.plan.sampleRows ? this.sampleRows() : null,
      losses: this.losses,
      unitRows: this.unitRows?.hiddenUnits().map((rows) => rows.map((row) => row / samples ** 2)) ?? null,
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
        if (own !== null) this.addTraces(l, own.tile, traces);
      } else await pairs.crossBlock(m, l, sum);
      this.report();
    }
  }

  private async primalBlock(block: PlannedBlock): Promise<void> {
    const { m, l } = block;
    const [upper, lower] = [this.problem.perceptron.layers[m]!, this.problem.perceptron.layers[l]!];
    const inputs = augmentedWidth(lower);
    // Numbers that the sum over samples holds for each row (diagonal) or column (cross) of a piece.
    const held =
      m === l ? (lower.outputs * inputs * (inputs + 1)) / 2 : upper.outputs * augmentedWidth(upper) * inputs;
    for (const range of ranges(lower.outputs, Math.floor(this.plan.pieceBytes / (8 * held)))) {
      const piece = new PrimalPiece(this.products, this.sumOf(block), this.plan.sampleRows);
      for await (const factors of this.factors(block, range, true)) {
        await piece.add(factors);
        this.report();
      }
      const sum = piece.close();
      if (m === l) this.unitRows?.addDiagonal(l, range, sum, inputs);
      else this.unitRows?.addCross([m, l], range, sum, augmentedWidth(upper));
      if (!this.plan.sampleRows) continue;
      for await (const factors of this.factors(block, range, false)) {
        await piece.addRows(factors);
        this.report();
      }
    }
  }

  /** The factors of all tiles for a piece of a block; the traces are counted in the first of the two passes alone. */
  private async *factors({ m, l }: PlannedBlock, rows: Range, firstPass: boolean): AsyncGenerator<Factors> {
    const { pieceBytes } = this.plan;
    for (const range of this.tiles) {
      const features = await this.features(range);
      if (m === l) {
        const traces = new Float64Array(features.tile.count);
        yield* diagonalFactors(features, l, rows, pieceBytes, traces);
        if (firstPass) this.addTraces(l, features.tile, traces);
      } else yield* crossFactors(features, [m, l], rows, pieceBytes);
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

  /** tr(H_ll) = (1/N) Σ_n ‖ã_{l−1}‖² tr(M_l), of which the trailing 1 is the bias's; the 1/N is left to the end. */
  private addTraces(l: number, tile: SampleTile, traces: Float64Array): void {
    const { rows, columns, data } = tile.input[l]!;
    for (let n = 0; n < rows; n++) {
      let squared = 0;
      for (let p = 0; p < columns; p++) squared += data[n * columns + p]! ** 2;
      this.traces[l]! += squared * traces[n]!;
      if (tile.layers[l]!.bias !== null)
        this.biasTraces[l]! += data[(n + 1) * columns - 1]! ** 2 * traces[n]!;
    }
  }

  /** The part of tr(H_ll) over what decays, without the decay itself. */
  private decayedTrace(l: number): number {
    const { weight = true, bias = true } = this.problem.perceptron.layers[l]!.decayed ?? {};
    const ofBias = this.biasTraces[l]!;
    const ofWeight = weight ? this.traces[l]! - (bias ? 0 : ofBias) : bias ? ofBias : 0;
    return ofWeight / this.problem.inputs.rows;
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
