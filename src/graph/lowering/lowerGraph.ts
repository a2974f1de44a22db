import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import type { TracedTensor } from '../../runtime/session';
import type { ElementType, Graph, GraphNode, Tensor, TensorSpec } from '../graph';
import { nodeText } from '../nodeText';
import { operatorName } from '../operatorName';
import { operatorOf } from '../operators';
import { convert, unary } from '../static/elementwise';
import { reshape, swapLastTwo } from '../static/shape';
import { StaticGraph } from '../static/staticGraph';
import type { ConstantData, Value, ValueType } from '../static/value';
import { sameDims } from '../static/value';
import type { Trace } from '../trace';
import { CannotLower, LoweredNode, versionOf } from './loweredNode';
import { loweringOf } from './lowerings';
import { setting } from '../../report/wording/settings';

/** A model as a static graph for one batch size. */
export interface LoweredModel {
  readonly g: StaticGraph;
  readonly output: Value;
  /** By the initialiser's name, those that the output needs. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** The model's own inputs that the output needs. */
  readonly inputs: ReadonlyMap<string, Value>;
  /**
   * Tensors that depend on the samples only and have no lowering: the model's own operators compute them for each
   * batch, and they come in as inputs.
   */
  readonly computed: ReadonlyMap<string, Value>;
}

export interface LearnedTensors {
  readonly learned: ReadonlySet<string>;
  /** Tensors that hold the numbers of a learned one in another shape, or transposed, by name. */
  readonly copies: ReadonlyMap<string, { readonly of: string; readonly transposed: boolean }>;
}

interface Dependence {
  readonly samples: boolean;
  readonly parameters: boolean;
}

/**
 * Lowers the nodes that make a tensor.
 * @param nodes in an order in which they can run
 * @param output the tensor that is wanted
 * @param parameters the initialisers that become inputs, and those that are views of them; the others are constants
 * @param inputDims of the samples of one batch, by graph input
 * @throws FailureError UnsupportedOperator naming a node on the way from the weights to the output that has no
 * derivative here
 */
export function lowerGraph(
  graph: Graph,
  {
    nodes,
    output,
    parameters,
    inputDims,
    trace,
  }: {
    readonly nodes: readonly GraphNode[];
    readonly output: string;
    readonly parameters: LearnedTensors;
    readonly inputDims: ReadonlyMap<string, readonly number[]>;
    readonly trace: Trace;
  },
): LoweredModel {
  const g = new StaticGraph();
  const values = new Map<string, Value>();
  const dependences = new Map<string, Dependence>();
  const learned = new Map<string, Value>();
  const inputs = new Map<string, Value>();
  const computed = new Map<string, Value>();

  const read = (name: string): void => {
    if (name === '' || values.has(name)) return;
    const tensor = graph.initialisers.get(name);
    const spec = graph.inputs.find((input) => input.name === name);
    const original = parameters.copies.get(name);
    if (original !== undefined) {
      read(original.of);
      const base = values.get(original.of);
      if (base === undefined) throw new RangeError(`Nothing is known of ${original.of}`);
      values.set(
        name,
        original.transposed ? swapLastTwo(g, base) : reshape(g, base, tensor?.dims ?? base.dims),
      );
      dependences.set(name, { samples: false, parameters: true });
    } else if (tensor !== undefined && parameters.learned.has(name)) {
      const value = g.input(`parameter ${learned.size}`, tensor.dims, 'real');
      learned.set(name, value);
      values.set(name, value);
      dependences.set(name, { samples: false, parameters: true });
    } else if (tensor !== undefined) {
      values.set(name, constantOf(g, tensor));
      dependences.set(name, { samples: false, parameters: false });
    } else if (spec !== undefined) {
      const { input, value } = sampleInput(g, spec, `input ${inputs.size}`, inputDims.get(name) ?? []);
      inputs.set(name, input);
      values.set(name, value);
      dependences.set(name, { samples: true, parameters: false });
    }
  };

  for (const node of nodes) {
    node.inputs.forEach(read);
    const dependence = dependenceOf(node, dependences);
    for (const name of node.outputs) dependences.set(name, dependence);
    g.under(node, () => {
      const constants = dependence.samples || dependence.parameters ? null : tracedConstants(g, node, trace);
      const lowered = constants ?? lowerNode(g, graph, node, values, trace);
      if (!(lowered instanceof CannotLower)) {
        lowered.forEach((value, i) => {
          const name = node.outputs[i] ?? '';
          if (name !== '') values.set(name, check(node, i, value, trace));
        });
        return;
      }
      if (dependence.parameters) throw refusal(node, lowered);
      for (const name of node.outputs) {
        const traced = trace.get(name);
        if (traced === undefined || !fedTypes.has(traced.type)) continue;
        const { input, value } = computedInput(g, traced, `computed ${computed.size}`);
        computed.set(name, input);
        values.set(name, value);
      }
    });
  }
  read(output);
  const result = values.get(output);
  if (result === undefined) throw new RangeError(`Nothing makes ${output}`);
  if (result.type !== 'real') throw integerOutput(output);
  return { g, output: result, parameters: learned, inputs, computed };
}

