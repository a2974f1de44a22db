import { kernelModel } from './kernelModel';
import { AttributeProto_AttributeType } from './onnx/onnx_pb';
import { Session, type RunFeeds } from './session';

/** A matrix, or a stack of `count` matrices of one shape, in row-major float64. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export interface MatrixStack extends Matrix {
  readonly count: number;
}

/** A matrix or a stack of them. */
type Operand = Matrix & { readonly count?: number };

/** One product y of matrices a and b as a model. */
export function matrixModel(
  precision: 'float32' | 'float64',
  operator: 'Gemm' | 'MatMul',
  attributes: Readonly<Record<string, number>> = {},
): Uint8Array {
  const attribute = Object.entries(attributes).map(([name, value]) => ({
    name,
    i: BigInt(value),
    type: AttributeProto_AttributeType.INT,
  }));
  return kernelModel(
    precision,
    ['a', 'b'],
    [{ opType: operator, input: ['a', 'b'], output: ['y'], attribute }],
  );
}

/** The sessions of one number of threads. */
interface Kernels {
  /** A·B. */
  readonly plain: Session;
  /** A·Bᵀ. */
  readonly rightTransposed: Session;
  /** Aᵀ·B. */
  readonly leftTransposed: Session;
  /** A_n·B_n. */
  readonly stacked: Session;
}

async function openKernels(threads: number, memory: 'arena' | 'released'): Promise<Kernels> {
  const load = (
    operator: 'Gemm' | 'MatMul',
    attributes: Readonly<Record<string, number>>,
  ): Promise<Session> =>
    Session.open(
      { bytes: matrixModel('float64', operator, attributes), externalData: [] },
      threads,
      'basic',
      memory,
    );
  return {
    plain: await load('Gemm', {}),
    rightTransposed: await load('Gemm', { transB: 1 }),
    leftTransposed: await load('Gemm', { transA: 1 }),
    stacked: await load('MatMul', {}),
  };
}

/**
 * Products of fewer multiply-adds run on one thread: waking a second one takes longer than they do, and on a busy machine
 * very much longer.
 */
const worthThreads = 2 ** 22;

/**
 * Float64 matrix products on onnxruntime's kernels: 30 to 50 times what plain TypeScript reaches.
 * Every product counts its multiply-adds, so that a report can say how much work it was.
 */
export class MatrixProducts {
  /** Multiply-adds done so far. */
  multiplyAdds = 0;

  private constructor(
    private readonly single: Kernels,
    private readonly threaded: Kernels,
    private readonly between: () => void,
  ) {}

  /**
   * @param between called before every product; what it throws ends the work
   * @param memory `arena` keeps several times the largest products for the next ones: fresh pages take longer than products
   */
  static async open(
    threads: number,
    between: () => void = () => undefined,
    memory: 'arena' | 'released' = 'released',
  ): Promise<MatrixProducts> {
    const single = await openKernels(1, memory);
    const threaded = threads === 1 ? single : await openKernels(threads, memory);
    return new MatrixProducts(single, threaded, between);
  }

  /** A·B, (r × k)(k × c) → r × c. */
  times(a: Matrix, b: Matrix): Promise<Matrix> {
    return this.product('plain', a, b, {
      rows: a.rows,
      depth: a.columns,
      columns: b.columns,
      otherDepth: b.rows,
    });
  }

  /** A·Bᵀ, (r × k)(c × k)ᵀ → r × c: the fastest form, both operands are read along their rows. */
  timesTransposed(a: Matrix, b: Matrix): Promise<Matrix> {
    return this.product('rightTransposed', a, b, {
      rows: a.rows,
      depth: a.columns,
      columns: b.rows,
      otherDepth: b.columns,
    });
  }

  /** Aᵀ·B, (k × r)ᵀ(k × c) → r × c. */
  transposedTimes(a: Matrix, b: Matrix): Promise<Matrix> {
    return this.product('leftTransposed', a, b, {
      rows: a.columns,
      depth: a.rows,
      columns: b.columns,
      otherDepth: b.rows,
    });
  }

  /** A_n·B_n for every n of two stacks; one of them may be a single matrix, which then serves every n. */
  async timesEach(a: Operand, b: Operand): Promise<MatrixStack> {
    const counts = [a.count ?? 1, b.count ?? 1];
    const count = Math.max(...counts);
    if (a.columns !== b.rows || counts.some((each) => each !== 1 && each !== count)) {
      throw new RangeError('The stacks do not fit each other');
    }
    const dims = ({ count: each, rows, columns }: Operand): number[] =>
      each === undefined ? [rows, columns] : [each, rows, columns];
    const data = await this.run('stacked', count * a.rows * a.columns * b.columns, {
      a: { data: a.data, dims: dims(a) },
      b: { data: b.data, dims: dims(b) },
    });
    return { count, rows: a.rows, columns: b.columns, data };
  }

  async release(): Promise<void> {
    const sessions = new Set([
      ...Object.values<Session>({ ...this.single }),
      ...Object.values<Session>({ ...this.threaded }),
    ]);
    for (const session of sessions) await session.release();
  }

  private async product(
    form: keyof Kernels,
    a: Matrix,
    b: Matrix,
    {
      rows,
      depth,
      columns,
      otherDepth,
    }: {
      readonly rows: number;
      readonly depth: number;
      readonly columns: number;
      readonly otherDepth: number;
    },
  ): Promise<Matrix> {
    if (depth !== otherDepth) throw new RangeError(`Depths ${depth} and ${otherDepth} differ`);
    const data = await this.run(form, rows * depth * columns, {
      a: { data: a.data, dims: [a.rows, a.columns] },
      b: { data: b.data, dims: [b.rows, b.columns] },
    });
    return { rows, columns, data };
  }

  private async run(form: keyof Kernels, multiplyAdds: number, feeds: RunFeeds): Promise<Float64Array> {
    const kernels = multiplyAdds < worthThreads ? this.single : this.threaded;
    this.between();
    const { y } = await kernels[form].run(feeds);
    this.multiplyAdds += multiplyAdds;
    if (y?.data instanceof Float64Array) return y.data;
    throw new TypeError('A float64 product did not come back as float64');
  }
}
