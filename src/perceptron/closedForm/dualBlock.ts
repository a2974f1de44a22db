import type { Matrix, MatrixProducts, MatrixStack } from '../../runtime/matrixProducts';
import type { CurvatureFeatures } from './curvatureFeatures';
import type { BlockSum } from './blockSum';
import { activationsInto, curvedActivations, movedErrors, separateColumns } from './mixedFeatures';
import { addTo, multiplyBy, PairGram, PairPanels, PairSum, type Panel } from './pairSum';
import { ranges, type Range } from './ranges';
import { flat } from './stacks';

/**
 * The pairs of two runs of samples (or of one run with itself), on which blocks of the Hessian are summed in their
 * dual form (math.md 3): ‖H_ml‖_F² = (1/N²) Σ_{n,n'} (ã_{l−1}ⁿ·ã_{l−1}ⁿ') K_ml[n,n']. The factor 1/N² is the caller's.
 * Features are made and multiplied in pieces of at most `pieceBytes`.
 */
export class SamplePairs {
  private readonly grams = new Map<number, PairGram>();
  private readonly same: boolean;
  private readonly panels: PairPanels;

  constructor(
    private readonly a: CurvatureFeatures,
    private readonly b: CurvatureFeatures,
    products: MatrixProducts,
    private readonly pieceBytes: number,
  ) {
    this.same = a === b;
    this.panels = new PairPanels(a.tile.count, b.tile.count, this.same, products);
  }

  /** Adds the pairs to the block (l,l), and the traces of M_l of the samples of `a` to `traces`. */
  async diagonalBlock(l: number, block: BlockSum, traces: Float64Array): Promise<void> {
    const sum = new PairSum(this.panels);
    const width = this.a.tile.layers[l]!.outputs;
    const unused = new Float64Array(this.b.tile.count);
    for (const [from, to] of this.pieces(width, width)) {
      await sum.settle();
      const left = await this.a.packedCurvature(l, from, to, traces);
      sum.add([left, this.same ? left : await this.b.packedCurvature(l, from, to, unused)]);
    }
    await this.addElements(block, l, async (panel) => {
      const elements = await sum.take(panel);
      multiplyBy(elements, await this.gram(l).panel(panel));
      return elements;
    });
  }

  /** Adds the pairs to the block (m,l), m > l. */
  async crossBlock(m: number, l: number, block: BlockSum): Promise<void> {
    if (this.a.tile.gaussNewton) {
      await this.gaussNewtonCrossBlock(m, l, block);
      return;
    }
    const { a, b } = this;
    const { layers } = a.tile;
    const errors = [a.tile.delta[m]!, b.tile.delta[m]!] as const;
    const curvature = new PairSum(this.panels);
    const jacobians = new PairSum(this.panels);
    const mixed = new PairSum(this.panels);
    const adjacent = m === l + 1;
    for (const [from, to] of this.pieces(layers[m]!.outputs + layers[m - 1]!.outputs, layers[l]!.outputs)) {
      for (const sum of [curvature, jacobians, mixed]) await sum.settle();
      const curved = await this.ofBoth((features) => features.crossCurvature(m, l, from, to));
      curvature.add([flat(curved[0]), flat(curved[1])]);
      if (adjacent) {
        this.addAdjacentMixed(mixed, curved, m, from, to);
      } else {
        const moved = await this.ofBoth((features) => features.innerJacobian(m - 1, l, from, to));
        jacobians.add([flat(moved[0]), flat(moved[1])]);
        this.addMixed(mixed, curved, moved, m);
      }
    }
    if (adjacent) jacobians.add([a.tile.slope[l]!, b.tile.slope[l]!]);
    await this.addElements(block, l, async (panel) => {
      const elements = await curvature.take(panel);
      multiplyBy(elements, await this.gram(m).panel(panel));
      const bothMoved = await jacobians.take(panel);
      multiplyBy(bothMoved, await this.panels.product(panel, ...errors));
      addTo(elements, bothMoved);
      addTo(elements, await mixed.take(panel));
      return elements;
    });
  }

  /** The block without the terms of the errors δ and the bends φ'': K_ml = ⟨A_mᵀ M_L A_l, ·⟩ (ã_{m−1}·ã_{m−1}'). */
  private async gaussNewtonCrossBlock(m: number, l: number, block: BlockSum): Promise<void> {
    const sum = new PairSum(this.panels);
    const { layers } = this.a.tile;
    for (const [from, to] of this.pieces(layers[m]!.outputs, layers[l]!.outputs)) {
      await sum.settle();
      const curved = await this.ofBoth((features) => features.crossCurvature(m, l, from, to));
      sum.add([flat(curved[0]), flat(curved[1])]);
    }
    await this.addElements(block, l, async (panel) => {
      const elements = await sum.take(panel);
      multiplyBy(elements, await this.gram(m).panel(panel));
      return elements;
    });
  }