/**
 * Refuses, before anything is run, what lowerGraph would refuse for its operator.
 * @throws FailureError UnsupportedOperator naming the first node between the weights and the output that has no derivative
 */
export function requireLowerings(
  graph: Graph,
  nodes: readonly GraphNode[],
  { learned, copies }: LearnedTensors,
): void {
  const ofParameters = { samples: false, parameters: true };
  const known = new Map<string, Dependence>(
    [...learned, ...copies.keys()].map((name) => [name, ofParameters]),
  );
  for (const node of nodes) {
    const dependence = dependenceOf(node, known);
    for (const name of node.outputs) known.set(name, dependence);
    if (dependence.parameters && loweringOf(node) === undefined && !isSignOfSize(graph, node))
      throw refusal(node, new CannotLower(reasonAgainst(node)));
  }
}

function dependenceOf(node: GraphNode, known: ReadonlyMap<string, Dependence>): Dependence {
  if (operatorOf(node).ofShape === true) return { samples: false, parameters: false };
  const own = node.inputs.flatMap((name) => known.get(name) ?? []);
  return { samples: own.some(({ samples }) => samples), parameters: own.some((d) => d.parameters) };
}

function lowerNode(
  g: StaticGraph,
  graph: Graph,
  node: GraphNode,
  values: ReadonlyMap<string, Value>,
  trace: Trace,
): readonly Value[] | CannotLower {
  const [argument] = node.inputs.map((name) => values.get(name));
  if (argument !== undefined && isSignOfSize(graph, node)) return [unary(g, 'sign', argument)];
  const lowering = loweringOf(node);
  if (lowering === undefined) return new CannotLower(reasonAgainst(node));
  try {
    const own = new LoweredNode(
      g,
      node,
      versionOf(graph, node),
      values,
      (name) => trace.get(name)?.dims ?? null,
    );
    const lowered = lowering(own);
    return isList(lowered) ? lowered : [lowered];
  } catch (error) {
    if (error instanceof CannotLower) return error;
    throw error;
  }
}

/** Whether a sign is multiplied with functions of the size of the same number alone, which is bent at 0 only, as PyTorch's LPPool. */
function isSignOfSize(graph: Graph, node: GraphNode): boolean {
  if (operatorName(node) !== 'Sign') return false;
  const [sign = ''] = node.outputs;
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(sign));
  return (
    readers.length > 0 &&
    graph.outputs.every(({ name }) => name !== sign) &&
    readers.every((reader) => {
      const other = reader.inputs.find((name) => name !== sign) ?? '';
      return operatorName(reader) === 'Mul' && isOfSize(graph, other, node.inputs[0] ?? '');
    })
  );
}

/** Whether a tensor is |x|, perhaps rectified. */
function isOfSize(graph: Graph, tensor: string, x: string): boolean {
  const made = graph.nodes.find(({ outputs }) => outputs.includes(tensor));
  if (made === undefined) return false;
  const [from = ''] = made.inputs;
  return operatorName(made) === 'Abs'
    ? from === x
    : operatorName(made) === 'Relu' && isOfSize(graph, from, x);
}

