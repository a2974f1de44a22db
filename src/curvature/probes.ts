import type { Lanczos } from './lanczos';
import type { SymmetricProducts } from './products';
import { drawSigns, type RandomSource } from './randomVectors';
import { innerProduct } from './vectors';

/**
 * Numbers by layer, the τ_l, the row sums Σ_m ‖H_lm‖_F² and, where asked for, the squared norms of the blocks: exact
 * sums over what Lanczos has found, or one probe's unbiased estimate of the rest.
 */
export interface LayerNumbers {
  /** L. */
  readonly traces: Float64Array;
  /** L. */
  readonly rows: Float64Array;
  /** L × L, symmetric, or null. */
  readonly blocks: Float64Array | null;
}

/**
 * Probes of a matrix with the span of Q = q_1 … q_k deflated (Π = I − QQᵀ; v with entries ±1):
 *
 *     τ_l = Σ Q_l ⊙ (HQ)_l + E[v_l · (HΠv)_l],     Σ_m ‖H_lm‖² = ‖(HQ)_l‖² + E‖(HΠv)_l‖²
 *
 * The layers' sums are the trace and the squared norm. The blocks, from probes v^(l) that are 0 outside layer l, take
 * the deflated part A = HQQᵀ as a control variate: ‖H_ml‖² = ‖A_ml‖² + E[ ‖(Hv^(l))_m‖² − ‖(Av^(l))_m‖² ].
 */
export class Probes {
  /** k: q_1 … q_k are deflated. */
  private readonly deflated: number;
  /** A probe, what is left of it, and its product: of none is more needed than its numbers, and memory is dear. */
  private readonly probe: Float64Array;
  private readonly projected: Float64Array;
  private readonly image: Float64Array;

  /** @param exact the sums that need no probe: the first terms above */
  private constructor(
    private readonly products: SymmetricProducts,
    private readonly lanczos: Lanczos,
    private readonly random: RandomSource,
    readonly exact: LayerNumbers,
  ) {
    this.deflated = lanczos.steps;
    const zeros = (): Float64Array => new Float64Array(products.order);
    [this.probe, this.projected, this.image] = [zeros(), zeros(), zeros()];
  }

  /** @param withBlocks whether to estimate the blocks, too */
  static async of(
    products: SymmetricProducts,
    lanczos: Lanczos,
    random: RandomSource,
    withBlocks: boolean,
  ): Promise<Probes> {
    return new Probes(products, lanczos, random, await exactNumbers(products, lanczos, withBlocks));
  }

  /** One, or one and one more for every layer. */
  get productsPerProbe(): number {
    return 1 + (this.exact.blocks !== null ? this.products.layers.length : 0);
  }

  async draw(): Promise<LayerNumbers> {
    const { projected } = this;
    const { layers } = this.products;
    const probe = drawSigns(this.probe, this.random);
    projected.set(probe);
    await this.lanczos.basis.projectOut(projected, this.deflated);
    const image = await this.products.multiply(projected, this.image);
    const numbers: LayerNumbers = {
      traces: Float64Array.from(layers, ({ from, to }) => innerProduct(probe, image, from, to)),
      rows: Float64Array.from(layers, ({ from, to }) => innerProduct(image, image, from, to)),
      blocks: this.exact.blocks !== null ? new Float64Array(layers.length ** 2) : null,
    };
    if (numbers.blocks !== null) await this.addBlocks(probe, numbers.blocks);
    return numbers;
  }

  private async addBlocks(probe: Float64Array, blocks: Float64Array): Promise<void> {
    const { layers } = this.products;
    const within = this.projected;
    for (const [l, { from, to }] of layers.entries()) {
      within.fill(0);
      within.set(probe.subarray(from, to), from);
      const image = await this.products.multiply(within, this.image);
      const known = await this.lanczos.imageOf(await this.lanczos.basis.innerProducts(within, this.deflated));
      for (const [m, range] of layers.entries()) {
        const share =
          innerProduct(image, image, range.from, range.to) - innerProduct(known, known, range.from, range.to);
        // Both orders estimate the same norm; their mean keeps the matrix symmetric.
        blocks[l * layers.length + m]! += share / 2;
        blocks[m * layers.length + l]! += share / 2;
      }
    }
  }
}

/** From the layers' Gram matrices of the basis alone: (HQ)_l = Q⁺_l C with C the coefficients of Lanczos. */
async function exactNumbers(
  { layers }: SymmetricProducts,
  { basis, coefficients }: Lanczos,
  withBlocks: boolean,
): Promise<LayerNumbers> {
  const traces = new Float64Array(layers.length);
  const rows = new Float64Array(layers.length);
  const steps = coefficients.length;
  /** Of every layer: ⟨q_i, q_j⟩ and ⟨Hq_i, Hq_j⟩ for i, j ≤ k, over its parameters. */
  const grams: { ofBasis: Float64Array; ofImages: Float64Array }[] = [];
  for (const [l, { from, to }] of layers.entries()) {
    const gram = await basis.gram(from, to);
    // ⟨q_i, Hq_j⟩, then ⟨Hq_i, Hq_j⟩.
    const mixed = gram.map((row) =>
      coefficients.map((column) => column.reduce((sum, value, i) => sum + value * row[i]!, 0)),
    );
    const images = coefficients.map((column) =>
      coefficients.map((_, j) => column.reduce((sum, value, i) => sum + value * mixed[i]![j]!, 0)),
    );
    for (let j = 0; j < steps; j++) {
      traces[l]! += mixed[j]![j]!;
      rows[l]! += images[j]![j]!;
    }
    if (withBlocks) {
      grams.push({
        ofBasis: Float64Array.from(gram.slice(0, steps).flatMap((row) => row.slice(0, steps))),
        ofImages: Float64Array.from(images.flat()),
      });
    }
  }
  if (!withBlocks) return { traces, rows, blocks: null };
  const blocks = new Float64Array(layers.length ** 2);
  for (let m = 0; m < layers.length; m++) {
    for (let l = 0; l < layers.length; l++) {
      // ‖A_ml‖² = ⟨(HQ)_mᵀ(HQ)_m, Q_lᵀQ_l⟩.
      const share = innerProduct(grams[m]!.ofImages, grams[l]!.ofBasis);
      blocks[m * layers.length + l]! += share / 2;
      blocks[l * layers.length + m]! += share / 2;
    }
  }
  return { traces, rows, blocks };
}
