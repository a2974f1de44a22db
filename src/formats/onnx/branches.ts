import { clone, create } from '@bufbuild/protobuf';
import { ancestors } from '../../graph/flow';
import type { Graph, TensorSpec } from '../../graph/graph';
import { operatorName } from '../../graph/operatorName';
import { operatorOf } from '../../graph/operators';
import { NodeProtoSchema } from '../../runtime/onnx/onnx_pb';
import type { GraphProto, NodeProto } from '../../runtime/onnx/onnx_pb';
import { Session, type ExecutableModel, type RunTensor } from '../../runtime/session';
import { freshName } from './freshName';

/** The value of each condition that is the same for all samples, by its tensor. */
export type Conditions = ReadonlyMap<string, boolean>;

/** Sizes of the first axis and of other open ones, with which a condition has to come out the same. */
const sizesTried = [
  [1, 16],
  [2, 16],
  [3, 24],
] as const;
const mostNumbers = 2 ** 22;

/**
 * Puts the nodes of the branch that is always taken in the place of each If with a known condition.
 * @param decoded reads a subgraph's bytes
 */
export function inlineBranches(
  graph: GraphProto,
  conditions: Conditions,
  decoded: (bytes: Uint8Array) => GraphProto,
): void {
  // A branch may hold another If.
  for (let found = true; found;) {
    found = false;
    const taken = new Set(namesIn(graph));
    graph.node = graph.node.flatMap((node) => {
      const condition = isIf(node) ? conditions.get(node.input[0] ?? '') : undefined;
      const wanted = condition === true ? 'then_branch' : 'else_branch';
      const bytes = node.attribute.find(({ name }) => name === wanted)?.g;
      if (condition === undefined || bytes === undefined) return [node];
      const branch = branchOf(node, decoded(bytes), graph, taken);
      found ||= branch !== null;
      return branch ?? [node];
    });
  }
}

/** The nodes of a branch, with names of their own; null where its subgraphs would have to be renamed inside. */
function branchOf(
  node: NodeProto,
  branch: GraphProto,
  graph: GraphProto,
  taken: Set<string>,
): NodeProto[] | null {
  const own = namesIn(branch);
  const names = new Map(own.filter((name) => taken.has(name)).map((name) => [name, freshName(name, taken)]));
  const nested = branch.node.some(({ attribute }) =>
    attribute.some(({ g, graphs }) => g.length > 0 || graphs.length > 0),
  );
  if ((nested && names.size > 0) || branch.sparseInitializer.length > 0) return null;
  const rename = (name: string): string => names.get(name) ?? name;
  for (const name of own) taken.add(rename(name));
  for (const tensor of branch.initializer) {
    tensor.name = rename(tensor.name);
    graph.initializer.push(tensor);
  }
  const inner = branch.node.map((each) => {
    const copy = clone(NodeProtoSchema, each);
    copy.name = each.name === '' ? '' : `${node.name}/${each.name}`;
    copy.input = each.input.map(rename);
    copy.output = each.output.map(rename);
    return copy;
  });
  const outputs = node.output.flatMap((name, i) => {
    const made = branch.output[i]?.name;
    if (name === '' || made === undefined) return [];
    return [create(NodeProtoSchema, { opType: 'Identity', input: [rename(made)], output: [name] })];
  });
  return [...inner, ...outputs];
}

function isIf({ opType, domain }: NodeProto): boolean {
  return operatorName({ operator: opType, domain }) === 'If';
}

function namesIn(graph: GraphProto): string[] {
  const made = graph.node.flatMap(({ output }) => output).filter((name) => name !== '');
  return [...made, ...graph.initializer.map(({ name }) => name), ...graph.input.map(({ name }) => name)];
}

/** Conditions that depend on constants and shapes alone. */
export function conditionsOfShapes(graph: Graph): readonly string[] {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const ofSamples = new Set(inputs);
  for (const node of graph.nodes) {
    if (operatorOf(node).ofShape === true || !node.inputs.some((name) => ofSamples.has(name))) continue;
    for (const name of node.outputs) ofSamples.add(name);
  }
  const conditions = graph.nodes.flatMap((node) =>
    operatorName(node) === 'If' ? (node.inputs[0] ?? '') : [],
  );
  return [...new Set(conditions)].filter((name) => !ofSamples.has(name));
}

/**
 * The conditions that come out the same whatever the sizes that the file leaves open: the file itself is run on zeros.
 * @param open the file with these tensors as outputs
 */
export async function knownConditions(
  graph: Graph,
  conditions: readonly string[],
  open: (outputs: readonly string[]) => ExecutableModel,
): Promise<Conditions> {
  const known = new Map<string, boolean>();
  for (const condition of conditions) {
    const values = await valuesOf(graph, condition, open).catch(() => null);
    const [value, ...others] = new Set(values);
    if (value !== undefined && others.length === 0) known.set(condition, value);
  }
  return known;
}

async function valuesOf(
  graph: Graph,
  condition: string,
  open: (outputs: readonly string[]) => ExecutableModel,
): Promise<boolean[]> {
  const constant = graph.initialisers.get(condition);
  if (constant !== undefined) return [Boolean(constant.data[0])];
  const read = new Set(ancestors(graph, condition).flatMap(({ inputs }) => inputs));
  const inputs = graph.inputs.filter(({ name }) => read.has(name));
  const session = await Session.open(open([condition]), 1, 'disabled');
  try {
    const values: boolean[] = [];
    for (const [batch, other] of sizesTried) {
      const feeds = Object.fromEntries(inputs.map((input) => [input.name, zeros(input, batch, other)]));
      const { [condition]: found } = await session.run(feeds, [condition]);
      values.push(Boolean(found?.data[0]));
    }
    return values;
  } finally {
    await session.release();
  }
}

function zeros({ name, type, dims }: TensorSpec, batch: number, other: number): RunTensor {
  const sizes = (dims ?? []).map((size, axis) =>
    axis === 0 ? batch : typeof size === 'number' ? size : other,
  );
  const length = sizes.reduce((product, size) => product * size, 1);
  if (dims === null || length > mostNumbers) throw new RangeError(`${name} has no size that can be tried`);
  const make = arrays[type];
  if (make === undefined) throw new RangeError(`${name} holds ${type}`);
  const data = make(length);
  return type === 'bool' ? { dims: sizes, data, type } : { dims: sizes, data };
}

const arrays: Partial<Record<TensorSpec['type'], (length: number) => RunTensor['data']>> = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  float16: (length) => new Uint16Array(length),
  int64: (length) => new BigInt64Array(length),
  int32: (length) => new Int32Array(length),
  bool: (length) => new Uint8Array(length),
};
