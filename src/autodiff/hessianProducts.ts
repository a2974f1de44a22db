import { sizeOf, type Value } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import { computeLosses } from '../loss/losses';
import { rowsPerSample, rowWeights } from '../loss/targets';
import { addNumbers } from '../runtime/copyNumbers';
import { Float32Vectors } from '../runtime/float32Vectors';
import type { RunFeeds } from '../runtime/session';
import type { HeadKind } from '../subject/head';
import type { ParameterSurvey } from '../subject/parameters';
import { batchFeeds } from './batches';
import type { CurvatureGraphs } from './curvatureGraphs';
import type { Feeds } from './feeds';
import { FlatTensors, parameterFeeds, pickFeeds, realArray } from './feeds';
import { ForwardModel } from './forwardModel';
import { isFiniteVector, requireFinite, requireOwnOutputs } from './outputChecks';
import type { ProductLayer } from './productLayers';
import { laidOut, placesOf, productLayers, weightsOf } from './productLayers';
import { someSamples, type Objective } from './preparedModel';
import { countProduct, planModel, vectorBytes, type PlannedModel } from './plannedModel';
import type { OncePerBatch } from './productSessions';
import { openPart, ProductSessions } from './productSessions';
import type { GradientCheckMeasures } from './gradientCheck';
import { checkProducts } from './gradientCheck';
import type { Rules } from './rules/rules';
import { rules } from './rules/rules';
import { bytesOf } from './residuals';

export interface ProductOptions {
  readonly precision: Precision;
  /** Bytes that samples, weights, residuals and one batch's work may take together. */
  readonly memoryBudget: number;
  readonly threads: number;
  /** Samples in every run where the model takes no other number of them, or null: whatever fits the memory. */
  readonly batch: number | null;
}

/** Products of vectors of float32 that are not rounded on the way, and kernels for many such vectors. */
interface Float32Products {
  readonly kernels: Float32Vectors;
  readonly multiply: (vector: Float32Array, into: Float32Array) => Promise<void>;
}

/** The share of the memory beside the vectors that residuals may take. */
const residualShare = 0.35;
/** And that part of them, with the weights, that onnxruntime may keep packed beside. */
const fixedShare = 0.1;
const mostFixedBytes = 2 ** 30;

/** Multiply-adds of a product up to which loss and gradient are computed in float64 beside products in float32. */
const mostInFloat64 = 5e9;

/** What products are made of. */
interface Parts {
  readonly hessian: ProductSessions;
  readonly parameterFeeds: Feeds;
  readonly batches: readonly Feeds[];
  readonly kernels: Float32Vectors | null;
  readonly rowWeights: Float64Array;
  readonly decay: Decay;
}

/** ½λ‖θ_D‖², where D is what decays. */
interface Decay {
  readonly lambda: number;
  /** Where the parameters that decay lie in θ. */
  readonly places: readonly (readonly [from: number, to: number])[];
}

/** What one run over all batches gave, and the check. */
type Found = Pick<
  HessianProducts,
  'weights' | 'gradient' | 'outputs' | 'losses' | 'layers' | 'measured' | 'bytes' | 'keptShare'
>;

/**
 * Products of the loss's Hessian, and of its Gauss-Newton matrix, with vectors over all parameters in the order of the
 * layers, weight before bias, each row-major as in the file. The loss is the mean over all samples, or over their rows,
 * and the weight decay beside it.
 */
export class HessianProducts {
  /** θ, the weights of the file, in the order of the products. */
  readonly weights: Float64Array;
  /** ∇L at the weights of the file. */
  readonly gradient: Float64Array;
  /** Rows × C, as the products see them: one row for every sample, or several. */
  readonly outputs: Float64Array;
  /** ℓ_n of every row. */
  readonly losses: Float64Array;
  readonly layers: readonly ProductLayer[];
  /** What the check at run time measured; relative. */
  readonly measured: GradientCheckMeasures;
  /** Bytes that stay taken between products: weights, samples and residuals. */
  readonly bytes: number;
  /** Of the batches, those whose residuals are kept from product to product: 0 to 1. */
  readonly keptShare: number;
  private gaussNewton: ProductSessions | null = null;

