import type { MatrixProducts } from '../../runtime/matrixProducts';
import { CurvatureFeatures } from './curvatureFeatures';
import { ranges, SamplePairs, type BlockSum } from './dualBlock';
import type { ClosedFormPlan, PlannedBlock } from './plan';
import { PrimalSum } from './primalBlock';
import { augmentedWidth, sampleTile, type Problem, type SampleTile } from './sampleTile';

/** The exact second-order picture of a mean loss at a perceptron's weights; layers in the order of the forward pass. */
export interface ClosedForm {
  readonly meanLoss: number;
  /** ‖∇L‖ over all parameters. */
  readonly gradientNorm: number;
  /** tr(H_ll). */
  readonly traces: readonly number[];
  /** ‖H_lm‖_F², symmetric. */
  readonly blocks: readonly (readonly number[])[];
  /** The part of every block that comes from pairs of a sample with itself. */
  readonly sameSampleBlocks: readonly (readonly number[])[];
}

/**
 * Trace and Frobenius norm of every block of the Hessian, in closed form for a perceptron of any depth (math.md 3),
 * exact to float64 rounding. Linear or quadratic in the samples, block by block, whichever is less work; never the
 * P × P Hessian itself.
 * @param plan planClosedForm's for these shapes
 * @param onProgress told the fraction of the multiply-adds that is done
 */
export function closedForm(
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
  private readonly tiles: readonly (readonly [number, number])[];
  private readonly started: number;
  private loss = 0;
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
    for (const block of plan.blocks) this.sums.set(block, { total: 0, sameSample: 0 });
  }

  async run(): Promise<ClosedForm> {
    await this.dualBlocks();
    for (const block of this.plan.blocks) if (block.form === 'primal') await this.primalBlock(block);
    const samples = this.problem.inputs.rows;
    let gradientSquared = 0;
    for (const gradient of this.gradients)
      for (const value of gradient ?? []) gradientSquared += value * value;
    return {
      meanLoss: this.loss / samples,
      gradientNorm: Math.sqrt(gradientSquared) / samples,
      traces: this.traces.map((trace) => trace / samples),
      blocks: this.symmetric(({ total }) => total),
      sameSampleBlocks: this.symmetric(({ sameSample }) => sameSample),
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
      let sum: BlockSum;
      if (m === l) {
        const traces = new Float64Array(this.plan.tileSize);
        sum = await pairs.diagonalBlock(l, traces);
        if (own !== null) this.addTraces(l, own.tile, traces);
      } else sum = await pairs.crossBlock(m, l);
      const total = this.sumOf(block);
      total.total += sum.total;
      total.sameSample += sum.sameSample;
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
    for (const [from, to] of ranges(lower.outputs, Math.floor(this.plan.pieceBytes / (8 * held)))) {
      const piece = new PrimalSum(this.products, this.plan.pieceBytes);
      for (const range of this.tiles) {
        const features = await this.features(range);
        if (m === l) {
          const traces = new Float64Array(features.tile.count);
          await piece.addDiagonal(features, l, from, to, traces);
          this.addTraces(l, features.tile, traces);
        } else await piece.addCross(features, m, l, from, to);
        this.report();
      }
      piece.addTo(this.sumOf(block));
    }
  }

  private async features([from, to]: readonly [number, number]): Promise<CurvatureFeatures> {
    if (this.onlyTile !== null) return this.onlyTile;
    const features = await CurvatureFeatures.of(
      await sampleTile(this.problem, this.products, from, to),
      this.products,
    );
    if (this.tiles.length === 1) this.onlyTile = features;
    return features;
  }

  private async addLossAndGradient(tile: SampleTile): Promise<void> {
    for (const value of tile.losses) this.loss += value;
    for (const [l, delta] of tile.delta.entries()) {
      const { data } = await this.products.transposedTimes(delta, tile.input[l]!);
      const sum = this.gradients[l];
      if (sum === null || sum === undefined) this.gradients[l] = data;
      else for (let at = 0; at < data.length; at++) sum[at]! += data[at]!;
    }
  }

  /** tr(H_ll) = (1/N) Σ_n ‖ã_{l−1}‖² tr(M_l); the 1/N is left to the end. */
  private addTraces(l: number, tile: SampleTile, traces: Float64Array): void {
    const { rows, columns, data } = tile.input[l]!;
    for (let n = 0; n < rows; n++) {
      let squared = 0;
      for (let p = 0; p < columns; p++) squared += data[n * columns + p]! ** 2;
      this.traces[l]! += squared * traces[n]!;
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

  private report(): void {
    this.onProgress(Math.min(1, (this.products.multiplyAdds - this.started) / this.plan.multiplyAdds));
  }
}
