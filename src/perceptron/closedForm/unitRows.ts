import type { Matrix } from '../../runtime/matrixProducts';
import type { AffineLayer } from '../perceptron';
import type { Piece } from './blockTerms';
import type { Range } from './ranges';
import { augmentedWidth } from './sampleTile';

/**
 * Sums of squares of the Hessian's rows by hidden unit, collected from the pieces of the primal form, whose elements are
 * those of the Hessian itself (times N): a hidden unit j of layer l owns the rows of its incoming weights and bias
 * (row j of W_l) and of its outgoing weights (column j of W_{l+1}).
 */
export class UnitRows {
  /** Σ of squares by unit of z_l. */
  private readonly incoming: readonly Float64Array[];
  /** Σ of squares by element of ã_l, the bias last. */
  private readonly outgoing: readonly Float64Array[];

  constructor(private readonly layers: readonly AffineLayer[]) {
    this.incoming = layers.map(({ outputs }) => new Float64Array(outputs));
    this.outgoing = layers.map(({ inputs }) => new Float64Array(inputs + 1));
  }

  /** A piece of a block, N times the Hessian's, as the primal form sums it. */
  add({ m, l, columns }: Piece, elements: Matrix): void {
    if (m === l) this.addDiagonal(l, columns, elements, augmentedWidth(this.layers[l]!));
    else this.addCross([m, l], columns, elements, augmentedWidth(this.layers[m]!));
  }

  /** A piece of block (m,l), m > l: rows (i over d_m, j from `from` to `to`), columns (p over ã_{m−1}, q over ã_{l−1}). */
  private addCross(
    [m, l]: readonly [number, number],
    [from, to]: Range,
    { columns, data }: Matrix,
    inner: number,
  ): void {
    const height = this.layers[m]!.outputs;
    const inputs = columns / inner;
    const [upperIn, upperOut, lowerIn, lowerOut] = [
      this.incoming[m]!,
      this.outgoing[m]!,
      this.incoming[l]!,
      this.outgoing[l]!,
    ];
    let at = 0;
    for (let i = 0; i < height; i++) {
      for (let j = from; j < to; j++) {
        for (let p = 0; p < inner; p++) {
          let row = 0;
          for (let q = 0; q < inputs; q++, at++) {
            const square = data[at]! * data[at]!;
            row += square;
            lowerOut[q]! += square;
          }
          upperIn[i]! += row;
          upperOut[p]! += row;
          lowerIn[j]! += row;
        }
      }
    }
  }

  /**
   * A piece of block (l,l): rows (i ≤ j), columns (p ≤ q), both packed with √2 off the diagonal. The square of a packed
   * element stands for all its mirror images, half of which lie in rows of i (p) and half in rows of j (q).
   */
  private addDiagonal(l: number, [from, to]: Range, { data }: Matrix, inputs: number): void {
    const [rows, columns] = [this.incoming[l]!, this.outgoing[l]!];
    const width = this.layers[l]!.outputs;
    let at = 0;
    for (let i = from; i < to; i++) {
      for (let j = i; j < width; j++) {
        let row = 0;
        for (let p = 0; p < inputs; p++) {
          for (let q = p; q < inputs; q++, at++) {
            const half = (data[at]! * data[at]!) / 2;
            row += half;
            columns[p]! += half;
            columns[q]! += half;
          }
        }
        rows[i]! += row;
        rows[j]! += row;
      }
    }
  }

  /** Σ of squares of the rows of every hidden unit, layer by layer; N² times those of the Hessian. The last layer has none. */
  hiddenUnits(): Float64Array[] {
    return this.layers
      .slice(0, -1)
      .map((_, l) => this.incoming[l]!.map((value, unit) => value + this.outgoing[l + 1]![unit]!));
  }
}