  private constructor(
    private readonly plan: PlannedModel,
    private readonly options: ProductOptions,
    private readonly parts: Parts,
    found: Found,
  ) {
    ({
      weights: this.weights,
      gradient: this.gradient,
      outputs: this.outputs,
      losses: this.losses,
      layers: this.layers,
      measured: this.measured,
      bytes: this.bytes,
      keptShare: this.keptShare,
    } = found);
  }

  /**
   * Prepares the products and checks them: nothing is given out before uᵀHv = vᵀHu and a finite difference of the
   * gradient hold.
   * @param table the rules; the tests give wrong ones to see that the check finds them
   * @throws FailureError naming the node where the model cannot be analysed
   */
  static async open(
    objective: Objective,
    options: ProductOptions,
    table: Rules = rules,
  ): Promise<HessianProducts> {
    return HessianProducts.ofPlan(await planModel(objective, options, table), options);
  }

  /** The same of a model that is planned already. */
  static async ofPlan(plan: PlannedModel, options: ProductOptions): Promise<HessianProducts> {
    const { objective, table, prepared, graphs } = plan;
    const { samples, targets, loss, weightDecay = 0 } = objective;
    const { precision, threads } = options;
    const { lowered, layers, width } = prepared;
    const weights = weightsOf(layers);
    const ownWeights = parameterFeeds(graphs.parameters, weights, precision);
    const batches = await batchFeeds(lowered, objective, prepared.batches, precision);

    const realBytes = precision === 'float64' ? 8 : 4;
    const candidates = ProductSessions.residuals(graphs, graphs.hessianProduct, precision);
    const residualBytes = bytesOf(candidates, realBytes);
    const room = options.memoryBudget - vectorBytes(weights.length);
    const keptBatches = fittingBatches(residualShare * room, residualBytes, batches.length);
    const sums = new BatchSums(graphs, batches.length, precision);
    // Loss and gradient in float64, but where they would take longer than many products of float32.
    const apart = precision === 'float32' && countProduct(plan).multiplyAdds <= mostInFloat64;
    const hessian = await ProductSessions.open(graphs, graphs.hessianProduct, {
      residuals: candidates,
      keptBatches,
      besides: apart ? null : sums,
      parameterFeeds: ownWeights,
      batches,
      precision,
      threads,
      fixedBytes: Math.min(mostFixedBytes, fixedShare * room),
      between: objective.between,
    });
    try {
      const sumsPrecision = apart ? 'float64' : precision;
      const { gradient, outputs } = apart ? await batchSums(plan, weights, sumsPrecision, threads) : sums;
      const own = outputs.subarray(0, targets.values.length);
      const losses = computeLosses(loss, own, targets.values, width, targets.factors);
      await requireFinite(losses, gradient, samples, rowsPerSample(targets), () =>
        firstWithoutGradient(plan, (part) => batchSums(part, weights, sumsPrecision, threads)),
      );
      requireOwnOutputs(prepared, own);
      const measured = await checkProducts(
        { prepared, graphs, table, objective, weights, precision, threads },
        hessian,
      );
      const decay = { lambda: weightDecay, places: placesOf(layers, prepared.subject.decayed) };
      addDecay(gradient, decay, weights);
      const sampleBytes = batches.reduce((sum, feeds) => sum + tensorBytes(feeds), 0);
      const parts = {
        hessian,
        parameterFeeds: ownWeights,
        batches,
        kernels: precision === 'float32' ? await Float32Vectors.open(threads) : null,
        rowWeights: rowWeights(targets, 0, samples.count),
        decay,
      };
      return new HessianProducts(plan, options, parts, {
        weights,
        gradient,
        outputs: own,
        losses,
        layers: productLayers(layers),
        measured,
        bytes: tensorBytes(ownWeights) + sampleBytes + keptBatches * residualBytes + hessian.constantBytes,
        keptShare: keptBatches / batches.length,
      });
    } catch (error) {
      await hessian.release();
      throw error;
    }
  }

  /** P, the number of parameters. */
  get order(): number {
    return this.gradient.length;
  }

  get precision(): Precision {
    return this.options.precision;
  }

  get head(): HeadKind {
    return this.plan.prepared.subject.head.kind;
  }

  /** The name of the tensor that the loss is put on. */
  get target(): string {
    return this.plan.prepared.input.tensor;
  }

  /** How the parameters were told from other constants. */
  get survey(): ParameterSurvey {
    return this.plan.prepared.subject.survey;
  }

