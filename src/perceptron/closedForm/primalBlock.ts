import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import type { BlockSum } from './blockSum';
import { addSlopes, factorOf, widthOf, type Piece, type Term } from './blockTerms';
import { addTo } from './pairSum';
import { ranges, type Range } from './ranges';
import type { Scratch } from './scratch';

/**
 * The primal form of a piece of a block (math.md 3), linear in the number of samples: Σ_n left_n ⊗ right_n over all tiles is
 * N times the piece itself, and its squares are ‖H_ml‖_F² (times N²). The sum times a right factor is half the slope of
 * those squares by the left factor beside it, and what that sample's pairs bring.
 */
export class PrimalPiece {
  private readonly sums: Matrix[] = [];

  /** @param places where the elements of the second term lie among those of the first */
  constructor(
    private readonly products: MatrixProducts,
    readonly piece: Piece,
    readonly block: BlockSum,
    private readonly terms: readonly Term[],
    private readonly places: Int32Array,
    private readonly pieceBytes: number,
    private readonly scratch: Scratch,
  ) {}

  /** Adds the samples of a tile. */
  async add(sources: readonly Matrix[]): Promise<void> {
    for (const run of this.runs(sources)) {
      for (const [at, term] of this.terms.entries()) {
        const { left, right } = this.factors(sources, term, run);
        const sum = this.sums[at];
        if (sum === undefined) this.sums[at] = await this.products.transposedTimes(left, right);
        else addTo(sum.data, (await this.products.transposedTimes(left, right)).data);
      }
    }
  }

  /** Ends the sum. @returns N times the piece: rows of the first term's left factor, columns of its right one */
  close(): Matrix {
    const [sum, second] = this.sums;
    if (sum === undefined) throw new RangeError('A piece without samples');
    if (second === undefined) return sum;
    const { places } = this;
    for (let at = 0; at < places.length; at++) sum.data[places[at]!]! += second.data[at]!;
    for (let at = 0; at < places.length; at++) second.data[at] = sum.data[places[at]!]!;
    return sum;
  }

  /**
   * Adds what the pairs of every sample of a tile bring to the squares to the block's rows; `close` has been called.
   * @param first of the tile's samples, counted over all
   * @returns half the slopes of the squares by the sources, where those are wanted
   */
  async slopes(
    sources: readonly Matrix[],
    first: number,
    wanted: boolean,
  ): Promise<readonly Matrix[] | null> {
    const slopes = wanted
      ? sources.map((source) => ({ ...source, data: new Float64Array(source.data.length) }))
      : null;
    for (const run of this.runs(sources)) {
      for (const [at, term] of this.terms.entries()) {
        const sum = this.sums[at]!;
        const { left, right } = this.factors(sources, term, run);
        const byLeft = await this.products.timesTransposed(right, sum);
        addRowProducts(this.block.rows.subarray(first + run[0]), left, byLeft);
        if (slopes === null) continue;
        addSlopes(slopes, sources, term.left, run, byLeft);
        if (term.rightMoves)
          addSlopes(slopes, sources, term.right, run, await this.products.times(left, sum));
      }
    }
    return slopes;
  }

  private factors(
    sources: readonly Matrix[],
    { left, right }: Term,
    run: Range,
  ): { left: Matrix; right: Matrix } {
    return {
      left: factorOf(sources, left, run, (length) => this.scratch.take('left', length)),
      right: factorOf(sources, right, run, (length) => this.scratch.take('right', length)),
    };
  }

  /** Runs of samples whose factors are of a piece's bytes. */
  private runs(sources: readonly Matrix[]): Range[] {
    const widths = this.terms.flatMap(({ left, right }) => [widthOf(sources, left), widthOf(sources, right)]);
    return ranges(sources[0]!.rows, Math.floor(this.pieceBytes / (8 * Math.max(...widths))));
  }
}

/** Adds the product of every row of a with that of b. */
function addRowProducts(into: Float64Array, a: Matrix, b: Matrix): void {
  for (let n = 0, at = 0; n < a.rows; n++) {
    let sum = 0;
    for (let j = 0; j < a.columns; j++, at++) sum += a.data[at]! * b.data[at]!;
    into[n]! += sum;
  }
}
