import { isFieldSet } from '@bufbuild/protobuf';
import type { Attribute } from '../../graph/graph';
import { quote } from '../../files/quote';
import { damagedModel } from './damaged';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
} from '../../runtime/onnx/onnx_pb';
import type { AttributeProto, NodeProto } from '../../runtime/onnx/onnx_pb';
import { readTensor } from './tensors';
import type { OnnxSource } from './tensors';

/**
 * The attributes of a node by name.
 * @param node the node's name as a sentence gives it.
 * @throws FailureError DamagedModel where one is given twice or its tensor contradicts itself.
 */
export function readAttributes(
  protos: NodeProto['attribute'],
  node: string,
  source: OnnxSource,
): Map<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const proto of protos) {
    if (attributes.has(proto.name)) {
      throw damagedModel(source.file, `the node ${quote(node)} has the attribute ${quote(proto.name)} twice`);
    }
    attributes.set(proto.name, readAttribute(proto, node, source));
  }
  return attributes;
}

function readAttribute(proto: AttributeProto, node: string, source: OnnxSource): Attribute {
  if (proto.refAttrName !== '')
    return { kind: 'unsupported', value: "a reference to a function's attribute" };
  switch (attributeType(proto)) {
    case AttributeType.FLOAT:
      return { kind: 'float', value: proto.f };
    case AttributeType.INT:
      return { kind: 'int', value: Number(proto.i) };
    case AttributeType.STRING:
      return { kind: 'string', value: text(proto.s) };
    case AttributeType.FLOATS:
      return { kind: 'floats', value: proto.floats };
    case AttributeType.INTS:
      return { kind: 'ints', value: proto.ints.map(Number) };
    case AttributeType.STRINGS:
      return { kind: 'strings', value: proto.strings.map(text) };
    case AttributeType.TENSOR:
      if (proto.t === undefined) return { kind: 'unsupported', value: 'an absent tensor' };
      return readTensor(proto.t, `the attribute ${quote(proto.name)} of the node ${quote(node)}`, source);
    case AttributeType.GRAPH:
    case AttributeType.GRAPHS:
      return { kind: 'unsupported', value: 'a subgraph' };
    case AttributeType.SPARSE_TENSOR:
    case AttributeType.SPARSE_TENSORS:
      return { kind: 'unsupported', value: 'a sparse tensor' };
    default:
      return { kind: 'unsupported', value: 'an attribute of a type that is not read' };
  }
}

/** Files before IR version 2 do not name the type; the field that is there tells it. */
function attributeType(proto: AttributeProto): AttributeType {
  if (proto.type !== AttributeType.UNDEFINED) return proto.type;
  const { field } = AttributeProtoSchema;
  if (isFieldSet(proto, field.f)) return AttributeType.FLOAT;
  if (isFieldSet(proto, field.i)) return AttributeType.INT;
  if (isFieldSet(proto, field.s)) return AttributeType.STRING;
  if (isFieldSet(proto, field.t)) return AttributeType.TENSOR;
  if (isFieldSet(proto, field.g)) return AttributeType.GRAPH;
  if (proto.floats.length > 0) return AttributeType.FLOATS;
  if (proto.ints.length > 0) return AttributeType.INTS;
  if (proto.strings.length > 0) return AttributeType.STRINGS;
  return AttributeType.UNDEFINED;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