  get meanLoss(): number {
    const mean = this.losses.reduce((sum, loss, row) => sum + this.parts.rowWeights[row]! * loss, 0);
    return mean + this.penalty;
  }

  /** ½λ‖θ_D‖², over the parameters that decay. */
  get penalty(): number {
    return this.penaltyAt(this.weights);
  }

  /** The same of other weights, or of a direction: half of what the weight decay adds to the curvature along it. */
  penaltyAt(weights: Float64Array): number {
    const { lambda, places } = this.parts.decay;
    // Squares of the greatest weights have no number; without decay they do not count.
    if (lambda === 0) return 0;
    let squares = 0;
    for (const [from, to] of places) for (let at = from; at < to; at++) squares += weights[at]! ** 2;
    return (lambda / 2) * squares;
  }

  /** Numbers by parameter as a vector in the order of the products; null where they are not those of its parameters. */
  inOrder(numbers: ReadonlyMap<string, Float64Array>): Float64Array | null {
    return laidOut(this.plan.prepared.layers, numbers);
  }

  /** Multiply-adds of one product of the Hessian over all samples, counted from the graph. */
  get multiplyAdds(): number {
    return this.parts.hessian.multiplyAdds;
  }

  /** Operators that onnxruntime runs for one product over all samples. */
  get operators(): number {
    return this.parts.hessian.operators;
  }

  /** Bytes that one batch takes beside, while it is multiplied. */
  get batchBytes(): number {
    return this.parts.hessian.batchBytes;
  }

  /** H·v. @param vector length P @param into memory of length P for the result, or none: new one */
  async multiply(vector: Float64Array, into?: Float64Array): Promise<Float64Array> {
    this.requireLength(vector);
    return addDecay(await this.parts.hessian.multiply(vector, into), this.parts.decay, vector);
  }

  /** G·v for the Gauss-Newton matrix G, likewise. */
  async multiplyGaussNewton(vector: Float64Array, into?: Float64Array): Promise<Float64Array> {
    this.requireLength(vector);
    this.gaussNewton ??= await this.openGaussNewton();
    return addDecay(await this.gaussNewton.multiply(vector, into), this.parts.decay, vector);
  }

  /** The products of the Hessian in float32, where they are made in it. */
  get float32(): Float32Products | null {
    return this.float32Of(() => Promise.resolve(this.parts.hessian));
  }

  /** Those of the Gauss-Newton matrix. */
  get gaussNewtonFloat32(): Float32Products | null {
    return this.float32Of(async () => (this.gaussNewton ??= await this.openGaussNewton()));
  }

  private float32Of(sessions: () => Promise<ProductSessions>): Float32Products | null {
    const { kernels } = this.parts;
    if (kernels === null) return null;
    return {
      kernels,
      multiply: async (vector, into) => {
        this.requireLength(vector);
        await (await sessions()).multiplyFloat32(vector, into);
        addDecay(into, this.parts.decay, vector);
      },
    };
  }

  private openGaussNewton(): Promise<ProductSessions> {
    const { options, parts } = this;
    const { graphs } = this.plan;
    const { parameterFeeds, batches } = parts;
    const product = graphs.gaussNewtonProduct();
    const candidates = ProductSessions.residuals(graphs, product, options.precision);
    const realBytes = options.precision === 'float64' ? 8 : 4;
    const room = options.memoryBudget - vectorBytes(this.order);
    const free = residualShare * room - this.bytes;
    return ProductSessions.open(graphs, product, {
      ...options,
      residuals: candidates,
      keptBatches: fittingBatches(free, bytesOf(candidates, realBytes), batches.length),
      besides: null,
      parameterFeeds,
      batches,
      fixedBytes: Math.min(mostFixedBytes, fixedShare * room),
    });
  }

  /** The same products where the loss is another mean: of the rows with these weights ω. */
  reweighted(weights: Float64Array): Promise<HessianProducts> {
    const { plan, options } = this;
    const { targets } = plan.objective;
    const { classAxis } = targets.rows ?? { classAxis: 1 };
    const rows = { classAxis, perSample: rowsPerSample(targets), weights };
    const objective = { ...plan.objective, targets: { ...targets, rows } };
    return HessianProducts.ofPlan({ ...plan, objective }, options);
  }

