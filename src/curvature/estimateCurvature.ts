import { FailureError } from '../report/failure';
import type { Spectrum } from '../report/report';
import { groundsText, intervalText } from '../report/wording/sharpnessText';
import { absoluteTrace, shortfall, traceScale } from './requestedPrecision';
import { CertifyingLanczos } from './certifySharpness';
import {
  endOfStage,
  type CurvatureEstimate,
  type CurvatureStage,
  type EstimatedMoments,
  type EstimateOptions,
  type StoppedBy,
} from './curvatureEstimate';
import { estimateIntervals } from './estimateIntervals';
import { Lanczos } from './lanczos';
import { estimateMoments } from './momentEstimate';
import { Probes, type LayerNumbers } from './probes';
import { CountedProducts, type SymmetricProducts } from './products';
import { estimatedSpectrum, quadrature } from './spectralDensity';
import { studentQuantile } from './studentQuantile';

/** Lanczos takes this many steps even where fewer certify λ_max: what it finds needs no probes. */
const deflationSteps = 20;
/** Of a time limit, λ_max may take this share before the probes, and further steps that spare probes this one. */
const certificateTime = 0.7;
const deflationTime = 0.4;
/** Probes that only tell how many to draw, and the fewest that carry an error bar. */
const pilotProbes = 10;
const leastProbes = 20;
/** Of the probes that the first pilot asks for, so many make a larger one, where ten tell too little of what it costs. */
const pilotShare = 1 / 8;

/** The probes to draw: what is deflated, how many the precision takes, and what the trace is measured against. */
interface PlannedProbes {
  readonly probes: Probes;
  /** Those that told how many, which are used for nothing else. */
  readonly pilot: readonly LayerNumbers[];
  readonly wanted: number;
  readonly magnitude: number;
}

