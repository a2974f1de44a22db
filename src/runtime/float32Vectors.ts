import { kernelModel } from './kernelModel';
import { matrixModel } from './matrixProducts';
import { AttributeProto_AttributeType } from './onnx/onnx_pb';
import { Session } from './session';

/** The last two axes of a stack change places. */
const swapLast = { name: 'perm', ints: [0n, 2n, 1n], type: AttributeProto_AttributeType.INTS };

/** Numbers of a segment. Sums of float32 over many more of them would lose the small ones beside the large. */
export const segmentLength = 512;

/**
 * Many vectors of float32 on onnxruntime's kernels, which take a third of the time of loops over numbers. A block of
 * `count` vectors q_i is segments × count × segmentLength, a vector segments × segmentLength, the last segment filled up
 * with zeros. Sums over the segments are made in float64.
 */
export class Float32Vectors {
  private constructor(
    private readonly products: Session,
    private readonly differences: Session,
    private readonly grams: Session,
  ) {}

  static async open(threads: number): Promise<Float32Vectors> {
    const open = (bytes: Uint8Array): Promise<Session> => Session.open({ bytes, externalData: [] }, threads);
    return new Float32Vectors(
      await open(matrixModel('float32', 'MatMul')),
      await open(
        kernelModel(
          'float32',
          ['a', 'b', 'from'],
          [
            { opType: 'MatMul', input: ['a', 'b'], output: ['product'] },
            { opType: 'Sub', input: ['from', 'product'], output: ['y'] },
          ],
        ),
      ),
      await open(
        kernelModel(
          'float32',
          ['a', 'b'],
          [
            { opType: 'Transpose', input: ['b'], output: ['transposed'], attribute: [swapLast] },
            { opType: 'MatMul', input: ['a', 'transposed'], output: ['y'] },
          ],
        ),
      ),
    );
  }

  /** ⟨q_i, vector⟩. */
  async innerProducts(block: Float32Array, count: number, vector: Float32Array): Promise<Float64Array> {
    const segments = vector.length / segmentLength;
    const partial = new Float32Array(segments * count);
    await this.products.runInto(
      {
        a: { data: block, dims: [segments, count, segmentLength] },
        b: { data: vector, dims: [segments, segmentLength, 1] },
      },
      { y: { data: partial, dims: [segments, count, 1] } },
    );
    const sums = new Float64Array(count);
    for (let at = 0; at < partial.length; at += count)
      for (let i = 0; i < count; i++) sums[i]! += partial[at + i]!;
    return sums;
  }

  /** vector − Σ coefficient_i · q_i. @param into for the result, other memory than the vector's */
  async subtract(
    block: Float32Array,
    coefficients: Float32Array,
    vector: Float32Array,
    into: Float32Array,
  ): Promise<void> {
    const segments = vector.length / segmentLength;
    const count = coefficients.length;
    await this.differences.runInto(
      {
        a: { data: coefficients, dims: [1, 1, count] },
        b: { data: block, dims: [segments, count, segmentLength] },
        from: { data: vector, dims: [segments, 1, segmentLength] },
      },
      { y: { data: into, dims: [segments, 1, segmentLength] } },
    );
  }

  /** ⟨q_i, r_j⟩ of two blocks of `count` vectors over the segments from one to before another, row-major. */
  async gram(
    [q, r]: readonly [Float32Array, Float32Array],
    count: number,
    [from, to]: readonly [number, number],
  ): Promise<Float64Array> {
    const dims = [to - from, count, segmentLength];
    const part = (block: Float32Array) => ({
      data: block.subarray(from * count * segmentLength, to * count * segmentLength),
      dims,
    });
    const partial = new Float32Array((to - from) * count ** 2);
    await this.grams.runInto(
      { a: part(q), b: part(r) },
      { y: { data: partial, dims: [to - from, count, count] } },
    );
    const sums = new Float64Array(count ** 2);
    for (let at = 0; at < partial.length; at += sums.length)
      for (let i = 0; i < sums.length; i++) sums[i]! += partial[at + i]!;
    return sums;
  }

  async release(): Promise<void> {
    for (const session of [this.products, this.differences, this.grams]) await session.release();
  }
}
