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
  readonly residuals: readonly Value[];
  /** So many batches keep their residuals; the others compute theirs again for every vector. */
  readonly keptBatches: number;
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
  /** Multiply-adds over all batches. */
  readonly multiplyAdds: number;
  /** Operators that all batches take. */
  readonly operators: number;
  /** Bytes that batches take while they are multiplied, about: each form keeps what one takes. */
  readonly batchBytes: number;
  /** Bytes of weights and residuals that are constants of the model, which onnxruntime holds beside ours. */
  readonly constantBytes: number;
}

/** A batch, and the session that multiplies it. */
interface BatchPart {
  readonly part: Part;
  readonly feeds: Feeds;
}

/**
 * One product (of the Hessian, or of the Gauss-Newton matrix) as sessions: split into a part that is run once for each
 * batch, whose residuals are kept, and a part for each vector; and unsplit for those batches whose residuals would take too
 * much memory.
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
    private readonly batches: readonly BatchPart[],
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
    options: SessionOptions,
  ): Promise<ProductSessions> {
    const { residuals, keptBatches, parameterFeeds, batches, precision, threads } = options;
    const kept = new Map(residuals.map((value, i) => [value, `residual ${i}`]));
    const residualFeeds = await runOnce(kept, options);
    const outputs = new Map(product.map((value, i) => [`product ${i}`, value]));
    const all = batches.map(
      (own, batch) => new Map([...parameterFeeds, ...own, ...(residualFeeds[batch] ?? [])]),
    );
    const isKept = (batch: number): boolean => keepsResiduals(batch, options);
    const open = async (given: ReadonlyMap<Value, string>, share: number): Promise<Part> => {
      const read = findNeededValues(product, given);
      const [only = new Map()] = all.length === 1 ? all : [];
      const constants = [fixedNumbers(read, given, only), fixedNumbers(read, given, parameterFeeds)].find(
        (each) => each.size > 0 && bytesIn(each) <= share * options.fixedBytes,
      );
      const computed = read.filter((value) => !given.has(value));
      const count = all.filter((_, batch) => isKept(batch) === (given === kept)).length;
      cost.multiplyAdds += count * multiplyAddsOf(computed);
      cost.operators += count * computed.length;
      cost.batchBytes += peakBytesOf(product, given, precision);
      // As they are, and packed.
      cost.constantBytes += constants === undefined ? 0 : 2 * bytesIn(constants);
      return openPart(outputs, given, precision, threads, constants);
    };
    const cost = { multiplyAdds: 0, operators: 0, batchBytes: 0, constantBytes: 0 };
    const isMixed = keptBatches > 0 && keptBatches < batches.length;
    const share = isMixed ? 1 / 2 : 1;
    const split = keptBatches > 0 ? await open(kept, share) : null;
    const unsplit = keptBatches < batches.length ? await open(new Map(), share) : null;
    const parts = all.flatMap((each, batch) => {
      const part = isKept(batch) ? split : unsplit;
      const taken = new Set(part?.inputs);
      const feeds = new Map([...each].filter(([name]) => taken.has(name)));
      return part === null ? [] : [{ part, feeds }];
    });
    return new ProductSessions(parts, graphs.parameters, precision, cost);
  }

  /**
   * The product with a flat vector, summed over the first `batches` batches into `total`, which must be other memory than
   * the vector's.
   */
  async multiply(
    vector: Float64Array,
    total: Float64Array = new Float64Array(vector.length),
    batches = this.batches.length,
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
    const [first] = this.batches;
    if (first !== undefined && this.batches.length === 1) {
      await this.run(first, directions, this.resultsOn(into));
      return;
    }
    this.sum ??= new Float64Array(vector.length);
    await this.sumInto(this.sum, directions, this.batches.length);
    copyNumbers(into, this.sum);
  }

  private async sumInto(total: Float64Array, directions: FlatTensors, batches: number): Promise<void> {
    if (this.precision === 'float64' && batches === 1) {
      await this.run(this.batches[0]!, directions, this.resultsOn(total));
      return;
    }
    this.results ??= FlatTensors.zeros('product', this.parameters, this.precision);
    for (const [batch, own] of this.batches.slice(0, batches).entries()) {
      await this.run(own, directions, this.results);
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

  private async run(
    { part, feeds }: BatchPart,
    directions: FlatTensors,
    results: FlatTensors,
  ): Promise<void> {
    const { session, inputs } = part;
    await session.runInto(pickFeeds(inputs, directions.feeds, feeds), results.record);
  }

  async release(): Promise<void> {
    for (const { session } of new Set(this.batches.map(({ part }) => part))) await session.release();
  }
}

/** The first batch and the last ones: two batches show both forms to a check. */
function keepsResiduals(batch: number, { batches, keptBatches }: SessionOptions): boolean {
  return batch === 0 ? keptBatches > 0 : batch > batches.length - keptBatches;
}

/** Runs what every batch computes once. @returns for each batch the residuals that it keeps */
async function runOnce(kept: ReadonlyMap<Value, string>, options: SessionOptions): Promise<readonly Feeds[]> {
  const { besides, keptBatches, parameterFeeds, batches, precision, threads, between } = options;
  const keptOutputs = new Map([...kept].map(([value, name]) => [name, value]));
  const once = new Map([...(keptBatches > 0 ? keptOutputs : []), ...(besides?.values ?? [])]);
  if (once.size === 0) return [];
  const part = await openPart(once, new Map(), precision, threads);
  const residualFeeds: Feeds[] = [];
  try {
    for (const [batch, feeds] of batches.entries()) {
      between?.();
      const names = keepsResiduals(batch, options) ? [...keptOutputs.keys()] : [];
      const own = pickFeeds(part.inputs, parameterFeeds, feeds);
      const found =
        names.length > 0 || besides !== null
          ? await part.session.runInto(own, besides?.into ?? {}, names)
          : {};
      residualFeeds.push(new Map(Object.entries(found)));
      besides?.onBatch(batch);
    }
  } finally {
    await part.session.release();
  }
  return residualFeeds;
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
