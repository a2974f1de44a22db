import { FailureError } from '../report/failure';
import type { Quantity, Spectrum } from '../report/report';
import { CertifyingLanczos, tellProgress } from './certifySharpness';
import type { CurvatureEstimate, CurvatureOptions, StoppedBy } from './curvatureEstimate';
import { Lanczos } from './lanczos';
import { momentEstimate, type MomentEstimate } from './momentEstimate';
import { Probes, type LayerNumbers } from './probes';
import { CountedProducts, type SymmetricProducts } from './products';
import { estimatedSpectrum, quadrature } from './spectralDensity';
import { studentQuantile } from './studentQuantile';

/** Lanczos takes this many steps even where fewer certify λ_max: what it finds needs no probes. */
const deflationSteps = 20;
/** Of a time limit, Lanczos may take this share before the probes. */
const deflationTime = 0.4;
/** Probes that only tell how many to draw, and the fewest that carry an error bar. */
const pilotProbes = 10;
const leastProbes = 20;
/** The pilot's errors are as uncertain as ten numbers make them: somewhat more probes than they ask for. */
const pilotMargin = 1.5;

export interface EstimateOptions extends CurvatureOptions {
  /** Whether to estimate the squared norms of the blocks: as many products more per probe as there are layers. */
  readonly blocks: boolean;
  /** Starting vectors (two at least) and steps of the spectral density, or null for none. */
  readonly density: { readonly probes: number; readonly steps: number } | null;
}

/**
 * What products alone tell of a matrix, in this order: Lanczos, which brackets λ_max and deflates; a pilot of probes,
 * which fixes the number of probes and is not used again; the probes; Lanczos again where λ_max is not certified and
 * products are left; the spectral density. Budgets count products: two runs of one seed are equal, but for the time limit.
 *
 * Throws TooLarge where the budget or the time ends before there are error bars.
 */
export async function estimateCurvature(
  products: SymmetricProducts,
  options: EstimateOptions,
): Promise<CurvatureEstimate> {
  return new Estimation(new CountedProducts(products), options).run();
}

class Estimation {
  private readonly parameters: readonly number[];
  private readonly lanczos: CertifyingLanczos;
  private readonly densityProducts: number;

  constructor(
    private readonly products: CountedProducts,
    private readonly options: EstimateOptions,
  ) {
    const { density } = options;
    this.parameters = products.layers.map(({ from, to }) => to - from);
    this.lanczos = new CertifyingLanczos(products, options, null);
    // The first run of the density is Lanczos' own.
    this.densityProducts = density === null ? 0 : (density.probes - 1) * density.steps;
  }

  async run(): Promise<CurvatureEstimate> {
    const { options, products, lanczos } = this;
    const productsPerProbe = 1 + (options.blocks ? this.parameters.length : 0);
    const forProbes = productsPerProbe * (pilotProbes + leastProbes);
    const forLanczos = options.maxProducts - this.densityProducts - forProbes;
    if (forLanczos < 1) {
      throw new FailureError(
        'TooLarge',
        `An estimate with error bars takes ${options.maxProducts - forLanczos + 1} products with the Hessian at least, and ${options.maxProducts} are allowed; allow more, or ask for less.`,
      );
    }
    // Where λ_max is hard to certify, half of what the probes can spare is left to them at first.
    const first = Math.min(forLanczos, Math.max(deflationSteps, Math.ceil(forLanczos / 2)));
    const onStep = (): void => tellProgress(options, 'lanczos', products, lanczos.sharpness);
    await lanczos.advance(deflationSteps, first, first, onStep, deflationTime);
    const { probes, wanted } = await this.deflatedProbes(onStep);
    const samples = await this.draw(probes, Math.min(wanted, this.affordableProbes(probes)));
    const moments = momentEstimate(this.parameters, probes.exact, samples);
    await lanczos.advance(1, products.order, options.maxProducts - this.densityProducts, () =>
      tellProgress(options, 'lanczos', products, lanczos.sharpness, { moments, probes: samples.length }),
    );
    const ritzValues = lanczos.lanczos.ritzValues();
    const spectrum = await this.density(moments, samples.length);
    const quantile = studentQuantile(samples.length - 1);
    const { value, standardError } = moments.bounds.lambdaMax.upper;
    const ritz = ritzValues.at(-1)?.value ?? Number.NEGATIVE_INFINITY;
    return {
      moments,
      sharpness: lanczos.sharpness,
      ritzValues,
      upperBoundInterval: {
        lower: Math.max(ritz, value - quantile * standardError),
        upper: Math.max(ritz, value + quantile * standardError),
      },
      spectrum,
      products: products.count,
      probes: samples.length,
      studentQuantile: quantile,
      precisionReached: shortfall(moments, options.precision, quantile) <= 1,
      stoppedBy: this.stoppedBy(samples.length < wanted, spectrum === null && options.density !== null),
    };
  }

