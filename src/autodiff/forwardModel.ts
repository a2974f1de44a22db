import { sizeOf, type Value } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import { computeLosses } from '../loss/losses';
import { rowWeights, type Targets } from '../loss/targets';
import { batchFeeds } from './batches';
import { FlatTensors, parameterFeeds, pickFeeds, realArray, type Feeds } from './feeds';
import type { PlannedModel } from './plannedModel';
import { openPart, type Part } from './productSessions';

/** What the model gives at some weights. */
export interface AtWeights {
  /** Rows × C. */
  readonly outputs: Float64Array;
  /** ℓ_n of every row. */
  readonly losses: Float64Array;
  /** Σ ω_n ℓ_n, without weight decay. */
  readonly meanLoss: number;
}

/** The model as a function of its weights: forward passes over all samples of the graph that the products are made from. */
export class ForwardModel {
  private readonly rowWeights: Float64Array;
  /** Opened when it is wanted, for as many directions as come. */
  private curvatures: Part | null = null;

  private constructor(
    private readonly plan: PlannedModel,
    private readonly forward: Part,
    private readonly batches: readonly Feeds[],
    private readonly options: { readonly precision: Precision; readonly threads: number },
  ) {
    const { targets } = plan.objective;
    this.rowWeights = rowWeights(targets, 0, targets.count);
  }

  /** @throws FailureError TimeLimit */
  static async open(
    plan: PlannedModel,
    options: { readonly precision: Precision; readonly threads: number },
  ): Promise<ForwardModel> {
    const { objective, prepared, graphs } = plan;
    const batches = await batchFeeds(prepared.lowered, objective, prepared.batches, options.precision);
    const part = await openPart(
      new Map([['outputs', graphs.outputs]]),
      new Map(),
      options.precision,
      options.threads,
    );
    return new ForwardModel(plan, part, batches, options);
  }

  get targets(): Targets {
    return this.plan.objective.targets;
  }

  /** @param weights length P, in the order of the products */
  async at(weights: Float64Array): Promise<AtWeights> {
    const { loss, targets } = this.plan.objective;
    const { outputs: value } = this.plan.graphs;
    const parameters = this.parametersAt(weights);
    const outputs = await this.ofBatches(this.forward, 'outputs', value, [parameters]);
    const losses = computeLosses(loss, outputs, targets.values, targets.width, targets.factors);
    const meanLoss = losses.reduce((sum, each, row) => sum + this.rowWeights[row]! * each, 0);
    return { outputs, losses, meanLoss };
  }

  /**
   * ω_n · vᵀ∇²ℓ_n v of every row n, whose sum is vᵀHv without weight decay: two forward tangents along v, so that all rows
   * come from one pass.
   * @param direction v, length P
   */
  async curvaturesAlong(weights: Float64Array, direction: Float64Array): Promise<Float64Array> {
    const { graphs } = this.plan;
    const { precision, threads } = this.options;
    const value = graphs.rowCurvatures();
    this.curvatures ??= await openPart(new Map([['curvatures', value]]), new Map(), precision, threads);
    const directions = new FlatTensors('direction', graphs.parameters, realArray(direction, precision));
    const feeds = [this.parametersAt(weights), directions.feeds];
    return this.ofBatches(this.curvatures, 'curvatures', value, feeds);
  }

  async release(): Promise<void> {
    await this.curvatures?.session.release();
    await this.forward.session.release();
  }

  private parametersAt(weights: Float64Array): Feeds {
    return parameterFeeds(this.plan.graphs.parameters, weights, this.options.precision);
  }

  /** One output over all batches, without what fills up the last. */
  private async ofBatches(
    { session, inputs }: Part,
    name: string,
    { dims }: Value,
    feeds: readonly Feeds[],
  ): Promise<Float64Array> {
    const { objective, graphs } = this.plan;
    const { values } = objective.targets;
    const size = sizeOf(dims);
    const whole = new Float64Array(size * this.batches.length);
    const data = realArray(new Float64Array(size), this.options.precision);
    for (const [batch, own] of this.batches.entries()) {
      objective.between?.();
      await session.runInto(pickFeeds(inputs, ...feeds, own), { [name]: { dims, data } });
      whole.set(data, batch * size);
    }
    // As many for every row as this output has, where the outputs themselves have one for each target.
    return whole.subarray(0, (values.length * size) / sizeOf(graphs.outputs.dims));
  }
}
