import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import { rowsOf } from './sampleTile';

/** Elements of one panel: several of this size stay in the cache, and their memory is used again at once. */
const panelElements = 2 ** 17;

/** Samples of a panel at most: of symmetric sums half the work is saved but for the triangles on the diagonal. */
const panelSamples = 128;

/** The pairs of some samples n, `from` to `to`, with the samples n' from `start` on. */
export interface Panel {
  readonly from: number;
  readonly to: number;
  readonly start: number;
}

/**
 * The pairs of two runs of samples in panels, so that everything about a panel is done while it is in the cache. Where both
 * runs are the same samples only the pairs n' ≥ n are there, and some of their mirror images.
 */
export class PairPanels {
  readonly all: readonly Panel[];

  constructor(
    samples: number,
    private readonly others: number,
    symmetric: boolean,
    private readonly products: MatrixProducts,
  ) {
    const height = Math.max(1, Math.min(panelSamples, Math.floor(panelElements / others)));
    const all: Panel[] = [];
    for (let from = 0; from < samples; from += height) {
      all.push({ from, to: Math.min(samples, from + height), start: symmetric ? from : 0 });
    }
    this.all = all;
  }

  /** right·leftᵀ, left[n] by rows of n, right[n'] of n'; n' from `start` on × n from `from` to `to`. */
  async product({ from, to, start }: Panel, left: Matrix, right: Matrix): Promise<Float64Array> {
    // The long side first: the kernel packs the second matrix, which stays small.
    const { data } = await this.products.timesTransposed(
      rowsOf(right, start, this.others),
      rowsOf(left, from, to),
    );
    return data;
  }
}

/** The features of n and of n' whose products are a matrix over pairs. */
export type PairFeatures = readonly [Matrix, Matrix];

/**
 * A sum over pairs of terms left[n]·right[n'], or of products of two such, element by element. What was added last is
 * multiplied only when its panel is taken.
 */
export class PairSum {
  private readonly held = new Map<Panel, Float64Array>();
  private pending: (readonly PairFeatures[])[] = [];

  constructor(private readonly panels: PairPanels) {}

  /** @param factors features whose matrices over pairs are multiplied element by element to make the term */
  add(...factors: readonly PairFeatures[]): void {
    this.pending.push(factors);
  }

  /** Multiplies what was added, so that its features can go. */
  async settle(): Promise<void> {
    if (this.pending.length === 0) return;
    for (const panel of this.panels.all) this.held.set(panel, await this.take(panel));
    this.pending = [];
  }

  /** The sum's elements of a panel, which are the caller's from then on. */
  async take(panel: Panel): Promise<Float64Array> {
    let sum = this.held.get(panel);
    this.held.delete(panel);
    for (const [first, ...rest] of this.pending) {
      if (first === undefined) throw new RangeError('A term without factors');
      const term = await this.panels.product(panel, ...first);
      for (const factor of rest) multiplyBy(term, await this.panels.product(panel, ...factor));
      if (sum === undefined) sum = term;
      else addTo(sum, term);
    }
    if (sum === undefined) throw new RangeError('An empty sum');
    return sum;
  }
}

/** A matrix left[n]·right[n'] over pairs that is wanted more than once: its panels are kept. */
export class PairGram {
  private readonly known = new Map<Panel, Float64Array>();

  constructor(
    private readonly panels: PairPanels,
    private readonly features: PairFeatures,
  ) {}

  async panel(panel: Panel): Promise<Float64Array> {
    let data = this.known.get(panel);
    if (data === undefined) {
      data = await this.panels.product(panel, ...this.features);
      this.known.set(panel, data);
    }
    return data;
  }
}

export function addTo(into: Float64Array, data: Float64Array): void {
  for (let at = 0; at < into.length; at++) into[at]! += data[at]!;
}

export function multiplyBy(into: Float64Array, data: Float64Array): void {
  for (let at = 0; at < into.length; at++) into[at]! *= data[at]!;
}