  /**
   * Probes with as much deflated as pays: where they would be more than the steps of Lanczos, twice the steps, as long as
   * that saves a third of the probes (less may be the pilot's chance), and more products than it takes.
   */
  private async deflatedProbes(onStep: () => void): Promise<{ probes: Probes; wanted: number }> {
    const { products, options } = this;
    const { lanczos, mostSteps } = this.lanczos;
    let last = Number.POSITIVE_INFINITY;
    for (;;) {
      const probes = new Probes(products, lanczos, options.random, options.blocks);
      const before = products.count;
      const wanted = await this.wantedProbes(probes);
      const saved = (last - wanted) * probes.productsPerProbe;
      const steps = 2 * lanczos.steps;
      const forProbes = (pilotProbes + leastProbes) * probes.productsPerProbe;
      const left = options.maxProducts - this.densityProducts - products.count - forProbes;
      const pays = wanted < (2 / 3) * last && saved > lanczos.steps / 2 + products.count - before;
      last = wanted;
      const done = wanted * probes.productsPerProbe <= lanczos.steps || lanczos.ended;
      const late = options.outOfTime?.(deflationTime) === true;
      if (done || !pays || late || left < lanczos.steps || steps > mostSteps) return { probes, wanted };
      await this.lanczos.advance(steps, steps, options.maxProducts, onStep, deflationTime);
    }
  }

  /** How many probes the precision takes, as a pilot tells whose probes are used for nothing else. */
  private async wantedProbes(probes: Probes): Promise<number> {
    const samples: LayerNumbers[] = [];
    while (samples.length < pilotProbes) {
      this.failIfOutOfTime();
      samples.push(await probes.draw());
      tellProgress(this.options, 'pilot', this.products, this.lanczos.sharpness);
    }
    const pilot = momentEstimate(this.parameters, probes.exact, samples);
    // With many probes Student's quantile is near the normal one.
    const missing = shortfall(pilot, this.options.precision, 2);
    return Math.max(leastProbes, Math.ceil(pilotProbes * pilotMargin * missing * missing));
  }

  private affordableProbes({ productsPerProbe }: Probes): number {
    const left = this.options.maxProducts - this.densityProducts - this.products.count;
    return Math.floor(left / productsPerProbe);
  }

  private async draw(probes: Probes, count: number): Promise<LayerNumbers[]> {
    const { options, products } = this;
    const samples: LayerNumbers[] = [];
    const expectedProducts = products.count + count * probes.productsPerProbe + this.densityProducts;
    while (samples.length < count) {
      if (samples.length < leastProbes) this.failIfOutOfTime();
      else if (options.outOfTime?.() === true) break;
      samples.push(await probes.draw());
      const drawn = samples.length;
      // The running estimate costs as much as there are probes: told ever more rarely.
      if (drawn < pilotProbes || drawn % Math.ceil(drawn / 20) !== 0) continue;
      tellProgress(options, 'probes', products, this.lanczos.sharpness, {
        expectedProducts,
        moments: momentEstimate(this.parameters, probes.exact, samples),
        probes: drawn,
      });
    }
    return samples;
  }

  private failIfOutOfTime(): void {
    if (this.options.outOfTime?.() !== true) return;
    throw new FailureError(
      'TooLarge',
      `The time limit ended the analysis after ${this.products.count} products with the Hessian, before the ${leastProbes} probes that error bars take; allow more time.`,
    );
  }

  /** Null where not asked for, or out of time. */
  private async density(moments: MomentEstimate, probes: number): Promise<Spectrum | null> {
    const { options, products } = this;
    if (options.density === null) return null;
    const { lanczos } = this.lanczos;
    const steps = Math.min(options.density.steps, this.lanczos.mostSteps);
    const runs = [quadrature(lanczos.alphas.slice(0, steps), lanczos.betas)];
    lanczos.releaseBasis();
    while (runs.length < options.density.probes) {
      const next = new Lanczos(products, options.random, options.productError);
      while (next.steps < steps && !next.ended) {
        if (options.outOfTime?.() === true) return null;
        await next.step();
        tellProgress(options, 'density', products, this.lanczos.sharpness, { moments, probes });
      }
      runs.push(quadrature(next.alphas, next.betas));
    }
    return estimatedSpectrum(runs, steps);
  }

  private stoppedBy(fewerProbes: boolean, noDensity: boolean): StoppedBy {
    if ((fewerProbes || noDensity) && this.options.outOfTime?.() === true) return 'time limit';
    return fewerProbes ? 'product budget' : this.lanczos.stoppedBy;
  }
}

/** Half the widest 95 % interval over what the precision allows: at most 1 where it is reached. */
function shortfall(
  { trace, frobeniusSquared, bounds }: MomentEstimate,
  precision: number,
  quantile: number,
): number {
  const norm = Math.sqrt(frobeniusSquared.value);
  const relative = ({ value, standardError }: Quantity, least = 0): number =>
    standardError === 0 ? 0 : (quantile * standardError) / (precision * Math.max(Math.abs(value), least));
  // A trace near 0, where curvature of both signs cancels, is measured against the norm.
  return Math.max(relative(trace, norm), relative(frobeniusSquared), relative(bounds.lambdaMax.upper));
}
