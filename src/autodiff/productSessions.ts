import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import { neededValues, writeOnnx } from '../graph/writing/writeOnnx';
import type { RunTensor } from '../runtime/session';
import { Session } from '../runtime/session';
import type { CurvatureGraphs } from './curvatureGraphs';
import type { Feeds } from './feeds';
import { addOutputs, pickFeeds, vectorFeeds } from './feeds';
import { residualsOf } from './split';
import { multiplyAddsOf } from './workload';

/** A session with the names of what it reads. */
export interface Part {
  readonly session: Session;
  readonly inputs: readonly string[];
}

/** Writes a graph and opens it. */
export async function openPart(
  outputs: ReadonlyMap<string, Value>,
  given: ReadonlyMap<Value, string>,
  precision: Precision,
  threads: number,
): Promise<Part> {
  const { bytes, inputs } = writeOnnx(outputs, given, precision);
  return { session: await Session.open({ bytes, externalData: [] }, threads), inputs: [...inputs.keys()] };
}

export interface SessionOptions {
  readonly precision: Precision;
  readonly threads: number;
}

/**
 * One product (of the Hessian, or of the Gauss-Newton matrix) as sessions: split into a part that is run once for each
 * batch, whose residuals are kept, and a part for each vector; or unsplit, where the residuals would take too much memory.
 */
export class ProductSessions {
  /** Multiply-adds of one product over one batch. */
  readonly multiplyAdds: number;

  private constructor(
    private readonly parameters: readonly Value[],
    private readonly outputNames: readonly string[],
    private readonly perVector: Part,
    private readonly feeds: readonly Feeds[],
    private readonly precision: Precision,
    perVectorValues: readonly Value[],
  ) {
    this.multiplyAdds = multiplyAddsOf(perVectorValues);
  }

  /** The residuals that the split form keeps for each batch. */
  static residuals(
    graphs: CurvatureGraphs,
    product: readonly Value[],
    precision: Precision,
  ): readonly Value[] {
    const { model, targets, weights, directions } = graphs;
    const samples = [...model.inputs.values(), ...model.computed.values(), targets, weights];
    return residualsOf(product, directions, samples, precision);
  }

  /**
   * @param residuals those to keep; none: unsplit
   * @param extras further outputs of the part that is run once for each batch, for `onBatch`
   */
  static async open(
    graphs: CurvatureGraphs,
    product: readonly Value[],
    residuals: readonly Value[],
    extras: ReadonlyMap<string, Value>,
    onBatch: (batch: number, outputs: Readonly<Record<string, RunTensor>>) => void,
    parameterFeeds: Feeds,
    batches: readonly Feeds[],
    { precision, threads }: SessionOptions,
  ): Promise<ProductSessions> {
    const kept = new Map(residuals.map((value, i) => [value, `residual ${i}`]));
    const keptOutputs = new Map([...kept].map(([value, name]) => [name, value]));
    const residualFeeds: Feeds[] = [];
    const once = new Map([...keptOutputs, ...extras]);
    if (once.size > 0) {
      const part = await openPart(once, new Map(), precision, threads);
      try {
        for (const [batch, feeds] of batches.entries()) {
          const outputs = await part.session.run(pickFeeds(part.inputs, parameterFeeds, feeds));
          onBatch(batch, outputs);
          residualFeeds.push(new Map([...keptOutputs.keys()].flatMap((name) => entryOf(outputs, name))));
        }
      } finally {
        await part.session.release();
      }
    }
    const outputNames = product.map((_, i) => `product ${i}`);
    const outputs = new Map(product.map((value, i) => [`product ${i}`, value]));
    const perVector = await openPart(outputs, kept, precision, threads);
    const values = neededValues(product, kept).filter((value) => !kept.has(value));
    const feeds = batches.map(
      (own, batch) => new Map([...parameterFeeds, ...own, ...(residualFeeds[batch] ?? [])]),
    );
    return new ProductSessions(graphs.parameters, outputNames, perVector, feeds, precision, values);
  }

  /** The product with a flat vector, summed over the first `batches` batches. */
  async multiply(vector: Float64Array, batches = this.feeds.length): Promise<Float64Array> {
    const order = this.parameters.reduce((sum, { dims }) => sum + sizeOf(dims), 0);
    const directions = vectorFeeds('direction', vector, this.parameters, this.precision);
    const total = new Float64Array(order);
    for (const feeds of this.feeds.slice(0, batches)) {
      const outputs = await this.perVector.session.run(pickFeeds(this.perVector.inputs, directions, feeds));
      addOutputs(total, outputs, this.outputNames);
    }
    return total;
  }

  async release(): Promise<void> {
    await this.perVector.session.release();
  }
}

function entryOf(
  outputs: Readonly<Record<string, RunTensor>>,
  name: string,
): readonly (readonly [string, RunTensor])[] {
  const tensor = outputs[name];
  return tensor === undefined ? [] : [[name, tensor]];
}
