import type { SeededRandom } from '../../../src/samples/random';
import type { AttributeValue, NodeParts, TensorValue } from '../../unit/onnxModel';

/** A tensor of the graph that has a row for every sample. */
export interface Part {
  readonly name: string;
  /** Of one sample: the first axis, that of the samples, is left out. */
  readonly dims: readonly number[];
}

/** Numbers of one sample that a tensor may have at most. */
const mostNumbers = 96;

/** A graph under construction; every choice comes from `random`. */
export class GraphBuilder {
  readonly nodes: NodeParts[] = [];
  readonly initialisers: Record<string, TensorValue> = {};
  /** Everything made so far, inputs too. */
  readonly pool: Part[] = [];
  /** Weights by name. */
  readonly parameters = new Map<string, readonly number[]>();
  private readonly taken = new Set<number>();

  constructor(
    readonly opset: number,
    public random: SeededRandom,
  ) {}

  /** A node; its output takes part in what follows. @param dims of the output, for one sample */
  node(
    operator: string,
    inputs: readonly string[],
    dims: readonly number[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): Part {
    const part = { name: this.raw(operator, inputs, attributes), dims };
    this.pool.push(part);
    return part;
  }

  /** A node whose output does not: it may have no row for every sample. */
  raw(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const name = `t${this.nodes.length}`;
    this.nodes.push({ operator, inputs, outputs: [name], attributes, name: `node ${this.nodes.length}` });
    return name;
  }

  /** A weight; no two numbers of all weights are equal, which tells them apart in a flat vector. */
  parameter(dims: readonly number[], low = -1, high = 1): string {
    const tied = [...this.parameters].find(([, own]) => own.join() === dims.join());
    if (tied !== undefined && low === -1 && this.chance(0.3)) return tied[0];
    const name = `p${this.parameters.size}.weight`;
    const scale = low === -1 ? Math.sqrt(2 / Math.max(2, dims.at(-1) ?? 1)) : 1;
    const data = Float32Array.from({ length: sizeOf(dims) }, () => this.unused(low * scale, high * scale));
    this.initialisers[name] = { dims, data };
    this.parameters.set(name, dims);
    return name;
  }

  private unused(low: number, high: number): number {
    for (;;) {
      const value = Math.fround(low + (high - low) * this.random.uniform());
      if (this.taken.has(value)) continue;
      this.taken.add(value);
      return value;
    }
  }

  /** A tensor of floats that no training would move: a scalar, or a statistic. */
  floats(dims: readonly number[], values: readonly number[], prefix = 'constant'): string {
    return this.constant(prefix, { dims, data: Float32Array.from(values) });
  }

  scalar(value: number): string {
    return this.floats([], [value]);
  }

  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.constant('integers', { dims, data: BigInt64Array.from(values, BigInt) });
  }

  private constant(prefix: string, value: TensorValue): string {
    const name = `${prefix} ${Object.keys(this.initialisers).length}`;
    this.initialisers[name] = value;
    return name;
  }

  chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.random.below(high - low + 1);
  }

  uniform(low: number, high: number): number {
    return Math.fround(low + (high - low) * this.random.uniform());
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.random.below(items.length)];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }

  /** An axis of a sample's tensor, as an axis of the whole tensor: from the front or from the back. */
  axis(part: Part): { readonly own: number; readonly given: number } {
    const own = this.random.below(part.dims.length);
    return { own, given: this.chance(0.5) ? own + 1 : own - part.dims.length };
  }

  fits(dims: readonly number[]): boolean {
    return dims.every((dim) => dim >= 1) && sizeOf(dims) <= mostNumbers;
  }

  /** Another tensor whose shape broadcasts with `x` without growing it. */
  partner(x: Part): Part | null {
    const fitting = this.pool.filter(({ dims }) => broadcastsTo(dims, x.dims));
    return fitting.length === 0 ? null : this.pick(fitting);
  }

  /** Between −1 and 1. */
  tame(x: Part): Part {
    return this.node('Tanh', [x.name], x.dims);
  }

  /** At least `least`, smooth. */
  positive(x: Part, least = 0.5): Part {
    const tamed = this.tame(x);
    const square = this.node('Mul', [tamed.name, tamed.name], x.dims);
    return this.node('Add', [square.name, this.scalar(least)], x.dims);
  }
}

export type Step = (b: GraphBuilder, x: Part) => Part | null;

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Samples' shapes of one rank, so that the axes of the samples meet. */
function broadcastsTo(dims: readonly number[], target: readonly number[]): boolean {
  return dims.length === target.length && dims.every((dim, i) => dim === 1 || dim === target[i]);
}
