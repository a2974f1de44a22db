import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TensorValue } from '../../unit/onnxModel';
import type { RandomGraph } from './randomGraph';

/** The loss's derivatives by PyTorch in float64, flat in the order of the parameters asked about. */
export interface TorchAnswer {
  /** Rows × C */
  readonly outputs: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
  /** H·v for every v. */
  readonly products: readonly (readonly number[])[];
  /** G·v for the last two. */
  readonly gaussNewton: readonly (readonly number[])[];
}

interface SentTensor {
  readonly dims: readonly number[];
  readonly data: readonly number[];
  readonly real: boolean;
}

/** A Python with PyTorch that differentiates graphs. */
export class TorchOracle {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly lines: AsyncIterator<string>,
    private readonly errors: { text: string },
  ) {}

  static start(python: string, script: string): TorchOracle {
    const child = spawn(python, [script], { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
    const errors = { text: '' };
    child.on('error', (error) => (errors.text += error.message));
    child.stderr.on('data', (chunk: Buffer) => (errors.text += chunk.toString()));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new TorchOracle(child, lines, errors);
  }

  /**
   * @param parameters in the order of the vectors
   * @throws Error where PyTorch ends, or cannot run the graph
   */
  async differentiate(
    graph: RandomGraph,
    parameters: readonly string[],
    vectors: readonly Float64Array[],
  ): Promise<TorchAnswer> {
    const { samples, targets, parts } = graph;
    const inputs = samples.inputs.map(({ name, dims, data }) => {
      const real = parts.inputs?.find((input) => input.name === name)?.type === undefined;
      return [name, { dims: [samples.count, ...dims], data: Array.from(data), real }] as const;
    });
    const tensors: readonly (readonly [string, SentTensor])[] = [
      ...inputs,
      ...Object.entries(graph.initialisers).map(([name, value]) => [name, tensorOf(value)] as const),
    ];
    const question = {
      opset: parts.opset,
      nodes: parts.nodes.map(({ operator, inputs: names, outputs, attributes = {} }) => ({
        operator,
        inputs: names,
        outputs,
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([key, value]) => [key, Object.values(value)[0] as unknown]),
        ),
      })),
      tensors: Object.fromEntries(tensors),
      targets: {
        dims: [targets.values.length / targets.width, targets.width],
        data: Array.from(targets.values),
        real: true,
      },
      classAxis: targets.rows?.classAxis ?? -1,
      weights: Array.from(targets.rows?.weights ?? new Array<number>(targets.count).fill(1 / targets.count)),
      target: graph.target,
      loss: graph.loss,
      parameters,
      vectors: vectors.map((vector) => Array.from(vector)),
    };
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Error(`PyTorch ended: ${this.errors.text.trim()}`);
    const answer = JSON.parse(line.value) as TorchAnswer | { error: string };
    if ('error' in answer) throw new Error(`PyTorch does not run the graph: ${answer.error}`);
    return answer;
  }

  end(): void {
    this.child.stdin.end();
  }
}

function tensorOf({ dims, data }: TensorValue): SentTensor {
  const real = data instanceof Float32Array || data instanceof Float64Array;
  return { dims, data: Array.from<number | bigint, number>(data, Number), real };
}
