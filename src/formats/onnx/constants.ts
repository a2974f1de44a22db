import type { Attribute } from '../../graph/graph';
import { quote } from '../../files/quote';
import { readAttributes } from './attributes';
import { damagedModel } from './damaged';
import type { NodeProto } from '../../runtime/onnx/onnx_pb';
import type { OnnxSource } from './tensors';

/** Whether a node is ONNX's own Constant, which the Graph has as an initialiser. */
export function isConstant(node: NodeProto): boolean {
  return node.opType === 'Constant' && (node.domain === '' || node.domain === 'ai.onnx');
}

/**
 * The value of a Constant node, whichever of its attributes holds it (operator Constant, versions 1 to 25).
 * @returns a 'tensor', or 'unsupported' for strings and sparse tensors.
 * @throws FailureError DamagedModel where the node holds no value, or more than one.
 */
export function constantValue(node: NodeProto, source: OnnxSource): Attribute {
  const name = node.output[0] ?? '';
  const [first, ...others] = readAttributes(node.attribute, name, source);
  if (first === undefined || others.length > 0 || node.output.length !== 1) {
    throw damagedModel(source.file, `the Constant ${quote(name)} does not hold exactly one value`);
  }
  const [attribute, value] = first;
  if (value.kind === 'unsupported') return value;
  // The integers as the file has them: those of an Attribute are rounded to 53 bits.
  const { i, ints } = node.attribute[0] ?? { i: 0n, ints: [] };
  switch (`${attribute} ${value.kind}`) {
    case 'value_int int':
      return { kind: 'tensor', value: { type: 'int64', dims: [], data: BigInt64Array.of(i) } };
    case 'value_ints ints':
      return {
        kind: 'tensor',
        value: { type: 'int64', dims: [ints.length], data: BigInt64Array.from(ints) },
      };
    case 'value_string string':
    case 'value_strings strings':
      return { kind: 'unsupported', value: 'a tensor of strings' };
  }
  if (attribute === 'value' && value.kind === 'tensor') return value;
  if (attribute === 'value_float' && value.kind === 'float') return float32s([], [value.value]);
  if (attribute === 'value_floats' && value.kind === 'floats') {
    return float32s([value.value.length], value.value);
  }
  throw damagedModel(
    source.file,
    `the Constant ${quote(name)} holds its value in an unknown attribute ${quote(attribute)}`,
  );
}

function float32s(dims: readonly number[], values: readonly number[]): Attribute {
  return { kind: 'tensor', value: { type: 'float32', dims, data: Float32Array.from(values) } };
}
