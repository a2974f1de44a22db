import { clone, create } from '@bufbuild/protobuf';
import { NodeProtoSchema } from '../../runtime/onnx/onnx_pb';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
} from '../../runtime/onnx/onnx_pb';
import { domainName } from './opsets';

/** Nodes that functions may become: those of a file that nests them in each other double at every level. */
const mostNodes = 100_000;

/**
 * Puts the nodes of a model's own functions in the place of the nodes that call them. A function stays a call, to be refused
 * by its domain, where its operators are of another version than the model's, or it holds subgraphs, which would have to be
 * renamed inside.
 */
export function inlineFunctions(model: ModelProto, graph: GraphProto): void {
  const versions = new Map(model.opsetImport.map(({ domain, version }) => [domainName(domain), version]));
  const functions = new Map(
    model.functions
      .filter((each) => isPlain(each, versions))
      .map((each) => [keyOf(each.domain, each.name), each]),
  );
  if (functions.size === 0) return;
  const isCall = ({ domain, opType }: NodeProto): boolean => functions.has(keyOf(domain, opType));
  while (graph.node.some(isCall) && graph.node.length <= mostNodes) {
    graph.node = graph.node.flatMap((node) => {
      const called = functions.get(keyOf(node.domain, node.opType));
      return called === undefined ? [node] : bodyOf(called, node);
    });
  }
}

function keyOf(domain: string, name: string): string {
  return `${domainName(domain)}::${name}`;
}

function isPlain(called: FunctionProto, versions: ReadonlyMap<string, bigint>): boolean {
  const isKnown = called.opsetImport.every(({ domain, version }) => {
    const own = versions.get(domainName(domain));
    return own === undefined || own === version;
  });
  const attributes = called.node.flatMap((node) => node.attribute);
  return isKnown && attributes.every(({ g, graphs }) => g.length === 0 && graphs.length === 0);
}

/** The nodes of a function with the tensors and attributes of a call of it; what is inside gets names after the call's output. */
function bodyOf(called: FunctionProto, call: NodeProto): NodeProto[] {
  const prefix = `${call.name === '' ? (call.output.find((name) => name !== '') ?? '') : call.name}/`;
  const names = new Map([
    ...called.output.flatMap((name, i) => (call.output[i] ? [[name, call.output[i]] as const] : [])),
    ...called.input.map((name, i) => [name, call.input[i] ?? ''] as const),
  ]);
  const renamed = (name: string): string => (name === '' ? '' : (names.get(name) ?? prefix + name));
  const body = called.node.map((inner) => {
    const node = clone(NodeProtoSchema, inner);
    node.name = prefix + (inner.name === '' ? inner.opType : inner.name);
    node.input = inner.input.map(renamed);
    node.output = inner.output.map(renamed);
    node.attribute = node.attribute.flatMap((attribute) => resolved(attribute, called, call));
    return node;
  });
  const passed = called.output.flatMap((name, i) => {
    const output = call.output[i] ?? '';
    if (!called.input.includes(name) || output === '') return [];
    return [create(NodeProtoSchema, { opType: 'Identity', input: [renamed(name)], output: [output] })];
  });
  return [...body, ...passed];
}

/** An attribute that refers to one of the function: the call's, else the function's default, else none. */
function resolved(attribute: AttributeProto, called: FunctionProto, call: NodeProto): AttributeProto[] {
  if (attribute.refAttrName === '') return [attribute];
  const given = [...call.attribute, ...called.attributeProto].find(
    ({ name }) => name === attribute.refAttrName,
  );
  return given === undefined ? [] : [{ ...given, name: attribute.name }];
}
