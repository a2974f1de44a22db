import { clone, create } from '@bufbuild/protobuf';
import { AttributeProtoSchema, NodeProtoSchema } from '../../runtime/onnx/onnx_pb';
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
  // Functions nest no deeper than there are functions, but where one calls itself.
  for (let depth = 0; depth < functions.size && graph.node.length <= mostNodes; depth++) {
    if (!graph.node.some(isCall)) break;
    graph.node = graph.node.flatMap((node) => {
      const called = functions.get(keyOf(node.domain, node.opType));
      return called === undefined ? [node] : bodyOf(called, node);
    });
  }
  if (functions.size === model.functions.length) model.functions = [];
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
  const made = call.output.find((name) => name !== '') ?? '';
  const prefix = `${made}/`;
  const names = new Map([
    ...called.output.flatMap((name, i) => (call.output[i] ? [[name, call.output[i]] as const] : [])),
    ...called.input.map((name, i) => [name, call.input[i] ?? ''] as const),
  ]);
  const rename = (name: string): string => (name === '' ? '' : (names.get(name) ?? prefix + name));
  const body = called.node.map((inner) => {
    const node = clone(NodeProtoSchema, inner);
    node.name = `${call.name === '' ? made : call.name}/${inner.name === '' ? inner.opType : inner.name}`;
    node.input = inner.input.map(rename);
    node.output = inner.output.map(rename);
    node.attribute = node.attribute.flatMap((attribute) => resolveAttribute(attribute, called, call));
    return node;
  });
  const passed = called.output.flatMap((name, i) => {
    const output = call.output[i] ?? '';
    if (!called.input.includes(name) || output === '') return [];
    return [create(NodeProtoSchema, { opType: 'Identity', input: [rename(name)], output: [output] })];
  });
  return [...body, ...passed];
}

/** An attribute that refers to one of the function: the call's, else the function's default, else none. */
function resolveAttribute(
  attribute: AttributeProto,
  called: FunctionProto,
  call: NodeProto,
): AttributeProto[] {
  if (attribute.refAttrName === '') return [attribute];
  const given = [...call.attribute, ...called.attributeProto].find(
    ({ name }) => name === attribute.refAttrName,
  );
  return given === undefined
    ? []
    : [Object.assign(clone(AttributeProtoSchema, given), { name: attribute.name })];
}
