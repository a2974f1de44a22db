import type { FormatName } from './formats';

/** Tags that may follow the IR version in a ModelProto: fields 2 to 8, without field 5's of another type. */
const textTags: ReadonlySet<number> = new Set([0x12, 0x1a, 0x22]);
const otherTags: ReadonlySet<number> = new Set([0x28, 0x32, 0x3a, 0x42]);
const newestIrVersion = 0x20;
const longestText = 1024;

/**
 * Whether bytes begin like an ONNX ModelProto: the IR version, then a field that it has. Other models in protobuf begin
 * with a version and a *message* of the number that is the producer's name here; a name has no control characters.
 */
export function startsLikeOnnx(head: Uint8Array): boolean {
  const [first, version = 0, tag = 0] = head;
  if (first !== 0x08 || version === 0 || version > newestIrVersion) return false;
  if (otherTags.has(tag)) return true;
  const field = textTags.has(tag) ? lengthAt(head, 3) : null;
  if (field === null || field.length > longestText) return false;
  return head
    .subarray(field.start, field.start + field.length)
    .every((byte) => byte >= 0x20 && byte !== 0x7f);
}

/**
 * A TensorFlow SavedModel (saved_model.proto: a version, then MetaGraphDefs to the end of the file) or a Core ML model
 * (Model.proto: a version, a description, then the network).
 */
export function startsLikeProtobufModel(head: Uint8Array, size: number): FormatName | null {
  const [first, version = 0, tag] = head;
  const description = lengthAt(head, 3);
  if (first !== 0x08 || version === 0 || version > newestIrVersion || tag !== 0x12 || description === null) {
    return null;
  }
  const { start, length } = description;
  // Both messages begin with their first field, a message.
  if (head[start] !== 0x0a || start + length > size) return null;
  return start + length === size || head[start + length] === 0x12 ? 'savedModel' : 'coreml';
}

/** A TensorFlow GraphDef: nodes, each of which begins with a name and an operator. */
export function startsLikeFrozenGraph(head: Uint8Array): boolean {
  const node = head[0] === 0x0a ? lengthAt(head, 1) : null;
  const name = node !== null && head[node.start] === 0x0a ? lengthAt(head, node.start + 1) : null;
  if (node === null || name === null || name.length === 0) return false;
  const end = name.start + name.length;
  const operator = head[end] === 0x12 ? lengthAt(head, end + 1) : null;
  if (
    operator === null ||
    operator.length === 0 ||
    operator.start + operator.length > node.start + node.length
  )
    return false;
  return /^[A-Z_]\w*$/.test(
    Buffer.from(head.subarray(operator.start, operator.start + operator.length)).toString('latin1'),
  );
}

/** A field's length and where its contents begin, or null where there is none. */
function lengthAt(bytes: Uint8Array, at: number): { readonly start: number; readonly length: number } | null {
  let length = 0;
  for (const [index, byte] of bytes.subarray(at, at + 5).entries()) {
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { start: at + index + 1, length };
  }
  return null;
}
