import type { Graph, GraphNode } from '../graph';
import { attributeOf } from '../nodeAttributes';
import type { LoweredOperator } from '../operators';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';

/** Why a node cannot be lowered; the driver decides whether that matters. */
export class CannotLower extends Error {
  /** @param reason continues "node X (Operator) ..." */
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'CannotLower';
  }
}

/** A node of the model with everything that its lowering may ask for. */
export class LoweredNode {
  constructor(
    readonly g: StaticGraph,
    readonly node: GraphNode,
    readonly opset: number,
    private readonly values: ReadonlyMap<string, Value>,
    private readonly tracedDims: (tensor: string) => readonly number[] | null,
  ) {}

  /** @throws CannotLower where the input is absent */
  input(index: number): Value {
    const value = this.optional(index);
    if (value === null) throw new CannotLower(`has no input ${index}`);
    return value;
  }

  optional(index: number): Value | null {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? null : (this.values.get(name) ?? null);
  }

  hasInput(index: number): boolean {
    return (this.node.inputs[index] ?? '') !== '';
  }

  get inputs(): Value[] {
    return this.node.inputs.map((_, index) => this.input(index));
  }

  /** The dimensions of an output, as the run of the model showed them. */
  outputDims(index = 0): readonly number[] {
    const dims = this.tracedDims(this.node.outputs[index] ?? '');
    if (dims === null) throw new CannotLower('was not run, so the shape of its output is unknown');
    return dims;
  }

  /** Whether something may use that output. */
  hasOutput(index: number): boolean {
    return (this.node.outputs[index] ?? '') !== '';
  }

  int(name: string, fallback: number): number {
    return attributeOf(this.node, name, 'int') ?? fallback;
  }

  float(name: string, fallback: number): number {
    return attributeOf(this.node, name, 'float') ?? fallback;
  }

  optionalFloat(name: string): number | null {
    return attributeOf(this.node, name, 'float');
  }

  text(name: string, fallback: string): string {
    return attributeOf(this.node, name, 'string') ?? fallback;
  }

  ints(name: string): readonly number[] | null {
    return attributeOf(this.node, name, 'ints');
  }

  floats(name: string): readonly number[] | null {
    return attributeOf(this.node, name, 'floats');
  }

  texts(name: string): readonly string[] | null {
    return attributeOf(this.node, name, 'strings');
  }

  /** The numbers of a constant input, or null where there is no such input. */
  constantNumbers(index: number): readonly number[] | null {
    const value = this.optional(index);
    if (value === null) return null;
    const { operation } = value;
    if (operation.kind !== 'constant') {
      throw new CannotLower(`computes its input ${index + 1}, which must be a constant`);
    }
    return Array.from<number | bigint, number>(operation.data, Number);
  }

  /** Axes from an input or, in older operator sets, an attribute; normalised; null: not given. */
  axes(inputIndex: number, rank: number): readonly number[] | null {
    const given = this.ints('axes') ?? this.constantNumbers(inputIndex);
    return given === null ? null : given.map((axis) => normalisedAxis(axis, rank));
  }
}

/** @throws CannotLower where the axis lies outside [−rank, rank) */
export function normalisedAxis(axis: number, rank: number): number {
  const normalised = axis < 0 ? axis + rank : axis;
  if (normalised < 0 || normalised >= rank) {
    throw new CannotLower(`has the axis ${axis} in ${rank} dimensions`);
  }
  return normalised;
}

/** One output, or several in the order of the node's. */
export type Lowering = (node: LoweredNode) => Value | readonly Value[];

/** Of some operators, each of which has its row. */
export type LoweringTable = Readonly<Partial<Record<LoweredOperator, Lowering>>>;

export function versionOf(graph: Graph, node: GraphNode): number {
  return graph.opsets.get(node.domain) ?? 0;
}
