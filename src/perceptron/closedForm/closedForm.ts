import type { MatrixProducts } from '../../runtime/matrixProducts';
import { norm, squaredNorm } from '../../runtime/norm';
import { CurvatureFeatures } from './curvatureFeatures';
import { BlockSum } from './blockSum';
import {
  decayedTrace,
  pieceOfSamples,
  placesOf,
  sameSample,
  sumPerColumn,
  termsOf,
  traceWith,
  type LayerTrace,
  type Piece,
  type PieceOfSamples,
} from './blockTerms';
import { SamplePairs } from './dualBlock';
import type { ClosedFormPlan, PlannedBlock } from './plan';
import { PrimalPiece } from './primalBlock';
import { ranges, type Range } from './ranges';
import { decayedCount } from '../perceptron';
import { decayedWeights, sampleTile, unitOf, type Problem, type SampleTile } from './sampleTile';
import { Scratch } from './scratch';
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
  /** N tr(H_ll). */
  private readonly traces: LayerTrace[];
  private readonly gradients: (Float64Array | null)[];
  private readonly sums = new Map<PlannedBlock, BlockSum>();
  /** Samples whose pairs are taken at once. */
  private readonly tiles: readonly Range[];
  /** Samples whose features are made at once for the primal form. */
  private readonly runs: readonly Range[];
  private readonly started: number;
  private readonly losses: Float64Array;
  private readonly unitRows: UnitRows | null;
  private readonly sensitivities: Sensitivities | null;

  constructor(
    private readonly problem: Problem,
    private readonly products: MatrixProducts,
    private readonly plan: ClosedFormPlan,
    private readonly onProgress: (fraction: number) => void,
  ) {
    const { layers } = problem.perceptron;
    this.traces = layers.map(() => ({ whole: 0, bias: 0 }));
    this.gradients = layers.map(() => null);
    this.tiles = ranges(problem.inputs.rows, plan.tileSize);
    this.runs = ranges(problem.inputs.rows, plan.runSize);
    this.started = products.multiplyAdds;
    this.losses = new Float64Array(problem.inputs.rows);
    const countsUnits =
      plan.blocks.every(({ form }) => form === 'primal') && (problem.weightDecay ?? 0) === 0;
    this.unitRows = countsUnits ? new UnitRows(layers) : null;
    this.sensitivities = plan.sensitivities ? new Sensitivities(problem, products) : null;
    for (const block of plan.blocks) this.sums.set(block, new BlockSum(problem.inputs.rows));
  }

  async run(): Promise<ClosedForm> {
    const dual = this.plan.blocks.filter(({ form }) => form === 'dual');
    if (dual.length > 0) await this.dualBlocks(dual);
    for (const [index, pieces] of this.primalGroups().entries())
      await this.primalPieces(pieces, dual.length === 0 && index === 0);
    const samples = this.problem.inputs.rows;
    const unit = unitOf(this.problem);
    const { layers } = this.problem.perceptron;
    const decay = (this.problem.weightDecay ?? 0) / unit;
    const traces = this.traces.map(({ whole }) => whole / samples);
    // Squares of the greatest weights have no number; without decay they do not count.
    let penalty = 0;
    const gradients = this.gradients.map((gradient, l) => {
      const weights = decayedWeights(layers[l]!);
      if (decay > 0)
        penalty += weights.reduce((sum, weight) => sum + (decay / 2) * unit * weight * weight, 0);
      return gradient?.map((value, at) => value / samples + decay * weights[at]!) ?? null;
    });
    // ‖H_ll + λD‖² = ‖H_ll‖² + 2λ tr DH_ll + λ² tr D, where D is 1 on the diagonal for what decays.
    const decayed = layers.map(
      (layer, l) =>
        decay * ((2 * decayedTrace(layer, this.traces[l]!)) / samples + decay * decayedCount(layer)),
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
      sensitivities: this.sensitivities?.all(decay) ?? null,
    };
  }

  /** One pass over the pairs of tiles; loss and gradient come with it. */
  private async dualBlocks(dual: readonly PlannedBlock[]): Promise<void> {
    const { pieceBytes } = this.plan;
    for (const [index, range] of this.tiles.entries()) {
      const features = await this.features(range);
      await this.addLossAndGradient(features.tile);
      await this.addPairs(dual, new SamplePairs(features, features, this.products, pieceBytes), features);
      for (const other of this.tiles.slice(index + 1)) {
        const pairs = new SamplePairs(features, await this.features(other), this.products, pieceBytes);
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
        if (own !== null) this.addTrace(l, traceWith(own.tile, l, traces));
      } else await pairs.crossBlock(m, l, sum);
      this.report();
    }
  }

  /** Two passes over the samples for pieces whose sums are held together; the second for what the sums make of the samples. */
  private async primalPieces(pieces: readonly PrimalPiece[], withLoss: boolean): Promise<void> {
    const { sampleRows, sensitivities, pieceBytes } = this.plan;
    // For the second pass, as far as they need no more memory than a piece.
    let free = pieceBytes / 8;
    const kept: (readonly PieceOfSamples[])[] = [];
    for (const range of this.runs) {
      const features = await this.features(range);
      if (withLoss) await this.addLossAndGradient(features.tile);
      const ofPieces: PieceOfSamples[] = [];
      for (const sum of pieces) {
        const { piece, block } = sum;
        const own = await pieceOfSamples(features, piece);
        await sum.add(own.sources);
        if (own.trace !== null) this.addTrace(piece.l, own.trace);
        if (sampleRows) block.sameSample += sameSample(own.sources, piece);
        ofPieces.push(own);
        this.report();
      }
      free -= ofPieces.flatMap(({ sources }) => sources).reduce((sum, { data }) => sum + data.length, 0);
      if (free > 0) kept.push(ofPieces);
    }
    for (const sum of pieces) {
      const elements = sum.close();
      sum.block.total += squaredNorm(elements.data);
      this.unitRows?.add(sum.piece, elements);
    }
    if (!sampleRows && !sensitivities) return;
    for (const [index, range] of this.runs.entries()) {
      const known = kept[index];
      const features = known === undefined ? await this.features(range) : null;
      const scaled = (await this.sensitivities?.scaled(range)) ?? [];
      for (const [at, sum] of pieces.entries()) {
        const own = known?.[at] ?? (features && (await pieceOfSamples(features, sum.piece)));
        if (own === null) continue;
        const slopes = await sum.slopes(own.sources, range[0], sensitivities);
        if (slopes !== null) await this.sensitivities?.add(sum.piece, own, scaled, slopes);
        this.report();
      }
    }
  }

  /** The pieces of the primal blocks, in groups whose sums are held together. */
  private primalGroups(): PrimalPiece[][] {
    const { layers } = this.problem.perceptron;
    const { blocks, pieceBytes } = this.plan;
    const groups: PrimalPiece[][] = [];
    const scratch = new Scratch();
    let free = 0;
    for (const block of blocks.filter(({ form }) => form === 'primal')) {
      const { m, l } = block;
      const terms = termsOf(m, l, this.problem.matrix === 'gauss-newton');
      const bytes = 8 * sumPerColumn(layers, m, l);
      for (const columns of ranges(layers[l]!.outputs, Math.floor(pieceBytes / bytes))) {
        const piece: Piece = { m, l, columns };
        const places = terms.length === 1 ? noPlaces : placesOf(piece, layers);
        const sum = new PrimalPiece(
          this.products,
          piece,
          this.sumOf(block),
          terms,
          places,
          pieceBytes,
          scratch,
        );
        const needed = (columns[1] - columns[0]) * bytes;
        if (needed > free) {
          groups.push([]);
          free = pieceBytes;
        }
        groups.at(-1)?.push(sum);
        free -= needed;
      }
    }
    return groups;
  }

  private async features([from, to]: Range): Promise<CurvatureFeatures> {
    return CurvatureFeatures.of(await sampleTile(this.problem, this.products, from, to), this.products);
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

  private addTrace(l: number, { whole, bias }: LayerTrace): void {
    const sum = this.traces[l]!;
    this.traces[l] = { whole: sum.whole + whole, bias: sum.bias + bias };
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