/**
 * What products alone tell of a matrix, in this order: Lanczos, which brackets λ_max and deflates; a pilot of probes,
 * which fixes the number of probes and is not used again; the probes; Lanczos again where λ_max is not certified and
 * products are left; the spectral density. Budgets count products: two runs of one seed are equal, but for the time limit.
 *
 * Throws TooLarge where the budget, TimeLimit where the time ends before there are error bars.
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
  /** The stage under way and the products before it. */
  private stage: { readonly name: CurvatureStage; readonly before: number } = { name: 'lanczos', before: 0 };

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
    const onStep = (): void => this.tellSteps(first);
    await lanczos.advance(1, first, first, onStep, certificateTime);
    await lanczos.advance(deflationSteps, first, first, onStep, deflationTime);
    const planned = await this.withLargerPilot(await this.deflatedProbes());
    const { wanted } = planned;
    const affordable = Math.min(wanted, this.affordableProbes(planned.probes));
    const samples = await this.draw(planned, affordable);
    const ended: StoppedBy =
      samples.length < affordable
        ? (endOfStage(options, 'probes') ?? 'time limit')
        : affordable < wanted
          ? 'product budget'
          : 'complete';
    const running = this.estimated(planned, samples, ended);
    const most = options.maxProducts - this.densityProducts;
    if (!lanczos.settled) this.begin('lanczos');
    await lanczos.advance(1, products.order, most, () => this.tellSteps(most - products.count, running));
    const ritzValues = lanczos.lanczos.ritzValues();
    const { stoppedBy } = lanczos;
    const sharpest = await lanczos.sharpest();
    const top = await lanczos.top(most);
    // Lanczos may know more by now of where the bounds cannot lie.
    const estimated = this.estimated(planned, samples, ended);
    const spectrum = await this.density(estimated);
    return {
      ...estimated,
      sharpness: lanczos.sharpness,
      ritzValues,
      sharpest,
      top,
      spectrum,
      products: products.count,
      stoppedBy: this.stoppedBy([ended, stoppedBy], spectrum),
    };
  }

  /** Lanczos says only when it ends that it does: as many steps again are expected as there were. */
  private tellSteps(most: number, running: EstimatedMoments | null = null): void {
    const { steps } = this.lanczos.lanczos;
    this.tell(Math.min(most, Math.max(deflationSteps, 2 * steps)) - Math.min(most, steps), running);
  }

  /** Deepening Lanczos for the probes is part of finding out how many they are. */
  private begin(name: CurvatureStage): void {
    if (this.stage.name !== name) this.stage = { name, before: this.products.count };
  }

  /** Tells how many products of the stage are made and left, with what is known by then. */
  private tell(left: number, running: EstimatedMoments | null = null): void {
    const { name: stage } = this.stage;
    const products = this.products.count - this.stage.before;
    const { sharpness } = this.lanczos;
    const canSkip =
      stage === 'density' ||
      (stage === 'lanczos' && sharpness !== null) ||
      (stage === 'probes' && (running?.errors.probes ?? 0) >= leastProbes);
    const expectedProducts = products + left;
    this.options.onProgress?.({ stage, products, expectedProducts, sharpness, canSkip, running });
  }

  /** The numbers from the probes that there are, with their errors. */
  private estimated(
    { probes, pilot, wanted, magnitude }: PlannedProbes,
    samples: readonly LayerNumbers[],
    stoppedBy: StoppedBy | null,
  ): EstimatedMoments {
    const moments = estimateMoments(this.parameters, probes.exact, samples);
    const quantile = studentQuantile(samples.length - 1);
    return {
      moments,
      errors: {
        probes: samples.length,
        wantedProbes: wanted,
        pilotProbes: pilot.length,
        stoppedBy,
        precisionReached: shortfall(moments, magnitude, this.options.precision, quantile) <= 1,
        absoluteTrace: traceScale(moments, magnitude),
        studentQuantile: quantile,
        intervals: estimateIntervals(moments, quantile, {
          ritzValues: this.lanczos.lanczos.ritzValues(),
          normFound: probes.exact.rows.reduce((sum, row) => sum + row, 0),
        }),
      },
    };
  }

  /**
   * Probes with as much deflated as pays: where they would be more than the steps of Lanczos, twice the steps, as long as
   * that saves a third of the probes (less may be the pilot's chance), and more products than it takes.
   */
  private async deflatedProbes(): Promise<PlannedProbes> {
    const { products, options } = this;
    const { lanczos, mostSteps } = this.lanczos;
    let last = Number.POSITIVE_INFINITY;
    for (;;) {
      const probes = await Probes.of(products, lanczos, options.random, options.blocks);
      const before = products.count;
      const magnitude = absoluteTrace(lanczos);
      const pilot = await this.drawPilot(probes, [], pilotProbes);
      const wanted = this.wantedProbes(probes, magnitude, pilot);
      const saved = (last - wanted) * probes.productsPerProbe;
      const steps = 2 * lanczos.steps;
      const forPilot = pilotProbes * probes.productsPerProbe;
      const forProbes = forPilot + leastProbes * probes.productsPerProbe;
      const left = options.maxProducts - this.densityProducts - products.count - forProbes;
      const pays = wanted < (2 / 3) * last && saved > lanczos.steps / 2 + products.count - before;
      last = wanted;
      const done = wanted * probes.productsPerProbe <= lanczos.steps || lanczos.ended;
      const late = endOfStage(options, 'lanczos', deflationTime) !== null;
      if (done || !pays || late || left < lanczos.steps || steps > mostSteps)
        return { probes, pilot, wanted, magnitude };
      const onStep = (): void => this.tell(steps - lanczos.steps + forPilot);
      await this.lanczos.advance(steps, steps, options.maxProducts, onStep, deflationTime);
    }
  }

  /** The same with a pilot that is as large as what it decides is worth. */
  private async withLargerPilot(planned: PlannedProbes): Promise<PlannedProbes> {
    const { probes, magnitude, wanted } = planned;
    const affordable = this.affordableProbes(probes);
    const size = Math.floor(pilotShare * Math.min(wanted, affordable));
    if (size <= planned.pilot.length) return planned;
    const pilot = await this.drawPilot(probes, planned.pilot, size);
    return { ...planned, pilot, wanted: this.wantedProbes(probes, magnitude, pilot) };
  }

  /** Adds to a pilot until it has `size` probes, or, beyond the smallest one, until its share of a time limit is used. */
  private async drawPilot(
    probes: Probes,
    drawn: readonly LayerNumbers[],
    size: number,
  ): Promise<readonly LayerNumbers[]> {
    const pilot = [...drawn];
    this.begin('pilot');
    const isLate = (): boolean => endOfStage(this.options, 'lanczos', deflationTime) !== null;
    while (pilot.length < size && (pilot.length < pilotProbes || !isLate())) {
      this.failIfOutOfTime();
      pilot.push(await probes.draw());
      this.tell((size - pilot.length) * probes.productsPerProbe);
    }
    return pilot;
  }

  /**
   * How many probes the precision takes, as a pilot tells. Its errors are as uncertain as a variance of so many numbers is
   * (its relative standard deviation is √(2/(n − 1)) where they are normal): so many more than they ask for.
   */
  private wantedProbes({ exact }: Probes, magnitude: number, drawn: readonly LayerNumbers[]): number {
    const pilot = estimateMoments(this.parameters, exact, drawn);
    const margin = 1 + Math.sqrt(2 / (drawn.length - 1));
    const probesFor = (quantile: number): number => {
      const missing = shortfall(pilot, magnitude, this.options.precision, quantile);
      const probes = Math.ceil(drawn.length * margin * missing * missing);
      return Math.min(Number.MAX_SAFE_INTEGER, Math.max(leastProbes, probes));
    };
    // Student's quantile falls with the number of probes: that of the fewest gives more than enough of them.
    return probesFor(studentQuantile(probesFor(studentQuantile(leastProbes - 1)) - 1));
  }

  private affordableProbes({ productsPerProbe }: Probes): number {
    const left = this.options.maxProducts - this.densityProducts - this.products.count;
    return Math.floor(left / productsPerProbe);
  }

  private async draw(planned: PlannedProbes, count: number): Promise<LayerNumbers[]> {
    const { options } = this;
    const { probes } = planned;
    const samples: LayerNumbers[] = [];
    this.begin('probes');
    while (samples.length < count) {
      if (samples.length < leastProbes) this.failIfOutOfTime();
      else if (endOfStage(options, 'probes') !== null) break;
      samples.push(await probes.draw());
      const drawn = samples.length;
      // The running estimate costs as much as there are probes: told ever more rarely.
      if (drawn < pilotProbes || drawn % Math.ceil(drawn / 20) !== 0) continue;
      this.tell((count - drawn) * probes.productsPerProbe, this.estimated(planned, samples, null));
    }
    return samples;
  }

  private failIfOutOfTime(): void {
    if (this.options.outOfTime?.() !== true) return;
    throw new FailureError(
      'TimeLimit',
      `The time limit ended the analysis after ${this.products.count} products with the Hessian, before the ${leastProbes} probes that error bars take${this.knownByThen()}; allow more time.`,
    );
  }

  /** " (known by then: λ_max between 4.1 and 4.3, with 99.9 % confidence, …)", where Lanczos has an interval. */
  private knownByThen(): string {
    const { sharpness } = this.lanczos;
    if (sharpness === null) return '';
    const { lambdaMax } = sharpness;
    return ` (known by then: λ_max ${intervalText(lambdaMax)}, ${groundsText(lambdaMax)})`;
  }

  /** Null where not asked for, out of time, or skipped. */
  private async density(running: EstimatedMoments): Promise<Spectrum | null> {
    const { options, products } = this;
    if (options.density === null) return null;
    const { lanczos } = this.lanczos;
    const steps = Math.min(options.density.steps, this.lanczos.mostSteps);
    const runs = [quadrature(lanczos.alphas.slice(0, steps), lanczos.betas)];
    lanczos.releaseBasis();
    this.begin('density');
    while (runs.length < options.density.probes) {
      const next = new Lanczos(products, options.random, options.productError, steps);
      while (next.steps < steps && !next.ended) {
        if (endOfStage(options, 'density') !== null) return null;
        await next.step();
        this.tell(this.densityProducts + this.stage.before - products.count, running);
      }
      runs.push(quadrature(next.alphas, next.betas));
    }
    return estimatedSpectrum(runs, steps);
  }

  /** What ended the whole: the time where it ended any part, or else the first budget that did. */
  private stoppedBy(found: readonly StoppedBy[], spectrum: Spectrum | null): StoppedBy {
    // Nothing but time or the user leaves the density out.
    const isMissing = spectrum === null && this.options.density !== null;
    const density = isMissing ? (endOfStage(this.options, 'density') ?? 'time limit') : 'complete';
    const ends = [...found, density] as const;
    return ends.find((end) => end === 'time limit') ?? ends.find((end) => end !== 'complete') ?? 'complete';
  }
}