  /** Adds Σ K_ml ⊙ G_l, each element with its row; pairs n' > n stand for both orders where only those are there. */
  private async addElements(
    block: BlockSum,
    l: number,
    kernel: (panel: Panel) => Promise<Float64Array>,
  ): Promise<void> {
    const rows = block.rows.subarray(this.a.tile.from);
    const otherRows = block.rows.subarray(this.b.tile.from);
    const others = this.b.tile.count;
    for (const panel of this.panels.all) {
      const { from, to, start } = panel;
      const elements = await kernel(panel);
      const gram = await this.gram(l).panel(panel);
      for (let other = start; other < others; other++) {
        const at = (other - start) * (to - from) - from;
        const end = this.same ? Math.min(to, other) : to;
        let sum = 0;
        for (let n = from; n < end; n++) {
          const element = elements[at + n]! * gram[at + n]!;
          sum += element;
          rows[n]! += element;
        }
        otherRows[other]! += sum;
        block.total += 2 * sum;
        if (!this.same || other >= to) continue;
        const own = elements[at + other]! * gram[at + other]!;
        block.sameSample += own;
        block.total += own;
        rows[other]! += own;
      }
    }
  }

  /** X and its mirror image for m = l + 1, where J is diagonal: rows H_ip a_p of one sample against δ_i φ'_p of the other. */
  private addAdjacentMixed(
    mixed: PairSum,
    [left, right]: readonly [MatrixStack, MatrixStack],
    m: number,
    from: number,
    to: number,
  ): void {
    const curved = curvedActivations(this.a, left, m, from);
    const otherCurved = this.same ? curved : curvedActivations(this.b, right, m, from);
    const moved = movedErrors(this.a, m, from, to);
    const otherMoved = this.same ? moved : movedErrors(this.b, m, from, to);
    mixed.add([curved, otherMoved]);
    mixed.add([moved, otherCurved]);
  }

  /**
   * X and its mirror image for m > l + 1: X[n,n'] += Σ_p (H_mlⁿᵀ δ_mⁿ')_p (J_{m−1,l}ⁿ'ᵀ a_{m−1}ⁿ)_p, column p by column p.
   * @param curved H_ml of the samples of `a` and of `b`
   * @param moved their J_{m−1,l}
   */
  private addMixed(
    mixed: PairSum,
    curved: readonly [MatrixStack, MatrixStack],
    moved: readonly [MatrixStack, MatrixStack],
    m: number,
  ): void {
    const { a, b } = this;
    const [curvedColumns, otherCurvedColumns] = this.columnsOfBoth(curved);
    const [movedColumns, otherMovedColumns] = this.columnsOfBoth(moved);
    const [activations, otherActivations] = [activationsInto(a, m), activationsInto(b, m)];
    const [errors, otherErrors] = [a.tile.delta[m]!, b.tile.delta[m]!];
    for (let p = 0; p < curvedColumns.length; p++) {
      mixed.add([curvedColumns[p]!, otherErrors], [activations, otherMovedColumns[p]!]);
      mixed.add([errors, otherCurvedColumns[p]!], [movedColumns[p]!, otherActivations]);
    }
  }

  private async ofBoth(
    features: (of: CurvatureFeatures) => MatrixStack | Promise<MatrixStack>,
  ): Promise<[MatrixStack, MatrixStack]> {
    const left = await features(this.a);
    return [left, this.same ? left : await features(this.b)];
  }

  private columnsOfBoth([left, right]: readonly [MatrixStack, MatrixStack]): [Matrix[], Matrix[]] {
    const columns = separateColumns(left);
    return [columns, this.same ? columns : separateColumns(right)];
  }

  /** G_l = Ã_{l−1} Ã_{l−1}ᵀ. */
  private gram(l: number): PairGram {
    let gram = this.grams.get(l);
    if (gram === undefined) {
      gram = new PairGram(this.panels, [this.a.tile.input[l]!, this.b.tile.input[l]!]);
      this.grams.set(l, gram);
    }
    return gram;
  }

  /** Ranges of columns whose features, `height` numbers a column and sample, stay within the piece's bytes. */
  private pieces(height: number, width: number): Range[] {
    const samples = Math.max(this.a.tile.count, this.b.tile.count);
    return ranges(width, Math.floor(this.pieceBytes / (8 * samples * height)));
  }
}
