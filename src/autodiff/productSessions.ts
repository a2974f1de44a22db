import type { Value } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import { findNeededValues, writeOnnx } from '../graph/writing/writeOnnx';
import { addNumbers, copyNumbers } from '../runtime/copyNumbers';
import type { RunFeeds } from '../runtime/session';
import { Session } from '../runtime/session';
import type { CurvatureGraphs } from './curvatureGraphs';
import type { Feeds } from './feeds';
import { FlatTensors, pickFeeds } from './feeds';
import { residualsOf } from './residuals';
import { multiplyAddsOf, peakBytesOf } from './workload';

/** A session with the names of what it reads. */
export interface Part {
  readonly session: Session;
  readonly inputs: readonly string[];
}

/**
 * onnxruntime goes through a graph again and again to simplify it, which is simple here already: beyond so many values, as a
 * recurrent layer has them that is unrolled, that takes seconds, and its products become no faster.
 */
const mostOptimised = 5000;

/** Writes a graph and opens it. */
export async function openPart(
  outputs: ReadonlyMap<string, Value>,
  given: ReadonlyMap<Value, string>,
  precision: Precision,
  threads: number,
  fixed: ReadonlyMap<Value, Float32Array> = new Map(),
): Promise<Part> {
  const { model, inputs, values } = writeOnnx(outputs, given, precision, fixed);
  const optimisation = values > mostOptimised ? 'disabled' : 'basic';
  const session = await Session.open(model, threads, optimisation);
  return { session, inputs: [...inputs.keys()] };
}

/** What the part that is run once for each batch gives beside residuals: written into the same tensors every time. */
export interface OncePerBatch {
  readonly values: ReadonlyMap<string, Value>;
  readonly into: RunFeeds;
  readonly onBatch: (batch: number) => void;
}

/** What products are made of, and how. */
export interface SessionOptions {
  /** Those to keep; none: unsplit. */
  readonly residuals: readonly Value[];
  /** What is wanted further of every batch. */
  readonly besides: OncePerBatch | null;
  readonly parameterFeeds: Feeds;
  readonly batches: readonly Feeds[];
  readonly precision: Precision;
  readonly threads: number;
  /**
   * Bytes of weights, and of residuals where there is one batch, that may be constants of the model: onnxruntime packs
   * matrices of float32 that it knows beforehand, once. It takes their memory again, and a model is less than 2 GiB.
   */
  readonly fixedBytes: number;
  /** Called before every batch; what it throws ends the work. */
  readonly between?: (() => void) | undefined;
}

/** What a product takes, counted from its graph. */
export interface ProductCost {
  /** Multiply-adds over one batch. */
  readonly multiplyAdds: number;
  /** Operators that one batch takes. */
  readonly operators: number;
  /** Bytes that one batch takes while it is multiplied, about. */
  readonly batchBytes: number;
  /** Bytes of weights and residuals that are constants of the model, which onnxruntime holds beside ours. */
  readonly constantBytes: number;
}

/**
 * One product (of the Hessian, or of the Gauss-Newton matrix) as sessions: split into a part that is run once for each
 * batch, whose residuals are kept, and a part for each vector; or unsplit, where the residuals would take too much memory.
 */
export class ProductSessions implements ProductCost {
  readonly multiplyAdds: number;
  readonly operators: number;
  readonly batchBytes: number;
  readonly constantBytes: number;

  /** A vector of float64, rounded, where products are made in float32. */
  private direction: Float32Array | null = null;
  /** Of one batch. */
  private results: FlatTensors | null = null;
  /** Over the batches, where products are wanted in float32. */
  private sum: Float64Array | null = null;

  private constructor(
    private readonly perVector: Part,
    private readonly feeds: readonly Feeds[],
    private readonly parameters: readonly Value[],
    private readonly precision: Precision,
    { multiplyAdds, operators, batchBytes, constantBytes }: ProductCost,
  ) {
    this.multiplyAdds = multiplyAdds;
    this.operators = operators;
    this.batchBytes = batchBytes;
    this.constantBytes = constantBytes;
  }

  /** The residuals that the split form keeps for each batch. */
  static residuals(
    graphs: CurvatureGraphs,
    product: readonly Value[],
    precision: Precision,
  ): readonly Value[] {
    return residualsOf(product, graphs.directions, graphs.samples, precision);
  }