  /** Forward passes at other weights, in float64 where gradient and loss are. @throws FailureError TimeLimit */
  openForward(): Promise<ForwardModel> {
    const { precision, threads } = this.options;
    const inFloat64 = precision === 'float64' || this.multiplyAdds <= mostInFloat64;
    return ForwardModel.open(this.plan, { precision: inFloat64 ? 'float64' : 'float32', threads });
  }

  private requireLength(vector: Float64Array | Float32Array): void {
    if (vector.length !== this.order)
      throw new RangeError(`${vector.length} numbers for ${this.order} parameters`);
  }

  async release(): Promise<void> {
    await this.parts.hessian.release();
    await this.gaussNewton?.release();
    await this.parts.kernels?.release();
  }
}

/** ∇L and the outputs, summed over batches that are run one after the other. */
class BatchSums implements OncePerBatch {
  readonly gradient: Float64Array;
  readonly outputs: Float64Array;
  readonly values: ReadonlyMap<string, Value>;
  readonly into: RunFeeds;
  private readonly part: FlatTensors;
  private readonly rows: Float32Array | Float64Array;

  constructor({ gradient, outputs, parameters }: CurvatureGraphs, batches: number, precision: Precision) {
    const { dims } = outputs;
    this.part = FlatTensors.zeros('gradient', parameters, precision);
    this.rows = realArray(new Float64Array(sizeOf(dims)), precision);
    this.gradient = new Float64Array(this.part.numbers.length);
    this.outputs = new Float64Array(this.rows.length * batches);
    this.into = { ...this.part.record, outputs: { dims, data: this.rows } };
    this.values = new Map([
      ...gradient.map((value, i) => [`gradient ${i}`, value] as const),
      ['outputs', outputs],
    ]);
  }

  onBatch(batch: number): void {
    addNumbers(this.gradient, this.part.numbers);
    this.outputs.set(this.rows, batch * this.rows.length);
  }
}

async function batchSums(
  { graphs, prepared, objective }: PlannedModel,
  weights: Float64Array,
  precision: Precision,
  threads: number,
): Promise<BatchSums> {
  const batches = await batchFeeds(prepared.lowered, objective, prepared.batches, precision);
  const sums = new BatchSums(graphs, batches.length, precision);
  const { session, inputs } = await openPart(sums.values, new Map(), precision, threads);
  try {
    const parameters = parameterFeeds(graphs.parameters, weights, precision);
    for (const [batch, feeds] of batches.entries()) {
      objective.between?.();
      await session.runInto(pickFeeds(inputs, parameters, feeds), sums.into);
      sums.onBatch(batch);
    }
    return sums;
  } finally {
    await session.release();
  }
}

/** The first sample whose own gradient is not finite, by halves; null where only the sum of the gradients is not. */
async function firstWithoutGradient(
  plan: PlannedModel,
  sums: (part: PlannedModel) => Promise<BatchSums>,
): Promise<number | null> {
  const isFinite = async (from: number, to: number): Promise<boolean> =>
    isFiniteVector((await sums(ofSamples(plan, from, to))).gradient);
  let from = 0;
  let to = plan.objective.samples.count;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (await isFinite(from, middle)) from = middle;
    else to = middle;
  }
  return (await isFinite(from, to)) ? null : from;
}

/** The model on some of its samples, in batches of the same size, which the first of them fills up. */
function ofSamples(plan: PlannedModel, from: number, to: number): PlannedModel {
  const { size } = plan.prepared.batches;
  const batches = { size, count: Math.ceil((to - from) / size) };
  return {
    ...plan,
    objective: someSamples(plan.objective, from, to),
    prepared: { ...plan.prepared, batches },
  };
}

/** How many batches' residuals fit. */
function fittingBatches(room: number, bytesOfBatch: number, batches: number): number {
  return bytesOfBatch === 0 ? batches : Math.max(0, Math.min(batches, Math.floor(room / bytesOfBatch)));
}

/** `sum` with λ times the other added to it, where parameters decay. */
function addDecay<T extends Float64Array | Float32Array>(sum: T, { lambda, places }: Decay, other: T): T {
  if (lambda !== 0)
    for (const [from, to] of places) for (let at = from; at < to; at++) sum[at]! += lambda * other[at]!;
  return sum;
}

function tensorBytes(feeds: Feeds): number {
  return [...feeds.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}
