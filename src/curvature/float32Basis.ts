import { copyNumbers } from '../runtime/copyNumbers';
import { segmentLength } from '../runtime/float32Vectors';
import { projectOut, type Basis, type LanczosStep, type Projection } from './basis';
import type { Float32Products } from './products';
import { innerProductOfFloat32, normOfFloat32, subtractPair } from './float32Arithmetic';

/** Numbers of a block of vectors, about: blocks of many vectors are read faster, but may be filled in part only. */
const blockNumbers = 2 ** 24;
const fewestInBlock = 8;
const mostInBlock = 64;
/** Two rounding units. */
const unit = 2 ** -22;
/** Below it a vector is 0: over its norm it would be infinite. */
const leastNorm = 2 ** -1000;

/**
 * Vectors rounded to float32, orthonormal to within that rounding: where products round them to it anyway, they need be no
 * better, take half of the memory and, on onnxruntime's kernels, a third of the time.
 */
export class Float32Basis implements Basis {
  /** Of `perBlock` vectors each, segment by segment; those that are not there yet are 0. */
  private readonly blocks: Float32Array[] = [];
  private readonly perBlock: number;
  /** P. */
  private readonly order: number;
  private count = 0;
  /** Whole segments: q_k, q_{k+1}, the vector at work, and memory for it after the next pass. */
  private before: Float32Array;
  private last: Float32Array;
  private working: Float32Array;
  private next: Float32Array;

  /** @param first of norm 1 @param most vectors that there will be */
  constructor(
    private readonly products: Float32Products,
    first: Float64Array,
    most: number,
  ) {
    this.order = first.length;
    const segments = Math.ceil(first.length / segmentLength);
    const zeros = (): Float32Array => new Float32Array(segments * segmentLength);
    [this.before, this.last, this.working, this.next] = [zeros(), zeros(), zeros(), zeros()];
    this.perBlock = Math.min(most, vectorsOfBlock(first.length));
    copyNumbers(this.working, first);
    this.addWorking(1);
  }

  get size(): number {
    return this.count;
  }

  async step(beta: number): Promise<LanczosStep> {
    const { last, before, working, products, order } = this;
    await products.multiply(last.subarray(0, order), working.subarray(0, order));
    const along = innerProductOfFloat32(last, working);
    const size = subtractPair(working, along, last, beta, before);
    // In it is every number of the product.
    if (!Number.isFinite(size))
      throw new RangeError(`The product with vector ${this.count} holds a number that is not finite`);
    const projection = await this.projectWorking(size, this.count);
    this.addWorking(projection.remaining);
    return { along, ...projection };
  }

  async projectOut(vector: Float64Array, count: number): Promise<Projection> {
    copyNumbers(this.working, vector);
    const projection = await this.projectWorking(normOfFloat32(this.working), count);
    copyNumbers(vector, this.working.subarray(0, this.order));
    return projection;
  }

  innerProducts(vector: Float64Array, count: number): Promise<Float64Array> {
    copyNumbers(this.working, vector);
    return this.measure(count);
  }

  async combination(coefficients: Float64Array): Promise<Float64Array> {
    const sum = new Float64Array(this.order);
    this.working.fill(0);
    await this.subtractFromWorking(coefficients.map((value) => -value));
    copyNumbers(sum, this.working.subarray(0, this.order));
    return sum;
  }

  async gram(from: number, to: number): Promise<readonly (readonly number[])[]> {
    const sums = Array.from({ length: this.count }, () => new Array<number>(this.count).fill(0));
    // Whole segments by the kernels, what a part has before and after them here.
    const whole = [Math.ceil(from / segmentLength), Math.floor(to / segmentLength)] as const;
    if (whole[0] < whole[1]) {
      this.addGramOfPart(sums, from, whole[0] * segmentLength);
      await this.addGramOfSegments(sums, whole);
      this.addGramOfPart(sums, whole[1] * segmentLength, to);
    } else this.addGramOfPart(sums, from, to);
    return sums.map((row, i) => row.map((sum, j) => (j <= i ? sum : sums[j]![i]!)));
  }

