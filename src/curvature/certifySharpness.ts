import type { Sharpness } from '../report/report';
import type { Moments } from './bounds';
import { endOfStage, type Certificate, type CurvatureOptions, type StoppedBy } from './curvatureEstimate';
import { ExtremeEigenvalues } from './extremes';
import { Lanczos } from './lanczos';
import { CountedProducts, type SymmetricProducts } from './products';
import { certifyTop, type TopEigenvalue } from './topEigenvalues';
import { findSharpestDirection, type SharpestDirection } from './sharpestDirection';

/** Vectors of length P beside the basis: probe, projection, image, and what a product itself may need. */
const workingVectors = 8;

/** A Lanczos run with the intervals that it has reached. */
export class CertifyingLanczos {
  readonly lanczos: Lanczos;
  /** Steps that the memory holds. */
  readonly mostSteps: number;
  private readonly extremes: ExtremeEigenvalues;
  private readonly vectorBytes: number;
  private reached: Sharpness | null = null;
  /** Whether the time or the user ended the last advance. */
  private ended: ReturnType<typeof endOfStage> = null;

  constructor(
    readonly products: CountedProducts,
    readonly options: CurvatureOptions,
    readonly exactMoments: Moments | null,
  ) {
    this.extremes = new ExtremeEigenvalues({ ...options, exactMoments });
    const { order, float32 } = products;
    const free = options.memoryBytes - 8 * order * workingVectors;
    this.vectorBytes = order * (float32 === null ? 8 : 4);
    const vectors = Math.floor(free / this.vectorBytes);
    this.mostSteps = Math.max(1, Math.min(order, vectors - 1));
    this.lanczos = new Lanczos(products, options.random, options.productError, this.mostSteps);
  }

  get sharpness(): Sharpness | null {
    return this.reached;
  }

  /** Bytes that the basis leaves. */
  get freeBytes(): number {
    const { products, options, lanczos } = this;
    return options.memoryBytes - 8 * products.order * workingVectors - this.vectorBytes * (lanczos.steps + 1);
  }

  /** Whether λ_max is certified, or no further step could do it. */
  get settled(): boolean {
    return this.lanczos.ended || !this.extremes.possible || this.reached?.lambdaMax.certified === true;
  }

  /** Steps until λ_max is settled and so many are made, to a limit of steps, of products and of a share of the time. */
  async advance(
    least: number,
    most: number,
    maxProducts: number,
    onStep: () => void,
    timeShare = 1,
  ): Promise<void> {
    const { lanczos, products, options } = this;
    this.ended = null;
    while (!lanczos.ended && !(this.settled && lanczos.steps >= least)) {
      if (lanczos.steps >= Math.min(most, this.mostSteps) || products.count >= maxProducts) return;
      this.ended = endOfStage(options, 'lanczos', timeShare);
      if (this.ended !== null) return;
      await lanczos.step();
      this.reached = this.extremes.after(lanczos);
      onStep();
    }
  }

  /** The sharpest direction; null where λ_max is not certified. */
  async sharpest(): Promise<SharpestDirection | null> {
    const { lanczos, products, options } = this;
    const certified = this.reached?.lambdaMax.certified === true;
    return certified ? findSharpestDirection(lanczos, products.layers, 1 - options.confidence) : null;
  }

  /** The largest eigenvalues that are asked for: within the budget where their number was, else for what λ_max has taken. */
  async top(maxProducts = this.options.maxProducts): Promise<readonly TopEigenvalue[]> {
    const { lanczos, products, options } = this;
    const { top } = options;
    if (top === undefined || this.reached?.lambdaMax.certified !== true) return [];
    const left = maxProducts - products.count;
    return certifyTop(this, {
      count: top.count,
      maxProducts: top.asked ? left : Math.min(left, lanczos.steps),
    });
  }

  /** What kept λ_max from being settled. */
  get stoppedBy(): StoppedBy {
    if (this.settled) return 'complete';
    if (this.ended !== null) return this.ended;
    return this.lanczos.steps >= this.mostSteps ? 'memory budget' : 'product budget';
  }
}

/**
 * The intervals of λ_max and λ_min alone: Lanczos until λ_max is certified or the budget ends.
 * @param exactMoments trace and squared norm where they are exact; null: only probabilistic intervals, until the basis
 * is complete
 * @param leastSteps steps taken also where fewer certify λ_max: λ_min, small beside it, takes longer
 */
export async function certifySharpness(
  products: SymmetricProducts,
  exactMoments: Moments | null,
  options: CurvatureOptions,
  leastSteps = 1,
): Promise<Certificate> {
  const counted = new CountedProducts(products);
  const run = new CertifyingLanczos(counted, options, exactMoments);
  const expectedProducts = Math.min(counted.order, options.maxProducts);
  await run.advance(leastSteps, counted.order, options.maxProducts, () =>
    options.onProgress?.({
      stage: 'lanczos',
      products: counted.count,
      expectedProducts,
      sharpness: run.sharpness,
      canSkip: run.sharpness !== null,
      running: null,
    }),
  );
  const { stoppedBy } = run;
  const sharpest = await run.sharpest();
  const top = await run.top();
  return {
    sharpness: run.sharpness,
    ritzValues: run.lanczos.ritzValues(),
    sharpest,
    top,
    products: counted.count,
    stoppedBy,
  };
}