  /** @param product of `graphs` */
  static async open(
    graphs: CurvatureGraphs,
    product: readonly Value[],
    { residuals, besides, parameterFeeds, batches, precision, threads, fixedBytes, between }: SessionOptions,
  ): Promise<ProductSessions> {
    const kept = new Map(residuals.map((value, i) => [value, `residual ${i}`]));
    const keptOutputs = new Map([...kept].map(([value, name]) => [name, value]));
    const residualFeeds: Feeds[] = [];
    const once = new Map([...keptOutputs, ...(besides?.values ?? [])]);
    if (once.size > 0) {
      const part = await openPart(once, new Map(), precision, threads);
      try {
        for (const [batch, feeds] of batches.entries()) {
          between?.();
          const names = [...keptOutputs.keys()];
          const own = pickFeeds(part.inputs, parameterFeeds, feeds);
          residualFeeds.push(
            new Map(Object.entries(await part.session.runInto(own, besides?.into ?? {}, names))),
          );
          besides?.onBatch(batch);
        }
      } finally {
        await part.session.release();
      }
    }
    const outputs = new Map(product.map((value, i) => [`product ${i}`, value]));
    const read = findNeededValues(product, kept);
    const all = batches.map(
      (own, batch) => new Map([...parameterFeeds, ...own, ...(residualFeeds[batch] ?? [])]),
    );
    const only = all.length === 1 ? all[0] : undefined;
    const fixed = only === undefined ? new Map() : fixedNumbers(read, kept, only);
    const weights = fixedNumbers(read, kept, parameterFeeds);
    const constants = [fixed, weights].find((each) => each.size > 0 && bytesIn(each) <= fixedBytes);
    const perVector = await openPart(outputs, kept, precision, threads, constants);
    const taken = new Set(perVector.inputs);
    const feeds = all.map((each) => new Map([...each].filter(([name]) => taken.has(name))));
    // As they are, and packed.
    const constantBytes = constants === undefined ? 0 : 2 * bytesIn(constants);
    const computed = read.filter((value) => !kept.has(value));
    return new ProductSessions(perVector, feeds, graphs.parameters, precision, {
      multiplyAdds: multiplyAddsOf(computed),
      operators: computed.length,
      batchBytes: peakBytesOf(product, kept, precision),
      constantBytes,
    });
  }

  /**
   * The product with a flat vector, summed over the first `batches` batches into `total`, which must be other memory than
   * the vector's.
   */
  async multiply(
    vector: Float64Array,
    total: Float64Array = new Float64Array(vector.length),
    batches = this.feeds.length,
  ): Promise<Float64Array> {
    requireApart(vector, total);
    if (this.precision === 'float64') {
      await this.sumInto(total, this.directionsOn(vector), batches);
      return total;
    }
    this.direction ??= new Float32Array(vector.length);
    copyNumbers(this.direction, vector);
    await this.sumInto(total, this.directionsOn(this.direction), batches);
    return total;
  }

  /**
   * The same for vectors of float32, of products in float32; the sum over the batches is made in float64. Nothing is copied
   * where there is one batch: at millions of parameters that would take a twentieth of a product.
   */
  async multiplyFloat32(vector: Float32Array, into: Float32Array): Promise<void> {
    requireApart(vector, into);
    const directions = this.directionsOn(vector);
    const [first] = this.feeds;
    if (first !== undefined && this.feeds.length === 1) {
      await this.run(first, directions, this.resultsOn(into));
      return;
    }
    this.sum ??= new Float64Array(vector.length);
    await this.sumInto(this.sum, directions, this.feeds.length);
    copyNumbers(into, this.sum);
  }

  private async sumInto(total: Float64Array, directions: FlatTensors, batches: number): Promise<void> {
    if (this.precision === 'float64' && batches === 1) {
      await this.run(this.feeds[0]!, directions, this.resultsOn(total));
      return;
    }
    this.results ??= FlatTensors.zeros('product', this.parameters, this.precision);
    for (const [batch, feeds] of this.feeds.slice(0, batches).entries()) {
      await this.run(feeds, directions, this.results);
      if (batch === 0) copyNumbers(total, this.results.numbers);
      else addNumbers(total, this.results.numbers);
    }
  }

  private directionsOn(vector: Float32Array | Float64Array): FlatTensors {
    return new FlatTensors('direction', this.parameters, vector);
  }

  private resultsOn(into: Float32Array | Float64Array): FlatTensors {
    return new FlatTensors('product', this.parameters, into);
  }

  private async run(feeds: Feeds, directions: FlatTensors, results: FlatTensors): Promise<void> {
    const { session, inputs } = this.perVector;
    await session.runInto(pickFeeds(inputs, directions.feeds, feeds), results.record);
  }

  async release(): Promise<void> {
    await this.perVector.session.release();
  }
}

/** The numbers in float32 of what a product reads. */
function fixedNumbers(
  read: readonly Value[],
  kept: ReadonlyMap<Value, string>,
  feeds: Feeds,
): ReadonlyMap<Value, Float32Array> {
  return new Map(
    read.flatMap((value) => {
      const { operation } = value;
      const name = kept.get(value) ?? (operation.kind === 'input' ? operation.name : null);
      const data = name === null ? undefined : feeds.get(name)?.data;
      return data instanceof Float32Array ? [[value, data]] : [];
    }),
  );
}

/** The vector is read while its product is written. */
function requireApart(vector: Float32Array | Float64Array, into: Float32Array | Float64Array): void {
  const [start, end] = [into.byteOffset, into.byteOffset + into.byteLength];
  if (
    vector.buffer === into.buffer &&
    vector.byteOffset < end &&
    start < vector.byteOffset + vector.byteLength
  )
    throw new RangeError('A product cannot be written over its own vector');
}

function bytesIn(numbers: ReadonlyMap<Value, Float32Array>): number {
  return [...numbers.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
