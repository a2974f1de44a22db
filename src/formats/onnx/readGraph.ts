import type { Attribute, Graph, GraphNode, Tensor, TensorSpec } from '../../graph/graph';
import { quote } from '../../files/quote';
import { readAttributes } from './attributes';
import { constantValue, isConstant } from './constants';
import { damagedModel } from './damaged';
import type { DecodedModel } from './decode';
import type { GraphProto, NodeProto, ValueInfoProto } from '../../runtime/onnx/onnx_pb';
import { freshName } from './freshName';
import { domainName, readOpsets } from './opsets';
import { withLearnedInputs } from './learnedAttributes';
import { executionOrder } from './order';
import { readTensor } from './tensors';
import type { OnnxSource } from './tensors';
import { readSpec } from './valueInfo';

/** A Graph, and the positions in the file of its nodes (Constants among them) in an order in which they can run. */
export interface ReadGraph {
  readonly graph: Graph;
  readonly order: readonly number[];
}

/**
 * Builds the Graph of a decoded model: Constant nodes become initialisers, nodes get unique names and are sorted.
 * A constant that a Tensor cannot hold (strings, sparse, floats below 16 bits) stays a Constant node with an attribute
 * of the kind 'unsupported', and a node with a subgraph has one too: whoever reaches such a node refuses it.
 * @param captured what a node's subgraphs read from around them.
 * @throws FailureError DamagedModel, UnsupportedStructure
 */
export function readGraph(
  { model, graph }: DecodedModel,
  captured: (node: NodeProto) => readonly string[],
  source: OnnxSource,
): ReadGraph {
  const { file } = source;
  const opsets = readOpsets(model, file);
  const constants = readInitialisers(graph, source);
  const inputs = readInputs(graph, constants, file);
  const given = new Set([...constants.keys(), ...inputs.map((input) => input.name)]);
  const order = executionOrder(graph.node, given, captured, file);
  const nodes = order.flatMap((position) => graph.node[position] ?? []);
  for (const node of nodes) {
    if (isConstant(node)) constants.set(node.output[0] ?? '', markedConstant(constantValue(node, source)));
  }
  const names = nodeNames(graph.node);
  const operators = order.flatMap((position) => {
    const node = graph.node[position];
    return node === undefined || isConstant(node) ? [] : [readNode(node, names[position] ?? '', source)];
  });
  const { initialisers, unreadable } = partition(constants, new Set(names));
  const made = new Set([...given, ...nodes.flatMap((node) => node.output)]);
  return {
    order,
    graph: withLearnedInputs({
      nodes: [...unreadable, ...operators],
      initialisers,
      inputs,
      outputs: readOutputs(graph, made, file),
      opsets,
    }),
  };
}

function markedConstant(value: Attribute): Attribute {
  return value.kind === 'tensor' ? { ...value, value: { ...value.value, isConstantNode: true } } : value;
}

function readInitialisers(graph: GraphProto, source: OnnxSource): Map<string, Attribute> {
  const constants = new Map<string, Attribute>();
  const add = (name: string, value: Attribute): void => {
    if (name === '') throw damagedModel(source.file, 'an initialiser in it has no name');
    if (constants.has(name)) {
      throw damagedModel(source.file, `it holds the initialiser ${quote(name)} twice`);
    }
    constants.set(name, value);
  };
  for (const tensor of graph.initializer) {
    add(tensor.name, readTensor(tensor, `the initialiser ${quote(tensor.name)}`, source));
  }
  for (const sparse of graph.sparseInitializer) {
    add(sparse.values?.name ?? '', { kind: 'unsupported', value: 'a sparse tensor' });
  }
  return constants;
}

/** Files of IR versions 3 to 5 list initialisers among the inputs; later ones may, to give an input a default. */
function readInputs(
  graph: GraphProto,
  constants: ReadonlyMap<string, Attribute>,
  file: string,
): readonly TensorSpec[] {
  requireDistinct(graph.input, 'input', file);
  return graph.input.filter((input) => !constants.has(input.name)).map(readSpec);
}

function readOutputs(graph: GraphProto, made: ReadonlySet<string>, file: string): readonly TensorSpec[] {
  requireDistinct(graph.output, 'output', file);
  if (graph.output.length === 0) throw damagedModel(file, 'its graph has no outputs');
  const absent = graph.output.find((output) => !made.has(output.name));
  if (absent !== undefined) {
    throw damagedModel(file, `nothing in it makes its output ${quote(absent.name)}`);
  }
  return graph.output.map(readSpec);
}

function requireDistinct(infos: readonly ValueInfoProto[], what: 'input' | 'output', file: string): void {
  const names = new Set<string>();
  for (const { name } of infos) {
    if (name === '') throw damagedModel(file, `an ${what} of its graph has no name`);
    if (names.has(name)) throw damagedModel(file, `its graph has the ${what} ${quote(name)} twice`);
    names.add(name);
  }
}

function partition(
  constants: ReadonlyMap<string, Attribute>,
  nodeNames: ReadonlySet<string>,
): {
  readonly initialisers: ReadonlyMap<string, Tensor>;
  readonly unreadable: readonly GraphNode[];
} {
  const initialisers = new Map<string, Tensor>();
  const unreadable: GraphNode[] = [];
  for (const [output, value] of constants) {
    if (value.kind === 'tensor') initialisers.set(output, value.value);
    else unreadable.push(constantNode(freshName(`Constant ${output}`, nodeNames), output, value));
  }
  return { initialisers, unreadable };
}

function constantNode(name: string, output: string, value: Attribute): GraphNode {
  return {
    name,
    operator: 'Constant',
    domain: '',
    inputs: [],
    outputs: [output],
    attributes: new Map([['value', value]]),
  };
}

function readNode(node: NodeProto, name: string, source: OnnxSource): GraphNode {
  if (node.opType === '') throw damagedModel(source.file, `the node ${quote(name)} has no operator`);
  return {
    name,
    operator: node.opType,
    domain: domainName(node.domain),
    inputs: node.input,
    outputs: node.output,
    attributes: readAttributes(node.attribute, name, source),
  };
}

/** Names by position: the file's where it is the first to have it, else one made of the operator and the position. */
function nodeNames(nodes: readonly NodeProto[]): string[] {
  const given = new Set(nodes.map((node) => node.name));
  const used = new Set(['']);
  return nodes.map(({ name, opType }, position) => {
    const own = used.has(name) ? freshName(`${opType}_${position}`, given) : name;
    used.add(own);
    return own;
  });
}