function reasonAgainst(node: GraphNode): string {
  if (node.domain !== '') return `of the domain ${printable(node.domain)} has no derivative here`;
  return operatorOf(node).refused === 'step'
    ? 'is not differentiable, and lies between the weights and the output'
    : 'has no derivative here';
}

function isList(lowered: Value | readonly Value[]): lowered is readonly Value[] {
  return Array.isArray(lowered);
}

function refusal(node: GraphNode, { reason }: CannotLower): FailureError {
  return new FailureError(
    'UnsupportedOperator',
    `${nodeText(node)} ${reason}; export the model without it, or choose an output before it (${setting('output')}).`,
  );
}

/** Why no loss is put on an output of integers. */
export function integerOutput(output: string): FailureError {
  return new FailureError(
    'UnsupportedOperator',
    `The output "${printable(output)}" holds integers or truth values, on which no loss can be put; choose the logits that it is made from with ${setting('output')}.`,
  );
}

/** The shape that a lowering computed must be the one that the run showed. */
function check(node: GraphNode, index: number, value: Value, trace: Trace): Value {
  const traced = trace.get(node.outputs[index] ?? '');
  if (traced === undefined || sameDims(traced.dims, value.dims)) return value;
  throw new FailureError(
    'UnsupportedOperator',
    `${nodeText(node)} was read as giving the shape [${value.dims.join(', ')}], but gave [${traced.dims.join(', ')}] when it was run; please report the model.`,
  );
}

/** The integers and booleans that a node makes from shapes and constants alone; null where it makes anything else. */
function tracedConstants(g: StaticGraph, node: GraphNode, trace: Trace): readonly Value[] | null {
  const constants = node.outputs.flatMap((name) => {
    const traced = trace.get(name);
    const data = traced === undefined ? null : constantData(traced);
    return data === null || data instanceof Float64Array || traced === undefined
      ? []
      : [g.constant(data, traced.dims)];
  });
  return constants.length === node.outputs.length ? constants : null;
}

function constantData({ data, type }: Pick<TracedTensor, 'data' | 'type'>): ConstantData | null {
  if (data === null) return null;
  if (type === 'bool' && data instanceof Uint8Array) return data;
  return data instanceof Float32Array || data instanceof Float64Array
    ? Float64Array.from(data)
    : BigInt64Array.from(data as Iterable<number | bigint>, BigInt);
}

const realTypes: ReadonlySet<ElementType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

function constantOf(g: StaticGraph, { type, data, dims }: Tensor): Value {
  if (realTypes.has(type)) return g.constant(Float64Array.from(data as Iterable<number>), dims);
  if (type === 'bool') return g.constant(Uint8Array.from(data as Iterable<number>), dims);
  return g.constant(BigInt64Array.from(data as Iterable<number | bigint>, BigInt), dims);
}

/** Types of onnxruntime that can be fed back. */
const fedTypes = new Set(['float32', 'float64', 'float16', 'int64', 'int32', 'uint8', 'bool']);

/** Booleans come in as integers: there is no array type of theirs to feed. */
function sampleInput(
  g: StaticGraph,
  spec: TensorSpec,
  name: string,
  dims: readonly number[],
): { readonly input: Value; readonly value: Value } {
  const type: ValueType = realTypes.has(spec.type) ? 'real' : 'int64';
  const input = g.input(name, dims, type);
  return { input, value: spec.type === 'bool' ? convert(g, input, 'bool') : input };
}

function computedInput(
  g: StaticGraph,
  { type, dims }: TracedTensor,
  name: string,
): { readonly input: Value; readonly value: Value } {
  const isReal = type === 'float32' || type === 'float64' || type === 'float16';
  const input = g.input(name, dims, isReal ? 'real' : 'int64');
  return { input, value: type === 'bool' ? convert(g, input, 'bool') : input };
}