  private async addGramOfSegments(sums: number[][], segments: readonly [number, number]): Promise<void> {
    const { blocks, perBlock, products } = this;
    for (const [b, q] of blocks.entries())
      for (const [c, r] of blocks.slice(0, b + 1).entries()) {
        const found = await products.kernels.gram([q, r], perBlock, segments);
        for (const [i, row] of sums.slice(b * perBlock, (b + 1) * perBlock).entries())
          for (let j = 0; j < perBlock && c * perBlock + j < row.length; j++)
            row[c * perBlock + j]! += found[i * perBlock + j]!;
      }
  }

  /** The lower triangle. */
  private addGramOfPart(sums: number[][], from: number, to: number): void {
    const first = Math.floor(from / segmentLength) * segmentLength;
    for (let at = first; at < to; at += segmentLength) {
      const [start, end] = [Math.max(0, from - at), Math.min(segmentLength, to - at)];
      const segments = sums.map((_, i) => this.segment(i, at).subarray(start, end));
      for (const [i, x] of segments.entries())
        for (let j = 0; j <= i; j++) sums[i]![j]! += innerProductOfFloat32(x, segments[j]!);
    }
  }

  release(): void {
    this.blocks.length = 0;
    this.count = 0;
    const none = new Float32Array(0);
    [this.before, this.last, this.working, this.next] = [none, none, none, none];
  }

  /** Takes the span of the first `count` out of the vector at work. */
  private projectWorking(size: number, count: number): Promise<Projection> {
    const projecting = {
      measure: () => this.measure(count),
      subtract: (coefficients: Float64Array) => this.subtractFromWorking(coefficients),
      norm: () => normOfFloat32(this.working),
    };
    return projectOut(projecting, size, unit);
  }

  /** ⟨q_i, the vector at work⟩. */
  private async measure(count: number): Promise<Float64Array> {
    const { perBlock, blocks, products, working } = this;
    const found = new Float64Array(count);
    for (let at = 0; at < count; at += perBlock) {
      const ofBlock = await products.kernels.innerProducts(blocks[at / perBlock]!, perBlock, working);
      found.set(ofBlock.subarray(0, count - at), at);
    }
    return found;
  }

  private async subtractFromWorking(coefficients: Float64Array): Promise<void> {
    const { perBlock, blocks, products } = this;
    for (let at = 0; at < coefficients.length; at += perBlock) {
      const ofBlock = new Float32Array(perBlock);
      ofBlock.set(coefficients.subarray(at, at + perBlock));
      await products.kernels.subtract(blocks[at / perBlock]!, ofBlock, this.working, this.next);
      [this.working, this.next] = [this.next, this.working];
    }
  }

  /** Adds the vector at work over its norm. */
  private addWorking(norm: number): void {
    const { perBlock, count, before: added, working } = this;
    if (count % perBlock === 0) this.blocks.push(new Float32Array(perBlock * working.length));
    const block = this.blocks[this.blocks.length - 1]!;
    const factor = norm > leastNorm ? 1 / norm : 1;
    const place = (count % perBlock) * segmentLength;
    for (let from = 0; from < added.length; from += segmentLength) {
      const at = from * perBlock + place;
      for (let i = 0; i < segmentLength; i++) block[at + i] = added[from + i] = working[from + i]! * factor;
    }
    [this.before, this.last] = [this.last, added];
    this.count++;
  }

  /** The segment of vector `index` that begins at `from`. */
  private segment(index: number, from: number): Float32Array {
    const { perBlock, blocks } = this;
    const at = from * perBlock + (index % perBlock) * segmentLength;
    return blocks[Math.floor(index / perBlock)]!.subarray(at, at + segmentLength);
  }
}

/** A power of two. */
export function vectorsOfBlock(length: number): number {
  const fitting = 2 ** Math.floor(Math.log2(blockNumbers / length));
  return Math.min(mostInBlock, Math.max(fewestInBlock, fitting));
}
