import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** What torchProducts.py says of its Hessian H at the weights θ. */
export interface TorchFacts {
  readonly version: string;
  /** For which processor OpenBLAS chose its kernels; null where it is not what multiplies. */
  readonly kernels: string | null;
  readonly loss: number;
  /** ‖Hθ‖ */
  readonly norm: number;
  /** θᵀHθ */
  readonly curvature: number;
  /** Operations that no product with kept activations can do without. */
  readonly leastWork: number;
}

/** A Python that runs scripts of bench/ on one thread. */
export const torchEnvironment = {
  ...process.env,
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

const avx512Kernels: readonly (string | null)[] = ['SkylakeX', 'Cooperlake', 'SapphireRapids'];

/**
 * The kernels that OpenBLAS should have taken: on processors that it does not know it leaves AVX-512 unused, and is 1.7 times
 * slower than it could be. Null where it took them.
 */
export function betterKernels({ kernels }: TorchFacts): string | null {
  if (kernels === null || avx512Kernels.includes(kernels) || !existsSync('/proc/cpuinfo')) return null;
  return readFileSync('/proc/cpuinfo', 'utf8').includes('avx512f') ? 'SkylakeX' : null;
}

/** PyTorch beside us, which makes a product when it is told to and else waits. */
export class TorchProcess {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly closed: Promise<unknown>,
    private readonly lines: AsyncIterator<string>,
    readonly facts: TorchFacts,
  ) {}

  /**
   * @param kernels those that OpenBLAS is told to take, or null: what it takes by itself
   * @throws Error with the script's last words where it does not run
   */
  static async start(
    python: string,
    name: string,
    samplesFile: string,
    batch: number,
    kernels: string | null = null,
  ): Promise<TorchProcess> {
    const child = spawn(python, [join('bench', 'torchProducts.py'), name, samplesFile, String(batch)], {
      env: kernels === null ? torchEnvironment : { ...torchEnvironment, OPENBLAS_CORETYPE: kernels },
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const reader: Interface = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    // Where the interpreter is missing, "error" comes instead of lines.
    await once(child, 'spawn');
    const closed = once(child, 'close');
    const first = await lines.next();
    if (first.done === true) {
      await closed;
      throw new Error(errors.trim().split('\n').at(-1) ?? 'it printed nothing');
    }
    return new TorchProcess(child, closed, lines, JSON.parse(first.value) as TorchFacts);
  }

  /** Seconds of one product, or of one gradient, over all samples. */
  async seconds(form: 'whole' | 'batches' | 'gradient'): Promise<number> {
    this.child.stdin.write(`${form}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Error('PyTorch ended before its work was done.');
    return Number(line.value);
  }

  async end(): Promise<void> {
    this.child.stdin.end();
    await this.closed;
  }
}
